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

    /// What distinguishes an indicator from the others.
    private struct Definition {
        let wireName: String
        let title: String
        let category: IndicatorCategory
        let basis: IndicatorBasis?
        let lowerIsBetter: Bool
        let isOnlyHigh: Bool

        init(
            _ wireName: String,
            _ title: String,
            _ category: IndicatorCategory,
            from basis: IndicatorBasis?,
            lowerIsBetter: Bool = false,
            onlyHigh: Bool = false
        ) {
            self.wireName = wireName
            self.title = title
            self.category = category
            self.basis = basis
            self.lowerIsBetter = lowerIsBetter
            isOnlyHigh = onlyHigh
        }
    }

    private var definition: Definition {
        switch self {
        case .elaAchievement: Definition("ela_achievement", "ELA achievement", .achievement, from: .tests)
        case .mathAchievement: Definition("math_achievement", "Mathematics achievement", .achievement, from: .tests)
        case .scienceAchievement: Definition("science_achievement", "Science achievement", .achievement, from: .tests)
        case .elaGrowth: Definition("ela_growth", "ELA growth", .growth, from: .tests)
        case .mathGrowth: Definition("math_growth", "Mathematics growth", .growth, from: .tests)
        case .fourYearGraduation:
            Definition(
                "four_year_graduation",
                "Four-year graduation rate",
                .highSchoolCompletion,
                from: .outcomes,
                onlyHigh: true
            )
        case .extendedEngagement:
            Definition(
                "extended_engagement",
                "Extended engagement rate",
                .highSchoolCompletion,
                from: .outcomes,
                onlyHigh: true
            )
        case .dropout:
            Definition(
                "dropout",
                "Annual dropout rate",
                .highSchoolCompletion,
                from: .outcomes,
                lowerIsBetter: true,
                onlyHigh: true
            )
        case .elProgress:
            Definition("el_progress", "Progress toward English proficiency", .elProgress, from: .outcomes)
        case .chronicAbsenteeism:
            Definition(
                "chronic_absenteeism",
                "Chronic absenteeism",
                .additional,
                from: .attendance,
                lowerIsBetter: true
            )
        case .advancedCoursework:
            Definition(
                "advanced_coursework",
                "Advanced coursework completion",
                .additional,
                from: .outcomes,
                onlyHigh: true
            )
        }
    }

    /// The name in files and messages.
    public var wireName: String { definition.wireName }

    /// The name in reports.
    public var title: String { definition.title }

    /// The category whose weight the indicator shares.
    public var category: IndicatorCategory { definition.category }

    /// The student records that it is counted from; nil where values are only supplied, already computed.
    public var basis: IndicatorBasis? { definition.basis }

    /// Whether a lower value is the better one: dropout and chronic absenteeism.
    public var lowerIsBetter: Bool { definition.lowerIsBetter }

    /// Whether the value is a percentage of students.
    public var isRate: Bool { category != .achievement && category != .growth }

    /// The spans in which the indicator exists: completion and advanced coursework only in high school.
    public var spans: [GradeSpan] { definition.isOnlyHigh ? [.high] : [.nonHigh, .high] }

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

/// The student records that an indicator is counted from.
public enum IndicatorBasis: Sendable {
    /// Tests.
    case tests
    /// Attendance.
    case attendance
    /// What became true of each student, or did not: an outcome of its own for each indicator.
    case outcomes
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
