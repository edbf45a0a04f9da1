internal import Kafka
public import Logging

/// Follows one partition of a topic from its beginning.
///
/// It keeps no fetch open: if the partition's end has not moved, one request is enough. Used from one thread.
public final class PartitionFollower {
    private let consumer: Consumer
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
        let quiet = Logger(label: "follower") { _ in SwiftLogNoOpLogHandler() }
        consumer = try Consumer(kafka, logger: logger ?? quiet)
        place = TopicPartition(topic: topic, partition: partition)
    }

    /// Reads what came since the last call, to the end of the partition.
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
        let end = try consumer.watermarks(place, timeout: patience).high
        if end < reached {
            restart()
            reached = 0
        }
        guard end > reached else { return }
        try consumer.assign([TopicPartitionOffset(place, reached == 0 ? .beginning : .at(reached))])
        while consumer.nextPartitionEnd() != nil {}
        var batch = RecordBatch(capacity: 256)
        var deadline = ContinuousClock.now + patience
        while true {
            turn()
            do {
                if try consumer.poll(&batch, timeout: .milliseconds(100)) > 0 { deadline = .now + patience }
            } catch {
                guard !error.isFatal, ContinuousClock.now < deadline else { throw error }
                continue
            }
            for index in 0..<batch.count {
                let record = batch[index]
                reached = record.offset + 1
                if let key = record.key { try take(key, record.value) }
            }
            if let end = consumer.nextPartitionEnd() {
                reached = max(reached, end.offset.value ?? 0)
                break
            }
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    .brokerUnavailable,
                    "\(place) was not read to its end within \(patience.components.seconds) seconds, so \(purpose) are unknown; "
                        + "`accountability doctor` checks the brokers"
                )
            }
        }
        try consumer.unassign()
    }

    /// Closes the consumer.
    public func close() { consumer.close(timeout: .seconds(2)) }
}
