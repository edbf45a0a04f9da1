import Foundation
import Kafka
import Logging
import Messages
public import Stages
public import Streaming
import SwiftProtobuf

/// States which installation writes a ledger, and with which pseudonym key.
///
/// It is an entry in the ledger's first partition.
///
/// Only the first claim counts.
///
/// Two installations with the same brokers and namespace would fence each other for ever, and two keys would give each
/// student two pseudonyms.
public struct LedgerClaim: Sendable, Hashable {
    /// The installation's identity; empty if it was not given.
    public var identity: String
    /// The fingerprint of the key.
    public var keyFingerprint: [UInt8]
    /// The machine that it runs on.
    public var host: String
    /// When, in milliseconds since 1970.
    public var claimed: Int64
    /// The number of the ledger's partitions; 0 if it was not given.
    public var partitions: Int32

    static let keyPrefix = "installation/"

    /// A claim of this machine, now.
    public init(identity: String, keyFingerprint: [UInt8], partitions: Int32) {
        self.identity = identity
        self.partitions = partitions
        self.keyFingerprint = keyFingerprint
        host = ProcessInfo.processInfo.hostName
        claimed = Int64(Date().timeIntervalSince1970 * 1000)
    }

    init(_ message: Accountability_V1_InstallationClaim) {
        identity = message.identity
        keyFingerprint = Array(message.keyFingerprint)
        host = message.host
        claimed = message.claimedUnixMilliseconds
        partitions = message.partitions
    }

    /// Creates a unique identity.
    public static func newIdentity() -> String {
        UUID().uuidString.lowercased()
    }

    /// Writes the claim into the open transaction.
    public func write(_ pipeline: Pipeline, to sink: any RecordSink) throws {
        var entry = Accountability_V1_SubmissionEntry()
        entry.installation.identity = identity
        entry.installation.keyFingerprint = Data(keyFingerprint)
        entry.installation.host = host
        entry.installation.claimedUnixMilliseconds = claimed
        entry.installation.partitions = partitions
        let value: [UInt8] = try entry.serializedBytes()
        let key = Array("\(Self.keyPrefix)\(identity)".utf8)
        try sink.send(
            topic: pipeline.name(Topics.submissions),
            partition: 0,
            key: key.span,
            value: value.span,
            eventType: Topics.submissions.eventType,
            cause: ""
        )
    }

    /// Compares this claim with the one in the ledger.
    ///
    /// - Throws: ``Failure`` with ``ExitStatus/configuration`` if the ledger belongs to another installation, was
    ///   written with another key, or has another number of partitions.
    public func check(against standing: LedgerClaim, _ connection: Connection) throws {
        let ledger = "\(connection.pipeline.name(Topics.submissions)) at \(connection.brokers)"
        let since = "\(standing.host) since \(SubmissionIdentifier.timestamp(standing.claimed))"
        guard standing.keyFingerprint == keyFingerprint else {
            throw Failure(
                .configuration,
                "the ledger \(ledger) was written with another pseudonym key (claimed by \(since)), so every student would get a second pseudonym. Put the key "
                    + "of that installation at \(connection.home.pseudonymKey.path), or start a separate ledger with --namespace NAME"
            )
        }
        guard identity.isEmpty || standing.identity.isEmpty || standing.identity == identity else {
            throw Failure(
                .configuration,
                "the ledger \(ledger) belongs to another installation (claimed by \(since)): two installations would fence each other for ever. Start a separate "
                    + "ledger with --namespace NAME. If the other home is gone for good, `accountability up --identity \(standing.identity)` takes its place"
            )
        }
        guard partitions == 0 || standing.partitions == 0 || standing.partitions == partitions else {
            throw Failure(
                .configuration,
                "the ledger \(ledger) had \(standing.partitions) partitions when it was claimed by \(since), and has \(partitions) now: a student's corrected "
                    + "row would not find the row that it corrects. Partitions cannot be taken away again: submit the files into a new "
                    + "namespace (--namespace NAME)"
            )
        }
    }

    /// For a worker that writes the ledger: checks the existing claim against this home and its key, and writes one if
    /// there is none.
    ///
    /// - `partitions`: the number of the ledger's partitions.
    /// - `sink`: the worker's sink, without an open transaction.
    public static func hold(
        _ connection: Connection,
        key: PseudonymKey,
        partitions: Int32,
        group: String,
        sink: TransactionalSink
    ) throws {
        let installation = connection.installation.flatMap { $0.namespace == connection.pipeline.namespace ? $0 : nil }
        let claim = LedgerClaim(
            identity: installation?.identity ?? "",
            keyFingerprint: key.fingerprint,
            partitions: partitions
        )
        let reader = try Reader(connection, group: group)
        defer { reader.close() }
        if let standing = try reader.find() { return try claim.check(against: standing, connection) }
        try claim.write(connection.pipeline, to: sink)
        try sink.commit(offsets: [], group: nil)
        if let standing = try reader.find() { try claim.check(against: standing, connection) }
    }

    /// Finds the claim of a ledger.
    public final class Reader {
        private let follower: PartitionFollower

        /// A reader of an installation's ledger.
        ///
        /// - `group`: a group that the client's user may describe; the default is the operators' tool's group.
        public init(_ connection: Connection, group: String? = nil) throws {
            follower = try PartitionFollower(
                connection,
                topic: connection.pipeline.name(Topics.submissions),
                partition: 0,
                group: group ?? connection.pipeline.group("reader")
            )
        }

        /// The valid claim; nil if there is none.
        ///
        /// Usually it is the ledger's first record.
        public func find() throws -> LedgerClaim? {
            try follower.first(for: "the ledger's installation is") { key, value in
                guard let value,
                    String(decoding: [UInt8](copying: key), as: UTF8.self).hasPrefix(LedgerClaim.keyPrefix),
                    let entry = try? Accountability_V1_SubmissionEntry(serializedBytes: [UInt8](copying: value)),
                    case .installation(let message) = entry.entry
                else { return nil }
                return LedgerClaim(message)
            }
        }

        /// Closes the reader.
        public func close() { follower.close() }
    }
}
