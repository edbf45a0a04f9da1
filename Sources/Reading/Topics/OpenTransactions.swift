package import Foundation
package import Kafka
package import Logging
internal import Messages
package import Operating
package import Stages
internal import Streaming

/// An open transaction.
///
/// Readers of committed records see no record after its first one, even from other producers.
package struct OpenTransaction: Codable, Hashable {
    /// The topic and the partition.
    package var place: String
    /// The last stable offset, at which readers of committed records wait.
    package var offset: Int64
    /// The number of offsets waiting after it, including the transaction's own.
    package var hidden: Int64
    /// Its producer, from the `ce_source` of its first record; nil if that record cannot be read or has none.
    package var source: String?
    /// The time of its first record, in milliseconds since 1970; nil if that record cannot be read.
    package var since: Int64?

    /// Longer than a normal commit.
    ///
    /// Younger transactions are not reported.
    package static let young = Duration.seconds(10)

    /// Whether it has been open for longer than a commit takes; one of unknown age has.
    package func isOld(at now: Date) -> Bool {
        guard let since else { return true }
        return Int64(now.timeIntervalSince1970 * 1000) - since > Int64(Self.young / .milliseconds(1))
    }

    /// Whether it is one of ingestion, where a whole file is one transaction.
    package var isOfIngestion: Bool { source?.contains("/ingestion/") == true }

    /// Whether it has been open for longer than its kind may last.
    package func isHanging(at now: Date) -> Bool {
        guard let since else { return true }
        let limit: Int64 = isOfIngestion ? 930_000 : 90_000
        return Int64(now.timeIntervalSince1970 * 1000) - since > limit
    }

    /// Where, since when and whose, in a line.
    package var text: String {
        let time = since.map { Date(timeIntervalSince1970: Double($0) / 1000).ISO8601Format() } ?? "an unknown time"
        return
            "\(place): a transaction of \(source ?? "an unknown producer") is open since \(time) and hides \(hidden) "
            + "place\(hidden == 1 ? "" : "s") from \(offset) on"
    }

    /// The remedy.
    package static let remedy =
        "it ends when its worker is started again under the same --instance, or by itself after transaction.timeout.ms (a minute; a file of ingestion "
        + "has fifteen). One that does not is ended on Apache Kafka by kafka-transactions.sh find-hanging and abort; a local broker ends it when it is "
        + "stopped: `accountability down`, then `accountability up`"
}

/// Finds open transactions: partitions whose end for committed readers is before their real end.
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
        // Read the real end first, so that a transaction that ends in between is not reported.
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

    /// The real ends of partitions, and their ends for committed readers.
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

    /// A header's text without terminal control characters.
    private static func printable(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(200).map { (0x20..<0x7f).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    /// Ends the consumers.
    package func close() {
        committed.close(timeout: .seconds(2))
        written.close(timeout: .seconds(2))
    }
}
