internal import Messages
internal import Rules
internal import Stages

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

    /// The column that the layout does not have.
    static let shareColumn = Column(
        "non_high_share",
        .decimal(0...1),
        .optional,
        "the share of the non-high span of a middle/high school"
    )

    /// Adds a row of `indicator_values`, with the text of the share.
    mutating func add(_ row: LayoutCheck.Row, share text: String) throws {
        guard case .suppliedValue(let supplied) = row.content, let span = GradeSpan(wireName: supplied.gradeSpan),
            let group = StudentGroup(wireName: supplied.group), let indicator = Indicator(wireName: supplied.indicator)
        else { throw RowProblem("not a row of indicator_values") }
        let (schoolYear, organization) = (row.schoolYear, row.organization)
        // Districts and the state have no peers: their rows are in order, and take no part.
        let comparisonGroup = ComparisonGroup(wireName: supplied.comparisonGroup)
        if let comparisonGroup, !comparisonGroup.spans.contains(span) {
            throw RowProblem("comparison_group: \(comparisonGroup) has no span \(span)")
        }
        let share = try FieldCheck.decimal(text, of: Self.shareColumn)
        guard let value = try? Ratio(decimal: supplied.value) else {
            throw RowProblem("value: it cannot be held exactly")
        }
        let count = supplied.hasCount ? Int64(supplied.count) : nil
        guard let comparisonGroup else { return }

        guard organization.isSchool else {
            throw RowProblem("comparison_group: only schools have peers; of a district and the state it is empty")
        }
        var year =
            years[group]?[organization]?[schoolYear] ?? Year(comparisonGroup: comparisonGroup, nonHighShare: share)
        guard year.comparisonGroup == comparisonGroup else {
            throw RowProblem("the organization has two comparison groups in this year")
        }
        guard !year.values.contains(where: { $0.span == span && $0.indicator == indicator }) else {
            throw RowProblem("\(RejectionCode.duplicateKey.rawValue): the value was already given by an earlier row")
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
