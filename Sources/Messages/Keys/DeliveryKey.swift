/// `<channel>/<notice>`: the key of a notice's delivery state in a channel.
///
/// A notice's own key has slashes.
public struct DeliveryKey: TopicKey {
    /// How its text is formed.
    public static let format = "<channel>/<notice>"

    /// The channel.
    public let channel: String
    /// The notice's key.
    public let notice: String

    /// The key of a delivery.
    public init(channel: String, notice: String) {
        self.channel = channel
        self.notice = notice
    }

    /// Reads a key.
    public init?(utf8 bytes: Span<UInt8>) {
        var reader = KeyReader(bytes)
        guard let channel = reader.text(), let notice = reader.rest() else { return nil }
        self.init(channel: channel, notice: notice)
    }

    /// Writes the key.
    public func write(to names: inout KeyWriter) {
        names.add(channel)
        names.add(notice)
    }
    /// In the partition of the notice.
    public var placement: KeyPlacement { .writer }
}
