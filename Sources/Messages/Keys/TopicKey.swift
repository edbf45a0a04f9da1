public import Rules

/// The key of a table's records: a value that writes and reads its own bytes.
///
/// Nothing outside of this folder joins or splits the text of a key. A key reads only the text that it would write: of
/// two texts for one thing, one is a stranger's.
public protocol TopicKey: Hashable, Sendable, CustomStringConvertible {
    /// How its text is formed, for people: names in angle brackets between slashes.
    static var format: String { get }

    /// Reads a key from its bytes; nil if they are not the exact text of a key.
    init?(utf8 bytes: Span<UInt8>)

    /// Writes the key as it stands on the topic.
    func write(to names: inout KeyWriter)

    /// The part of the key that decides the partition.
    var placement: KeyPlacement { get }
}

extension TopicKey {
    /// Reads a key from its text; nil if it is not the exact text of a key.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        self.init(utf8: bytes.span)
    }

    /// The key as it stands on the topic.
    public var utf8: [UInt8] {
        var names = KeyWriter()
        write(to: &names)
        return names.bytes
    }

    /// The key as it stands on the topic.
    public var text: String { String(decoding: utf8, as: UTF8.self) }

    /// The key's text.
    public var description: String { text }
}

/// The key of a record of a school year.
public protocol SchoolYearKey: TopicKey {
    /// The school year.
    var schoolYear: Int { get }
    /// The organization of the record; nil if it concerns everyone, such as a threshold.
    var subject: OrganizationCode? { get }
}

/// The key of a record of an organization in a school year.
public protocol OrganizationKey: SchoolYearKey {
    /// The organization.
    var organization: OrganizationCode { get }
}

extension OrganizationKey {
    /// The organization.
    public var subject: OrganizationCode? { organization }
}

/// Decides the partition of a record.
public enum KeyPlacement: Hashable, Sendable {
    /// The district of an organization. An organization, its district and all their tables are in the same partition.
    case district(of: OrganizationCode)
    /// The student group. All standings of a group are in the same partition.
    case group(StudentGroup)
    /// Every partition: each reader's task needs the record.
    case everywhere
    /// The only partition of a topic that everyone reads completely.
    case single
    /// The partition that its cause came from: the writer decides.
    case writer
}
