import Messages
public import Streaming
internal import SwiftProtobuf

extension Pipeline {
    /// The topics that no stage reads, with the checks of their records.
    ///
    /// A record must decode as the topic's message and have the key that belongs to the message.
    public var inspectedTopics: [InspectedTopic] {
        let group = group("")
        return [
            inspected(TableTopics.receipts),
            inspected(TableTopics.rejections),
            inspected(TableTopics.publications),
            inspected(TableTopics.notices),
            inspected(TableTopics.deliveries),
            inspected(Topics.positions, Streaming_V1_Position.self) { key, position in
                key.hasPrefix(group) && position.offset >= 0
            },
            inspected(Topics.quarantine, Streaming_V1_Quarantined.self) { key, entry in
                key == entry.identity
            },
            InspectedTopic(source(Topics.progress), holdsMarkers: true) { _ in
                throw UnusableRecord("no completion marker", code: .notMarker)
            },
        ]
    }

    /// A table, whose types define its valid records.
    private func inspected<Key, Message>(_ table: Topic<Key, Message>) -> InspectedTopic {
        // The publishing stages retract foreign records there, and watch the retractions too.
        let watched = [Topics.receipts, Topics.rejections, Topics.publications, Topics.notices]
        return InspectedTopic(source(table.definition), holdsRetractions: watched.contains(table.definition)) {
            record in
            _ = try record.message(of: table, under: record.key(of: table))
        }
    }

    private func inspected<M: Message>(
        _ topic: TopicDefinition,
        _ type: M.Type,
        _ fits: @escaping @Sendable (_ key: String, _ message: M) -> Bool
    ) -> InspectedTopic {
        InspectedTopic(source(topic), holdsRetractions: topic == Topics.positions) { record in
            let message = try record.message(type)
            guard fits(String(decoding: [UInt8](copying: record.key), as: UTF8.self), message) else {
                throw UnusableRecord("the key of another record, or a \(M.protoMessageName) that says nothing")
            }
        }
    }
}
