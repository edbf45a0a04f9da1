/// The percentiles of a whole population: 603 CMR 2.03(2)(a) for all students, (2)(c) for a subgroup.
public enum Percentiles {
    /// The percentile of every entry of one (year, group), in the order of the entries.
    ///
    /// Organizations are ranked on an indicator among all that have the span: middle/high schools with non-high schools
    /// on the lower span's indicators and with high schools on the upper span's. The final percentile is among the
    /// comparison group of the current year. An entry without a current year has no result of its own and still ranks
    /// in earlier years.
    public static func rank(
        _ entries: [PercentileEntry],
        _ framework: Framework
    ) throws(RuleError) -> [PercentileResult] {
        let parameters = try framework.section(\.percentile, "percentile")
        let weights = try framework.section(\.weights, "weights")
        do {
            var ranking = Ranking(entries, parameters, weights)
            return try ranking.results()
        } catch {
            throw .number(error)
        }
    }
}

/// One run over a population.
private struct Ranking {
    let entries: [PercentileEntry]
    let parameters: PercentileParameters
    let weights: WeightParameters
    let steps: Int

    init(_ entries: [PercentileEntry], _ parameters: PercentileParameters, _ weights: WeightParameters) {
        self.entries = entries
        self.parameters = parameters
        self.weights = weights
        steps = parameters.steps.value
    }

    mutating func results() throws(NumberError) -> [PercentileResult] {
        var results = entries.map { entry in
            PercentileResult(
                organization: entry.organization,
                comparisonGroup: entry.years[0]?.comparisonGroup ?? .nonHigh,
                years: [],
                weightedMean: nil,
                percentile: nil,
                populationSize: 0
            )
        }
        for yearsBefore in parameters.yearWeights.value.keys.sorted() {
            for (position, year) in try year(yearsBefore).enumerated() {
                if let year { results[position].years.append(year) }
            }
        }
        for position in results.indices {
            results[position].weightedMean = try weightedMean(results[position].years)
        }
        for group in ComparisonGroup.allCases {
            var values: [(position: Int, value: Ratio)] = []
            for (position, result) in results.enumerated() where result.comparisonGroup == group {
                if let mean = result.weightedMean { values.append((position, mean)) }
            }
            RankedPopulation.percentiles(values, lowerIsBetter: false, steps: steps) { position, percentile in
                results[position].percentile = percentile
                results[position].populationSize = values.count
            }
        }
        return results
    }

    private func year(_ yearsBefore: Int) throws(NumberError) -> [PercentileYear?] {
        var years: [PercentileYear?] = entries.map { entry in
            entry.years[yearsBefore] == nil
                ? nil : PercentileYear(yearsBefore: yearsBefore, spans: [], nonHighShare: nil, mean: nil)
        }
        for span in GradeSpan.allCases {
            let members = entries.indices.filter {
                entries[$0].years[yearsBefore]?.comparisonGroup.spans.contains(span) ?? false
            }
            for (member, steps) in zip(members, try spanYear(span, yearsBefore, members)) {
                years[member]?.spans.append(steps)
            }
        }
        for position in years.indices {
            guard var year = years[position] else { continue }
            try combine(&year, entries[position].years[yearsBefore]?.nonHighShare)
            years[position] = year
        }
        return years
    }

    private func spanYear(
        _ span: GradeSpan,
        _ yearsBefore: Int,
        _ members: [Int]
    ) throws(NumberError) -> [PercentileSpanYear] {
        let values = members.map { entries[$0].years[yearsBefore] }
        var steps = values.map { year in
            PercentileSpanYear(
                span: span,
                weights: year?[span, .elProgress] == nil ? .withoutELProgress : .withELProgress,
                indicatorPercentiles: [:],
                categoryMeans: [:],
                categoryPercentiles: [:],
                mean: nil
            )
        }
        for indicator in Indicator.allCases where indicator.spans.contains(span) {
            var population: [(position: Int, value: Ratio)] = []
            for (position, year) in values.enumerated() {
                if let value = year?[span, indicator] { population.append((position, value)) }
            }
            RankedPopulation.percentiles(population, lowerIsBetter: indicator.lowerIsBetter, steps: self.steps) {
                steps[$0].indicatorPercentiles[indicator] = $1
            }
        }
        for category in IndicatorCategory.allCases {
            let indicators = category.indicators
            var population: [(position: Int, value: Ratio)] = []
            for position in steps.indices {
                let percentiles = indicators.compactMap { steps[position].indicatorPercentiles[$0] }
                guard !percentiles.isEmpty else { continue }
                let mean = try Ratio(Int64(percentiles.reduce(0, +)), over: Int64(percentiles.count))
                steps[position].categoryMeans[category] = mean
                population.append((position, mean))
            }
            RankedPopulation.percentiles(population, lowerIsBetter: false, steps: self.steps) {
                steps[$0].categoryPercentiles[category] = $1
            }
        }
        for position in steps.indices { steps[position].mean = try mean(steps[position]) }
        return steps
    }

    /// The weighted mean of the category percentiles of a span and year.
    private func mean(_ year: PercentileSpanYear) throws(NumberError) -> Ratio? {
        let required = parameters.requiredCategories[year.span]?.value ?? []
        guard required.allSatisfy({ year.categoryPercentiles[$0] != nil }) else { return nil }
        var sum = Ratio.zero
        var present = Ratio.zero
        let column = weights.weights(year.span, year.weights).value
        for category in IndicatorCategory.allCases {
            guard let weight = column[category], let percentile = year.categoryPercentiles[category] else { continue }
            sum = try sum + Ratio(percentile) * weight
            present = try present + weight
        }
        return present > .zero ? try sum / present : nil
    }

    /// Makes the year mean of one span or of two by their shares.
    private func combine(_ year: inout PercentileYear, _ share: Ratio?) throws(NumberError) {
        let lower = year.spans.first { $0.span == .nonHigh }?.mean
        let upper = year.spans.first { $0.span == .high }?.mean
        guard let lower, let upper else {
            year.mean = lower ?? upper
            return
        }
        guard let share else { return }
        let rounded = try parameters.shareRounding.value(share)
        year.nonHighShare = rounded
        year.mean = try lower * rounded + upper * (.one - rounded)
    }

    private func weightedMean(_ years: [PercentileYear]) throws(NumberError) -> Ratio? {
        guard years.first(where: { $0.yearsBefore == 0 })?.mean != nil else { return nil }
        var sum = Ratio.zero
        var present = Ratio.zero
        let before = parameters.yearWeights.value.keys.filter { $0 > 0 }.min()
        let countsAlone =
            parameters.missingYear.value == .currentAlone && years.first { $0.yearsBefore == before }?.mean == nil
        for year in years where year.yearsBefore == 0 || !countsAlone {
            guard let mean = year.mean, let weight = parameters.yearWeights.value[year.yearsBefore] else { continue }
            sum = try sum + mean * weight
            present = try present + weight
        }
        return try sum / present
    }
}

extension PercentileResult {
    /// The derivation, for people.
    public func explained(group: StudentGroup, by framework: Framework) -> Derivation {
        let parameters = framework.percentile
        let paragraph: Paragraph = group == .allStudents ? .accountabilityPercentile : .subgroupPercentile
        return Derivation(
            group == .allStudents ? "Accountability percentile" : "Subgroup percentile, \(group)",
            percentile.map(String.init) ?? "none",
            paragraph: paragraph,
            row: "among \(populationSize) of \(comparisonGroup)",
            parameters: [
                parameters?.steps.record, parameters?.yearWeights.record,
                years.count == parameters?.yearWeights.value.count ? nil : parameters?.missingYear.record,
                parameters?.indicatorPopulation.record,
            ]
            .compactMap { $0 },
            inputs: [Derivation("Weighted mean", weightedMean)] + years.map { $0.explained(by: framework) }
        )
    }
}

extension PercentileYear {
    fileprivate func explained(by framework: Framework) -> Derivation {
        Derivation(
            yearsBefore == 0 ? "Mean of the current year" : "Mean of \(yearsBefore) years before",
            mean?.shortText ?? "none",
            row: nonHighShare.map { "two spans, non_high share \($0.shortText)" },
            rounding: nonHighShare == nil ? nil : framework.percentile?.shareRounding.value,
            inputs: spans.map { span in
                Derivation(
                    "Span \(span.span)",
                    span.mean?.shortText ?? "none",
                    row: span.weights.rawValue,
                    parameters: [framework.weights?.weights(span.span, span.weights).record].compactMap { $0 },
                    inputs: IndicatorCategory.allCases.compactMap { category in
                        span.categoryPercentiles[category]
                            .map { percentile in
                                Derivation(
                                    "Percentile of category \(category)",
                                    String(percentile),
                                    inputs: [Derivation("Category mean", span.categoryMeans[category])]
                                        + category.indicators.compactMap { indicator in
                                            span.indicatorPercentiles[indicator]
                                                .map {
                                                    Derivation("Percentile of \(indicator)", String($0))
                                                }
                                        }
                                )
                            }
                    }
                )
            }
        )
    }
}

extension Percentiles: CarriesOut {
    /// Standing relative to other schools, of all students and of subgroups.
    public static let paragraphs: [Paragraph] = [.accountabilityPercentile, .subgroupPercentile]
}
