package import Foundation
package import Kafka
package import Logging
internal import Messages
package import Operating
package import Stages
internal import Streaming

/// A transaction that is open: nobody who reads committed records sees what stands behind its first record, whoever
/// wrote it.
package struct OpenTransaction: Codable, Hashable {
    /// The topic and the partition.
    package var place: String
    /// The last stable offset: where readers of committed records wait.
    package var offset: Int64
    /// How many places of the partition wait behind it, the transaction's own included.
    package var hidden: Int64
    /// Who writes it, by the `ce_source` of its first record; absent where that record can't be read or does not say.
    package var source: String?
    /// The time of its first record, in milliseconds since 1970; absent where that record can't be read.
    package var since: Int64?

    /// Longer than a commit takes: what is younger is everyday work.
    package static let young = Duration.seconds(10)

    /// Whether it has been open for longer than a commit takes; one of unknown age has.
    package func isOld(at now: Date) -> Bool {
        guard let since else { return true }
        return Int64(now.timeIntervalSince1970 * 1000) - since > Int64(Self.young / .milliseconds(1))
    }

    /// Whether it has been open for longer than its kind may last.
    package func isHanging(at now: Date) -> Bool {
        guard let since else { return true }
        // A file of ingestion is one transaction.
        let limit: Int64 = source?.contains("/ingestion/") == true ? 930_000 : 90_000
        return Int64(now.timeIntervalSince1970 * 1000) - since > limit
    }

    /// Where, since when and whose, in a line.
    package var text: String {
        let time = since.map { Date(timeIntervalSince1970: Double($0) / 1000).ISO8601Format() } ?? "an unknown time"
        return
            "\(place): a transaction of \(source ?? "an unknown producer") is open since \(time) and hides \(hidden) "
            + "place\(hidden == 1 ? "" : "s") from \(offset) on"
    }

    /// What ends it.
    package static let remedy =
        "it ends when its worker is started again under the same --instance, or by itself after transaction.timeout.ms (a minute; a file of ingestion "
        + "has fifteen). One that does not is ended on Apache Kafka by kafka-transactions.sh find-hanging and abort; a local broker ends it when it is "
        + "stopped: `accountability down`, then `accountability up`"
}

/// Looks for open transactions: where the end for readers of committed records lies before the end of what was written.
package final class OpenTransactionReader {
    /// For how long the first records are read.
    private static let patience = Duration.seconds(3)

    private let committed: Consumer
    private let written: Consumer
    private let timeout = BrokerPatience.answer
    private var tolerance: Tolerance

    package init(_ connection: Connection, logger: Logger, tolerance: Tolerance = Tolerance()) throws {
        self.tolerance = tolerance
        var kafka = connection.kafka
        kafka["group.id"] = connection.pipeline.group("reader")
        committed = try Consumer(kafka, logger: logger)
        kafka["isolation.level"] = "read_uncommitted"
        written = try Consumer(kafka, logger: logger)
    }

    /// The partitions of the topics of an installation.
    package static func places(_ pipeline: Pipeline, _ counts: [String: Int32]) -> [TopicPartition] {
        Topics.all.map(pipeline.name)
            .flatMap { topic in (0..<(counts[topic] ?? 0)).map { TopicPartition(topic: topic, partition: $0) } }
    }

    /// The transactions that are open in some partitions, in the order of the partitions.
    package func find(in places: [TopicPartition]) throws -> [OpenTransaction] {
        // What is written first: a transaction that ends in between is not open.
        let ends = try ask(written, places)
        let stable = try ask(committed, places)
        var open: [TopicPartition: OpenTransaction] = [:]
        for (place, end) in ends {
            guard let first = stable[place]?.high, first < end.high else { continue }
            open[place] = OpenTransaction(place: "\(place)", offset: first, hidden: end.high - first)
        }
        try readFirst(&open)
        return open.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Where what is written to some partitions ends, and how far it can be read.
    package func ends(_ places: [TopicPartition]) throws -> (
        written: [TopicPartition: Int64], stable: [TopicPartition: Int64]
    ) {
        let written = try ask(written, places).mapValues(\.high)
        return (written, try ask(committed, places).mapValues(\.high))
    }

    private func ask(_ consumer: Consumer, _ places: [TopicPartition]) throws -> [TopicPartition: (
        low: Int64, high: Int64
    )] {
        try tolerance.call { () throws(KafkaError) in try consumer.ends(of: places, timeout: timeout) }
    }

    /// Reads the record at which readers of committed records wait: it is the first of the oldest open transaction.
    private func readFirst(_ open: inout [TopicPartition: OpenTransaction]) throws {
        guard !open.isEmpty else { return }
        try written.assign(open.map { TopicPartitionOffset($0.key, .at($0.value.offset)) })
        var waiting = Set(open.keys)
        var batch = RecordBatch(capacity: 64)
        let deadline = ContinuousClock.now + Self.patience
        while !waiting.isEmpty, ContinuousClock.now < deadline {
            do {
                try written.poll(&batch, timeout: .milliseconds(50))
            } catch {
                try tolerance.bear(error)
                continue
            }
            for index in 0..<batch.count {
                let record = batch[index]
                let place = TopicPartition(topic: record.topic, partition: record.partition)
                guard waiting.contains(place), record.offset >= open[place]?.offset ?? 0 else { continue }
                waiting.remove(place)
                open[place]?.since = record.timestamp
                if let source = record.header("ce_source").value {
                    open[place]?.source = Self.printable([UInt8](copying: source))
                }
            }
        }
        batch.removeAll()
        try written.unassign()
    }

    /// A header's text without what moves a terminal's cursor.
    private static func printable(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(200).map { (0x20..<0x7f).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    /// Ends the consumers.
    package func close() {
        committed.close(timeout: .seconds(2))
        written.close(timeout: .seconds(2))
    }
}
