internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Rules
internal import Stages
internal import Year

/// The source of a ledger that is computed several times: a folder of files, or an installation.
struct LedgerOptions: ParsableArguments {
    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Option(
        help: ArgumentHelp("A folder of files instead of an installation, as compute takes it.", valueName: "folder")
    )
    var files: String?

    @Option(help: ArgumentHelp("A file to take after those of the folder; may be repeated.", valueName: "file"))
    var also: [String] = []

    @OptionGroup var threads: ThreadsOption

    func validate() throws {
        guard files != nil || also.isEmpty else { throw ValidationError("--also goes with --files") }
    }

    /// The ledger, in memory.
    ///
    /// - Parameters:
    ///   - frameworks: the frameworks under which it is computed, apart from documents that are on record in it.
    ///   - line: shows the progress of the files.
    ///   - years: years whose files are taken although no framework covers them yet.
    /// - Returns: the ledger.
    /// - Throws: `Failure` if files cannot be taken, or an installation cannot be read.
    func ledger(_ frameworks: FrameworkSet, _ line: ProgressLine, opening years: [Int] = []) throws -> HeldLedger {
        let threads = self.threads.count
        guard let files else { return try installed(frameworks, threads) }
        let folder = try InputFolder(path: files)
        for file in also where !FileManager.default.isReadableFile(atPath: file) {
            throw Failure(.badInput, "--also \(file) cannot be read: check its path")
        }
        let settings = YearProcess.Settings(frameworks: frameworks, threads: threads)
        let held = try YearComputation(settings: settings)
            .held(folder.files, corrections: also.map { InputFile(path: $0) }, opening: years) {
                line.show("file \($0.file) of \($0.files), \($0.fileName)")
            }
        for file in held.files {
            guard case .failure(let refusal) = file.outcome else { continue }
            throw Failure(.badInput, "\(refusal.message); nothing was computed")
        }
        try held.ledger.takeFrameworksOnRecord()
        return held.ledger
    }

    private func installed(_ frameworks: FrameworkSet, _ threads: Int) throws -> HeldLedger {
        let connection = try broker.connection()
        let partitions = try PipelineTopics(connection).partitions(of: Topics.submissions)
        let ledger = HeldLedger(
            pipeline: connection.pipeline,
            settings: YearProcess.Settings(frameworks: frameworks, threads: threads, partitions: partitions)
        )
        try LedgerFeed(connection, partitions: partitions).feed(ledger)
        try ledger.takeFrameworksOnRecord()
        return ledger
    }
}
