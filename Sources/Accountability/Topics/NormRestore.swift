internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import Streaming
internal import SwiftProtobuf
internal import Year

/// Computes the norms of official ranks again that a local broker has lost, each from the ledger as it was at its
/// release.
///
/// A norm keeps the ranks that were official when they were released. Later corrections are ranked among them. Computed
/// from the whole ledger, a norm would contain the corrections, and official percentiles of other schools would change.
struct NormRestore {
    private let connection: Connection
    /// The whole ledger, each partition in its order.
    private let ledger: [LedgerArchive.Entry]
    private let partitions: Int32

    /// - `ledger`: the whole ledger, each partition in its order.
    init(_ connection: Connection, _ ledger: [LedgerArchive.Entry]) throws {
        self.connection = connection
        self.ledger = ledger
        partitions = try PipelineTopics(connection).partitions(of: Topics.submissions)
    }

    /// Writes the norms of the releases in force whose norm is lost.
    ///
    /// Nothing else may run meanwhile. To repeat it does no harm.
    func run() throws {
        var acts = OfficialReleases()
        for entry in ledger where entry.partition == OfficialReleases.partition(of: partitions) {
            guard let value = entry.value, !CompletionMarker.isMarker(key: entry.key.span) else { continue }
            acts.take(key: entry.key.span, value: value.span)
        }
        let released = try acts.ofState()
        guard !released.isEmpty else { return }
        let standing = try standing()
        let frameworks = try acts.frameworksInForce()
        for (year, release) in released where !standing.contains("\(year)/\(release)") {
            try write(try norms(of: year, release, frameworks))
        }
    }

    /// The releases that have a norm: school year and submission.
    private func standing() throws -> Set<String> {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let norms = try reader.table(TableTopics.percentiles) { if case .norm = $0.entry { true } else { false } }
        return Set(norms.map { "\($0.key.schoolYear)/\($0.message.norm.release)" })
    }

    private typealias Norm = (key: PercentileKey, group: StudentGroup, message: Accountability_V1_PercentileEntry)

    /// The norm that a release takes of the results before it.
    private func norms(of year: Int, _ release: String, _ frameworks: FrameworkSet) throws -> [Norm] {
        let settings = YearProcess.Settings(
            frameworks: frameworks,
            threads: ProcessInfo.processInfo.activeProcessorCount,
            partitions: partitions
        )
        let before = HeldLedger(pipeline: connection.pipeline, settings: settings)
        var own = Array(repeating: MemoryBatch(), count: Int(partitions))
        var reached: Set<Int32> = []
        for entry in ledger where entry.partition >= 0 && entry.partition < partitions {
            guard let value = entry.value else { continue }
            let isMarker = CompletionMarker.isMarker(key: entry.key.span)
            let submission = isMarker ? nil : Self.submission(of: value.span)
            let marked = isMarker ? Self.marked(by: value.span) : nil
            // Every partition has the header of every submission.
            if submission == release { reached.insert(entry.partition) }
            if !reached.contains(entry.partition) {
                try before.feed(
                    partition: entry.partition,
                    key: entry.key.span,
                    value: value.span,
                    isMarker: isMarker,
                    submission: submission
                )
            } else if submission == release || marked == release {
                own[Int(entry.partition)]
                    .append(key: entry.key.span, value: value.span, cause: release, isMarker: isMarker)
            }
        }
        let process = try before.computed()
        try process.feed(own)
        try process.settle()
        return try process.tables.messages(TableTopics.percentiles, year: year)
            .compactMap { key, message in
                guard case .norm(let group, _) = key.entry, message.norm.release == release else { return nil }
                return (key, group, message)
            }
    }

    /// The submission that takes effect with a marker; nil for another marker.
    private static func marked(by value: Span<UInt8>) -> String? {
        // What cannot be read, every stage puts into quarantine.
        guard let marker = try? CompletionMarker.decode(value) else { return nil }
        return ReleaseMark.submission(of: marker.scope)
    }

    /// The submission of a record of the ledger; nil if it is of none.
    private static func submission(of value: Span<UInt8>) -> String? {
        if SubmissionBlock.isEntry(value) {
            var block = SubmissionBlock()
            do throws(BlockFault) {
                try block.read(entry: value)
            } catch {
                // Every stage puts it into quarantine.
                return nil
            }
            return block.submission
        }
        guard let entry = try? decode(Accountability_V1_SubmissionEntry.self, from: value) else { return nil }
        return switch entry.entry {
        case .header(let header): header.submission
        case .row(let row): row.submission
        case .block(let block): block.submission
        case .yearOpened, .yearClosed, .installation, nil: nil
        }
    }

    private func write(_ norms: [Norm]) throws {
        let topic = connection.pipeline.name(Topics.percentiles)
        let count = try PipelineTopics(connection).partitions(of: Topics.percentiles)
        for start in stride(from: 0, to: norms.count, by: Self.portion) {
            try OperatorAct.commit(connection, archives: false) { sink in
                for norm in norms[start..<min(start + Self.portion, norms.count)] {
                    let value: [UInt8] = try norm.message.serializedBytes()
                    try sink.send(
                        topic: topic,
                        partition: PercentileStage.partition(of: norm.key, norm.group, partitions: count),
                        key: norm.key.utf8.span,
                        value: value.span,
                        eventType: Topics.percentiles.eventType,
                        cause: norm.message.norm.release
                    )
                }
            }
        }
    }

    /// Records of one transaction.
    private static let portion = 10_000
}
