/// A tested subject.
public enum Subject: UInt8, WireNamed {
    /// English language arts.
    case ela
    /// Mathematics.
    case math
    /// Science and technology/engineering.
    case science

    /// `ELA`, `Math` or `STE`.
    public var wireName: String {
        switch self {
        case .ela: "ELA"
        case .math: "Math"
        case .science: "STE"
        }
    }

    /// The subject by any name that a published file of any year gives it, in any case.
    public init?(name: some StringProtocol) {
        switch name.lowercased() {
        case "ela", "english", "english language arts": self = .ela
        case "math", "mth", "mat", "mathematics": self = .math
        case "ste", "sci", "science": self = .science
        default: return nil
        }
    }
}
