public import SwiftProtobuf

/// The message type of a table's records, with the checks of its figures.
///
/// A record of the right type may still have impossible content, from another program or from a defect. It is checked
/// once, when it is read. After that no arithmetic on its figures can fail. Everything that the pipeline publishes
/// passes the check.
public protocol TableMessage: SwiftProtobuf.Message {
    /// The key of the table.
    associatedtype Key: TopicKey

    /// Describes what is impossible about the message under its key, without the content; nil if it is valid.
    func fault(under key: Key) -> String?
}

/// A table of the contract: its topic, with the types of its keys and messages.
public struct Topic<Key: TopicKey, Message: TableMessage>: Sendable where Message.Key == Key {
    /// The topic's name, partitioning and retention.
    public let definition: TopicDefinition

    /// A table.
    public init(_ definition: TopicDefinition) {
        self.definition = definition
    }

    /// Reads a key from its bytes; nil if it is not a key of this table.
    public func key(utf8 bytes: Span<UInt8>) -> Key? { Key(utf8: bytes) }

    /// A record's key and message; nil if either does not belong to this table or has impossible content.
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
    /// The outcome of each submission's rows.
    public static let receipts = Topic<ReceiptKey, Accountability_V1_Receipt>(Topics.receipts)
    /// Rows that were refused.
    public static let rejections = Topic<RejectionKey, Accountability_V1_Rejection>(Topics.rejections)
    /// Acts of the Department.
    public static let directives = Topic<DirectiveKey, Accountability_V1_Directive>(Topics.directives)
    /// Participation rates.
    public static let participation = Topic<ParticipationKey, Accountability_V1_Participation>(Topics.participation)
    /// Indicator values, targets and organizations.
    public static let indicators = Topic<IndicatorKey, Accountability_V1_IndicatorEntry>(Topics.indicators)
    /// The entries of organizations for the ranks.
    public static let standings = Topic<StandingKey, Accountability_V1_Standing>(Topics.standings)
    /// Percentiles, thresholds and norms.
    public static let percentiles = Topic<PercentileKey, Accountability_V1_PercentileEntry>(Topics.percentiles)
    /// Annual performance determinations.
    public static let determinations = Topic<DeterminationKey, Accountability_V1_Determination>(Topics.determinations)
    /// Their public form.
    public static let publications = Topic<DeterminationKey, Accountability_V1_Publication>(Topics.publications)
    /// The stage's confirmations of its determinations.
    public static let confirmations = Topic<DeterminationKey, Accountability_V1_Confirmation>(Topics.confirmations)
    /// Notices of changes.
    public static let notices = Topic<NoticeKey, Accountability_V1_Notice>(Topics.notices)
    /// The delivery states of notices.
    public static let deliveries = Topic<DeliveryKey, Accountability_V1_Delivery>(Topics.deliveries)
}
