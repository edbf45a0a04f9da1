/// An error after which a worker cannot continue.
public struct RuntimeError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure, which decides the exit code.
    public struct Code: Sendable, Hashable {
        /// The kind's name.
        public let name: String
        /// The exit code of a process that ends with it.
        public let exitCode: Int32

        /// A topic is missing, or has the wrong number of partitions.
        public static let topicMissing = Code(name: "topic_missing", exitCode: 78)
        /// Topics that are joined by partition have different partition counts.
        public static let notCopartitioned = Code(name: "not_copartitioned", exitCode: 78)
        /// A property or option is wrong.
        public static let configuration = Code(name: "configuration", exitCode: 78)
        /// No broker answers.
        public static let brokerUnavailable = Code(name: "broker_unavailable", exitCode: 69)
        /// Another instance has taken this one's place.
        public static let fenced = Code(name: "fenced", exitCode: 75)
        /// The broker or the client library failed permanently.
        ///
        /// Restart the worker.
        public static let fatal = Code(name: "fatal", exitCode: 75)
        /// A defect of the program.
        public static let `internal` = Code(name: "internal", exitCode: 70)
    }

    /// The kind of failure.
    public let code: Code
    /// What happened, where, and what to do.
    public let message: String
    /// The error behind it.
    public let cause: (any Error)?

    /// A failure.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Message and cause.
    public var description: String {
        cause.map { "\(message): \($0)" } ?? message
    }
}
