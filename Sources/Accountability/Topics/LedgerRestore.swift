internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming

/// Restores ledger records that a local broker has lost.
struct LedgerRestore {
    private let connection: Connection
    private let archive: LedgerArchive
    private let inbox: Inbox

    /// Nil if the broker is not the home's own.
    init?(_ connection: Connection) throws {
        guard let archive = LedgerArchive(connection) else { return nil }
        self.connection = connection
        self.archive = archive
        do {
            inbox = try Inbox(directory: connection.home.inbox.path)
        } catch {
            throw Failure(.configuration, error.description)
        }
    }

    /// Finds the missing records without changing anything.
    ///
    /// Records being written now are left out.
    ///
    /// Nothing after an open transaction can be read. Then nothing counts as missing yet.
    func missing() throws -> [String] {
        let files = try archive.files().filter { $0.pathExtension != "draft" }
            .map { (file: $0, entries: try LedgerArchive.entries($0)) }
        guard !files.isEmpty, try isReadable() else { return [] }
        return LedgerComparison(files, standing: try standing()).missing.map { LedgerArchive.name($0.file) }
    }

    /// Writes missing records, and requests a rebuild if there were any.
    ///
    /// Returns the names of the transactions that were not complete.
    func run() throws -> [String] {
        let lock = try archive.lock(isAlone: true)
        defer { lock.release() }
        guard !archive.files().isEmpty else {
            // A home from before there was an archive. The archive begins with what the broker has.
            var entries: [LedgerArchive.Entry] = []
            try Self.read(connection) { entries.append($0) }
            if !entries.isEmpty { try archive.replaceAll(with: entries) }
            return []
        }
        guard try !compare().missing.isEmpty else { return [] }
        // A killed command may have left a transaction open, which hides the records after it. The next act of this
        // host ends it.
        try OperatorAct.commit(connection, archives: false) { _ in }
        let comparison = try compare()
        guard !comparison.missing.isEmpty else { return [] }
        // Ask for the rebuild first. If this ends in the middle, no stage continues as if nothing had happened.
        try askForRebuild()
        // Before the ledger: if this ends in between, records are still missing, and the next run does it again.
        let ledger = try whole(comparison)
        try NormRestore(connection, ledger).run()
        restorePublications(ledger)
        if comparison.isOutOfOrder {
            try writeAnew(comparison)
        } else {
            for (_, entries) in comparison.missing { try write(entries) }
        }
        return comparison.missing.map { LedgerArchive.name($0.file) }
    }

    /// Writes the lost publications.
    ///
    /// A failure is told, and the ledger is restored all the same: without it nothing would run any more.
    private func restorePublications(_ ledger: [LedgerArchive.Entry]) {
        do {
            try PublicationRestore(connection, ledger).run()
        } catch {
            PublicationRestore.tell(error)
        }
    }

    /// Whether readers of committed records see everything that is written.
    private func isReadable() throws -> Bool {
        let logger = Logger(label: "ledger") { _ in SwiftLogNoOpLogHandler() }
        let name = connection.pipeline.name(Topics.submissions)
        let partitions = try PipelineTopics(connection).partitions(of: Topics.submissions)
        let places = (0..<partitions).map { TopicPartition(topic: name, partition: $0) }
        let reader = try OpenTransactionReader(connection, logger: logger)
        defer { reader.close() }
        let (written, stable) = try reader.ends(places)
        return places.allSatisfy { (stable[$0] ?? 0) >= written[$0] ?? 0 }
    }

    /// The comparison, after the drafts are decided: committed drafts are kept, the others are deleted.
    private func compare() throws -> LedgerComparison {
        let standing = try standing()
        var files = try archive.files().map { (file: $0, entries: try LedgerArchive.entries($0)) }
        let first = LedgerComparison(files, standing: standing)
        let lacking = Dictionary(first.missing.map { ($0.file, $0.entries.count) }) { $1 }
        let kept = Set(files.lazy.map(\.file).filter { $0.pathExtension != "draft" }.map(LedgerArchive.name))
        files = try files.compactMap { file, entries in
            guard file.pathExtension == "draft" else { return (file, entries) }
            let name = LedgerArchive.name(file)
            // A submission is committed once. If it was, a further draft is of an attempt that was not.
            let isOfAnother = name != Self.act && kept.contains(name)
            guard !isOfAnother, try isCommitted(name) || lacking[file, default: 0] < entries.count else {
                // Nothing of it ever counted; its file still lies in the inbox, or was taken with the next attempt.
                try FileManager.default.removeItem(at: file)
                return nil
            }
            let kept = file.deletingPathExtension().appendingPathExtension("entries")
            try FileManager.default.moveItem(at: file, to: kept)
            return (kept, entries)
        }
        return LedgerComparison(files, standing: standing)
    }

    /// The name of an operator's act: there are many of them.
    private static let act = OperatorAct.archiveName

    private func isCommitted(_ submission: String) throws -> Bool {
        try inbox.receipt(submission)?.status == .committed
    }

    /// Reads the ledger as the brokers have it, each partition in its order.
    static func read(_ connection: Connection, _ body: (LedgerArchive.Entry) throws -> Void) throws {
        let reader = try TopicReader(connection, logger: Logger(label: "ledger") { _ in SwiftLogNoOpLogHandler() })
        defer { reader.close() }
        try reader.read(Topics.submissions, markers: true, any: true) { record in
            let record = record.detach()
            try body(
                LedgerArchive.Entry(
                    partition: record.partition,
                    key: record.key ?? [],
                    value: record.value,
                    eventType: record.header("ce_type"),
                    cause: record.header("ce_cause")
                )
            )
        }
    }

    private func standing() throws -> [Int32: [Digest]] {
        var standing: [Int32: [Digest]] = [:]
        try Self.read(connection) { standing[$0.partition, default: []].append($0.digest) }
        return standing
    }

    /// Writes records, in transactions of a bounded size.
    private func write(_ entries: [LedgerArchive.Entry]) throws {
        let topic = connection.pipeline.name(Topics.submissions)
        var start = 0
        var bytes = 0
        for (place, entry) in entries.enumerated() {
            bytes += entry.key.count + (entry.value?.count ?? 0)
            guard bytes >= Self.portion || place == entries.count - 1 else { continue }
            try OperatorAct.commit(connection, archives: false) { sink in
                for entry in entries[start...place] { try entry.send(to: sink, topic: topic) }
            }
            (start, bytes) = (place + 1, 0)
        }
    }

    /// About how many bytes one transaction writes: a record may be a block of thousands of rows.
    private static let portion = 32 << 20

    /// The whole ledger: the broker's records and those of the home, in their order.
    private func whole(_ comparison: LedgerComparison) throws -> [LedgerArchive.Entry] {
        var records: [Int32: [LedgerArchive.Entry]] = [:]
        try Self.read(connection) { records[$0.partition, default: []].append($0) }
        return try comparison.whole { partition, place in
            guard let standing = records[partition], place < standing.count else {
                throw Failure(.tryAgain, "the ledger changed while it was compared with the home: run it again")
            }
            return standing[place]
        }
    }

    private func writeAnew(_ comparison: LedgerComparison) throws {
        let all = try whole(comparison)
        // From here on, only the archive has everything.
        try archive.replaceAll(with: all)
        try PipelineTopics(connection).renewLedger()
        try write(all)
    }

    private func askForRebuild() throws {
        let counts = try PipelineTopics(connection).partitionCounts()
        try OperatorAct.commit(connection, archives: false) { sink in
            try connection.pipeline.askForRebuild(of: connection.pipeline.stages, counts, into: sink)
        }
    }

    /// The report about it.
    static func text(_ restored: [String], _ home: Home) -> String {
        "the local broker had lost \(restored.count) transaction\(restored.count == 1 ? "" : "s") of the ledger, such as "
            + "\(restored[0]); they were written again from \(LedgerArchive(home).folder.path), and everything is rebuilt from the ledger"
    }
}

/// `accountability restore-ledger`: what the supervisor runs when the local broker has started again.
struct RestoreLedger: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore-ledger",
        abstract: "Restores records that the local broker has lost (run by the supervisor).",
        shouldDisplay: false
    )

    @Option var partitions: Int32

    func operate() throws {
        let connection = try BrokerOptions.parse(["--local-broker"]).connection()
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                let admin = try Admin(
                    connection.kafka,
                    logger: Logger(label: "restore") { _ in SwiftLogNoOpLogHandler() }
                )
                _ = try admin.describeCluster(timeout: .seconds(3))
                break
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
        _ = try PipelineTopics(connection).createMissing(partitions: partitions, replication: 1)
        let restored = try LedgerRestore(connection)?.run() ?? []
        if !restored.isEmpty { Standard.error("restore-ledger: \(LedgerRestore.text(restored, connection.home))") }
    }
}
