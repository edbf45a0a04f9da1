import Foundation
import Messages
import PublishedFigures
import Rules
import StreamingTesting
import Testing
@testable import Stages
@testable import Streaming
@testable import accountability

/// Every published report both ways: through `evaluate points`, and through the determination stage from values and
/// targets that are made up to give the published points.
@Suite struct PublishedReportsTests {
    /// 603 CMR 2.03(2)(b)
    /// 603 CMR 2.03(2)(b)(1).
    @Test(.enabled(if: PublishedData.has("official-reports.json"), "the published figures are not there"))
    func bothWaysGiveTheSame() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: PublishedData.path("official-reports.json")))
        let reading = try PointsReading([UInt8](data))
        #expect(reading.elements.allSatisfy { $0.problems.isEmpty } && reading.unread.isEmpty)
        let reports = reading.elements.map(\.report)
        let bench = try JudgingBench.determining(partitions: 3)
        var years: Set<Int> = []
        var answers: [(key: String, report: PointsCase, answer: PointsAnswer)] = []
        var frameworks = try FrameworkChoice(nil)
        for (index, report) in reports.enumerated() {
            guard let spans = report.spans, !spans.isEmpty, report.schoolYear >= 2018 else { continue }
            let code = "\(1000 + index)0005"
            let weight = spans["non_high"]?.weight ?? spans["high"]?.weight.flatMap { try? .hundred - $0 }
            let share = UInt32(clamping: try weight?.floor ?? 0)
            let isOne = spans.count == 1
            try bench.organization(
                report.schoolYear,
                code,
                nonHigh: isOne ? (spans["non_high"] == nil ? 0 : 500) : share * 10,
                high: isOne ? (spans["high"] == nil ? 0 : 500) : weight == nil ? 0 : (100 - share) * 10,
                comparison: isOne ? (spans["high"] == nil ? "non_high" : "high") : "middle_high"
            )
            for (name, span) in spans {
                for (group, column) in [
                    ("all_students", span.allStudents), ("lowest_performing", span.lowestPerforming),
                ] {
                    guard let column else { continue }
                    let points = column.points.compactMap { indicator, points in
                        points.map { (key: indicator, value: $0) }
                    }
                    try bench.points(report.schoolYear, code, name, group, points.sorted { $0.key < $1.key })
                }
            }
            years.insert(report.schoolYear)
            answers.append(("\(report.schoolYear)/\(code)", report, try report.evaluated(&frameworks)))
        }
        for year in years { try bench.closeMeasures(year) }
        try bench.driver.run()
        let determinations = try bench.determinations()
        var columns = 0
        var annuals = 0
        var cumulatives = 0
        for (key, report, answer) in answers {
            let found = try #require(determinations[key], "\(key)")
            let framework = try Framework.of(schoolYear: report.schoolYear)
            let label = report.name?.description ?? ""
            for (name, expected) in answer.spans {
                let span = try #require(found.spans.first { $0.gradeSpan == name }, "case \(label)")
                for (group, column) in [
                    ("all_students", expected.allStudents), ("lowest_performing", expected.lowestPerforming),
                ] {
                    guard let column else { continue }
                    let made = try #require(span.columns.first { $0.group == group }, "case \(label)")
                    #expect(made.weightedEarned == column.weightedEarned, "case \(label) \(name) \(group)")
                    #expect(made.weightedPossible == column.weightedPossible, "case \(label) \(name) \(group)")
                    let shown = try framework.percentage?.displayRounding.value.units(Ratio(decimal: made.percent))
                    #expect(shown == column.percent, "case \(label) \(name) \(group)")
                    columns += 1
                }
                if found.hasAnnual {
                    #expect(span.hasPercent ? Int64(span.percent) == expected.percent : expected.percent == nil)
                }
            }
            guard let annual = answer.annual else { continue }
            #expect(found.hasAnnual && Int64(found.annual) == annual, "case \(label)")
            #expect((try Ratio(decimal: found.annualExact)).text(decimals: 1) == answer.annualExact, "case \(label)")
            annuals += 1
            // The year before is printed as an integer alone: it is not made up.
            guard report.priorAnnual == nil, report.publishedAnnual[String(report.schoolYear - 1)] == nil else {
                continue
            }
            #expect(Int64(found.cumulative) == answer.cumulative, "case \(label)")
            #expect(ProgressLevel(wireName: found.band)?.title == answer.band, "case \(label)")
            cumulatives += 1
        }
        print(
            "published reports both ways: \(columns) columns, \(annuals) annual and \(cumulatives) cumulative percentages"
        )
        #expect(columns >= 150 && annuals >= 50 && cumulatives >= 10)
    }
}
