public import SwiftProtobuf

/// The message of a table's records, with what its figures can be.
///
/// A record of the right type may say what cannot be: a stranger wrote it, or a fault. It is checked once, where it is
/// read; after that no arithmetic on its figures can fail. Everything that the pipeline publishes passes.
public protocol TableMessage: SwiftProtobuf.Message {
    /// The key of the table.
    associatedtype Key: TopicKey

    /// What cannot be about the message under a key, without its content; nil where all of it can.
    func fault(under key: Key) -> String?
}

/// A table of the contract: its topic, with the types of its keys and messages.
public struct Topic<Key: TopicKey, Message: TableMessage>: Sendable where Message.Key == Key {
    /// What the topic is called, how it is spread and kept.
    public let definition: TopicDefinition

    /// A table.
    public init(_ definition: TopicDefinition) {
        self.definition = definition
    }

    /// The key of these bytes; nil where they are not one of this table.
    public func key(utf8 bytes: Span<UInt8>) -> Key? { Key(utf8: bytes) }

    /// A record's key and message; nil where either is not one of this table, or says what cannot be.
    public func entry(key bytes: Span<UInt8>, value: [UInt8]) -> (key: Key, message: Message)? {
        guard let key = Key(utf8: bytes),
            let message = try? Message(serializedBytes: SchemaFraming.message(of: value)),
            message.fault(under: key) == nil
        else { return nil }
        return (key, message)
    }
}

/// The tables of the pipeline, each with its types.
public enum TableTopics {
    /// What became of each submission's rows.
    public static let receipts = Topic<ReceiptKey, Accountability_V1_Receipt>(Topics.receipts)
    /// Rows that were refused.
    public static let rejections = Topic<RejectionKey, Accountability_V1_Rejection>(Topics.rejections)
    /// Acts of the Department.
    public static let directives = Topic<DirectiveKey, Accountability_V1_Directive>(Topics.directives)
    /// Participation rates.
    public static let participation = Topic<ParticipationKey, Accountability_V1_Participation>(Topics.participation)
    /// Indicator values, targets and organizations.
    public static let indicators = Topic<IndicatorKey, Accountability_V1_IndicatorEntry>(Topics.indicators)
    /// What organizations bring into the ranks.
    public static let standings = Topic<StandingKey, Accountability_V1_Standing>(Topics.standings)
    /// Percentiles, thresholds and norms.
    public static let percentiles = Topic<PercentileKey, Accountability_V1_PercentileEntry>(Topics.percentiles)
    /// Annual performance determinations.
    public static let determinations = Topic<DeterminationKey, Accountability_V1_Determination>(Topics.determinations)
    /// What the public may see of them.
    public static let publications = Topic<DeterminationKey, Accountability_V1_Publication>(Topics.publications)
    /// Which determinations their stage stands by.
    public static let confirmations = Topic<DeterminationKey, Accountability_V1_Confirmation>(Topics.confirmations)
    /// Notices of what changed.
    public static let notices = Topic<NoticeKey, Accountability_V1_Notice>(Topics.notices)
    /// What became of notices.
    public static let deliveries = Topic<DeliveryKey, Accountability_V1_Delivery>(Topics.deliveries)
}
