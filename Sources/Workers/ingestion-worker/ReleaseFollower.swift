import Kafka
import Logging
import Messages
import Operating
import Stages
import Streaming

/// Follows the acts of the Department in the ledger, so that ingestion knows what is official when it takes a file.
///
/// It reads the one partition of the ledger that has all acts. At rest it holds no fetch open: an end of a partition
/// that did not move is a single question.
final class ReleaseFollower {
    private let consumer: Consumer
    private let place: TopicPartition
    private var releases = OfficialReleases()
    /// The offset up to which everything was read.
    private var reached: Int64 = 0

    /// How long nothing may arrive.
    private static let patience = Duration.seconds(60)

    /// A follower of an installation's ledger, from its beginning.
    ///
    /// - `group`: a group that the client's user may describe.
    init(_ connection: Connection, topic: String, partitions: Int32, group: String) throws {
        var kafka = connection.kafka
        kafka["group.id"] = group
        kafka["group.instance.id"] = nil
        kafka["enable.partition.eof"] = "true"
        // The end is waited for with every file.
        kafka["fetch.wait.max.ms"] = "10"
        consumer = try Consumer(kafka, logger: Logger(label: "releases") { _ in SwiftLogNoOpLogHandler() })
        place = TopicPartition(topic: topic, partition: OfficialReleases.partition(of: partitions))
    }

    /// The results that are official now, by everything that is in the ledger.
    ///
    /// - `turn`: called now and then.
    /// - Throws: what the brokers answer; `Failure` where the end is not reached.
    func results(_ turn: () -> Void) throws -> [Accountability_V1_OfficialResults] {
        let end = try consumer.watermarks(place, timeout: Self.patience).high
        // A ledger that was made anew.
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
                    "\(place) was not read to its end within \(Self.patience.components.seconds) seconds, so that nobody knows what is official: "
                        + "`accountability doctor` looks at the brokers"
                )
            }
        }
        try consumer.unassign()
        return releases.results()
    }

    /// Ends the consumer.
    func close() { consumer.close(timeout: .seconds(2)) }
}
