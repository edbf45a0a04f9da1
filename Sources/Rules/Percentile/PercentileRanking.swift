/// The ranks of a whole population of one (year, group), with every figure on the way, and the place of a corrected
/// organization among them: 603 CMR 2.03(2)(a) for all students, (2)(c) for a subgroup.
///
/// Every year is ranked by itself, each school in the comparison group of that year and each indicator among the
/// population that the framework names. The percentile is among the comparison group of the current year. An entry
/// without a current year has no result of its own and still takes part in the ranks of earlier years. An earlier year
/// under a former code is that of the code's entry.
///
/// An organization is placed against the published ranking by reading its figures off the published tables, step by
/// step: the percentile of an indicator, of a category, of a span and the final one are those that the published
/// population gives to its value. A value that was published has the percentile that was published for it; one between
/// two others stands half a rank from each. At every step the others stand with the figures that were published of
/// them. So does the organization's own published entry, because the tables do not depend on who reads them: two
/// organizations with the same values have the same percentile, one that is at least as good as another in everything
/// has no lower percentile than was published for that one, and an unchanged organization has exactly its own.
public struct PercentileRanking: Sendable {
    private var entries: [PercentileEntry]
    private let parameters: PercentileParameters
    private let weights: WeightParameters
    /// The weighed years by how many lie before the current one, the oldest first.
    private let weighed: [Int]
    /// The steps by year, span and position; nil of those that do not take part.
    private var steps: [Int: [GradeSpan: [PercentileSpanYear?]]] = [:]
    /// The percentile of every entry, in the order of the entries.
    public private(set) var results: [PercentileResult] = []

    /// Ranks a population.
    ///
    /// - Throws: ``RuleError`` if the framework has no percentiles, or for numbers that are too large.
    public init(_ entries: [PercentileEntry], _ framework: Framework) throws(RuleError) {
        self.entries = entries
        parameters = try framework.section(\.percentile, "percentile")
        weights = try framework.section(\.weights, "weights")
        weighed = parameters.yearWeights.value.keys.sorted(by: >)
        do {
            try rank()
        } catch {
            throw .number(error)
        }
    }

    /// The ranks of the same organizations with other values of the current year.
    ///
    /// - Parameters:
    ///   - others: the entries, in the same order.
    ///   - spans: where their values of the current year may differ; those of other spans and years are the same.
    /// - Returns: the ranks.
    /// - Throws: ``RuleError`` for numbers that are too large.
    func ranked(_ others: [PercentileEntry], changing spans: Set<GradeSpan>) throws(RuleError) -> PercentileRanking {
        var ranking = self
        ranking.entries = others
        for span in spans { ranking.steps[0]?[span] = nil }
        do {
            try ranking.rank()
        } catch {
            throw .number(error)
        }
        return ranking
    }

    /// Makes the steps that are not known yet, and the percentiles.
    private mutating func rank() throws(NumberError) {
        for yearsBefore in weighed {
            for span in GradeSpan.allCases where steps[yearsBefore]?[span] == nil {
                steps[yearsBefore, default: [:]][span] = try ranking(span, yearsBefore).steps()
            }
        }
        let years = entries.indices.map(years)
        let finals = try FinalPercentile.rank(
            zip(entries, years).map { Self.means(of: $0, $1) },
            parameters
        )
        results = entries.indices.map { result(of: entries[$0], years[$0], finals[$0]) }
    }

    /// The years of an entry, the current one first.
    private func years(at position: Int) -> [PercentileYear] {
        weighed.reversed()
            .compactMap { yearsBefore -> PercentileYear? in
                guard let source = source(of: position, yearsBefore),
                    let values = entries[source].years[yearsBefore]
                else { return nil }
                let spans = GradeSpan.allCases.compactMap { steps[yearsBefore]?[$0]?[source] }
                return year(yearsBefore, of: entries[position], values, spans)
            }
    }

    private func ranking(_ span: GradeSpan, _ yearsBefore: Int) -> SpanRanking {
        var ranking = SpanRanking(span, entries.map { $0.years[yearsBefore] }, parameters, weights)
        ranking.slipFrom = slip(span, into: yearsBefore)
        return ranking
    }

    /// The nearest weighed year before the current one.
    private var nearestWeighed: Int? { weighed.dropLast().last }

    /// The position of the entry that has an earlier year of another; nil if nobody has it.
    private func source(of position: Int, _ yearsBefore: Int) -> Int? {
        guard let former = entries[position].formers[yearsBefore] else { return position }
        return entries.firstIndex { $0.organization == former }
    }

    /// What the Department is known to have ranked in the current year: the steps of the nearest year before.
    private func slip(_ span: GradeSpan, into yearsBefore: Int) -> [PercentileSpanYear?]? {
        guard yearsBefore == 0, parameters.knownSlip.value, let nearest = nearestWeighed else { return nil }
        return entries.indices.map { source(of: $0, nearest).flatMap { steps[nearest]?[span]?[$0] } }
    }

    private func year(
        _ yearsBefore: Int,
        of entry: PercentileEntry,
        _ values: PercentileYearValues,
        _ spans: [PercentileSpanYear]
    ) -> PercentileYear {
        PercentileYear(
            yearsBefore: yearsBefore,
            comparisonGroup: values.comparisonGroup,
            counts: entry.counts(yearsBefore, in: values.comparisonGroup, parameters),
            spans: spans
        )
    }

    private static func means(of entry: PercentileEntry, _ years: [PercentileYear]) -> PercentileMeans {
        var means = PercentileMeans(
            comparisonGroup: entry.years[0]?.comparisonGroup,
            nonHighShare: entry.years[0]?.nonHighShare
        )
        for year in years where year.counts {
            for span in year.spans { means.spans[span.span, default: [:]][year.yearsBefore] = span.mean }
        }
        return means
    }

    private func result(
        of entry: PercentileEntry,
        _ years: [PercentileYear],
        _ final: FinalPercentile
    ) -> PercentileResult {
        var final = final
        let current = entry.years[0]
        if let current, current.comparisonGroup == nil, current.wouldBeRanked(parameters) {
            final.missing = .comparisonGroup
        }
        return PercentileResult(
            organization: entry.organization,
            comparisonGroup: current?.comparisonGroup,
            years: years,
            final: final
        )
    }

    // MARK: Placing

    /// The percentile of an organization with other values than it was ranked with, or that was not ranked, against
    /// the ranks of all others.
    ///
    /// - Parameters:
    ///   - entry: the organization as it is now.
    ///   - formers: the organizations of its former codes as they are now.
    /// - Returns: its percentile and every step towards it.
    /// - Throws: ``RuleError`` for numbers that are too large.
    public func place(
        _ entry: PercentileEntry,
        formers: [PercentileEntry] = []
    ) throws(RuleError) -> PercentileResult {
        do {
            return try placed(entry, formers)
        } catch {
            throw .number(error)
        }
    }

    private func placed(
        _ entry: PercentileEntry,
        _ formers: [PercentileEntry]
    ) throws(NumberError) -> PercentileResult {
        var years: [PercentileYear] = []
        for yearsBefore in weighed {
            let code = entry.formers[yearsBefore] ?? entry.organization
            let source = code == entry.organization ? entry : formers.first { $0.organization == code }
            guard let values = source?.years[yearsBefore] else { continue }
            let nearest = years.first { $0.yearsBefore == nearestWeighed }
            var spans: [PercentileSpanYear] = []
            for span in GradeSpan.allCases {
                let ranking = ranking(span, yearsBefore)
                let published = steps[yearsBefore]?[span] ?? []
                let slip = nearest?.spans.first { $0.span == span }
                if let step = try ranking.place(values, among: published, slip: slip) { spans.append(step) }
            }
            years.insert(year(yearsBefore, of: entry, values, spans), at: 0)
        }
        let final = try FinalPercentile.place(Self.means(of: entry, years), among: results, parameters)
        return result(of: entry, years, final)
    }
}
