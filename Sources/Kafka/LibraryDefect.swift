/// A version of librdkafka.
public struct LibraryVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The first number.
    public let major: Int
    /// The second number.
    public let minor: Int
    /// The third number.
    public let patch: Int

    /// A version from its numbers.
    public init(_ major: Int, _ minor: Int, _ patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// A version from `rd_kafka_version()`: a byte for each number, and one for the candidate.
    init(number: Int32) {
        self.init(Int(number >> 24) & 0xff, Int(number >> 16) & 0xff, Int(number >> 8) & 0xff)
    }

    /// The order of releases.
    public static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }

    /// Such as `2.0.2`.
    public var description: String { "\(major).\(minor).\(patch)" }
}

/// Something that is wrong in some versions of librdkafka, and what the wrapper does about it.
public struct LibraryDefect: Sendable, Hashable {
    /// A short name that does not change.
    public let name: String
    /// The first version that has it.
    public let since: LibraryVersion
    /// The first version that does not have it any more; nil where none is known.
    public let fixed: LibraryVersion?
    /// What goes wrong.
    public let effect: String
    /// What the wrapper does about it, or what is left to the operator.
    public let answer: String
    /// Whether an operator has to act.
    public let isOperators: Bool
    /// Where it is described, or seen.
    public let source: String

    init(
        _ name: String,
        since: LibraryVersion = LibraryVersion(0, 0, 0),
        fixed: LibraryVersion?,
        effect: String,
        answer: String,
        isOperators: Bool = false,
        source: String
    ) {
        self.name = name
        self.since = since
        self.fixed = fixed
        self.effect = effect
        self.answer = answer
        self.isOperators = isOperators
        self.source = source
    }

    /// Whether a version has it.
    public func applies(to version: LibraryVersion) -> Bool {
        version >= since && fixed.map { version < $0 } != false
    }

    /// Those of a version, in the order of ``all``.
    public static func known(of version: LibraryVersion) -> [LibraryDefect] {
        all.filter { $0.applies(to: version) }
    }

    /// SCRAM's nonce.
    public static let scramNonce = LibraryDefect(
        "scram-nonce",
        fixed: LibraryVersion(2, 6, 1),
        effect: "SASL/SCRAM sends the client's nonce twice, and Apache Kafka 4 refuses the login whatever the password",
        answer: "log in with PLAIN over TLS or with OAUTHBEARER, or load librdkafka 2.6.1 or later",
        isOperators: true,
        source: "librdkafka issue 4895"
    )

    /// Metrics that a broker asks for.
    static let telemetry = LibraryDefect(
        "telemetry-assertion",
        since: LibraryVersion(2, 5, 0),
        fixed: LibraryVersion(2, 5, 3),
        effect: "the process ends where a broker subscribes to client metrics that do not exist",
        answer: "the clients push no metrics (enable.metrics.push=false)",
        source: "librdkafka pull request 4826"
    )

    /// Brokers that are gone for a moment.
    static let decommissionedCoordinator = LibraryDefect(
        "decommissioned-coordinator",
        since: LibraryVersion(2, 10, 0),
        fixed: nil,
        effect: "sending offsets hangs where the group's coordinator was missing from the brokers' list for a moment",
        answer: "brokers that are missing from it are kept (metadata.recovery.strategy=none)",
        source: "librdkafka issue 5511; seen in 2.16.0, BrokerFaultTests"
    )

    /// All that are known to matter here.
    public static let all: [LibraryDefect] = [
        scramNonce,
        LibraryDefect(
            "commit-forgotten",
            fixed: nil,
            effect:
                "a commit that is asked for again while it is under way can end the process (\"Invalid transaction state transition\")",
            answer: "each transactional call is made once, without a limit, and waited for in parts",
            source: "seen in 2.0.2 and 2.16.0; TransactionTests"
        ),
        LibraryDefect(
            "group-offsets-crash",
            fixed: nil,
            effect: "asking for the offsets of any group crashes where the broker asked no longer coordinates it",
            answer: "a group's offsets are read by a client of that group",
            source: "librdkafka issue 5040"
        ),
        LibraryDefect(
            "group-description-assertion",
            fixed: nil,
            effect:
                "describing a group can end the process where its coordinator answers after the limit (\"eonce->refcnt > 0\")",
            answer: "groups are described by the older request, which asks every broker",
            source: "seen in 2.0.2; DeadlineTests"
        ),
        LibraryDefect(
            "watermarks-unbounded",
            fixed: LibraryVersion(2, 12, 0),
            effect: "the question for a partition's ends waits as long as its broker is gone, whatever its limit",
            answer: "ends are asked for by another call, which keeps its limit",
            source: "librdkafka issues 2588, 4460 and 5201"
        ),
        LibraryDefect(
            "leave-crash",
            fixed: LibraryVersion(2, 14, 2),
            effect: "a member that leaves its group while no coordinator is known can crash",
            answer: "members are static and leave only when they are told to for good, while the group answers",
            source: "librdkafka 2.14.2, CHANGELOG"
        ),
        LibraryDefect(
            "first-message-late",
            fixed: LibraryVersion(2, 10, 1),
            effect: "the first message of a producer waits for up to a second",
            answer: "a worker sends and commits a small transaction when it starts",
            source: "librdkafka issue 5032"
        ),
        telemetry,
        decommissionedCoordinator,
        LibraryDefect(
            "cooperative-hang",
            fixed: LibraryVersion(2, 4, 0),
            effect: "a consumer with a cooperative assignor can hang when it closes",
            answer: "cooperative assignors are refused; groups use range with static members",
            source: "librdkafka 2.4.0, CHANGELOG"
        ),
        LibraryDefect(
            "sequence-fatal",
            fixed: LibraryVersion(2, 3, 0),
            effect: "a connection that breaks while messages are under way can be a fatal error of the producer",
            answer: "the worker ends with 75 and its next life goes on from the last commit",
            source: "librdkafka pull request 4438"
        ),
        LibraryDefect(
            "pause-skips",
            fixed: LibraryVersion(2, 1, 0),
            effect: "records can be passed over where a partition is paused and resumed",
            answer: "records are held back by assigning no partitions, and again from where they were",
            source: "librdkafka 2.1.0, CHANGELOG"
        ),
        LibraryDefect(
            "seek-early",
            fixed: LibraryVersion(2, 1, 0),
            effect: "seeking times out a thousand times too early",
            answer: "the partitions are assigned again with the places wanted",
            source: "librdkafka 2.1.0, CHANGELOG"
        ),
        LibraryDefect(
            "close-hang",
            fixed: nil,
            effect: "closing a consumer can hang",
            answer: "closing has a limit; what has not ended then is left behind",
            source: "seen in 2.0.2"
        ),
    ]
}
