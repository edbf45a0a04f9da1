/// The ranks of a group's values in one span and year.
struct SpanRanking {
    private let span: GradeSpan
    private let values: [PercentileYearValues?]
    private let parameters: PercentileParameters
    private let column: (WeightParameters.Column) -> WeightParameters.CategoryWeights
    /// The steps of the year before, where the additional category of high schools is known to be ranked by them.
    var slipFrom: [PercentileSpanYear?]?

    private typealias Population = [(position: Int, value: Ratio)]

    /// A ranking of the organizations that have a year's values, by their position.
    init(
        _ span: GradeSpan,
        _ values: [PercentileYearValues?],
        _ parameters: PercentileParameters,
        _ weights: WeightParameters
    ) {
        self.span = span
        self.values = values
        self.parameters = parameters
        column = { weights.weights(span, $0).value }
    }

    /// The steps by position; nil of those that do not take part.
    ///
    /// A group takes part in a span only with a value in each category that the framework asks for, each of the minimum
    /// size.
    func steps() throws(NumberError) -> [PercentileSpanYear?] {
        let categories = parameters.rankedWith.value
        var steps = values.map { year -> PercentileSpanYear? in
            guard let year, year.isRanked(span, with: categories) else { return nil }
            return PercentileSpanYear(
                span: span,
                weights: year[span, .elProgress] == nil ? .withoutELProgress : .withELProgress,
                indicatorPercentiles: [:],
                categoryMeans: [:],
                categoryPercentiles: [:],
                mean: nil
            )
        }
        for indicator in Indicator.allCases where indicator.spans.contains(span) { rank(indicator, &steps) }
        for category in IndicatorCategory.allCases { try rank(category, &steps) }
        for position in steps.indices {
            if let year = steps[position] { steps[position]?.mean = try mean(year) }
        }
        return steps
    }

    // MARK: Indicators

    private func rank(_ indicator: Indicator, _ steps: inout [PercentileSpanYear?]) {
        var population: Population = []
        for position in values.indices where steps[position] != nil {
            if let value = values[position]?[span, indicator] { population.append((position, value)) }
        }
        func assign(_ peers: Population, only isAssigned: (Int) -> Bool = { _ in true }) {
            RankedPopulation.percentiles(peers, lowerIsBetter: indicator.lowerIsBetter, steps: parameters.steps.value) {
                position,
                _,
                percentile in
                if isAssigned(position) { steps[position]?.indicatorPercentiles[indicator] = percentile }
            }
        }
        switch parameters.indicatorPopulation[span]?.value[indicator] {
        case .span: assign(population)
        case .comparisonGroup, nil: for peers in byComparisonGroup(population) { assign(peers) }
        case .schoolType:
            for type in SchoolType.allCases { assign(population.filter { values[$0.position]?.schoolType == type }) }
            // A school of no known type is ranked among all of its comparison group, and is nobody's peer among the
            // schools of a type.
            for peers in byComparisonGroup(population)
            where peers.contains(where: { values[$0.position]?.schoolType == nil }) {
                assign(peers) { values[$0]?.schoolType == nil }
            }
        }
    }

    private func byComparisonGroup(_ population: Population) -> [Population] {
        ComparisonGroup.allCases.map { group in population.filter { values[$0.position]?.comparisonGroup == group } }
    }

    // MARK: Categories

    private func rank(_ category: IndicatorCategory, _ steps: inout [PercentileSpanYear?]) throws(NumberError) {
        let indicators = category.indicators
        let isRankedAgain = !(parameters.unrankedCategories[span]?.value.contains(category) ?? false)
        var population: Population = []
        for position in steps.indices {
            guard let percentiles = steps[position]?.indicatorPercentiles else { continue }
            var (sum, count) = (0, 0)
            for indicator in indicators {
                guard let percentile = percentiles[indicator] else { continue }
                sum += percentile
                count += 1
            }
            guard count > 0 else { continue }
            let mean = try Ratio(Int64(sum), over: Int64(count))
            steps[position]?.categoryMeans[category] = mean
            if isRankedAgain {
                population.append((position, slipped(category, position) ?? mean))
            } else {
                // One indicator: its percentile is the sum.
                steps[position]?.categoryPercentiles[category] = sum
            }
        }
        for peers in byComparisonGroup(population) {
            RankedPopulation.percentiles(peers, lowerIsBetter: false, steps: parameters.steps.value) {
                position,
                _,
                percentile in
                steps[position]?.categoryPercentiles[category] = percentile
            }
        }
    }

    /// What the Department ranked in place of the current year's mean of the additional category of a high school.
    private func slipped(_ category: IndicatorCategory, _ position: Int) -> Ratio? {
        guard category == .additional, values[position]?.comparisonGroup == .high, let slipFrom else { return nil }
        return slipFrom[position]?.categoryMeans[category]
    }

    /// The weighted mean of the category percentiles of a span and year.
    private func mean(_ year: PercentileSpanYear) throws(NumberError) -> Ratio? {
        let required = parameters.requiredCategories[span]?.value ?? []
        guard required.allSatisfy({ year.categoryPercentiles[$0] != nil }) else { return nil }
        var sum = Ratio.zero
        var present = Ratio.zero
        let weights = column(year.weights)
        for category in IndicatorCategory.allCases {
            guard let weight = weights[category], let percentile = year.categoryPercentiles[category] else { continue }
            sum = try sum + Ratio(percentile) * weight
            present = try present + weight
        }
        return present > .zero ? try sum / present : nil
    }
}
