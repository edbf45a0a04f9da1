/// A school that is proposed for recognition; the commissioner decides: 603 CMR 2.03(2)(f).
public struct RecognitionCandidate: Hashable, Sendable {
    /// What the proposal is made from.
    public struct Figures: Hashable, Sendable {
        /// The accountability percentile.
        public var percentile: Int?
        /// The mean growth percentiles of all students, one for each subject and span that has one.
        public var growth: [Ratio]
        /// The annual percentage.
        public var annual: Ratio?
        /// The cumulative percentage.
        public var cumulative: Int64?

        /// Figures of a school.
        public init(percentile: Int? = nil, growth: [Ratio] = [], annual: Ratio? = nil, cumulative: Int64? = nil) {
            self.percentile = percentile
            self.growth = growth
            self.annual = annual
            self.cumulative = cumulative
        }
    }

    /// The kind of recognition.
    public let kind: String
    /// The figure that speaks for it.
    public let figure: String
    /// The parameter that it is held against.
    public let parameter: ParameterRecord

    /// What a school is proposed for; nothing where it requires assistance, or where nothing was determined of it.
    public static func proposals(
        _ figures: Figures,
        classification: Classification?,
        _ framework: Framework
    ) throws(RuleError) -> [RecognitionCandidate] {
        guard classification == .notRequiringAssistance else { return [] }
        let parameters = try framework.section(\.recognition, "recognition")
        var proposals: [RecognitionCandidate] = []
        func propose(_ kind: String, _ figure: String, _ record: ParameterRecord) {
            proposals.append(RecognitionCandidate(kind: kind, figure: figure, parameter: record))
        }
        if let percentile = figures.percentile, percentile >= parameters.highAchievementPercentile.value {
            propose(
                "high_achievement",
                "accountability percentile \(percentile)",
                parameters.highAchievementPercentile.record
            )
        }
        if let least = figures.growth.min(), least >= parameters.highGrowthMean.value {
            propose(
                "high_growth",
                "mean growth percentile \(least.shortText) or more in every subject",
                parameters.highGrowthMean.record
            )
        }
        if let annual = figures.annual, annual >= parameters.exceedingTargetsAnnual.value {
            propose(
                "exceeding_targets",
                "annual percentage \(annual.shortText)",
                parameters.exceedingTargetsAnnual.record
            )
        } else if let cumulative = figures.cumulative, Ratio(cumulative) >= parameters.meetingTargetsCumulative.value {
            propose(
                "meeting_targets",
                "cumulative percentage \(cumulative)",
                parameters.meetingTargetsCumulative.record
            )
        }
        return proposals
    }
}

extension RecognitionCandidate: CarriesOut {
    /// Exemplary performance, as the commissioner determines it.
    public static let paragraphs: [Paragraph] = [.exemplaryPerformance]
}
