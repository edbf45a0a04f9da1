package import Kafka
package import Messages
internal import Streaming
package import SwiftProtobuf

extension Record {
    /// The record's key as a key of a table; nil if it is not one.
    package func key<Key, Message>(of table: Topic<Key, Message>) -> Key? {
        guard let key else { return nil }
        return table.key(utf8: key)
    }

    /// The record's message, checked against its key; nil for a tombstone or an invalid record.
    package func message<Key, Message>(of table: Topic<Key, Message>, under key: Key) -> Message? {
        guard let message = decoded(Message.self), message.fault(under: key) == nil else { return nil }
        return message
    }

    /// The record's key and message; nil for a tombstone or an invalid record.
    package func entry<Key, Message>(of table: Topic<Key, Message>) -> (key: Key, message: Message)? {
        guard let key = key(of: table), let message = message(of: table, under: key) else { return nil }
        return (key, message)
    }

    /// The record's value as a message, with or without the framing of a schema registry; nil for a tombstone, or for
    /// bytes that do not decode.
    package func decoded<M: Message>(_ type: M.Type = M.self) -> M? {
        guard let value else { return nil }
        return try? M(serializedBytes: SchemaFraming.message(of: [UInt8](copying: value)))
    }
}
