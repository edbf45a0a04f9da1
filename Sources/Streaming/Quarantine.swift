internal import Crypto
import Foundation
package import Kafka
import Logging
import SwiftProtobuf

/// The topic for records that a stage cannot use.
public struct QuarantineTopic: Sendable, Hashable {
    /// The topic's name on the broker; it has one partition.
    public let name: String
    /// The `ce_type` of its records.
    public let eventType: String

    /// Describes the quarantine topic.
    public init(name: String, eventType: String) {
        self.name = name
        self.eventType = eventType
    }
}

/// The kind of a record, from comparing its header `ce_type` with the type of its topic.
public enum RecordLabel: Sendable {
    /// The type of the topic, or types are not checked.
    case expected
    /// A completion marker.
    case marker
    /// The header is missing.
    case missing
    /// Any other type: another schema version, or another program's record.
    case foreign

    /// The label of a record whose header has a type, on a topic with an expected type.
    ///
    /// If `expected` is nil, nothing is checked.
    package init(_ type: String?, expected: String?, completion: String) {
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
    /// The record's label.
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

/// The expected types of a stage's topics, as bytes.
struct SourceLabels {
    /// By source; nil if types are not checked.
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

/// The reason why a record could not be used, for the quarantine.
package struct Refusal: Sendable {
    let code: UnusableRecord.Code
    package let reason: String
}

/// A record on its way into quarantine.
///
/// It is published with its content and logged without it.
package struct QuarantinedRecord: Sendable {
    package let record: OwnedRecord
    let stage: String
    package let refusal: Refusal

    /// Bytes of key, value and headers.
    var size: Int {
        record.headers.reduce((record.key?.count ?? 0) + (record.value?.count ?? 0)) {
            $0 + $1.0.utf8.count + ($1.1?.count ?? 0)
        }
    }
    /// The SHA-256 of the value in hexadecimal; empty for a tombstone.
    var digest: String { sha256.hexadecimal }
    private var sha256: [UInt8] { record.value.map { Array(SHA256.hash(data: $0)) } ?? [] }

    /// Larger content is not copied, because a quarantine record must fit into the default size limit of brokers.
    static let largestContent = 900_000

    /// Counts the record and logs its place.
    func tell(_ metrics: WorkerMetrics, _ logger: Logger) {
        metrics.update {
            $0.unusable += 1
            $0.quarantined[refusal.code.rawValue, default: 0] += 1
        }
        logger.error(
            "quarantined a record that cannot be used; `accountability quarantine` lists it",
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
    /// The key of the quarantine entry: the place of the record, and the stage that found it.
    package var identity: String { Self.identity(topic, partition, offset, stage) }

    static func identity(_ topic: String, _ partition: Int32, _ offset: Int64, _ stage: String) -> String {
        "\(topic)/\(partition)/\(offset)/\(stage)"
    }
}
