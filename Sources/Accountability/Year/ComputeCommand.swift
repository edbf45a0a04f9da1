internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Rules
internal import Stages
internal import Streaming
internal import Year

/// `accountability compute`: school years from files to determinations, in one process and without a broker.
struct ComputeCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "compute",
        abstract: "Computes school years from a folder of files, without a broker.",
        discussion: """
              accountability compute files --out results
              accountability compute files --out results --year 2019 --framework draft.yaml
              accountability compute files --out results --also files/corrections-2019.csv

            The command takes every .csv and .csv.gz file of the folder, of any layout and any school year: organizations first, acts of the \
            Department (directives, releases included) last, the others by name. It leaves out files whose names begin with corrections. \
            --also takes them, or any other file, after the years are closed, each as a correction of its own. The stages are those of the \
            workers, so the figures are the same, byte by byte.

            The results of a year depend on the year before: put its files into the folder too. A year without files is not computed.

            Files in the folder --out, for each year: determinations-YEAR.csv and .json, participation-YEAR.csv, percentiles-YEAR.csv (as \
            the commands of these names print them), canonical-YEAR.txt (as `determinations YEAR --canonical`, to compare two runs), and \
            rejections.csv: each row that was refused, by file, line, column and code, never with its content. The same files give the same \
            bytes, so the determinations have no time of issue. A new folder is there as a whole or not at all; in a folder that exists, the files \
            take the places of their predecessors when all are complete. They contain small groups, so \
            they are only for the Department, or for the district that the files are of, not for the public. publications-YEAR.csv is for \
            the public. It contains the figures of results that a directive made official, without small groups and without figures that \
            they could be computed from. Before a release it is empty.

            Student identifiers are replaced with a key that is made for this run and then thrown away, unless --key names one.

            Exit codes: 0 every row was taken; 64 usage; 65 a file or rows were refused (all others were computed and written) or there is \
            nothing to compute; 75 a file changed while it was read, or the results could not be written.
            """
    )

    @Argument(help: ArgumentHelp("The folder with the files.", valueName: "folder"))
    var folder: String

    @Option(help: ArgumentHelp("The folder for the results; created if missing.", valueName: "folder"))
    var out: String

    @Option(
        help: ArgumentHelp("A framework to use for the school years it names, instead of theirs.", valueName: "file")
    )
    var framework: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The school years whose results are written; default: every year of the files.")
    )
    var year: [Int] = []

    @Option(help: ArgumentHelp("A file to take after the years are closed; may be repeated.", valueName: "file"))
    var also: [String] = []

    @OptionGroup var threads: ThreadsOption

    @Option(help: ArgumentHelp("A pseudonym key to use instead of a temporary one.", valueName: "file"))
    var key: String?

    @Flag(help: "Pass over columns that a layout does not have.")
    var ignoreExtra = false

    @Flag(help: "Accept rows of organizations that were never declared.")
    var allowUndeclared = false

    func validate() throws {
        for year in year { try SchoolYear.validate(year) }
        let resolved = [folder, out].map { URL(fileURLWithPath: $0).standardizedFileURL.resolvingSymlinksInPath().path }
        guard resolved[0] != resolved[1] else {
            throw ValidationError(
                "--out names the folder of the input files, so the next run would read the results as input: choose another folder"
            )
        }
    }

    func operate() throws {
        do {
            try compute()
        } catch let fault as YearFault {
            throw Failure(fault)
        } catch let error as PseudonymKeyError {
            throw Failure(.configuration, error.description)
        }
    }

    private func compute() throws {
        let frameworks = try FrameworkFile.set(with: framework)
        let options = FileIngestion.Options(ignoreExtra: ignoreExtra, allowUndeclared: allowUndeclared)
        let input = try InputFolder(path: folder, options: options)
        for file in also where !FileManager.default.isReadableFile(atPath: file) {
            throw Failure(
                .badInput,
                "--also \(file) cannot be read; nothing was computed: check its path"
            )
        }
        let output = try OutputFolder(out)
        defer { output.discard() }
        let computation = YearComputation(
            options: options,
            settings: YearProcess.Settings(
                frameworks: frameworks,
                threads: threads.count,
                // Nothing is issued here: the same files give the same bytes at any time.
                clock: { 0 }
            ),
            key: try key.map { path throws in try PseudonymKey(contentsOf: path) }
        )
        let line = ProgressLine()
        defer { line.clear() }
        let result = try computation.run(input.files, corrections: also.map { InputFile(path: $0, options: options) }) {
            line.show("file \($0.file) of \($0.files), \($0.fileName): \($0.rows) of \($0.totalRows) rows")
        }
        line.show("writing")
        let years = try chosenYears(result)
        for year in years { try YearOutput(year: year, result.tables).write(into: output) }
        try RejectionOutput(result.tables).write(into: output)
        try output.complete()
        line.clear()
        try report(result, years: years, left: input.corrections, output)
    }

    /// The years whose results are written: those that were asked for, or all that have rows and a framework.
    private func chosenYears(_ result: YearResult) throws -> [Int] {
        let known = result.tables.recordYears.sorted()
        let missing = Set(year).subtracting(known).sorted()
        let uncovered = Set(try RejectionOutput(result.tables).uncoveredYears()).intersection(missing).sorted()
        guard uncovered.isEmpty else {
            throw Failure(.badInput, "\(RejectionOutput.uncovered(uncovered)); nothing was written")
        }
        guard missing.isEmpty else {
            let years = known.isEmpty ? "no year" : known.map(String.init).joined(separator: ", ")
            throw Failure(
                .badInput,
                "no row of \(missing.map(String.init).joined(separator: ", ")) was taken from \(folder), which has rows of \(years); "
                    + "nothing was written: name another --year, or add its files"
            )
        }
        return year.isEmpty ? known : Set(year).sorted()
    }

    private func report(_ result: YearResult, years: [Int], left: [String], _ output: OutputFolder) throws {
        for file in result.files {
            Standard.output(ReceiptText.lines(SubmissionOutcome(file, result.tables), isPlaced: false))
        }
        let untaken = left.filter { name in !also.contains { URL(fileURLWithPath: $0).lastPathComponent == name } }
        if !untaken.isEmpty {
            Standard.line(
                "left out, because they are for after the close: \(untaken.joined(separator: ", ")) (--also takes one)"
            )
        }
        for year in years {
            Standard.line(try YearOutput.summary(year, result.tables, result.frameworks))
            if let missing = try YearOutput(year: year, result.tables).withoutWeights() {
                Standard.error("compute: \(missing)")
            }
        }
        let uncovered = try RejectionOutput(result.tables).uncoveredYears()
        if !uncovered.isEmpty { Standard.error("compute: \(RejectionOutput.uncovered(uncovered))") }
        Standard.line("results are in \(output.path)")
        for fault in result.unusable {
            Standard.error(
                "compute: the \(fault.stage) stage could not use a record of \(fault.topic): \(fault.reason)"
            )
        }
        guard result.unusable.isEmpty else { throw ExitStatus.internalError.exitCode }
        guard result.isClean else { throw ExitStatus.badInput.exitCode }
    }
}

extension Failure {
    /// The failure of a computation in the process.
    init(_ fault: YearFault) {
        switch fault.code {
        case .changed: self.init(.tryAgain, fault.message)
        case .defect: self.init(.internalError, fault.message)
        default: self.init(.badInput, fault.message)
        }
    }
}

extension SubmissionOutcome {
    /// The outcome of a file that a computation took.
    init(_ taken: TakenFile, _ tables: YearTables) {
        self.init(id: taken.submission, fileName: taken.file.name)
        switch taken.outcome {
        case .failure(let refused): refusal = (refused.code.description, refused.message)
        case .success(let summary):
            layout = summary.layout
            rows = summary.rows
            let receipt = tables.receipt(of: taken.submission)
            accepted = Int(receipt.accepted)
            rejected = Int(receipt.rejected)
            unchanged = Int(receipt.unchanged)
            replaced = Int(receipt.replaced)
            deleted = Int(receipt.deleted)
            undeclared = Int(receipt.undeclared)
            rejections = tables.rejections.counts(of: taken.submission)
            moveShadowed()
        }
    }
}
