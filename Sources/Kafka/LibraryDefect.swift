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

/// A defect of some versions of librdkafka, and the wrapper's workaround.
public struct LibraryDefect: Sendable, Hashable {
    /// A short, stable name.
    public let name: String
    /// The first version that has it.
    public let since: LibraryVersion
    /// The first version without it; nil if none is known.
    public let fixed: LibraryVersion?
    /// The effect of the defect.
    public let effect: String
    /// The wrapper's workaround, or the action for the operator.
    public let answer: String
    /// Whether the operator must act.
    public let isOperators: Bool
    /// The source that describes or shows it.
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

    /// The defects of a version, in the order of ``all``.
    public static func known(of version: LibraryVersion) -> [LibraryDefect] {
        all.filter { $0.applies(to: version) }
    }

    /// SCRAM sends the nonce twice.
    public static let scramNonce = LibraryDefect(
        "scram-nonce",
        fixed: LibraryVersion(2, 6, 1),
        effect: "SASL/SCRAM sends the client's nonce twice, so Apache Kafka 4 refuses even the right password",
        answer: "log in with PLAIN over TLS or with OAUTHBEARER, or load librdkafka 2.6.1 or later",
        isOperators: true,
        source: "librdkafka issue 4895"
    )

    /// Client metrics that a broker requests.
    static let telemetry = LibraryDefect(
        "telemetry-assertion",
        since: LibraryVersion(2, 5, 0),
        fixed: LibraryVersion(2, 5, 3),
        effect: "the process ends if a broker subscribes to client metrics that do not exist",
        answer: "the clients push no metrics (enable.metrics.push=false)",
        source: "librdkafka pull request 4826"
    )

    /// Brokers that disappear for a moment.
    static let decommissionedCoordinator = LibraryDefect(
        "decommissioned-coordinator",
        since: LibraryVersion(2, 10, 0),
        fixed: nil,
        effect: "sending offsets hangs if the group's coordinator was missing from the list of brokers for a moment",
        answer: "the client keeps missing brokers (metadata.recovery.strategy=none)",
        source: "librdkafka issue 5511; seen in 2.16.0, BrokerFaultTests"
    )

    /// All known defects that matter here.
    public static let all: [LibraryDefect] = [
        scramNonce,
        LibraryDefect(
            "commit-forgotten",
            fixed: nil,
            effect:
                "a commit that is repeated while it is running can end the process (\"Invalid transaction state transition\")",
            answer: "each transactional call is made once, without a time-out, and waited for in steps",
            source: "seen in 2.0.2 and 2.16.0; TransactionTests"
        ),
        LibraryDefect(
            "group-offsets-crash",
            fixed: nil,
            effect: "asking for the offsets of a group crashes if the broker no longer coordinates it",
            answer: "a client of the same group reads the group's offsets",
            source: "librdkafka issue 5040"
        ),
        LibraryDefect(
            "group-description-assertion",
            fixed: nil,
            effect:
                "describing a group can end the process if its coordinator answers after the time-out (\"eonce->refcnt > 0\")",
            answer: "groups are described with the older request, which asks every broker",
            source: "seen in 2.0.2; DeadlineTests"
        ),
        LibraryDefect(
            "watermarks-unbounded",
            fixed: LibraryVersion(2, 12, 0),
            effect: "asking for a partition's ends ignores its time-out while the broker is gone",
            answer: "another call, which keeps its time-out, asks for the ends",
            source: "librdkafka issues 2588, 4460 and 5201"
        ),
        LibraryDefect(
            "leave-crash",
            fixed: LibraryVersion(2, 14, 2),
            effect: "leaving a group while no coordinator is known can crash",
            answer: "members are static, and leave only on request and while the group answers",
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
            effect: "a connection that breaks while messages are in flight can be a fatal error of the producer",
            answer: "the worker ends with 75, and its next run continues from the last commit",
            source: "librdkafka pull request 4438"
        ),
        LibraryDefect(
            "pause-skips",
            fixed: LibraryVersion(2, 1, 0),
            effect: "records can be skipped when a partition is paused and resumed",
            answer: "to pause, the consumer assigns no partitions, and later assigns them again at their positions",
            source: "librdkafka 2.1.0, CHANGELOG"
        ),
        LibraryDefect(
            "seek-early",
            fixed: LibraryVersion(2, 1, 0),
            effect: "seeking times out a thousand times too early",
            answer: "the partitions are assigned again at the wanted offsets",
            source: "librdkafka 2.1.0, CHANGELOG"
        ),
        LibraryDefect(
            "close-hang",
            fixed: nil,
            effect: "closing a consumer can hang",
            answer: "closing has a time limit; threads that have not ended by then are abandoned",
            source: "seen in 2.0.2"
        ),
    ]
}
