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
    /// The header `ce_cause`; nil if there is none, and while no scope is complete, as it is not used then.
    let causeBytes: Span<UInt8>?
    /// What it says it is.
    public let label: RecordLabel

    /// A record over bytes that live at least as long as it.
    @_lifetime(copy key, copy value, copy cause)
    public init(
        source: Int,
        offset: Int64,
        timestamp: Int64,
        key: Span<UInt8>,
        value: Span<UInt8>?,
        cause: Span<UInt8>?,
        label: RecordLabel = .expected
    ) {
        self.source = source
        self.offset = offset
        self.timestamp = timestamp
        self.key = key
        self.value = value
        causeBytes = cause
        self.label = label
    }
}

extension InputRecord {
    /// What made its producer publish it, as the text of a ``CauseSet``; empty where that was not said or not asked.
    public var cause: String {
        guard let causeBytes else { return "" }
        return String(decoding: [UInt8](copying: causeBytes), as: UTF8.self)
    }

    /// Larger than anything that the pipeline publishes: a client publishes a megabyte at most unless it is told
    /// otherwise.
    static let largest = 1 << 20

    /// What can be said of a record without knowing what its topic is about.
    ///
    /// - Throws: ``UnusableRecord``.
    func checkEnvelope(of source: Source, isMarker: Bool) throws {
        guard key.count + (value?.count ?? 0) <= Self.largest else {
            throw UnusableRecord("larger than anything that is published here", code: .tooLarge)
        }
        switch label {
        case .missing: throw UnusableRecord("without the header ce_type", code: .headersMissing)
        case .foreign: throw UnusableRecord("of a type that this topic does not hold", code: .foreignType)
        case .marker where !isMarker: throw UnusableRecord("a marker under another key", code: .notMarker)
        case .expected where isMarker && source.eventType != nil:
            throw UnusableRecord("the key of a marker, but none", code: .notMarker)
        case .expected, .marker: break
        }
        // A log has records without one: rows that name no organization. A table has none.
        guard key.count > 0 || !source.isTable else { throw UnusableRecord("without a key", code: .keyMissing) }
    }
}

/// Thrown by a task for a record it can't make sense of.
///
/// The record is put in quarantine, counted and reported by its place, never by its content, and the task goes on. In a
/// compacted source what its key held before does not stand any more, as a restore may never see it.
public struct UnusableRecord: Error, Sendable, CustomStringConvertible {
    /// The kind of fault, stable.
    public struct Code: Sendable, Hashable {
        /// The code as it is published.
        public let rawValue: String

        /// The value is not the message that the topic holds.
        public static let notDecodable = Code(rawValue: "not_decodable")
        /// A tombstone where none belongs.
        public static let tombstone = Code(rawValue: "tombstone")
        /// There is no key.
        public static let keyMissing = Code(rawValue: "key_missing")
        /// Larger than anything that the pipeline publishes.
        public static let tooLarge = Code(rawValue: "too_large")
        /// The header `ce_type` is not there.
        public static let headersMissing = Code(rawValue: "headers_missing")
        /// The header `ce_type` names something else: another version of the schema, a foreign producer.
        public static let foreignType = Code(rawValue: "foreign_type")
        /// A retraction under a key that the topic cannot hold: so a stage takes a stranger's record out of its table.
        ///
        /// It is passed over and not put in quarantine.
        public static let retractsNothing = Code(rawValue: "retracts_nothing")
        /// A marker's key without a marker, or a marker under another key.
        public static let notMarker = Code(rawValue: "not_a_marker")
        /// Another producer than the stage that publishes the table.
        public static let foreignProducer = Code(rawValue: "foreign_producer")
        /// It decodes and says what cannot be.
        public static let makesNoSense = Code(rawValue: "makes_no_sense")
    }

    /// The kind of fault.
    public let code: Code
    /// What is wrong with it, without its content.
    public let reason: String

    /// An unusable record, and why.
    public init(_ reason: String, code: Code = .makesNoSense) {
        self.code = code
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}
