/// A record as a task sees it: borrowed from the batch it came in, so it can't outlive it.
public struct InputRecord: ~Escapable {
    /// Which of the stage's sources it came from: an index into ``Stage/sources``.
    public let source: Int
    /// Its place in its partition.
    public let offset: Int64
    /// When it was produced, milliseconds since 1970; 0 when the broker did not say.
    public let timestamp: Int64
    /// Its key; empty when it had none.
    public let key: Span<UInt8>
    /// Its value; nil is a tombstone.
    public let value: Span<UInt8>?
    /// What made its producer publish it (the header `ce_cause`); empty while its scope is not complete, where nobody asks.
    public let cause: String

    /// A record over bytes that live at least as long as it.
    @_lifetime(copy key, copy value)
    public init(
        source: Int,
        offset: Int64,
        timestamp: Int64,
        key: Span<UInt8>,
        value: Span<UInt8>?,
        cause: String
    ) {
        self.source = source
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.cause = cause
    }
}

/// Thrown by a task for a record it can't make sense of. The record is counted and reported by its place, never by its content, and
/// the task goes on.
public struct UnusableRecord: Error, Sendable, CustomStringConvertible {
    /// What is wrong with it, without its content.
    public let reason: String

    /// An unusable record, and why.
    public init(_ reason: String) {
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}
