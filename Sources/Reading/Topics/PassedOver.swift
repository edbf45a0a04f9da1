package import Kafka
package import Messages
internal import Operating
internal import Streaming

/// The expected record types of a topic, for a reader that skips all others.
package struct TopicLabel {
    private let expected: [UInt8]
    private static let completion = Array(Topics.completionType.utf8)

    package init(_ topic: TopicDefinition) {
        expected = Array(topic.eventType.utf8)
    }

    /// Whether a record is one of the topic's, or a marker.
    ///
    /// Tombstones of the topic of markers warm a producer up and say nothing.
    package func fits(_ record: borrowing Record) -> Bool {
        switch record.label(expected: expected, completion: Self.completion) {
        case .expected, .marker: true
        case .missing, .foreign: record.value == nil && expected == Self.completion
        }
    }
}

/// Records that do not belong on their topic.
///
/// A reader skips only these records and reports them.
package struct PassedOver {
    private var found: [String: (count: Int, first: String)] = [:]

    /// None so far.
    package init() {}

    /// How many there were.
    package var count: Int { found.values.reduce(0) { $0 + $1.count } }

    /// Takes note of one.
    package mutating func note(_ topic: String, partition: Int32, offset: Int64) {
        found[topic, default: (0, "\(topic)/\(partition)/\(offset)")].count += 1
    }

    /// A line for each topic.
    package var lines: [String] {
        found.sorted { $0.key < $1.key }
            .map { topic, records in
                let (verb, pronoun) = records.count == 1 ? ("is", "was") : ("are", "were")
                return
                    "\(topic): \(records.count) record\(records.count == 1 ? "" : "s") \(verb) not what the topic holds and \(pronoun) passed over, "
                    + "\(records.count == 1 ? "" : "the first ")at \(records.first); `accountability quarantine` lists what the workers found"
            }
    }

    /// Reports the skipped records on standard error, once.
    package mutating func report() {
        for line in lines { Standard.error(line) }
        found = [:]
    }
}
