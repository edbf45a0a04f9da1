/// How the Department works with a framework: who decides, and when a correction counts.
///
/// No figure rests on these. So they are not part of the framework's identity: what the Board approved stays approved
/// where they change.
public struct OperationParameters: Sendable {
    /// The section of a framework's document.
    static let section = "operation"

    /// Whether a submission with rows of official results waits until a person approves it.
    public let holdsAfterRelease: Parameter<Bool>
    /// The acts that a second person does: not the one who did what they are about.
    public let secondPerson: Parameter<[HeldSubmissionAct]>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        holdsAfterRelease = try reader.flag("operation.holds_after_release")
        secondPerson = try reader.read("operation.second_person", "a list of approve and reject") {
            $0.names(HeldSubmissionAct.self)
        }
    }
}

/// What a person decides about a submission that waits.
public enum HeldSubmissionAct: UInt8, WireNamed {
    /// Its rows count from then on.
    case approve
    /// Its rows never count.
    case reject

    /// The name, as a command and a framework write it.
    public var wireName: String {
        switch self {
        case .approve: "approve"
        case .reject: "reject"
        }
    }
}

/// Self-evaluation and improvement planning: 603 CMR 2.03(7).
public struct PlanningParameters: Sendable {
    /// The school years that a District Improvement Plan covers.
    public let districtPlanYears: Parameter<Int>
    /// The day a plan is due, `07-01`, in the summer in which its first school year begins.
    public let due: [PlanKind: Parameter<String>]
    /// The parts that the law names.
    public let parts: [PlanKind: Parameter<[PlanPart]>]

    init(_ reader: ParameterReader) throws(FrameworkError) {
        districtPlanYears = try reader.integer("planning.district_plan_years", in: 1...10)
        var due: [PlanKind: Parameter<String>] = [:]
        var parts: [PlanKind: Parameter<[PlanPart]>] = [:]
        for kind in PlanKind.allCases {
            due[kind] = try reader.dayOfYear("planning.due.\(kind)")
            parts[kind] = try reader.read("planning.parts.\(kind)", "a list of parts of plans") {
                $0.names(PlanPart.self)
            }
        }
        self.due = due
        self.parts = parts
    }
}

/// District reviews and their standards: 603 CMR 2.03(4), (6).
public struct ReviewParameters: Sendable {
    /// The ratings that a standard can be given, the best first.
    public let ratings: Parameter<[ReviewRating]>
    /// The indicators of each standard.
    public let indicators: [ReviewStandard: Parameter<[String]>]

    init(_ reader: ParameterReader) throws(FrameworkError) {
        ratings = try reader.read("review.ratings", "a list of ratings") { $0.names(ReviewRating.self) }
        var indicators: [ReviewStandard: Parameter<[String]>] = [:]
        for standard in ReviewStandard.allCases {
            indicators[standard] = try reader.read("review.indicators.\(standard)", "a list of indicators") { value in
                value.list.map { $0.compactMap(\.scalar) }
            }
        }
        self.indicators = indicators
    }
}

/// Comparison of organizations: 603 CMR 2.03(5).
public struct ComparisonParameters: Sendable {
    /// How many similar organizations are shown.
    public let count: Parameter<Int>
    /// What the distance is made of.
    public let factors: Parameter<[SimilarityFactor]>
    /// How a share, in percent, is rounded before it counts.
    public let shareRounding: Parameter<Rounding>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        count = try reader.integer("comparison.count", in: 1...100)
        factors = try reader.read("comparison.factors", "a list of factors") { $0.names(SimilarityFactor.self) }
        shareRounding = try reader.rounding("comparison.share_rounding")
    }
}

/// From where on schools are proposed for recognition: 603 CMR 2.03(2)(f).
public struct RecognitionParameters: Sendable {
    /// The accountability percentile of high achievement.
    public let highAchievementPercentile: Parameter<Int>
    /// The mean growth percentile of high growth, in each subject and span.
    public let highGrowthMean: Parameter<Ratio>
    /// The annual percentage that exceeds targets.
    public let exceedingTargetsAnnual: Parameter<Ratio>
    /// The cumulative percentage that meets targets.
    public let meetingTargetsCumulative: Parameter<Ratio>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        highAchievementPercentile = try reader.integer("recognition.high_achievement_percentile", in: 1...99)
        highGrowthMean = try reader.percent("recognition.high_growth_mean")
        exceedingTargetsAnnual = try reader.percent("recognition.exceeding_targets_annual")
        meetingTargetsCumulative = try reader.percent("recognition.meeting_targets_cumulative")
    }
}
