/// What the distance between organizations is made of.
public enum SimilarityFactor: UInt8, WireNamed {
    /// Enrolled students.
    case enrollment
    /// The share of students of low income.
    case lowIncome
    /// The share of students with disabilities.
    case disability
    /// The share of English learners.
    case englishLearner

    /// The name in frameworks.
    public var wireName: String {
        switch self {
        case .enrollment: "enrollment"
        case .lowIncome: "low_income"
        case .disability: "swd"
        case .englishLearner: "el"
        }
    }
}
