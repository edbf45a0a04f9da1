/// Minimum group sizes.
public struct MinimumSizeParameters: Sendable {
    /// Students a group needs for accountability results.
    public let accountability: Parameter<Int>
    /// Students a group needs for its counts to be published at all.
    public let publicReporting: Parameter<Int>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        accountability = try reader.integer("minimum_size.accountability")
        publicReporting = try reader.integer("minimum_size.public_reporting")
    }
}

/// Participation: 603 CMR 2.03(2)(d).
public struct ParticipationParameters: Sendable {
    /// What is judged.
    public enum Unit: String, Sendable, CaseIterable {
        /// Each subject of each group.
        case subject
        /// All subjects of a group together: tests taken of tests due.
        case combined
    }

    /// How the year before helps.
    public enum LookBack: String, Sendable, CaseIterable {
        /// It does not.
        case current
        /// The higher of the current rate and that of both years pooled.
        case higherOfCurrentAndPooled = "higher_of_current_and_pooled"
        /// The higher of the current rate and the mean of both years' rates.
        case higherOfCurrentAndAverage = "higher_of_current_and_average"
        /// Both years pooled, whatever the current rate.
        case aggregate
    }

    /// Which rate is held against the standard.
    public enum JudgedRate: String, Sendable, CaseIterable {
        /// The exact rate.
        case unrounded
        /// The rate as it is displayed.
        case rounded
    }

    /// What the minimum size counts when all subjects are judged together.
    public enum SizeCounts: String, Sendable, CaseIterable {
        /// Students.
        case students
        /// Tests due.
        case tests
    }

    /// The rate that meets the requirement, percent.
    public let standard: Parameter<Ratio>
    /// What is judged.
    public let unit: Parameter<Unit>
    /// How the year before helps.
    public let lookBack: Parameter<LookBack>
    /// Which rate is held against the standard.
    public let judgedRate: Parameter<JudgedRate>
    /// How the rate is displayed.
    public let displayRounding: Parameter<Rounding>
    /// What the minimum size counts when all subjects are judged together.
    public let sizeCounts: Parameter<SizeCounts>
    /// The subjects in which exempt first-year English learners count as participants.
    public let firstYearSubjects: Parameter<[Subject]>
    /// The subjects in which an English learner who does not take the English test is a non-participant.
    public let notTakingEnglishTestSubjects: Parameter<[Subject]>
    /// Whether achievement is divided by the larger of 95 percent of those enrolled and those tested.
    ///
    /// 20 U.S.C. 6311(c)(4)(E)(ii).
    public let federalDenominator: Parameter<Bool>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        standard = try reader.percent("participation.standard")
        unit = try reader.choice("participation.unit")
        lookBack = try reader.choice("participation.look_back")
        judgedRate = try reader.choice("participation.judged_rate")
        displayRounding = try reader.rounding("participation.display_rounding")
        sizeCounts = try reader.choice("participation.size_counts")
        firstYearSubjects = try reader.read("participation.first_year_subjects", "a list of subjects") {
            $0.names(Subject.self)
        }
        notTakingEnglishTestSubjects = try reader.read(
            "participation.not_taking_english_test_subjects",
            "a list of subjects"
        ) { $0.names(Subject.self) }
        federalDenominator = try reader.flag("participation.federal_denominator")
    }
}
