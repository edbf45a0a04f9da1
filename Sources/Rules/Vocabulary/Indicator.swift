/// What an accountability indicator measures, in the order of the reports.
public enum Indicator: UInt8, WireNamed {
    /// English language arts achievement: mean scaled score, or CPI.
    case elaAchievement
    /// Mathematics achievement: mean scaled score, or CPI.
    case mathAchievement
    /// Science achievement: CPI through 2019, mean scaled score after.
    case scienceAchievement
    /// Mean student growth percentile in English language arts.
    case elaGrowth
    /// Mean student growth percentile in mathematics.
    case mathGrowth
    /// Four-year cohort graduation rate, percent.
    case fourYearGraduation
    /// Five-year graduates and those still enrolled after five years, percent of the cohort.
    case extendedEngagement
    /// Annual dropout rate, percent.
    case dropout
    /// English learners who met their progress target, percent.
    case elProgress
    /// Chronically absent students, percent.
    case chronicAbsenteeism
    /// Grade 11 and 12 students who completed an advanced course, percent.
    case advancedCoursework

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .elaAchievement: "ela_achievement"
        case .mathAchievement: "math_achievement"
        case .scienceAchievement: "science_achievement"
        case .elaGrowth: "ela_growth"
        case .mathGrowth: "math_growth"
        case .fourYearGraduation: "four_year_graduation"
        case .extendedEngagement: "extended_engagement"
        case .dropout: "dropout"
        case .elProgress: "el_progress"
        case .chronicAbsenteeism: "chronic_absenteeism"
        case .advancedCoursework: "advanced_coursework"
        }
    }

    /// The category whose weight the indicator shares.
    public var category: IndicatorCategory {
        switch self {
        case .elaAchievement, .mathAchievement, .scienceAchievement: .achievement
        case .elaGrowth, .mathGrowth: .growth
        case .fourYearGraduation, .extendedEngagement, .dropout: .highSchoolCompletion
        case .elProgress: .elProgress
        case .chronicAbsenteeism, .advancedCoursework: .additional
        }
    }

    /// Whether a lower value is the better one: dropout and chronic absenteeism.
    public var lowerIsBetter: Bool { self == .dropout || self == .chronicAbsenteeism }

    /// Whether the value is a percentage of students.
    public var isRate: Bool { category != .achievement && category != .growth }

    /// The spans in which the indicator exists: completion and advanced coursework only in high school.
    public var spans: [GradeSpan] {
        category == .highSchoolCompletion || self == .advancedCoursework ? [.high] : [.nonHigh, .high]
    }

    /// The achievement indicator of a subject.
    public static func achievement(_ subject: Subject) -> Indicator {
        switch subject {
        case .ela: .elaAchievement
        case .math: .mathAchievement
        case .science: .scienceAchievement
        }
    }

    /// The growth indicator of a subject; science has none.
    public static func growth(_ subject: Subject) -> Indicator? {
        switch subject {
        case .ela: .elaGrowth
        case .math: .mathGrowth
        case .science: nil
        }
    }
}

/// The categories that carry the weights of the criterion-referenced percentage and of the percentile.
public enum IndicatorCategory: UInt8, WireNamed {
    /// Achievement in the tested subjects.
    case achievement
    /// Student growth.
    case growth
    /// High school completion.
    case highSchoolCompletion
    /// Progress of English learners.
    case elProgress
    /// Additional indicators: chronic absenteeism and advanced coursework.
    case additional

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .achievement: "achievement"
        case .growth: "growth"
        case .highSchoolCompletion: "high_school_completion"
        case .elProgress: "el_progress"
        case .additional: "additional"
        }
    }

    /// The indicators of the category, in canonical order.
    public var indicators: [Indicator] { Indicator.allCases.filter { $0.category == self } }
}
