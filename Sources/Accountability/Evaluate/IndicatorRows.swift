internal import Rules

/// The rows of an `indicator_values` file, gathered by group, organization and year.
struct IndicatorRows {
    /// What one organization and group has in a year.
    private struct Year {
        var comparisonGroup: ComparisonGroup
        var nonHighShare: Ratio?
        var values: [(span: GradeSpan, indicator: Indicator, value: Ratio, count: Int64?)] = []
    }

    private var years: [StudentGroup: [OrganizationCode: [Int: Year]]] = [:]
    private(set) var latestYear: Int?

    /// Adds the current row of a table.
    mutating func add(_ table: borrowing EvaluationTable) throws(RowProblem) {
        let schoolYear = try table.schoolYear()
        let organization = try table.organization()
        // Districts and the state have no peers: their rows are in order, and take no part.
        let hasPeers = !table.text("comparison_group").isEmpty
        let comparisonGroup: ComparisonGroup? = hasPeers ? try table.name("comparison_group") : nil
        let span: GradeSpan = try table.name("grade_span")
        let group = try table.group()
        let indicator: Indicator = try table.name("indicator")
        guard indicator.spans.contains(span) else { throw RowProblem("\(indicator) does not exist in span \(span)") }
        if let comparisonGroup, !comparisonGroup.spans.contains(span) {
            throw RowProblem("comparison group \(comparisonGroup) has no span \(span)")
        }
        let count = try table.count("count")
        let share = try table.number("non_high_share")
        if let share, !(Ratio.zero...Ratio.one).contains(share) {
            throw RowProblem("non_high_share is not from 0 to 1")
        }
        let value = try table.number("value")
        let highest = indicator.isRate || indicator.category == .growth ? Ratio.hundred : Ratio(1_000)
        if let value, !(Ratio.zero...highest).contains(value) {
            throw RowProblem("value is not one that \(indicator) can have")
        }
        guard let value, let comparisonGroup else { return }

        var year =
            years[group]?[organization]?[schoolYear] ?? Year(comparisonGroup: comparisonGroup, nonHighShare: share)
        guard year.comparisonGroup == comparisonGroup else {
            throw RowProblem("the organization has two comparison groups in this year")
        }
        guard !year.values.contains(where: { $0.span == span && $0.indicator == indicator }) else {
            throw RowProblem("the value was already given by an earlier row")
        }
        year.nonHighShare = share ?? year.nonHighShare
        year.values.append((span, indicator, value, count))
        years[group, default: [:]][organization, default: [:]][schoolYear] = year
        latestYear = max(latestYear ?? schoolYear, schoolYear)
    }

    /// The population of a group, in order of the codes.
    func entries(of group: StudentGroup, _ latest: Int, _ framework: Framework) -> [PercentileEntry] {
        (years[group] ?? [:]).sorted { $0.key < $1.key }
            .map { organization, years in
                var values: [Int: PercentileYearValues] = [:]
                for (schoolYear, year) in years {
                    var entry = PercentileYearValues(
                        comparisonGroup: year.comparisonGroup,
                        nonHighShare: year.nonHighShare ?? Self.share(year)
                    )
                    for row in year.values {
                        let size = row.count ?? Int64(framework.minimumSize.accountability.value)
                        let value = IndicatorValue(supplied: row.indicator, value: row.value, count: size, framework)
                        entry[row.span, row.indicator] = value.value
                    }
                    values[latest - schoolYear] = entry
                }
                return PercentileEntry(organization: organization, years: values)
            }
    }

    /// The share of the lower span by the numbers tested in ELA, or a half where they are not known.
    private static func share(_ year: Year) -> Ratio? {
        func tested(_ span: GradeSpan) -> Int64? {
            year.values.first { $0.span == span && $0.indicator == .elaAchievement }?.count
        }
        let half = try? Ratio(1, over: 2)
        guard let lower = tested(.nonHigh), let upper = tested(.high), let all = try? Ratio(lower) + Ratio(upper),
            let share = try? Ratio(lower) / all
        else { return half }
        return share
    }
}
