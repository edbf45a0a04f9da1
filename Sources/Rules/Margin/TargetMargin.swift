/// How many students' results the cumulative percentage of an organization is away from a band: 603 CMR 2.03(2)(b).
public struct TargetMargin: Sendable {
    /// A line of the table of points: an indicator of all students or of the lowest performing group.
    public struct Line: Sendable {
        /// What its points are decided from.
        public let input: PointsInput
        /// All students or the lowest performing group.
        public let group: StudentGroup
        /// The points it has; nil where it has none, and then it gets none.
        public let points: Int?
        /// Whether the students behind the value are known; the points of others stay.
        public let isCounted: Bool

        /// A line.
        public init(_ input: PointsInput, group: StudentGroup, points: Int?, isCounted: Bool) {
            self.input = input
            self.group = group
            self.points = points
            self.isCounted = isCounted
        }
    }

    private let lines: [Line]
    private let nonHighWeight: Ratio?
    private let prior: Ratio?
    private let framework: Framework

    /// The lines of an organization.
    ///
    /// - Parameters:
    ///   - lines: of all students and of the lowest performing group, in every span.
    ///   - nonHighWeight: the weight of the lower span, percent; nil with one span.
    ///   - prior: the annual percentage that was carried over; nil for none.
    ///   - framework: of the school year.
    public init(_ lines: [Line], nonHighWeight: Ratio?, prior: Ratio?, _ framework: Framework) {
        self.lines = lines
        self.nonHighWeight = nonHighWeight
        self.prior = prior
        self.framework = framework
    }

    /// The cumulative percentage as the lines give it; nil of none.
    public func cumulative() throws(RuleError) -> Int64? { try cumulative(changing: 0, upwards: true) }

    /// The least number of students whose results would have to differ for a cumulative percentage that is reached.
    ///
    /// Each of them changes its results in every indicator and group as far as ``ResultReach`` allows; targets, the
    /// values of other organizations and the year before stay.
    ///
    /// - Parameters:
    ///   - limit: the percentage.
    ///   - upwards: whether the limit or more is reached; otherwise less than the limit.
    /// - Returns: the number; nil where not even all students are enough.
    /// - Throws: where a rule does.
    public func students(toReach limit: Int64, upwards: Bool) throws(RuleError) -> Int64? {
        func reaches(_ students: Int64) throws(RuleError) -> Bool {
            guard let percent = try cumulative(changing: students, upwards: upwards) else { return false }
            return upwards ? percent >= limit : percent < limit
        }
        let all = lines.filter(\.isCounted).map(\.input.count).max() ?? 0
        guard all > 0, try reaches(all) else { return nil }
        var (low, high): (Int64, Int64) = (0, all)
        while low + 1 < high {
            let middle = low + (high - low) / 2
            if try reaches(middle) { high = middle } else { low = middle }
        }
        return high
    }

    private func cumulative(changing students: Int64, upwards: Bool) throws(RuleError) -> Int64? {
        var points: [GradeSpan: [StudentGroup: [Indicator: Int]]] = [:]
        for line in lines {
            guard let own = try self.points(of: line, changing: students, upwards: upwards) else { continue }
            points[line.input.span, default: [:]][line.group, default: [:]][line.input.indicator] = own
        }
        var spans: [SpanPercentage] = []
        for span in GradeSpan.allCases {
            func column(_ group: StudentGroup) throws(RuleError) -> TargetColumn? {
                guard let points = points[span]?[group] else { return nil }
                return try TargetColumn.of(points, span: span, group: group, framework)
            }
            guard let all = try column(.allStudents) else { continue }
            spans.append(
                try SpanPercentage(allStudents: all, lowestPerforming: try column(.lowestPerforming), framework)
            )
        }
        guard let annual = try AnnualPercentage.of(spans, nonHighWeight: nonHighWeight, framework) else { return nil }
        return try CumulativePercentage(current: annual.percent, prior: prior, framework).percent
    }

    private func points(of line: Line, changing students: Int64, upwards: Bool) throws(RuleError) -> Int? {
        guard students > 0, line.isCounted, let points = line.points, let current = line.input.current else {
            return line.points
        }
        let input = line.input
        let moved: Ratio
        do {
            moved = try ResultReach(input.indicator, input.span, framework)
                .value(
                    from: current,
                    of: input.count,
                    changing: students,
                    upwards: upwards != input.indicator.lowerIsBetter
                )
        } catch {
            throw .number(error)
        }
        let other = PointsInput(
            input.indicator,
            input.span,
            current: moved,
            prior: input.prior,
            target: input.target,
            count: input.count,
            statewide: input.statewide,
            path: input.path
        )
        return try IndicatorPoints(other, framework).points ?? points
    }
}
