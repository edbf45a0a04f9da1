/// How an organization differs from what it was in the school year before.
public enum OrganizationChangeKind: UInt8, WireNamed {
    /// It is the same organization under a new code.
    case recoded
    /// It was made of several organizations.
    case merged
    /// It is a part of an organization that was divided.
    case split
    /// It no longer exists.
    case closed
    /// It serves other grades, so its earlier results are of other students.
    case gradesChanged

    /// The name in the column `change`.
    public var wireName: String {
        switch self {
        case .recoded: "recoded"
        case .merged: "merged"
        case .split: "split"
        case .closed: "closed"
        case .gradesChanged: "grades_changed"
        }
    }

    /// Whether it names a code that the organization, or a part of it, had before.
    public var namesFormerCode: Bool { self == .recoded || self == .merged || self == .split }

    /// The change, in words.
    public var words: String { wireName.replacing("_", with: " ") }
}
