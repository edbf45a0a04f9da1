/// The two spans of grades whose results are reckoned apart: tests in grades 3 to 8, and in grade 10.
public enum GradeSpan: UInt8, WireNamed {
    /// Grades 1 to 8.
    case nonHigh
    /// Grades 9 to 12.
    case high

    /// `non_high` or `high`.
    public var wireName: String { self == .nonHigh ? "non_high" : "high" }

    /// The span of a grade: 1 to 8 and 9 to 12; nil for PK, K and beyond 12, which count in neither.
    public init?(grade: Grade) {
        switch grade.number {
        case 1...8: self = .nonHigh
        case 9...12: self = .high
        default: return nil
        }
    }
}

/// A grade: PK, K, 1 to 12, or SP (beyond grade 12).
public struct Grade: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// -1 for PK, 0 for K, 1 to 12, 13 for SP.
    public let number: Int8

    /// A grade by number, or nil outside -1 to 13.
    public init?(number: Int) {
        guard (-1...13).contains(number) else { return nil }
        self.number = Int8(number)
    }

    /// `PK`, `K` (or `KF`, `KP`, `KT`), `3` or `03`, `SP`, in any case; nil for anything else.
    public init?(_ text: some StringProtocol) {
        switch text.uppercased() {
        case "PK": number = -1
        case "K", "KF", "KP", "KT", "00": number = 0
        case "SP": number = 13
        default:
            guard text.utf8.count <= 2, let value = UInt8(text), (1...12).contains(value) else { return nil }
            number = Int8(value)
        }
    }

    /// `PK`, `K`, `03`, `10`, `SP`.
    public var description: String {
        switch number {
        case -1: "PK"
        case 0: "K"
        case 13: "SP"
        default: number < 10 ? "0\(number)" : "\(number)"
        }
    }

    /// The order of schooling.
    public static func < (left: Grade, right: Grade) -> Bool { left.number < right.number }
}

/// The schools a school is ranked with.
public enum ComparisonGroup: UInt8, WireNamed {
    /// Schools that have only grades of the lower span.
    case nonHigh
    /// Schools that have only grades of the upper span.
    case high
    /// Middle/high and K-12 schools.
    case middleHigh

    /// `non_high`, `high` or `middle_high`.
    public var wireName: String {
        switch self {
        case .nonHigh: "non_high"
        case .high: "high"
        case .middleHigh: "middle_high"
        }
    }

    /// The spans whose indicators a member has.
    public var spans: [GradeSpan] {
        switch self {
        case .nonHigh: [.nonHigh]
        case .high: [.high]
        case .middleHigh: [.nonHigh, .high]
        }
    }
}
