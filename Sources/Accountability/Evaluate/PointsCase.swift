internal import Rules

/// A report with the points of its indicators, as `evaluate points` reads it.
struct PointsCase {
    /// A column of a span; a nil is an indicator without points.
    struct Column {
        var points: [String: Int?] = [:]
    }

    /// A span.
    struct SpanCase {
        var allStudents: Column?
        var lowestPerforming: Column?
        var weight: Ratio?
    }

    /// Nil if it could not be read.
    var name: CaseName?
    var schoolYear = 0
    var spans: [String: SpanCase]?
    var gradesServed: String?
    var priorAnnual: Ratio?
    /// The annual percentages that were published, by year.
    ///
    /// They show whether there was a year before.
    var publishedAnnual: [String: Ratio] = [:]

    /// Computes everything that the inputs determine.
    func evaluated(_ frameworks: inout FrameworkChoice) throws -> PointsAnswer {
        var answer = PointsAnswer(name: name)
        guard let spans, !spans.isEmpty else { return answer }
        try checkPercentages(spans)
        let framework = try frameworks.framework(schoolYear: schoolYear)
        guard framework.percentage != nil else { return answer }
        var percentages: [SpanPercentage] = []
        var nonHighWeight: Ratio?
        for (text, input) in spans.sorted(by: { $0.key > $1.key }) {
            guard let span = GradeSpan(wireName: text) else { throw RowProblem("'\(text)' is no grade span") }
            if let weight = input.weight {
                nonHighWeight = span == .nonHigh ? weight : try nonHighWeight ?? .hundred - weight
            }
            let all = try Self.column(input.allStudents, span, .allStudents, framework)
            let lowest = try Self.column(input.lowestPerforming, span, .lowestPerforming, framework)
            answer.leftOut += Self.leftOut(input.allStudents, span, .allStudents, framework)
            answer.leftOut += Self.leftOut(input.lowestPerforming, span, .lowestPerforming, framework)
            var result = PointsAnswer.SpanAnswer(
                allStudents: input.allStudents.map { _ in PointsAnswer.Column(all) },
                lowestPerforming: input.lowestPerforming.map { _ in PointsAnswer.Column(lowest) }
            )
            if let all {
                let percentage = try SpanPercentage(allStudents: all, lowestPerforming: lowest, framework)
                percentages.append(percentage)
                result.percent = percentage.displayed
            }
            answer.spans.append((text, result))
        }
        guard percentages.count == spans.count, servedSpansArePresent(percentages),
            try AnnualPercentage.isDetermined(by: percentages, framework)
        else { return answer }
        let annual = try AnnualPercentage.of(percentages, nonHighWeight: nonHighWeight, framework)
        answer.annual = annual?.displayed
        answer.annualExact = annual?.percent.text(decimals: 1)
        // Without a weight the annual percentage lies between those of the spans.
        guard
            let current = try annual.map({ $0.percent...$0.percent }) ?? AnnualPercentage.bounds(percentages, framework)
        else {
            return answer
        }
        let prior = try carriedPrior()
        let lowest = try CumulativePercentage(current: current.lowerBound, prior: prior?.lowerBound, framework)
        let highest = try CumulativePercentage(current: current.upperBound, prior: prior?.upperBound, framework)
        if lowest.percent == highest.percent { answer.cumulative = lowest.percent }
        if lowest.level == highest.level { answer.band = lowest.level.title }
        return answer
    }

    /// A weight or a percentage outside 0 to 100 is a typing error.
    ///
    /// So are weights that do not add up to 100.
    private func checkPercentages(_ spans: [String: SpanCase]) throws {
        let weights = spans.values.compactMap { $0.weight }
        let percentages = Ratio.zero...Ratio.hundred
        guard weights.allSatisfy(percentages.contains) else { throw RowProblem("a weight is not from 0 to 100") }
        if weights.count == 2, try weights[0] + weights[1] != .hundred {
            throw RowProblem("the weights of the spans do not add up to 100")
        }
        guard priorAnnual.map(percentages.contains) ?? true else {
            throw RowProblem("prior_annual is not from 0 to 100")
        }
    }

    private static func column(
        _ column: Column?,
        _ span: GradeSpan,
        _ group: StudentGroup,
        _ framework: Framework
    ) throws -> TargetColumn? {
        guard let column else { return nil }
        var points: [Indicator: Int] = [:]
        for (name, value) in column.points {
            guard let indicator = Indicator(wireName: name) else { throw RowProblem("'\(name)' is no indicator") }
            points[indicator] = value
        }
        return try TargetColumn.of(points, span: span, group: group, framework)
    }

    /// The points of a column that do not count, because the column never has them.
    private static func leftOut(_ column: Column?, _ span: GradeSpan, _ group: StudentGroup, _ framework: Framework)
        -> [String]
    {
        guard let column else { return [] }
        let years = framework.schoolYears.map(String.init).joined(separator: ", ")
        return Indicator.allCases
            .filter { indicator in
                column.points[indicator.wireName].flatMap { $0 } != nil
                    && !TargetColumn.has(indicator, span: span, group: group, framework)
            }
            .map {
                "spans.\(span).\(group).points.\($0) does not count: the framework of \(years) has none in this column"
            }
    }

    /// Whether the report has every span of the grades served.
    private func servedSpansArePresent(_ spans: [SpanPercentage]) -> Bool {
        guard spans.count == 1, let range = gradesServed?.split(separator: "-"), range.count == 2,
            let first = Grade(range[0]), let last = Grade(range[1])
        else { return true }
        return !(first.number <= 8 && last.number >= 9)
    }

    /// The percentage of the year before, as the cumulative percentage takes it; nil if there is none.
    ///
    /// A percentage given at one decimal is taken as it is. If only a range is known, it is the range that the
    /// framework of that year carries over.
    private func carriedPrior() throws -> ClosedRange<Ratio>? {
        guard let bounds = try priorBounds() else { return nil }
        let range = bounds.least...bounds.most
        guard bounds.least < bounds.most else { return range }
        guard let framework = try Framework.ifCovered(schoolYear: schoolYear - 1), framework.percentage != nil else {
            return range.clamped(to: Ratio.zero...Ratio.hundred)
        }
        return try AnnualPercentage.carried(range, framework)
    }

    /// The range in which the prior annual percentage lies; nil if there is none.
    private func priorBounds() throws(NumberError) -> (least: Ratio, most: Ratio)? {
        if let value = priorAnnual { return (value, value) }
        guard let shown = publishedAnnual[String(schoolYear - 1)] else { return nil }
        // Only the whole percent of the year before was published. It decides if its tenths do not matter.
        return (try shown - Ratio(1, over: 2), try shown + Ratio(4, over: 10))
    }
}

/// The name of a case, written as text or as a number; printed as it was written.
enum CaseName: Encodable, CustomStringConvertible {
    case number(Int)
    case text(String)

    var description: String {
        switch self {
        case .number(let number): "\(number)"
        case .text(let text): text.printable
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        }
    }
}
