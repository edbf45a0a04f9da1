internal import Foundation
internal import Kafka
internal import Messages
internal import Operating
internal import Streaming

/// The state of a school year, for commands that open or close it.
struct YearState {
    let connection: Connection
    let year: Int

    private struct Seen: Error {}

    /// Whether the year was closed before: its marker has passed at least one stage.
    func isClosed() throws -> Bool {
        try sees(Topics.progress) { record in
            guard let value = record.value, let marker = try? CompletionMarker.decode(value) else { return false }
            return marker.scope == "\(year)"
        }
    }

    /// Whether a determination of the year was published, or withdrawn.
    func hasDeterminations() throws -> Bool {
        let prefix = Array("\(year)/".utf8)
        return try sees(Topics.determinations) { record in
            guard let key = record.key, key.count > prefix.count else { return false }
            return prefix.indices.allSatisfy { key[$0] == prefix[$0] }
        }
    }

    /// Whether the year was ever opened.
    func wasOpened() throws -> Bool {
        let opening = Array("year/\(year)".utf8)
        return try sees(Topics.submissions) { record in
            guard let key = record.key, record.value != nil, key.count == opening.count else { return false }
            return opening.indices.allSatisfy { key[$0] == opening[$0] }
        }
    }

    /// Whether a topic has such a record.
    ///
    /// Reading stops after the first one.
    private func sees(_ topic: TopicDefinition, _ isMeant: (borrowing Record) -> Bool) throws -> Bool {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        do {
            try reader.read(topic, markers: true) { record in
                if isMeant(record) { throw Seen() }
            }
            return false
        } catch is Seen {
            return true
        }
    }
}
