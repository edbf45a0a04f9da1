internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming
internal import SwiftProtobuf
internal import Year

/// Computes the publications of official results again that the brokers have lost.
///
/// They contain the decisions about which numbers of students are shown. A stage that made them again from today's
/// records could show a number that was hidden before, or another one, and people may have kept what they had read.
struct PublicationRestore {
    private let connection: Connection
    private let publications: [(key: DeterminationKey, message: Accountability_V1_Publication)]

    /// Computes what the ledger gives.
    ///
    /// - `ledger`: the whole ledger, each partition in its order.
    init(_ connection: Connection, _ ledger: [LedgerArchive.Entry]) throws {
        self.connection = connection
        let history = PublishedHistory(
            pipeline: connection.pipeline,
            settings: YearProcess.Settings(
                threads: ProcessInfo.processInfo.activeProcessorCount,
                partitions: try PipelineTopics(connection).partitions(of: Topics.submissions)
            )
        )
        for entry in ledger {
            guard let value = entry.value else { continue }
            history.take(
                partition: entry.partition,
                key: entry.key.span,
                value: value.span,
                isMarker: CompletionMarker.isMarker(key: entry.key.span)
            )
        }
        publications = try history.publications()
    }

    /// Computes what the ledger of the brokers gives.
    init(_ connection: Connection) throws {
        var ledger: [LedgerArchive.Entry] = []
        try LedgerRestore.read(connection) { ledger.append($0) }
        try self.init(connection, ledger)
    }

    /// Says that the decisions are lost.
    static func tell(_ error: any Error) {
        Standard.error(
            "the publications that the brokers lost could not be computed again (\(Failure(error).message)), so it is decided "
                + "anew which numbers of students are shown. Compare what is published now with what was published before"
        )
    }

    /// Writes the publications that are lost.
    ///
    /// Nothing else may run meanwhile. To repeat it does no harm.
    func run() throws {
        guard !publications.isEmpty else { return }
        let standing = try standing()
        let lost = publications.filter { !standing.contains($0.key) }
        let topic = connection.pipeline.name(Topics.publications)
        let count = try PipelineTopics(connection).partitions(of: Topics.publications)
        for start in stride(from: 0, to: lost.count, by: Self.portion) {
            try OperatorAct.commit(connection, archives: false) { sink in
                for (key, message) in lost[start..<min(start + Self.portion, lost.count)] {
                    let value: [UInt8] = try message.serializedBytes()
                    try sink.send(
                        topic: topic,
                        partition: Pipeline.partition(ofDistrictOf: key.organization, partitions: count),
                        key: key.utf8.span,
                        value: value.span,
                        eventType: Topics.publications.eventType,
                        cause: ""
                    )
                }
            }
        }
    }

    /// The publications that the broker still has; a withdrawn one is one of them.
    private func standing() throws -> Set<DeterminationKey> {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        return Set(try reader.table(TableTopics.publications).map(\.key))
    }

    /// Records of one transaction.
    private static let portion = 1000
}
