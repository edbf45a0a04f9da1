internal import Foundation
internal import Kafka
public import Logging
package import Streaming

/// Follows one partition of a topic from its beginning.
///
/// It keeps no fetch open: if the partition's end has not moved, one request is enough. Used from one thread.
public final class PartitionFollower {
    private let consumer: Consumer
    /// Reads what is written, committed or not; made when it is first needed.
    private var writtenConsumer: Consumer?
    private let kafka: KafkaConfiguration
    private let logger: Logger
    private let place: TopicPartition
    /// The offset after the last record that was read.
    private var reached: Int64 = 0

    /// How long to wait while no record arrives.
    private let patience: Duration

    /// Creates a follower.
    ///
    /// - Parameters:
    ///   - connection: of the installation.
    ///   - topic: the topic's name on the brokers.
    ///   - partition: the partition.
    ///   - group: a group that the client's user may describe; the follower is no member of it.
    ///   - patience: how long to wait while no broker answers and no record arrives.
    ///   - logger: for what the client library says, such as why a certificate is not trusted; nil to drop it.
    /// - Throws: the client library's error.
    public init(
        _ connection: Connection,
        topic: String,
        partition: Int32,
        group: String,
        patience: Duration = .seconds(60),
        logger: Logger? = nil
    ) throws {
        self.patience = patience
        var kafka = connection.kafka
        kafka["group.id"] = group
        kafka["group.instance.id"] = nil
        kafka["enable.partition.eof"] = "true"
        // Its reader waits until the end is read.
        kafka["fetch.wait.max.ms"] = "10"
        self.kafka = kafka
        self.logger = logger ?? Logger(label: "follower") { _ in SwiftLogNoOpLogHandler() }
        consumer = try Consumer(kafka, logger: self.logger)
        place = TopicPartition(topic: topic, partition: partition)
    }

    /// Reads what was committed since the last call, to the end of the partition.
    ///
    /// Brokers show nothing after the first record of an open transaction. They end a committed transaction some
    /// milliseconds after they have confirmed the commit. See ``readHidden(for:turn:take:)``.
    ///
    /// - Parameters:
    ///   - purpose: what is unknown if the end is not reached, for the error.
    ///   - turn: called regularly.
    ///   - restart: called if the topic was recreated: what was read before no longer counts.
    ///   - take: takes the key and the value of a record; the value is nil for a retraction.
    /// - Throws: errors of the brokers; `Failure` if the end was not reached.
    public func read(
        for purpose: String,
        turn: () -> Void = {},
        restart: () -> Void,
        take: (_ key: Span<UInt8>, _ value: Span<UInt8>?) throws -> Void
    ) throws {
        let end = try end(consumer, turn)
        if end < reached {
            restart()
            reached = 0
        }
        guard end > reached else { return }
        let _: Never? = try scan(consumer, from: reached, to: end, for: purpose, turn) { next, key, value in
            reached = max(reached, next)
            if let key { try take(key, value) }
            return nil
        }
        // What is left before the end are marks of transactions.
        reached = max(reached, end)
    }

    /// Reads what is committed from the beginning, until `wanted` finds something or the partition ends.
    ///
    /// - Parameters:
    ///   - purpose: what is unknown if the end is not reached, for the error.
    ///   - wanted: gets the key and the value of a record; returns what was looked for, or nil to read on.
    /// - Returns: what `wanted` found.
    /// - Throws: errors of the brokers; `Failure` if the end was not reached.
    func first<Value>(
        for purpose: String,
        _ wanted: (_ key: Span<UInt8>, _ value: Span<UInt8>?) throws -> Value?
    ) throws -> Value? {
        let end = try end(consumer) {}
        func take(_ next: Int64, _ key: Span<UInt8>?, _ value: Span<UInt8>?) throws -> Value? {
            if let key { try wanted(key, value) } else { nil }
        }
        return try scan(consumer, from: 0, to: end, for: purpose, {}, take)
    }

    /// Reads the records after those that ``read(for:turn:restart:take:)`` has reached, whether their transactions are
    /// committed, open or aborted.
    ///
    /// The next call reads them again.
    ///
    /// - Parameters:
    ///   - purpose: what is unknown if the end is not reached, for the error.
    ///   - turn: called regularly.
    ///   - take: takes the key and the value of a record; the value is nil for a retraction.
    /// - Throws: errors of the brokers; `Failure` if the end was not reached.
    public func readHidden(
        for purpose: String,
        turn: () -> Void = {},
        take: (_ key: Span<UInt8>, _ value: Span<UInt8>?) throws -> Void
    ) throws {
        let written = try written()
        let end = try end(written, turn)
        guard end > reached else { return }
        let _: Never? = try scan(written, from: reached, to: end, for: purpose, turn) { _, key, value in
            if let key { try take(key, value) }
            return nil
        }
    }

    private func written() throws -> Consumer {
        if let writtenConsumer { return writtenConsumer }
        var kafka = kafka
        kafka["isolation.level"] = "read_uncommitted"
        let consumer = try Consumer(kafka, logger: logger)
        writtenConsumer = consumer
        return consumer
    }

    /// The end of the partition for a consumer.
    ///
    /// Asks in short calls, because after a broker's death the client may know the new leader only at the next one.
    private func end(_ consumer: Consumer, _ turn: () -> Void) throws -> Int64 {
        let deadline = ContinuousClock.now + patience
        var share = Duration.seconds(1)
        while true {
            turn()
            do throws(KafkaError) {
                let rest = max(deadline - ContinuousClock.now, .milliseconds(1))
                return try consumer.watermarks(place, timeout: min(share, rest)).high
            } catch {
                guard error.isRetriable, !error.isFatal, error.code != .unknownTopicOrPartition,
                    ContinuousClock.now < deadline
                else { throw error }
                // A slow cluster gets more time at the next call.
                if error.code == .timedOut {
                    share = min(share * 2, .seconds(8))
                } else {
                    Thread.sleep(forTimeInterval: 0.1)
                }
            }
        }
    }

    /// Reads the records of a consumer up to the end that the partition had, until `take` returns a value.
    ///
    /// - `take`: takes the offset after a record, its key and its value.
    private func scan<Value>(
        _ consumer: Consumer,
        from begin: Int64,
        to end: Int64,
        for purpose: String,
        _ turn: () -> Void,
        _ take: (_ next: Int64, _ key: Span<UInt8>?, _ value: Span<UInt8>?) throws -> Value?
    ) throws -> Value? {
        try consumer.assign([TopicPartitionOffset(place, begin == 0 ? .beginning : .at(begin))])
        // Ends of an earlier reading.
        while consumer.nextPartitionEnd() != nil {}
        var ends = ReadingEnds()
        ends.expect(place, to: end)
        var batch = RecordBatch(capacity: 256)
        var deadline = ContinuousClock.now + patience
        var found: Value?
        while found == nil, !ends.areReached {
            turn()
            do {
                if try consumer.poll(&batch, timeout: .milliseconds(100)) > 0 { deadline = .now + patience }
            } catch {
                guard !error.isFatal, ContinuousClock.now < deadline else { throw error }
                continue
            }
            for index in 0..<batch.count where found == nil {
                let record = batch[index]
                found = try take(record.offset + 1, record.key, record.value)
                ends.read(place, record.offset)
            }
            while let end = consumer.nextPartitionEnd() { ends.reached(end) }
            guard found != nil || ends.areReached || ContinuousClock.now < deadline else {
                throw Failure.silent(ends, patience, unknown: purpose)
            }
        }
        try consumer.unassign()
        return found
    }

    /// Closes its consumers.
    public func close() {
        consumer.close(timeout: .seconds(2))
        writtenConsumer?.close(timeout: .seconds(2))
    }
}

extension Failure {
    /// Partitions were not read to their end.
    ///
    /// - Parameters:
    ///   - ends: of the partitions.
    ///   - patience: for how long no record arrived.
    ///   - purpose: what is unknown therefore, if that is not clear from the partition.
    /// - Returns: the failure, which names the partitions and how far they were read.
    package static func silent(_ ends: ReadingEnds, _ patience: Duration, unknown purpose: String? = nil) -> Failure {
        Failure(
            .brokerUnavailable,
            "nothing arrived for \(patience.components.seconds) seconds, and this was not read to its end: \(ends.missing)"
                + (purpose.map { "; so \($0) unknown" } ?? "") + ". `accountability doctor` checks the brokers"
        )
    }
}
