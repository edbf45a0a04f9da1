import Messages
import Streaming

extension InputRecord {
    /// The record's key as one of a table.
    ///
    /// - Throws: ``UnusableRecord`` if it is not a key of the table.
    func key<Key, Message>(of table: Topic<Key, Message>) throws -> Key {
        guard let key = table.key(utf8: key) else {
            throw UnusableRecord(
                "its key is not one of the topic \(table.definition.entity)",
                code: value == nil ? .retractsNothing : .makesNoSense
            )
        }
        return key
    }

    /// The record's message under its key, checked once and for all; nil of a retraction.
    ///
    /// - Throws: ``UnusableRecord`` if the bytes do not decode or their content is impossible.
    func message<Key, Message>(of table: Topic<Key, Message>, under key: Key) throws -> Message? {
        guard let value else { return nil }
        let message = try decode(Message.self, from: value.extracting(SchemaFraming.prefixCount(of: value)...))
        if let fault = message.fault(under: key) { throw UnusableRecord(fault) }
        return message
    }
}

/// The key and message of a record that a task published itself, checked as one that it reads.
///
/// - Throws: ``UnusableRecord`` if another program wrote it.
func recalled<Key, Message>(
    _ table: Topic<Key, Message>,
    key bytes: Span<UInt8>,
    value: Span<UInt8>
) throws -> (key: Key, message: Message) {
    guard let key = table.key(utf8: bytes) else {
        throw UnusableRecord("its key is not one of the topic \(table.definition.entity)")
    }
    let message = try decode(Message.self, from: value.extracting(SchemaFraming.prefixCount(of: value)...))
    if let fault = message.fault(under: key) { throw UnusableRecord(fault) }
    return (key, message)
}
