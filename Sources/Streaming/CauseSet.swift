/// The causes of a publication: the names of submissions or acts.
///
/// If there are very many, only the latest are kept.
///
/// Names are kept sorted, so the set does not depend on the order of arrival. This also holds when names are dropped:
/// the latest names of a union are always among the latest names of its parts. The set says whether names were dropped.
public struct CauseSet: Hashable, Sendable {
    /// The most names that are kept.
    public static let mostNames = 32

    /// The names in ascending order.
    public private(set) var names: [String] = []
    /// Whether names were dropped.
    public private(set) var hasMore = false
    /// The text that was inserted last.
    ///
    /// Inserting it again changes nothing.
    private var newest = ""

    /// The empty set.
    public init() {}

    /// Reads the set from its text: see ``text``.
    public init(_ text: String) { insert(text) }

    /// The set of one name, which may contain any character.
    public static func single(_ name: String) -> CauseSet {
        var set = CauseSet()
        set.insert(name: name)
        return set
    }

    /// Whether the set is empty.
    public var isEmpty: Bool { names.isEmpty }
    /// The last name in order.
    ///
    /// For submissions this is the latest one, because their names begin with the time.
    public var latest: String { names.last ?? "" }

    /// The set as text, for the header `ce_cause`: the names, separated by commas.
    ///
    /// A comma before the first name says that names were dropped.
    ///
    /// A comma in a name is written `%2C`, a percent sign `%25`.
    public var text: String {
        if names.count == 1, !hasMore, !Self.isEscaped(names[0]) { return names[0] }
        return (hasMore ? "," : "") + names.map(Self.escaped).joined(separator: ",")
    }

    /// Adds every name of a text.
    public mutating func insert(_ text: String) {
        // Fast path: many records in a row come from the same submission.
        guard !text.isEmpty, text != newest else { return }
        newest = text
        guard Self.isEscaped(text) else { return insert(name: text) }
        if text.utf8.first == UInt8(ascii: ",") { hasMore = true }
        for part in text.split(separator: ",") { insert(name: Self.unescaped(part)) }
    }

    /// Adds every name of another set.
    public mutating func formUnion(_ other: CauseSet) {
        if other.hasMore { hasMore = true }
        for name in other.names { insert(name: name) }
    }

    /// Whether every name of another set is in this one.
    public func isSuperset(of other: CauseSet) -> Bool {
        (hasMore || !other.hasMore) && other.names.allSatisfy(names.contains)
    }

    private mutating func insert(name: String) {
        guard !name.isEmpty else { return }
        var place = names.count
        while place > 0, names[place - 1] >= name {
            if names[place - 1] == name { return }
            place -= 1
        }
        names.insert(name, at: place)
        guard names.count > Self.mostNames else { return }
        names.removeFirst()
        hasMore = true
    }

    private static func isEscaped(_ text: String) -> Bool {
        text.utf8.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "%") }
    }

    private static func escaped(_ name: String) -> String {
        isEscaped(name) ? name.replacing("%", with: "%25").replacing(",", with: "%2C") : name
    }

    private static func unescaped(_ part: Substring) -> String {
        String(part).replacing("%2C", with: ",").replacing("%25", with: "%")
    }
}

extension CauseSet {
    /// Whether two sets have the same names.
    public static func == (left: CauseSet, right: CauseSet) -> Bool {
        left.names == right.names && left.hasMore == right.hasMore
    }

    /// Hashes the names.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(names)
        hasher.combine(hasMore)
    }
}
