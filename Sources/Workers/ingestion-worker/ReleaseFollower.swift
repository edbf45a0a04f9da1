import Kafka
import Logging
import Messages
import Operating
import Stages
import Streaming

/// Follows the acts of the Department in the ledger, so that ingestion knows which results are official when it takes a
/// file.
///
/// It reads the one partition of the ledger that has all acts. It keeps no fetch open: if the partition's end has not
/// moved, one request is enough.
final class ReleaseFollower {
    private let consumer: Consumer
    private let place: TopicPartition
    private var releases = OfficialReleases()
    /// The offset after the last record that was read.
    private var reached: Int64 = 0

    /// How long to wait while no record arrives.
    private static let patience = Duration.seconds(60)

    /// Creates a follower of an installation's ledger, from its beginning.
    ///
    /// - `group`: a group that the client's user may describe.
    init(_ connection: Connection, topic: String, partitions: Int32, group: String) throws {
        var kafka = connection.kafka
        kafka["group.id"] = group
        kafka["group.instance.id"] = nil
        kafka["enable.partition.eof"] = "true"
        // Every file waits until the end is read.
        kafka["fetch.wait.max.ms"] = "10"
        consumer = try Consumer(kafka, logger: Logger(label: "releases") { _ in SwiftLogNoOpLogHandler() })
        place = TopicPartition(topic: topic, partition: OfficialReleases.partition(of: partitions))
    }

    /// Reads the ledger to its end and returns the results that are official.
    ///
    /// - `turn`: called regularly.
    /// - Throws: errors of the brokers; `Failure` if the end was not reached.
    func results(_ turn: () -> Void) throws -> [Accountability_V1_OfficialResults] {
        let end = try consumer.watermarks(place, timeout: Self.patience).high
        // The ledger was recreated.
        if end < reached { (releases, reached) = (OfficialReleases(), 0) }
        guard end > reached else { return releases.results() }
        let start = TopicPartitionOffset(place, reached == 0 ? .beginning : .at(reached))
        try consumer.assign([start])
        while consumer.nextPartitionEnd() != nil {}
        var batch = RecordBatch(capacity: 256)
        var deadline = ContinuousClock.now + Self.patience
        while true {
            turn()
            do {
                if try consumer.poll(&batch, timeout: .milliseconds(100)) > 0 { deadline = .now + Self.patience }
            } catch {
                guard !error.isFatal, ContinuousClock.now < deadline else { throw error }
                continue
            }
            for index in 0..<batch.count {
                let record = batch[index]
                reached = record.offset + 1
                guard let key = record.key, let value = record.value, !CompletionMarker.isMarker(key: key) else {
                    continue
                }
                releases.take(key: key, value: value)
            }
            if let end = consumer.nextPartitionEnd() {
                reached = max(reached, end.offset.value ?? 0)
                break
            }
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    .brokerUnavailable,
                    "\(place) was not read to its end within \(Self.patience.components.seconds) seconds, so the official results are unknown; "
                        + "`accountability doctor` checks the brokers"
                )
            }
        }
        try consumer.unassign()
        return releases.results()
    }

    /// Closes the consumer.
    func close() { consumer.close(timeout: .seconds(2)) }
}
