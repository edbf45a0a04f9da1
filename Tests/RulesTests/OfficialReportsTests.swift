internal import PublishedFigures
internal import Foundation
internal import Rules
internal import Testing

/// A printed report, as far as the test reads it.
private struct Report: Decodable {
    struct Figures: Decodable {
        let weighted_earned: String?
        let weighted_possible: String?
        let percent: Int64?
    }

    struct Column: Decodable {
        let points: [String: Int]
        let published: Figures
    }

    struct Span: Decodable {
        let all_students: Column?
        let lowest_performing: Column?
        let weight: Int64?
        let published: Figures?
    }

    struct Published: Decodable {
        let annual: [String: Int64?]?
        let cumulative: Int64?
        let band: String?
    }

    let `case`: String
    let school_year: Int
    let spans: [String: Span]?
    let published: Published
    let notes: [String]?

    /// Pages whose table leaves out a span that their percentages include.
    var isComplete: Bool { !(notes ?? []).contains { $0.contains("do not recompute annual") } }
}

/// How many printed figures came out.
private struct Count {
    var equal: [String: Int] = [:]
    var different: [String] = []

    mutating func compare<Figure: Equatable>(_ what: String, _ printed: Figure?, _ computed: Figure?, _ name: String) {
        guard let printed, let computed else { return }
        if printed == computed {
            equal[what, default: 0] += 1
        } else {
            different.append("\(name): \(what) \(printed) \(computed)")
        }
    }
}

@Suite struct OfficialReportsTests {
    @Test(.enabled(if: PublishedData.has("official-reports.json"), "the published figures are not there"))
    func everyPrintedFigureThatItsInputsDetermine() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: PublishedData.path("official-reports.json")))
        let reports = try JSONDecoder().decode([Report].self, from: data)
        var count = Count()
        for report in reports {
            guard let spans = report.spans else { continue }
            let framework = try Framework.of(schoolYear: report.school_year)
            try check(report, spans, framework, &count)
        }
        print("official reports: \(count.equal.sorted { $0.key < $1.key })")
        #expect(count.different == [])
        #expect(count.equal["weighted"] == 438)
        #expect(count.equal["column"] == 154)
        #expect(count.equal["span"] == 39)
        #expect(count.equal["annual"] == 52)
        #expect(count.equal["cumulative"] == 43)
        #expect(count.equal["band"] == 55)
    }

    private func check(_ report: Report, _ spans: [String: Report.Span], _ framework: Framework, _ count: inout Count)
        throws
    {
        var percentages: [SpanPercentage] = []
        var weight: Ratio?
        for (name, span) in spans {
            let gradeSpan = try #require(GradeSpan(wireName: name))
            if let printed = span.weight { weight = gradeSpan == .nonHigh ? Ratio(printed) : Ratio(100 - printed) }
            let all = try column(span.all_students, gradeSpan, .allStudents, framework, report, &count)
            let lowest = try column(span.lowest_performing, gradeSpan, .lowestPerforming, framework, report, &count)
            let percentage = try SpanPercentage(
                allStudents: try #require(all),
                lowestPerforming: lowest,
                framework
            )
            count.compare("span", span.published?.percent, percentage.displayed, report.case)
            percentages.append(percentage)
        }
        guard report.isComplete,
            let annual = try AnnualPercentage.of(percentages, nonHighWeight: weight, framework)
        else { return }
        let printed = report.published.annual?[String(report.school_year)].flatMap { $0 }
        count.compare("annual", printed, annual.displayed, report.case)
        // The year before is printed as an integer: where its tenths are carried over and decide, the inputs do not
        // determine the figure.
        let before = report.published.annual?[String(report.school_year - 1)].flatMap { $0 }
        let shown = try before.map { (try Ratio($0) - Ratio(1, over: 2))...(try Ratio($0) + Ratio(2, over: 5)) }
        let former = try? Framework.of(schoolYear: report.school_year - 1)
        let prior = try shown.map { range in
            try former.map { $0.percentage == nil ? range : try AnnualPercentage.carried(range, $0) } ?? range
        }
        let least = try CumulativePercentage(current: annual.percent, prior: prior?.lowerBound, framework)
        let most = try CumulativePercentage(current: annual.percent, prior: prior?.upperBound, framework)
        if least.percent == most.percent {
            count.compare("cumulative", report.published.cumulative, least.percent, report.case)
        }
        if least.level == most.level { count.compare("band", report.published.band, least.level.title, report.case) }
    }

    private func column(
        _ column: Report.Column?,
        _ span: GradeSpan,
        _ group: StudentGroup,
        _ framework: Framework,
        _ report: Report,
        _ count: inout Count
    ) throws -> TargetColumn? {
        guard let column else { return nil }
        var points: [Indicator: Int] = [:]
        for (name, value) in column.points { points[try #require(Indicator(wireName: name))] = value }
        let result = try #require(try TargetColumn.of(points, span: span, group: group, framework))
        count.compare(
            "weighted",
            column.published.weighted_earned,
            result.weightedEarned.text(decimals: 1),
            report.case
        )
        count.compare(
            "weighted",
            column.published.weighted_possible,
            result.weightedPossible.text(decimals: 1),
            report.case
        )
        count.compare("column", column.published.percent, result.displayed, report.case)
        return result
    }
}
