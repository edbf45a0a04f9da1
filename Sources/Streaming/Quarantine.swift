internal import Crypto
import Foundation
package import Kafka
import Logging
import SwiftProtobuf

/// Where records go that a stage can't use.
public struct QuarantineTopic: Sendable, Hashable {
    /// The topic's name on the broker; it has one partition.
    public let name: String
    /// The `ce_type` of its records.
    public let eventType: String

    /// A topic for quarantine.
    public init(name: String, eventType: String) {
        self.name = name
        self.eventType = eventType
    }
}

/// What a record says it is: its header `ce_type` against what its topic holds.
public enum RecordLabel: Sendable {
    /// What the topic holds, or nobody checks.
    case expected
    /// A completion marker.
    case marker
    /// The header is not there.
    case missing
    /// Anything else: another version of the schema, a foreign producer.
    case foreign

    /// The label of a record of a topic whose records are of a type; nil checks nothing.
    init(_ type: String?, expected: String?, completion: String) {
        guard let expected else {
            self = .expected
            return
        }
        switch type {
        case nil: self = .missing
        case expected: self = .expected
        case completion: self = .marker
        default: self = .foreign
        }
    }
}

extension Record {
    /// What the record says it is.
    package func label(expected: [UInt8]?, completion: [UInt8]) -> RecordLabel {
        guard let expected else { return .expected }
        guard let type = header("ce_type").value else { return .missing }
        if Self.equal(type, expected) { return .expected }
        return Self.equal(type, completion) ? .marker : .foreign
    }

    private static func equal(_ bytes: Span<UInt8>, _ others: [UInt8]) -> Bool {
        guard bytes.count == others.count else { return false }
        for index in bytes.indices where bytes[index] != others[index] { return false }
        return true
    }
}

/// What the records of a stage's topics say they are, as bytes.
struct SourceLabels {
    /// By source; nil where nobody checks.
    let expected: [[UInt8]?]
    /// By output.
    let outputs: [[UInt8]]
    let completion: [UInt8]

    init(_ stage: any Stage, completionType: String) {
        expected = stage.sources.map { $0.eventType.map { Array($0.utf8) } }
        outputs = stage.outputs.map { Array($0.eventType.utf8) }
        completion = Array(completionType.utf8)
    }
}

/// Why a record could not be used, for the quarantine.
struct Refusal: Sendable {
    let code: UnusableRecord.Code
    let reason: String
}

/// A record on its way into quarantine: told about without content, published with it.
struct QuarantinedRecord: Sendable {
    let record: OwnedRecord
    let stage: String
    let refusal: Refusal

    /// Bytes of key, value and headers.
    var size: Int {
        record.headers.reduce((record.key?.count ?? 0) + (record.value?.count ?? 0)) {
            $0 + $1.0.utf8.count + ($1.1?.count ?? 0)
        }
    }
    /// The value's digest in hexadecimal; empty for a tombstone.
    var digest: String { sha256.hexadecimal }
    private var sha256: [UInt8] { record.value.map { Array(SHA256.hash(data: $0)) } ?? [] }

    /// Content beyond this is left where it is: a record of the quarantine has to fit into what a broker takes by
    /// default.
    static let largestContent = 900_000

    /// Counts the record and tells of it, by its place.
    func tell(_ metrics: WorkerMetrics, _ logger: Logger) {
        metrics.update {
            $0.unusable += 1
            $0.quarantined[refusal.code.rawValue, default: 0] += 1
        }
        logger.error(
            "a record cannot be used and was put in quarantine; `accountability quarantine` lists it",
            metadata: [
                "topic": "\(record.topic)", "partition": "\(record.partition)", "offset": "\(record.offset)",
                "code": "\(refusal.code.rawValue)",
                "reason": "\(refusal.reason)", "bytes": "\(size)", "sha256": "\(digest)",
            ]
        )
    }

    var key: String { Streaming_V1_Quarantined.identity(record.topic, record.partition, record.offset, stage) }

    func message() throws -> [UInt8] {
        var message = Streaming_V1_Quarantined()
        message.topic = record.topic
        message.partition = record.partition
        message.offset = record.offset
        message.stage = stage
        message.code = refusal.code.rawValue
        message.reason = refusal.reason
        message.sha256 = Data(sha256)
        message.size = UInt64(size)
        message.producedUnixMilliseconds = record.timestamp ?? 0
        if size <= Self.largestContent {
            message.hasContent_p = true
            if let key = record.key { message.key = Data(key) }
            if let value = record.value { message.value = Data(value) }
            message.headers = record.headers.map { name, value in
                var header = Streaming_V1_Quarantined.Header()
                header.name = name
                if let value { header.value = Data(value) }
                return header
            }
        }
        return try message.serializedBytes()
    }
}

extension Streaming_V1_Quarantined {
    /// The key that the entry stands under: where the record was found, and by which stage.
    package var identity: String { Self.identity(topic, partition, offset, stage) }

    static func identity(_ topic: String, _ partition: Int32, _ offset: Int64, _ stage: String) -> String {
        "\(topic)/\(partition)/\(offset)/\(stage)"
    }
}
