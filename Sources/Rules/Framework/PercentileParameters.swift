/// Percentiles: 603 CMR 2.03(2)(a), (2)(c).
public struct PercentileParameters: Sendable {
    /// What happens to a correction after publication.
    public enum Norm: String, Sendable, CaseIterable {
        /// Everybody is ranked again.
        case live
        /// The corrected organization is placed against the published ranking.
        case frozen
        /// Live until the results are official, frozen after.
        case liveUntilOfficial = "live_until_official"
    }

    /// Among whom the values of an indicator, and the means of a category, are ranked.
    public enum IndicatorPopulation: String, Sendable, CaseIterable {
        /// All organizations that have the span: middle/high schools take part in both.
        case span
    }

    /// What counts where a year that is weighed is missing.
    public enum MissingYear: String, Sendable, CaseIterable {
        /// The weights of the years present keep their proportions.
        case renormalize
        /// Without the nearest year before the current one that is weighed, the current one alone; otherwise as with
        /// ``renormalize``.
        case currentAlone = "current_alone"
    }

    /// The number of steps: 99 gives percentiles from 1 to 99.
    public let steps: Parameter<Int>
    /// The weight of each year, percent, by how many years before the current one it lies.
    public let yearWeights: Parameter<[Int: Ratio]>
    /// What counts where one of those years is missing.
    public let missingYear: Parameter<MissingYear>
    /// Among whom the values of an indicator, and the means of a category, are ranked.
    public let indicatorPopulation: Parameter<IndicatorPopulation>
    /// The categories without which a year has no mean.
    public let requiredCategories: [GradeSpan: Parameter<[IndicatorCategory]>]
    /// How the share of the lower span of a middle/high school is rounded.
    public let shareRounding: Parameter<Rounding>
    /// What happens to a correction after publication.
    public let norm: Parameter<Norm>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        steps = try reader.integer("percentile.steps", in: 1...1000)
        yearWeights = try reader.read("percentile.year_weights", "a table of years before to percentages, sum 100") {
            value throws(NumberError) in
            var weights: [Int: Ratio] = [:]
            for (key, entry) in value.table ?? [:] {
                guard let before = Int(key), before >= 0, let weight = entry.ratio, weight > .zero else { return nil }
                weights[before] = weight
            }
            guard weights[0] != nil, try Ratio.sum(weights.values) == .hundred else { return nil }
            return weights
        }
        missingYear = try reader.choice("percentile.missing_year")
        indicatorPopulation = try reader.choice("percentile.indicator_population")
        var required: [GradeSpan: Parameter<[IndicatorCategory]>] = [:]
        for span in GradeSpan.allCases {
            required[span] = try reader.read("percentile.required_categories.\(span)", "a list of categories") {
                $0.names(IndicatorCategory.self)
            }
        }
        requiredCategories = required
        shareRounding = try reader.rounding("percentile.share_rounding")
        norm = try reader.choice("percentile.norm")
    }
}

/// Determinations: 603 CMR 2.03(3).
public struct DeterminationParameters: Sendable {
    /// What low graduation means.
    public enum LowGraduation: String, Sendable, CaseIterable {
        /// A rate below the threshold, as the Department prints it.
        case belowThreshold = "below_threshold"
        /// One third or more fail to graduate, as 20 U.S.C. 6311 says.
        case oneThirdFail = "one_third_fail"
    }

    /// Whether the year issues determinations; where it does not, its measures are reported without one.
    public let issued: Parameter<Bool>
    /// The accountability percentile up to which a school is among the lowest performing.
    public let lowestPerformingPercentile: Parameter<Int>
    /// The subgroup percentile up to which a subgroup is low performing.
    public let lowSubgroupPercentile: Parameter<Int>
    /// What low graduation means.
    public let lowGraduation: Parameter<LowGraduation>
    /// The four-year rate below which graduation is low, percent.
    public let lowGraduationThreshold: Parameter<Ratio>
    /// Whether the rate is held against the threshold as it is published, or unrounded.
    public let lowGraduationRate: Parameter<ParticipationParameters.JudgedRate>
    /// The students a cohort needs.
    public let minimumCohort: Parameter<Int>
    /// Whether only organizations with an annual percentage can have a low graduation rate.
    public let lowGraduationNeedsPercentage: Parameter<Bool>
    /// The members of a cohort from which its rate is published with the determination.
    public let graduationRateMinimum: Parameter<Int>
    /// The day of the school year, `06-30`, on which a designation has to be in force to count in its determinations.
    public let designationDay: Parameter<String>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        issued = try reader.flag("determination.issued")
        lowestPerformingPercentile = try reader.integer("determination.lowest_performing_percentile", in: 0...99)
        lowSubgroupPercentile = try reader.integer("determination.low_subgroup_percentile", in: 0...99)
        lowGraduation = try reader.choice("determination.low_graduation")
        lowGraduationThreshold = try reader.percent("determination.low_graduation_threshold")
        lowGraduationRate = try reader.choice("determination.low_graduation_rate")
        minimumCohort = try reader.integer("determination.minimum_cohort")
        lowGraduationNeedsPercentage = try reader.flag("determination.low_graduation_needs_percentage")
        graduationRateMinimum = try reader.integer("determination.graduation_rate_minimum")
        designationDay = try reader.dayOfYear("determination.designation_day")
    }
}
