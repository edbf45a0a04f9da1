internal import Foundation
internal import Rules

/// A report with the points of its indicators, as `evaluate points` reads it.
struct PointsCase: Decodable {
    /// A column of a span.
    struct Column: Decodable {
        let points: [String: Int?]
    }

    /// A span.
    struct Span: Decodable {
        let allStudents: Column?
        let lowestPerforming: Column?
        let weight: ExactNumber?

        enum CodingKeys: String, CodingKey {
            case allStudents = "all_students"
            case lowestPerforming = "lowest_performing"
            case weight
        }
    }

    /// What was published; only the annual percentages are read, to know whether there was a year before.
    struct Published: Decodable {
        let annual: [String: ExactNumber?]?
    }

    let name: CaseName
    let schoolYear: Int
    let spans: [String: Span]?
    let gradesServed: String?
    let priorAnnual: ExactNumber?
    let published: Published?

    enum CodingKeys: String, CodingKey {
        case name = "case"
        case schoolYear = "school_year"
        case spans
        case gradesServed = "grades_served"
        case priorAnnual = "prior_annual"
        case published
    }

    /// Computes everything that the inputs determine.
    func evaluated(_ frameworks: inout FrameworkChoice) throws -> PointsAnswer {
        var answer = PointsAnswer(name: name)
        guard EvaluationTable.schoolYears.contains(schoolYear) else { throw RowProblem("school_year is not a year") }
        guard let spans, !spans.isEmpty else { return answer }
        try checkPercentages(spans)
        let framework = try frameworks.framework(schoolYear: schoolYear)
        guard framework.percentage != nil else { return answer }
        var percentages: [SpanPercentage] = []
        var nonHighWeight: Ratio?
        for (text, input) in spans.sorted(by: { $0.key > $1.key }) {
            guard let span = GradeSpan(wireName: text) else { throw RowProblem("'\(text)' is no grade span") }
            if let weight = input.weight?.value {
                nonHighWeight = span == .nonHigh ? weight : try nonHighWeight ?? .hundred - weight
            }
            let all = try Self.column(input.allStudents, span, .allStudents, framework)
            let lowest = try Self.column(input.lowestPerforming, span, .lowestPerforming, framework)
            var result = PointsAnswer.Span(
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
        guard percentages.count == spans.count, servedSpansArePresent(percentages) else { return answer }
        let annual = try AnnualPercentage.of(percentages, nonHighWeight: nonHighWeight, framework)
        answer.annual = annual?.displayed
        answer.annualExact = annual?.percent.text(decimals: 1)
        // Without a weight the annual percentage lies between those of the spans.
        let spansAlone = percentages.map(\.percent)
        guard let least = annual?.percent ?? spansAlone.min(), let most = annual?.percent ?? spansAlone.max() else {
            return answer
        }
        let prior = try priorBounds()
        let lowest = try CumulativePercentage(current: least, prior: prior?.least, framework)
        let highest = try CumulativePercentage(current: most, prior: prior?.most, framework)
        if lowest.percent == highest.percent { answer.cumulative = lowest.percent }
        if lowest.level == highest.level { answer.band = lowest.level.title }
        return answer
    }

    /// A weight or a percentage outside 0 to 100 is a slip of the pen, and so are weights that leave something of the whole.
    private func checkPercentages(_ spans: [String: Span]) throws {
        let weights = spans.values.compactMap { $0.weight?.value }
        let percentages = Ratio.zero...Ratio.hundred
        guard weights.allSatisfy(percentages.contains) else { throw RowProblem("a weight is not from 0 to 100") }
        if weights.count == 2, try weights[0] + weights[1] != .hundred { throw RowProblem("the weights of the spans do not add up to 100") }
        guard priorAnnual.map({ percentages.contains($0.value) }) ?? true else { throw RowProblem("prior_annual is not from 0 to 100") }
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

    /// Whether no span is missing that the grades served would have.
    private func servedSpansArePresent(_ spans: [SpanPercentage]) -> Bool {
        guard spans.count == 1, let range = gradesServed?.split(separator: "-"), range.count == 2,
            let first = Grade(range[0]), let last = Grade(range[1])
        else { return true }
        return !(first.number <= 8 && last.number >= 9)
    }

    /// Between what the prior annual percentage lies; nil where there is none.
    private func priorBounds() throws(NumberError) -> (least: Ratio, most: Ratio)? {
        if let value = priorAnnual?.value { return (value, value) }
        guard let shown = published?.annual?[String(schoolYear - 1)].flatMap({ $0 })?.value else { return nil }
        // Only the whole percent of the year before was published: it decides where its tenths do not matter.
        return (try shown - Ratio(1, over: 2), try shown + Ratio(4, over: 10))
    }

    /// Why a document could not be decoded, without its content.
    static func describe(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            "\(path(context)): '\(key.stringValue)' is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "\(path(context)): \(context.debugDescription)"
        case DecodingError.dataCorrupted(let context):
            "\(path(context)): \(context.debugDescription)"
        default: "\(error)"
        }
    }

    private static func path(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { $0.intValue.map { "element \($0 + 1)" } ?? $0.stringValue }
        return path.isEmpty ? "the document" : path.joined(separator: ", ")
    }
}

/// The name of a case, written as text or as a number; printed as it was written.
struct CaseName: Codable {
    private let number: Int?
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        number = try? container.decode(Int.self)
        text = try number.map { String($0) } ?? container.decode(String.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let number { try container.encode(number) } else { try container.encode(text) }
    }
}

/// A decimal number in JSON, written as a number or as text, held exactly.
struct ExactNumber: Decodable {
    let value: Ratio

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try (try? container.decode(String.self)) ?? "\(container.decode(Decimal.self))"
        do {
            value = try Ratio(decimal: text)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a decimal number")
        }
    }
}
