/// How an organization's percentile is made from the means of its years.
public struct FinalPercentile: Hashable, Sendable {
    /// Why an organization that takes part in the current year's ranks has no percentile.
    public enum Missing: UInt8, WireNamed {
        /// It is a middle/high school, and the shares of its spans are not known.
        case shares
        /// Its comparison group is not known.
        case comparisonGroup

        /// `shares` or `comparison_group`.
        public var wireName: String { self == .shares ? "shares" : "comparison_group" }

        /// What is missing, and the remedy.
        public var statement: String {
            switch self {
            case .shares:
                "the percentiles of its two spans are combined by its enrolment, which is not known: non_high_enrollment (grades 1 to 8) and "
                    + "high_enrollment (grades 9 to 12) are needed"
            case .comparisonGroup:
                "neither a comparison group nor the grades served are declared: comparison_group or grades_served is needed"
            }
        }
    }

    /// The percentile of each span of a middle/high school; empty for others.
    public internal(set) var spans: [PercentileSpan] = []
    /// The rounded share of the lower span by which two spans were combined; nil with one.
    public internal(set) var nonHighShare: Ratio?
    /// What was ranked; nil where there is nothing.
    public internal(set) var weightedMean: Ratio?
    /// 1 to 99; nil where there is no weighted mean.
    public internal(set) var percentile: Int?
    /// The number of organizations ranked.
    public internal(set) var populationSize = 0
    /// Why there is no percentile, where the organization has what the ranks of the current year need.
    public internal(set) var missing: Missing?
}

/// The means of an organization from which its percentile is made.
package struct PercentileMeans: Sendable {
    /// The comparison group of the current year.
    package var comparisonGroup: ComparisonGroup?
    /// The share of the lower span, exact.
    package var nonHighShare: Ratio?
    /// The means of the years that count, by how many years before the current one, by span.
    package var spans: [GradeSpan: [Int: Ratio]] = [:]

    /// Means that are still to be entered.
    package init(comparisonGroup: ComparisonGroup?, nonHighShare: Ratio? = nil) {
        self.comparisonGroup = comparisonGroup
        self.nonHighShare = nonHighShare
    }
}

extension FinalPercentile {
    /// The percentiles of a whole population, in its order.
    ///
    /// Schools of one span are ranked on the weighted mean of their years. Each span of a middle/high school is ranked
    /// among the middle/high schools; the two percentiles are combined by the shares of enrolment, and that is ranked
    /// again.
    package static func rank(
        _ population: [PercentileMeans],
        _ parameters: PercentileParameters
    ) throws(NumberError) -> [FinalPercentile] {
        var finals = Array(repeating: FinalPercentile(), count: population.count)
        let steps = parameters.steps.value
        for group in ComparisonGroup.allCases {
            let members = population.indices.filter { population[$0].comparisonGroup == group }
            var values: [(position: Int, value: Ratio)] = []
            if group.spans.count == 1 {
                values = try weightedMeans(members, population, group.spans[0], parameters)
            } else {
                for span in group.spans {
                    let means = try weightedMeans(members, population, span, parameters)
                    RankedPopulation.percentiles(means, lowerIsBetter: false, steps: steps) {
                        position,
                        mean,
                        percentile in
                        finals[position].spans
                            .append(
                                PercentileSpan(
                                    span: span,
                                    weightedMean: mean,
                                    percentile: percentile
                                )
                            )
                    }
                }
                for position in members {
                    if let mean = try finals[position].combine(population[position].nonHighShare, parameters) {
                        values.append((position, mean))
                    }
                }
            }
            RankedPopulation.percentiles(values, lowerIsBetter: false, steps: steps) { position, mean, percentile in
                finals[position].weightedMean = mean
                finals[position].percentile = percentile
                finals[position].populationSize = values.count
            }
        }
        return finals
    }

    /// The percentile of an organization that is placed against published ones.
    static func place(
        _ means: PercentileMeans,
        among published: [PercentileResult],
        _ parameters: PercentileParameters
    ) throws(NumberError) -> FinalPercentile {
        var final = FinalPercentile()
        guard let group = means.comparisonGroup else { return final }
        let peers = published.filter { $0.comparisonGroup == group }.map(\.final)
        if group.spans.count == 1 {
            final.weightedMean = try weightedMean(means, group.spans[0], parameters)
        } else {
            for span in group.spans {
                guard let mean = try weightedMean(means, span, parameters) else { continue }
                let others = peers.compactMap { $0.spans.first { $0.span == span }?.weightedMean }
                let percentile = RankedPopulation(others, lowerIsBetter: false, parameters).percentile(of: mean)
                final.spans.append(PercentileSpan(span: span, weightedMean: mean, percentile: percentile))
            }
            final.weightedMean = try final.combine(means.nonHighShare, parameters)
        }
        guard let mean = final.weightedMean else { return final }
        let population = RankedPopulation(peers.compactMap(\.weightedMean), lowerIsBetter: false, parameters)
        final.percentile = population.percentile(of: mean)
        final.populationSize = population.count
        return final
    }

    /// The weighted mean of the years in a span, of those that have a mean of the current year.
    private static func weightedMeans(
        _ members: [Int],
        _ population: [PercentileMeans],
        _ span: GradeSpan,
        _ parameters: PercentileParameters
    ) throws(NumberError) -> [(position: Int, value: Ratio)] {
        var means: [(position: Int, value: Ratio)] = []
        for position in members {
            if let mean = try weightedMean(population[position], span, parameters) { means.append((position, mean)) }
        }
        return means
    }

    /// The weighted mean of the years in a span; nil without a mean of the current year.
    private static func weightedMean(
        _ means: PercentileMeans,
        _ span: GradeSpan,
        _ parameters: PercentileParameters
    ) throws(NumberError) -> Ratio? {
        guard let years = means.spans[span], let current = years[0] else { return nil }
        let weights = parameters.yearWeights.value.sorted { $0.key < $1.key }
        let nearest = weights.map(\.key).first { $0 > 0 }
        let isAlone = parameters.missingYear.value == .currentAlone && (nearest.map { years[$0] == nil } ?? true)
        var sum = Ratio.zero
        var present = Ratio.zero
        for (before, weight) in weights where before == 0 || !isAlone {
            guard let mean = before == 0 ? current : years[before] else { continue }
            sum = try sum + mean * weight
            present = try present + weight
        }
        return try sum / present
    }

    /// What is ranked of a middle/high school: both percentiles by the shares of enrolment; nil where there is none.
    private mutating func combine(
        _ share: Ratio?,
        _ parameters: PercentileParameters
    ) throws(NumberError) -> Ratio? {
        guard !spans.isEmpty else { return nil }
        if parameters.missingSpan.value == .noPercentile, spans.count < GradeSpan.allCases.count { return nil }
        guard let share else {
            missing = .shares
            return nil
        }
        let lower = try parameters.shareRounding.value(share)
        let upper = try parameters.highShareRounding.value(try .one - share)
        nonHighShare = lower
        var mean = Ratio.zero
        for span in spans {
            mean = try mean + Ratio(span.percentile) * (span.span == .nonHigh ? lower : upper)
        }
        return mean
    }
}
