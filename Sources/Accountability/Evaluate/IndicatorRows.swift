internal import Messages
internal import Rules
internal import Stages

/// The rows of an `indicator_values` file, gathered by group, organization and year.
struct IndicatorRows {
    /// What one organization and group has in a year.
    private struct Year {
        /// The line of its first row.
        let line: Int
        /// How many rows it has.
        var rows: Int { values.count }
        let comparisonGroup: ComparisonGroup
        var values: [(span: GradeSpan, indicator: Indicator, value: Ratio, count: Int64?)] = []
    }

    /// What the rows of one organization in a year say about it, for whatever group.
    private struct Organization {
        /// The line of its first row.
        let line: Int
        var schoolType: SchoolType?
        var nonHighEnrollment: UInt32?
        var highEnrollment: UInt32?
        var nonHighShare: Ratio?

        /// Takes a value of a row.
        ///
        /// Throws if an earlier row has another value.
        mutating func take<Value: Equatable>(
            _ value: Value?,
            _ known: WritableKeyPath<Organization, Value?>,
            _ column: String
        ) throws {
            guard let value else { return }
            if let before = self[keyPath: known], before != value {
                throw RowProblem("\(column): an earlier row has another value for the organization in this year")
            }
            self[keyPath: known] = value
        }

        /// The share of the lower span: as given, or from the enrolments; nil if neither is known.
        func share() throws -> Ratio? {
            if let nonHighShare { return nonHighShare }
            guard let nonHighEnrollment, let highEnrollment else { return nil }
            return try PercentileYearValues.share(nonHigh: Int64(nonHighEnrollment), high: Int64(highEnrollment))
        }
    }

    private var years: [StudentGroup: [OrganizationCode: [Int: Year]]] = [:]
    private var organizations: [OrganizationCode: [Int: Organization]] = [:]
    private(set) var latestYear: Int?
    /// How many rows have no comparison group, so that nothing ranks them, and the line of the first one.
    private(set) var withoutPeers: (rows: Int, line: Int)?

    /// The column that the layout does not have.
    static let shareColumn = Column(
        "non_high_share",
        .decimal(0...1),
        .optional,
        "the share of the non-high span of a middle/high school, instead of the enrolments"
    )

    /// Adds a row of `indicator_values`, with the text of the share.
    mutating func add(_ row: LayoutCheck.Row, share text: String, line: Int) throws {
        guard case .suppliedValue(let supplied) = row.content, let span = GradeSpan(wireName: supplied.gradeSpan),
            let group = StudentGroup(wireName: supplied.group), let indicator = Indicator(wireName: supplied.indicator)
        else { throw RowProblem("not a row of indicator_values") }
        let (schoolYear, organization) = (row.schoolYear, row.organization)
        // Districts and the state have no peers: their rows are valid, but they are not ranked.
        let comparisonGroup = ComparisonGroup(wireName: supplied.comparisonGroup)
        if let comparisonGroup, !comparisonGroup.spans.contains(span) {
            throw RowProblem("comparison_group: \(comparisonGroup) has no span \(span)")
        }
        let share = try FieldCheck.decimal(text, of: Self.shareColumn)
        let value: Ratio
        do {
            value = try Ratio(decimal: supplied.value)
        } catch {
            throw RowProblem("value: it cannot be held exactly")
        }
        guard let comparisonGroup else {
            withoutPeers = ((withoutPeers?.rows ?? 0) + 1, withoutPeers?.line ?? line)
            return
        }

        guard organization.isSchool else {
            throw RowProblem("comparison_group: only schools have peers; leave it empty for a district or the state")
        }
        var year = years[group]?[organization]?[schoolYear] ?? Year(line: line, comparisonGroup: comparisonGroup)
        guard year.comparisonGroup == comparisonGroup else {
            throw RowProblem("the organization has two comparison groups in this year")
        }
        guard !year.values.contains(where: { $0.span == span && $0.indicator == indicator }) else {
            throw RowProblem("\(RejectionCode.duplicateKey.rawValue): the value was already given by an earlier row")
        }
        var said = organizations[organization]?[schoolYear] ?? Organization(line: line)
        try said.take(SchoolType(name: supplied.schoolType), \.schoolType, "school_type")
        try said.take(
            supplied.hasNonHighEnrollment ? supplied.nonHighEnrollment : nil,
            \.nonHighEnrollment,
            "non_high_enrollment"
        )
        try said.take(supplied.hasHighEnrollment ? supplied.highEnrollment : nil, \.highEnrollment, "high_enrollment")
        try said.take(share, \.nonHighShare, Self.shareColumn.name)
        organizations[organization, default: [:]][schoolYear] = said
        year.values.append((span, indicator, value, supplied.hasCount ? Int64(supplied.count) : nil))
        years[group, default: [:]][organization, default: [:]][schoolYear] = year
        latestYear = max(latestYear ?? schoolYear, schoolYear)
    }

    /// The groups that have rows, in their order.
    var groups: [StudentGroup] { StudentGroup.allCases.filter { years[$0] != nil } }

    /// How many rows a group has, and the line of the first one.
    func extent(of group: StudentGroup) -> (rows: Int, line: Int) {
        let found = (years[group] ?? [:]).values.flatMap(\.values)
        return (found.reduce(0) { $0 + $1.rows }, found.map(\.line).min() ?? 0)
    }

    /// The line of the first row of an organization's group in a year.
    func line(of group: StudentGroup, _ organization: OrganizationCode, _ schoolYear: Int) -> Int? {
        years[group]?[organization]?[schoolYear]?.line
    }

    /// The line of the first row of an organization in a year.
    func line(of organization: OrganizationCode, _ schoolYear: Int) -> Int? {
        organizations[organization]?[schoolYear]?.line
    }

    /// The population of a group, in order of the codes.
    func entries(of group: StudentGroup, _ latest: Int, _ framework: Framework) throws -> [PercentileEntry] {
        try (years[group] ?? [:]).sorted { $0.key < $1.key }
            .map { organization, years in
                var values: [Int: PercentileYearValues] = [:]
                for (schoolYear, year) in years {
                    let said = organizations[organization]?[schoolYear]
                    var entry = PercentileYearValues(
                        comparisonGroup: year.comparisonGroup,
                        nonHighShare: try said?.share(),
                        schoolType: said?.schoolType
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
}
