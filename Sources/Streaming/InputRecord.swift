/// A record as a task sees it.
///
/// It is borrowed from its batch and cannot outlive it.
public struct InputRecord: ~Escapable {
    /// The source that it came from: an index into ``Stage/sources``.
    public let source: Int
    /// Its offset in its partition.
    public let offset: Int64
    /// When it was produced, milliseconds since 1970; 0 when the broker did not say.
    public let timestamp: Int64
    /// Its key; empty when it had none.
    public let key: Span<UInt8>
    /// Its value; nil is a tombstone.
    public let value: Span<UInt8>?
    /// The header `ce_cause`.
    ///
    /// Nil if there is none, and also while no scope is complete, because it is not used then.
    let causeBytes: Span<UInt8>?
    /// The type that its header states.
    public let label: RecordLabel

    /// Creates a record over bytes that live at least as long as it does.
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
    /// Why its producer published it, as the text of a ``CauseSet``; empty if unknown or not needed.
    public var cause: String {
        guard let causeBytes else { return "" }
        return String(decoding: [UInt8](copying: causeBytes), as: UTF8.self)
    }

    /// A limit above the size of anything that the pipeline publishes.
    ///
    /// By default, clients publish at most one megabyte.
    static let largest = 1 << 20

    /// Checks that need no knowledge of the topic's content: size, headers and key.
    ///
    /// - Throws: ``UnusableRecord``.
    func checkEnvelope(of source: Source, isMarker: Bool) throws {
        guard key.count + (value?.count ?? 0) <= Self.largest else {
            throw UnusableRecord("larger than any record of this pipeline", code: .tooLarge)
        }
        switch label {
        case .missing: throw UnusableRecord("without the header ce_type", code: .headersMissing)
        case .foreign: throw UnusableRecord("a type that does not belong on this topic", code: .foreignType)
        case .marker where !isMarker: throw UnusableRecord("a marker under another key", code: .notMarker)
        case .expected where isMarker && source.eventType != nil:
            throw UnusableRecord("a marker's key, but not a marker", code: .notMarker)
        case .expected, .marker: break
        }
        // In a log, some records have no key: rows that name no organization. In a table, every record has a key.
        guard key.count > 0 || !source.isTable else { throw UnusableRecord("without a key", code: .keyMissing) }
    }
}

/// A task throws this error for a record that it cannot use.
///
/// The record is quarantined, counted, and reported by its place but never by its content. Then the task continues. In
/// a compacted source the previous value of the record's key no longer counts, because a later restore may not see it.
public struct UnusableRecord: Error, Sendable, CustomStringConvertible {
    /// The kind of fault, stable.
    public struct Code: Sendable, Hashable {
        /// The code as it is published.
        public let rawValue: String

        /// The value does not decode as the topic's message.
        public static let notDecodable = Code(rawValue: "not_decodable")
        /// A tombstone on a topic that has none.
        public static let tombstone = Code(rawValue: "tombstone")
        /// There is no key.
        public static let keyMissing = Code(rawValue: "key_missing")
        /// The record is larger than anything that the pipeline publishes.
        public static let tooLarge = Code(rawValue: "too_large")
        /// The header `ce_type` is missing.
        public static let headersMissing = Code(rawValue: "headers_missing")
        /// The header `ce_type` names another type: another schema version, or another program's record.
        public static let foreignType = Code(rawValue: "foreign_type")
        /// A tombstone for a key that the topic cannot have.
        ///
        /// A stage writes such a tombstone to remove a foreign record from its table.
        ///
        /// It is skipped and not quarantined.
        public static let retractsNothing = Code(rawValue: "retracts_nothing")
        /// A marker's key without a marker, or a marker under another key.
        public static let notMarker = Code(rawValue: "not_a_marker")
        /// Not published by the stage that owns the table.
        public static let foreignProducer = Code(rawValue: "foreign_producer")
        /// It decodes, but its content is impossible.
        public static let makesNoSense = Code(rawValue: "makes_no_sense")
    }

    /// The kind of fault.
    public let code: Code
    /// The fault, without the record's content.
    public let reason: String

    /// An unusable record and the reason.
    public init(_ reason: String, code: Code = .makesNoSense) {
        self.code = code
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}

extension [UInt8] {
    /// Copies the bytes of a span.
    public init(copying span: Span<UInt8>) {
        // The pointer is used within the call only. Byte by byte, 60 million bytes in pieces of 50,000 took 1.06
        // seconds and not 0.05.
        self = unsafe span.withUnsafeBufferPointer { unsafe [UInt8]($0) }
    }
}
