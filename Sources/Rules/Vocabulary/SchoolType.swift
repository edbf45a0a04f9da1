/// The type of the lower grades of a school: whose chronic absenteeism is ranked together, 603 CMR 2.03(2)(a), (c).
public enum SchoolType: UInt8, WireNamed {
    /// Elementary schools.
    case elementary
    /// Elementary and middle schools.
    case elementaryMiddle
    /// Middle schools.
    case middle

    /// `ES`, `ESMS` or `MS`.
    public var wireName: String {
        switch self {
        case .elementary: "ES"
        case .elementaryMiddle: "ESMS"
        case .middle: "MS"
        }
    }

    /// The type by a published name: `ES`, `ESMS`, `MS`, and for elementary schools `EES` and `ES_3`; nil for any
    /// other.
    ///
    /// Other names, `MSHS` and `K-12` among them, say less than the grades served: ``GradesServed/schoolType``.
    public init?(name: some StringProtocol) {
        switch name.uppercased() {
        case "ES", "EES", "ES_3": self = .elementary
        case "ESMS": self = .elementaryMiddle
        case "MS": self = .middle
        default: return nil
        }
    }
}
