/// The eight-digit code of the state, a district or a school.
///
/// `00000000` is the state, `dddd0000` a district, anything else a school of district `dddd0000`. Leading zeros count
/// in text; the order of codes is that of their text.
public struct OrganizationCode: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The code as a number, below 100,000,000.
    public let rawValue: UInt32

    /// The state as a whole.
    public static let state = OrganizationCode(unchecked: 0)

    /// The code of this number, or nil when it has more than eight digits.
    public init?(rawValue: UInt32) {
        guard rawValue < 100_000_000 else { return nil }
        self.rawValue = rawValue
    }

    /// The code written with exactly eight digits, or nil.
    public init?(_ text: some StringProtocol) {
        self.init(digits: text.utf8)
    }

    /// The code in exactly eight ASCII digits, or nil.
    public init?(utf8 bytes: Span<UInt8>) {
        guard bytes.count == 8 else { return nil }
        var value: UInt32 = 0
        for index in bytes.indices {
            guard let next = Self.appending(bytes[index], to: value) else { return nil }
            value = next
        }
        rawValue = value
    }

    private init?(digits: some Collection<UInt8>) {
        guard digits.count == 8 else { return nil }
        var value: UInt32 = 0
        for byte in digits {
            guard let next = Self.appending(byte, to: value) else { return nil }
            value = next
        }
        rawValue = value
    }

    private init(unchecked rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Eight digits keep the number far from overflow.
    private static func appending(_ byte: UInt8, to value: UInt32) -> UInt32? {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        return value * 10 + UInt32(byte - UInt8(ascii: "0"))
    }

    /// Whether this is the state, a district or a school, as the digits say.
    public var type: OrganizationType {
        if rawValue == 0 { return .state }
        return rawValue % 10_000 == 0 ? .district : .school
    }

    /// Whether this is a district.
    public var isDistrict: Bool { type == .district }
    /// Whether this is a school.
    public var isSchool: Bool { type == .school }

    /// The district of a school; a district and the state are their own.
    public var district: OrganizationCode { OrganizationCode(unchecked: rawValue / 10_000 * 10_000) }

    /// The eight digits.
    public var description: String {
        let digits = String(rawValue)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }

    /// The order of the eight digits.
    public static func < (left: OrganizationCode, right: OrganizationCode) -> Bool { left.rawValue < right.rawValue }
}

/// The three levels that answer for results: districts for their schools, the Department for districts (2.03(1)).
public enum OrganizationType: UInt8, WireNamed {
    /// The state.
    case state
    /// A district.
    case district
    /// A school.
    case school

    /// `state`, `district` or `school`.
    public var wireName: String {
        switch self {
        case .state: "state"
        case .district: "district"
        case .school: "school"
        }
    }
}
