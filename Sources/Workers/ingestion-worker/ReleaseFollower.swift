import Messages
import Operating
import Stages
import Streaming

/// Follows the acts of the Department in the ledger, so that ingestion knows which results are official when it takes a
/// file.
///
/// It reads the one partition of the ledger that has all acts.
final class ReleaseFollower {
    private let follower: PartitionFollower
    private var releases = OfficialReleases()

    /// Creates a follower of an installation's ledger, from its beginning.
    ///
    /// - `group`: a group that the client's user may describe.
    init(_ connection: Connection, topic: String, partitions: Int32, group: String) throws {
        follower = try PartitionFollower(
            connection,
            topic: topic,
            partition: OfficialReleases.partition(of: partitions),
            group: group
        )
    }

    /// Reads the ledger to its end and returns the results that are official.
    ///
    /// - `turn`: called regularly.
    /// - Throws: errors of the brokers; `Failure` if the end was not reached.
    func results(_ turn: () -> Void) throws -> [Accountability_V1_OfficialResults] {
        try follower.read(for: "the official results", turn: turn) {
            releases = OfficialReleases()
        } take: { key, value in
            guard let value, !CompletionMarker.isMarker(key: key) else { return }
            releases.take(key: key, value: value)
        }
        return releases.results()
    }

    /// Closes the consumer.
    func close() { follower.close() }
}
