/// Percentiles: 603 CMR 2.03(2)(a), (2)(c).
public struct PercentileParameters: Sendable {
    /// What happens to a correction after publication.
    public enum Norm: String, Sendable, CaseIterable {
        /// Everybody is ranked again.
        case live
        /// The corrected organization is placed against the published ranking: ``PercentileRanking``.
        case frozen
        /// Live until the results are official, frozen after.
        case liveUntilOfficial = "live_until_official"
    }

    /// Among whom the values of an indicator are ranked.
    public enum IndicatorPopulation: String, Sendable, CaseIterable {
        /// The schools of the same comparison group.
        case comparisonGroup = "comparison_group"
        /// All schools that have the span, whatever their comparison group.
        case span
        /// The schools whose lower grades are of the same type.
        case schoolType = "school_type"
    }

    /// What counts where a year that is weighed is missing.
    public enum MissingYear: String, Sendable, CaseIterable {
        /// The weights of the years present keep their proportions.
        case renormalize
        /// Without the nearest year before the current one that is weighed, only the current one; otherwise as with
        /// ``renormalize``.
        case currentAlone = "current_alone"
    }

    /// What becomes of the years in which a school was of another comparison group.
    public enum ChangedComparisonGroup: String, Sendable, CaseIterable {
        /// They do not count, as if they were missing.
        case missing
        /// They count.
        case counts
    }

    /// Which rate of chronic absenteeism is ranked in an earlier year whose framework has several thresholds.
    public enum EarlierAbsenteeism: String, Sendable, CaseIterable {
        /// The one that counted in that year.
        case asCounted = "as_counted"
        /// The one at the threshold that counts in the current year, if there is one.
        case atCurrentThreshold = "at_current_threshold"
    }

    /// What counts where one span of a middle/high school has no percentile.
    public enum MissingSpan: String, Sendable, CaseIterable {
        /// Its percentile counts as 0.
        case zero
        /// The school has no percentile.
        case noPercentile = "no_percentile"
    }

    /// The number of steps: 99 gives percentiles from 1 to 99.
    public let steps: Parameter<Int>
    /// The weight of each year, percent, by how many years before the current one it lies.
    public let yearWeights: Parameter<[Int: Ratio]>
    /// What counts where one of those years is missing.
    public let missingYear: Parameter<MissingYear>
    /// What becomes of the years in which a school was of another comparison group.
    public let changedComparisonGroup: Parameter<ChangedComparisonGroup>
    /// Which rate of chronic absenteeism is ranked in an earlier year whose framework has several thresholds.
    public let earlierAbsenteeism: Parameter<EarlierAbsenteeism>
    /// The groups beside all students that have a subgroup percentile.
    public let subgroups: Parameter<[StudentGroup]>
    /// The categories of which a group needs a value in a span and year to take part in its ranks.
    public let rankedWith: Parameter<[IndicatorCategory]>
    /// Among whom the values of an indicator are ranked.
    ///
    /// A framework has the indicators that are named here: ``Framework/has(_:_:)``.
    public let indicatorPopulation: [GradeSpan: Parameter<[Indicator: IndicatorPopulation]>]
    private let spanIndicators: [GradeSpan: [Indicator]]
    /// The categories whose percentile is that of their one indicator, and is not ranked again.
    public let unrankedCategories: [GradeSpan: Parameter<[IndicatorCategory]>]
    /// The categories without which a year has no mean.
    public let requiredCategories: [GradeSpan: Parameter<[IndicatorCategory]>]
    /// What counts where one span of a middle/high school has no percentile.
    public let missingSpan: Parameter<MissingSpan>
    /// How the share of the lower span of a middle/high school is rounded.
    public let shareRounding: Parameter<Rounding>
    /// How the share of the upper span of a middle/high school is rounded.
    public let highShareRounding: Parameter<Rounding>
    /// Whether the additional category of high schools is, in the current year, the percentile of the mean of the year
    /// before: the Department's own slip of 2019, on only to reproduce its file.
    public let knownSlip: Parameter<Bool>
    /// What happens to a correction after publication.
    public let norm: Parameter<Norm>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        steps = try reader.integer("percentile.steps", in: 1...1000)
        yearWeights = try reader.read("percentile.year_weights", "a table of years before to percentages, sum 100") {
            value throws(NumberError) in
            var weights: [Int: Ratio] = [:]
            for (key, entry) in value.table ?? [:] {
                guard let before = Int(key), (0...100).contains(before), let weight = entry.ratio, weight > .zero else {
                    return nil
                }
                weights[before] = weight
            }
            guard weights[0] != nil, try Ratio.sum(weights.values) == .hundred else { return nil }
            return weights
        }
        missingYear = try reader.choice("percentile.missing_year")
        changedComparisonGroup = try reader.choice("percentile.changed_comparison_group")
        earlierAbsenteeism = try reader.choice("percentile.earlier_absenteeism")
        subgroups = try reader.read("percentile.subgroups", "a list of groups other than all students") { value in
            value.names(StudentGroup.self).flatMap { $0.contains(.allStudents) ? nil : $0 }
        }
        rankedWith = try reader.read("percentile.ranked_with", "a list of categories") {
            $0.names(IndicatorCategory.self)
        }
        let populations = try Self.bySpan(reader, "indicator_population", Self.populationsExpected) { span, value in
            let populations = value.byName(Indicator.self) { $0.scalar.flatMap(IndicatorPopulation.init(rawValue:)) }
            let ofSpan = Set(Indicator.allCases.filter { $0.spans.contains(span) })
            return populations.flatMap { named in
                ofSpan.isSuperset(of: named.keys) && ofSpan.subtracting(named.keys).allSatisfy(\.isRate) ? named : nil
            }
        }
        indicatorPopulation = populations
        let indicators = populations.mapValues { $0.value.keys.sorted() }
        spanIndicators = indicators
        unrankedCategories = try Self.bySpan(
            reader,
            "unranked_categories",
            "a list of categories that have one indicator in the span"
        ) { span, value in
            value.names(IndicatorCategory.self)
                .flatMap { names in
                    let isSingle = { name in indicators[span]?.count { $0.category == name } == 1 }
                    return names.allSatisfy(isSingle) ? names : nil
                }
        }
        requiredCategories = try Self.bySpan(reader, "required_categories", "a list of categories") {
            $1.names(IndicatorCategory.self)
        }
        missingSpan = try reader.choice("percentile.missing_span")
        shareRounding = try reader.rounding("percentile.share_rounding")
        highShareRounding = try reader.rounding("percentile.high_share_rounding")
        knownSlip = try reader.flag("percentile.known_slip")
        norm = try reader.choice("percentile.norm")
    }

    /// The indicators of a span, in canonical order.
    func indicators(_ span: GradeSpan) -> [Indicator] { spanIndicators[span] ?? [] }

    /// Whether a group has percentiles.
    public func ranks(_ group: StudentGroup) -> Bool {
        group == .allStudents || subgroups.value.contains(group)
    }

    private static let populationsExpected =
        "a table of the indicators of the span, those of achievement and growth all, to one of "
        + IndicatorPopulation.allCases.map(\.rawValue).joined(separator: ", ")

    private static func bySpan<Value: Sendable>(
        _ reader: ParameterReader,
        _ name: String,
        _ expected: String,
        _ convert: (GradeSpan, ParameterValue) -> Value?
    ) throws(FrameworkError) -> [GradeSpan: Parameter<Value>] {
        var parameters: [GradeSpan: Parameter<Value>] = [:]
        for span in GradeSpan.allCases {
            parameters[span] = try reader.read("percentile.\(name).\(span)", expected) { convert(span, $0) }
        }
        return parameters
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
    /// Whether only organizations with an annual percentage can have a low graduation rate, in the determination and
    /// in the federal identification.
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
