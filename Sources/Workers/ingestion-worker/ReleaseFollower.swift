import Foundation
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

    /// How long to wait for an act whose transaction is open: longer than brokers keep one of a dead command open.
    private static let patience = Duration.seconds(90)

    /// Reads the ledger to its end and returns the results that are official.
    ///
    /// If an act is written but its transaction has not ended, and it would change these results, waits until it has.
    /// Otherwise a file that is submitted right after a release could change official results without approval.
    ///
    /// - `turn`: called regularly.
    /// - Throws: errors of the brokers; `Failure` if the end was not reached, or if such an act stays open.
    func results(_ turn: () -> Void) throws -> [Accountability_V1_OfficialResults] {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let standing = try committed(turn)
            guard try assumed(turn) != standing else { return standing }
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    .tryAgain,
                    "an act that makes results official, or takes that back, has been in an open transaction for "
                        + "\(Self.patience.components.seconds) seconds; no file is taken before it ends. `accountability doctor` "
                        + "names the transaction"
                )
            }
            Thread.sleep(forTimeInterval: 0.01)
        }
    }

    /// Whether other results are official now, or will be if open transactions are committed.
    ///
    /// - Parameters:
    ///   - official: the results that were official.
    ///   - hasActs: whether this instance's own open transaction has acts. They are not counted as changes.
    ///   - turn: called regularly.
    /// - Returns: whether they differ.
    /// - Throws: errors of the brokers; `Failure` if the end was not reached.
    func haveChanged(
        since official: [Accountability_V1_OfficialResults],
        hasActs: Bool,
        _ turn: () -> Void
    ) throws -> Bool {
        if try committed(turn) != official { return true }
        return try !hasActs && assumed(turn) != official
    }

    /// The results that are official by committed acts.
    private func committed(_ turn: () -> Void) throws -> [Accountability_V1_OfficialResults] {
        try follower.read(for: "the official results are", turn: turn) {
            releases = OfficialReleases()
        } take: { key, value in
            Self.take(key, value, into: &releases)
        }
        return releases.results()
    }

    /// The results that would be official if all open transactions were committed.
    private func assumed(_ turn: () -> Void) throws -> [Accountability_V1_OfficialResults] {
        var assumed = releases
        try follower.readHidden(for: "the official results are", turn: turn) { key, value in
            Self.take(key, value, into: &assumed)
        }
        return assumed.results()
    }

    private static func take(_ key: Span<UInt8>, _ value: Span<UInt8>?, into releases: inout OfficialReleases) {
        guard let value, !CompletionMarker.isMarker(key: key) else { return }
        releases.take(key: key, value: value)
    }

    /// Closes the consumer.
    func close() { follower.close() }
}
