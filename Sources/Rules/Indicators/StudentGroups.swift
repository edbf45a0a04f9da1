/// The status of a student as an English learner.
public enum EnglishLearnerStatus: UInt8, WireNamed {
    /// Not an English learner.
    case never
    /// An English learner.
    case current
    /// A former English learner.
    case former
    /// An English learner in the first year in the country's schools.
    case firstYear

    /// `N`, `EL`, `FEL` or `FY`.
    public var wireName: String {
        switch self {
        case .never: "N"
        case .current: "EL"
        case .former: "FEL"
        case .firstYear: "FY"
        }
    }
}

/// What decides a student's groups.
public struct StudentTraits: Hashable, Sendable {
    /// One of the seven groups of race and ethnicity, or nil where it was not reported.
    public let race: StudentGroup?
    /// Low income.
    public let lowIncome: Bool
    /// Status as an English learner.
    public let englishLearner: EnglishLearnerStatus
    /// A student with disabilities.
    public let disability: Bool

    /// Traits; a `race` that is no group of race and ethnicity is dropped.
    public init(race: StudentGroup?, lowIncome: Bool, englishLearner: EnglishLearnerStatus, disability: Bool) {
        self.race = race.flatMap { StudentGroup.racialAndEthnic.contains($0) ? $0 : nil }
        self.lowIncome = lowIncome
        self.englishLearner = englishLearner
        self.disability = disability
    }

    /// The groups the student is in, each once: 603 CMR 2.03(2)(b)(2).
    ///
    /// The lowest performing group is chosen apart.
    public var groups: StudentGroupSet {
        var groups = StudentGroupSet(.allStudents)
        if let race { groups.insert(StudentGroupSet(race)) }
        if lowIncome { groups.insert(StudentGroupSet(.lowIncome)) }
        if englishLearner != .never { groups.insert(StudentGroupSet(.elFormerEL)) }
        if disability { groups.insert(StudentGroupSet(.swd)) }
        // Unduplicated: a student with two of the three is one student of high needs.
        if lowIncome || englishLearner != .never || disability { groups.insert(StudentGroupSet(.highNeeds)) }
        return groups
    }
}

extension IndicatorParameters {
    /// Whether a student counts in an organization's achievement; in participation every student counts.
    public func countsInAchievement(enrolledSinceOctober: Bool) -> Bool {
        enrolledSinceOctober || !octoberEnrollment.value
    }

    /// Whether a student counts in an organization's growth, absenteeism, EL progress and advanced coursework.
    public func countsInOthers(enrolledSinceOctober: Bool) -> Bool {
        enrolledSinceOctober || !otherOctoberEnrollment.value
    }

    /// Whether the score of a test counts in achievement, where the row has one.
    public func scoreCounts(_ status: TestStatus, firstYear: Bool) -> Bool {
        achievementStatuses.value.contains(status) && (!firstYear || firstYearInAchievement.value)
    }

    /// Whether a member of a graduation cohort counts in the organization's rates.
    public func countsInCohort(enrolledSinceOctober: Bool) -> Bool {
        enrolledSinceOctober || !cohortOctoberEnrollment.value
    }

    /// Whether a cohort is the one that an indicator of a school year judges: that of the data's year.
    ///
    /// The four-year rate of the determinations of year Y are those of the cohort due in Y - 1, extended
    /// engagement, which takes a fifth year, that of the cohort due in Y - 2.
    public func judges(_ indicator: Indicator, cohort: Int, in schoolYear: Int) -> Bool {
        (indicator == .fourYearGraduation || indicator == .extendedEngagement)
            && cohort == schoolYear - lag(indicator)
    }
}
