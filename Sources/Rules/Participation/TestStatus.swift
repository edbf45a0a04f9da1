/// What became of a student's test in a subject.
public enum TestStatus: UInt8, WireNamed {
    /// Tested on the standard test.
    case standard
    /// Tested on the alternate assessment.
    case alternate
    /// Absent.
    case absent
    /// Absent for a documented medical reason.
    case medical
    /// A first-year English learner, exempt, who took the English proficiency test.
    case exemptFirstYear
    /// A first-year English learner who did not take the English proficiency test.
    case notTakingEnglishTest
    /// No test is due.
    case notRequired

    /// The code in the layouts.
    public var wireName: String {
        switch self {
        case .standard: "T"
        case .alternate: "ALT"
        case .absent: "ABS"
        case .medical: "MED"
        case .exemptFirstYear: "EXF"
        case .notTakingEnglishTest: "EXN"
        case .notRequired: "NR"
        }
    }

    /// Whether the student has a result.
    public var isTested: Bool { self == .standard || self == .alternate }
}
