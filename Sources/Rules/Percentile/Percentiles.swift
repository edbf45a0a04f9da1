/// The percentiles of a whole population: 603 CMR 2.03(2)(a) for all students, (2)(c) for a subgroup.
public enum Percentiles {
    /// The percentile of every entry of one (year, group), in the order of the entries.
    ///
    /// Every year is ranked by itself, each school in the comparison group of that year and each indicator among the
    /// population that the framework names. The percentile is among the comparison group of the current year. An entry
    /// without a current year has no result of its own and still takes part in the ranks of earlier years. An earlier
    /// year under a former code is that of the code's entry.
    public static func rank(
        _ entries: [PercentileEntry],
        _ framework: Framework
    ) throws(RuleError) -> [PercentileResult] {
        let parameters = try framework.section(\.percentile, "percentile")
        let weights = try framework.section(\.weights, "weights")
        do {
            return try rank(entries, parameters, weights)
        } catch {
            throw .number(error)
        }
    }

    private static func rank(
        _ entries: [PercentileEntry],
        _ parameters: PercentileParameters,
        _ weights: WeightParameters
    ) throws(NumberError) -> [PercentileResult] {
        var years: [[PercentileYear]] = Array(repeating: [], count: entries.count)
        var means = entries.map {
            PercentileMeans(comparisonGroup: $0.years[0]?.comparisonGroup, nonHighShare: $0.years[0]?.nonHighShare)
        }
        var before: [GradeSpan: [PercentileSpanYear?]] = [:]
        let positions = positions(of: entries)
        // The oldest first: what is known to have slipped in the current year is taken from the year before.
        for yearsBefore in parameters.yearWeights.value.keys.sorted(by: >) {
            let values = entries.map { $0.years[yearsBefore] }
            var steps: [GradeSpan: [PercentileSpanYear?]] = [:]
            for span in GradeSpan.allCases {
                var ranking = SpanRanking(span, values, parameters, weights)
                if yearsBefore == 0, parameters.knownSlip.value { ranking.slipFrom = before[span] }
                steps[span] = try ranking.steps()
            }
            let own = entries.enumerated()
                .map { position, entry in entry.formers[yearsBefore].map { positions[$0] } ?? position }
            for (position, entry) in entries.enumerated() {
                guard let source = own[position], let standing = values[source] else { continue }
                let counts = entry.counts(yearsBefore, in: standing.comparisonGroup, parameters)
                let spans = GradeSpan.allCases.compactMap { steps[$0]?[source] }
                let year = PercentileYear(
                    yearsBefore: yearsBefore,
                    comparisonGroup: standing.comparisonGroup,
                    counts: counts,
                    spans: spans
                )
                years[position].insert(year, at: 0)
                guard counts else { continue }
                for span in spans { means[position].spans[span.span, default: [:]][yearsBefore] = span.mean }
            }
            before = steps.mapValues { steps in own.map { source in source.flatMap { steps[$0] } } }
        }
        let finals = try FinalPercentile.rank(means, parameters)
        return entries.indices.map { position in
            var final = finals[position]
            let current = entries[position].years[0]
            if let current, current.comparisonGroup == nil, current.wouldBeRanked(with: parameters.rankedWith.value) {
                final.missing = .comparisonGroup
            }
            return PercentileResult(
                organization: entries[position].organization,
                comparisonGroup: current?.comparisonGroup,
                years: years[position],
                final: final
            )
        }
    }

    /// The position of each entry, if one has a former code; nobody asks for it otherwise.
    private static func positions(of entries: [PercentileEntry]) -> [OrganizationCode: Int] {
        guard entries.contains(where: { !$0.formers.isEmpty }) else { return [:] }
        return Dictionary(entries.enumerated().map { ($1.organization, $0) }) { first, _ in first }
    }
}

extension Percentiles: CarriesOut {
    /// Standing relative to other schools, of all students and of subgroups.
    public static let paragraphs: [Paragraph] = [.accountabilityPercentile, .subgroupPercentile]
}
