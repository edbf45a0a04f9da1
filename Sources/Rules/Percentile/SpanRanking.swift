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
    func steps() throws(NumberError) -> [PercentileSpanYear?] {
        var steps = values.map(begun)
        for indicator in parameters.indicators(span) { rank(indicator, &steps) }
        for category in IndicatorCategory.allCases { try rank(category, &steps) }
        for position in steps.indices {
            if let year = steps[position] { steps[position]?.mean = try mean(year) }
        }
        return steps
    }

    /// What an organization takes part with; nil if it does not.
    ///
    /// A group takes part in a span only with a value in each category that the framework asks for, each of the minimum
    /// size.
    private func begun(_ year: PercentileYearValues?) -> PercentileSpanYear? {
        guard let year, year.isRanked(span, parameters) else { return nil }
        return PercentileSpanYear(
            span: span,
            weights: year.has(.elProgress, span, parameters) ? .withELProgress : .withoutELProgress,
            indicatorPercentiles: [:],
            categoryMeans: [:],
            categoryPercentiles: [:],
            mean: nil
        )
    }

    // MARK: Placing

    /// The steps of an organization that is placed against the published ones; nil if it does not take part.
    ///
    /// - `slip`: its own steps of the year before, for ``slipFrom``.
    func place(
        _ year: PercentileYearValues,
        among published: [PercentileSpanYear?],
        slip: PercentileSpanYear?
    ) throws(NumberError) -> PercentileSpanYear? {
        guard var step = begun(year) else { return nil }
        let ranked = values.indices.filter { published[$0] != nil }
        for indicator in parameters.indicators(span) {
            guard let value = year[span, indicator] else { continue }
            let peers = ranked.filter { isPeer($0, of: year, indicator) }.compactMap { values[$0]?[span, indicator] }
            step.indicatorPercentiles[indicator] =
                RankedPopulation(peers, lowerIsBetter: indicator.lowerIsBetter, parameters).percentile(of: value)
        }
        let group = ranked.filter { values[$0]?.comparisonGroup == year.comparisonGroup }
        for category in IndicatorCategory.allCases {
            let percentiles = category.indicators.compactMap { step.indicatorPercentiles[$0] }
            guard let mean = try mean(percentiles) else { continue }
            step.categoryMeans[category] = mean
            guard isRankedAgain(category) else {
                step.categoryPercentiles[category] = percentiles.reduce(0, +)
                continue
            }
            let peers = group.compactMap { position in
                published[position]?.categoryMeans[category].map { slipped(category, position) ?? $0 }
            }
            let own = slips(category, year) ? slip?.categoryMeans[category] : nil
            step.categoryPercentiles[category] =
                RankedPopulation(peers, lowerIsBetter: false, parameters).percentile(of: own ?? mean)
        }
        step.mean = try mean(step)
        return step
    }

    /// Whether the value of a ranked organization is in the population of another's.
    private func isPeer(_ position: Int, of year: PercentileYearValues, _ indicator: Indicator) -> Bool {
        guard let peer = values[position] else { return false }
        switch parameters.indicatorPopulation[span]?.value[indicator] {
        case .span: return true
        case .schoolType where year.schoolType != nil: return peer.schoolType == year.schoolType
        case .comparisonGroup, .schoolType, nil: return peer.comparisonGroup == year.comparisonGroup
        }
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
        let isRankedAgain = isRankedAgain(category)
        var population: Population = []
        for position in steps.indices {
            guard let step = steps[position] else { continue }
            let percentiles = category.indicators.compactMap { step.indicatorPercentiles[$0] }
            guard let mean = try mean(percentiles) else { continue }
            steps[position]?.categoryMeans[category] = mean
            if isRankedAgain {
                population.append((position, slipped(category, position) ?? mean))
            } else {
                // One indicator: its percentile is the sum.
                steps[position]?.categoryPercentiles[category] = percentiles.reduce(0, +)
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

    private func isRankedAgain(_ category: IndicatorCategory) -> Bool {
        !(parameters.unrankedCategories[span]?.value.contains(category) ?? false)
    }

    /// The mean of the percentiles of a category's indicators; nil of none.
    private func mean(_ percentiles: [Int]) throws(NumberError) -> Ratio? {
        percentiles.isEmpty ? nil : try Ratio(Int64(percentiles.reduce(0, +)), over: Int64(percentiles.count))
    }

    /// What the Department ranked in place of the current year's mean of the additional category of a high school.
    private func slipped(_ category: IndicatorCategory, _ position: Int) -> Ratio? {
        guard let year = values[position], slips(category, year) else { return nil }
        return slipFrom?[position]?.categoryMeans[category]
    }

    private func slips(_ category: IndicatorCategory, _ year: PercentileYearValues) -> Bool {
        slipFrom != nil && category == .additional && year.comparisonGroup == .high
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
