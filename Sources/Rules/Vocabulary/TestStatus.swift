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
    /// A first-year English learner, exempt: a participant in every subject that is due.
    case exemptFirstYear
    /// An English learner who did not take the English proficiency test: a non-participant in ELA, even when tested.
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

    /// Whether a row of this status may carry a score: tested, the score that the Department assigned to an alternate
    /// result, or that of a learner who took the test and not the English proficiency test.
    public var mayHaveScore: Bool { self == .standard || self == .alternate || self == .notTakingEnglishTest }
}
