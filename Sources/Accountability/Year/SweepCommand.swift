internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Rules
internal import Stages
internal import Streaming
internal import Year

/// `accountability sweep`: which determinations depend on which assumption, and how near each is to another outcome.
struct SweepCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Shows which determinations depend on which assumed parameter, and how close each is to a cut-off.",
        discussion: """
              accountability sweep 2019                                       of the installation's ledger
              accountability sweep 2019 --files folder                        of a folder, as compute takes it: no broker
              accountability sweep 2019 --files folder --format json > sweep.json
              accountability sweep 2019 --table assumptions --format csv
              accountability sweep 2019 --under lowest_performing

            The year is computed as it is, and again for each alternative that its framework states for a parameter that no public source \
            decides (`accountability framework assumed 2019`). decided counts the determinations whose classification or level would be \
            different; moved counts those whose figures would be. Parameters of the years before stay as they are.

            The margin of a determination is the smallest number of results that would have to differ for it to cross a cut: the percentile \
            of 10, a group's percentile of 5, the graduation rate of 66.7, the participation rate of 95, the edges of its band. It counts:
              participation  tests that were missed and would have to be taken, or the other way round, look-back included;
              graduation     members of the cohort whose outcome would be the other one;
              band           students: each changes its results in every indicator as far as their scale allows (440 to 560, an index or a rate 0 \
            to 100, growth 1 to 99); targets, statewide percentiles and the year before stay;
              percentile     the same students, and all schools are ranked again with the others' results as they are.
            Fewer are never enough. This many are enough only if the scores are far enough from the end of the scale. The margin is blank if \
            not even all results are enough, or if the number of students behind a supplied figure is not known. The outcome behind a cut \
            assumes that all other figures stay as they are; several reasons can support one level.

            --table determinations (the default; the nearest first), margins (every cut of each) or assumptions (those that decide most first). \
            JSON has all of them; with --table assumptions it has only these, each with the determinations whose classification or level would \
            be different.

            Exit codes: 0 done; 64 usage; 65 the year has no determinations; 69 no broker answers; 75 a submission cannot be read whole yet; \
            78 the ledger is missing.
            """
    )

    /// What is listed.
    enum Table: String, ExpressibleByArgument, CaseIterable {
        case determinations, margins, assumptions
    }

    @OptionGroup var source: LedgerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @Option(
        help: ArgumentHelp("A framework to use for the school years it names, instead of theirs.", valueName: "file")
    )
    var framework: String?

    @Option(help: ArgumentHelp("Only assumed parameters of this path.", valueName: "path"))
    var under: String?

    @Option(help: "determinations, margins or assumptions.")
    var table: Table?

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    func operate() throws {
        let line = ProgressLine()
        defer { line.clear() }
        do {
            let ledger = try source.ledger(FrameworkFile.set(with: framework), line)
            let sweep = try YearSweep(year, of: ledger, under: under) { trial, trials, parameter in
                line.show(trial == 0 ? "computing \(year)" : "\(trial) of \(trials): \(parameter)")
            }
            line.clear()
            switch output.chosen {
            case .json: try JSONOutput.write(SweepAnswer(sweep, table))
            case .csv: try SweepText.listing(sweep, table ?? .determinations).writeCSV()
            case .table: Standard.output(SweepText.text(sweep, table ?? .determinations))
            }
        } catch let fault as YearFault {
            throw Failure(fault)
        }
    }
}
