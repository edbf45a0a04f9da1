internal import ArgumentParser
internal import Rules
internal import Tables

/// `accountability evaluate`: the rules on a file, without a broker.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Runs the rules on a file, without a broker.",
        discussion: """
            The workers call the same functions, so the output is what the pipeline publishes. Rows of a layout go through the pipeline's \
            own checks: a row that a submission would refuse is refused here, with the same code. A file named - is standard input.

              accountability evaluate participation --ignore-extra participation-2012.csv.gz > rates.csv
              accountability evaluate percentiles --framework 2019 --stages indicator-values.csv
              accountability evaluate points --framework draft.yaml reports.json
              accountability evaluate determinations schools.csv

            Exit codes: 0 done; 64 usage; 65 a row or a document could not be read (each is named on standard error).
            """,
        subcommands: [
            EvaluateParticipation.self, EvaluatePercentiles.self, EvaluatePoints.self, EvaluateDeterminations.self,
        ]
    )
}

/// The options of every form of `evaluate` that reads a table.
struct EvaluateOptions: ParsableArguments {
    @Argument(help: "The file to read, plain or .gz; - is standard input.")
    var file: String

    @Option(
        help: ArgumentHelp(
            "The framework to use, by its school year, or a framework in a file; default: that of each row.",
            valueName: "year|file"
        )
    )
    var framework: String?

    @Flag(help: "Pass over columns that the layout does not have.")
    var ignoreExtra = false
}

/// Why a row cannot be read; never with the content of the row.
struct RowProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Finds frameworks and remembers them.
struct FrameworkChoice {
    let fixed: Framework?
    private var known: [Int: Framework] = [:]

    /// The framework of a name, or that of each row.
    ///
    /// - Parameter name: a school year, or the path of a document.
    /// - Throws: if there is no such framework.
    init(_ name: String?) throws { fixed = try name.map { name throws in try FrameworkCommand.named(name) } }

    /// The framework of the option, or of a row's school year.
    mutating func framework(schoolYear: Int) throws(RowProblem) -> Framework {
        if let fixed { return fixed }
        if let framework = known[schoolYear] { return framework }
        do {
            let framework = try Framework.of(schoolYear: schoolYear)
            known[schoolYear] = framework
            return framework
        } catch {
            throw RowProblem("\(error); name one with --framework")
        }
    }
}
