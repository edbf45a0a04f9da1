import Foundation
import Messages
import Products
import PublishedFigures
import Reading
import Rules
import StreamingTesting
import SwiftProtobuf
import Testing
@testable import Stages
@testable import Streaming

/// The Department's workbook of 2019, made again: what it prints of an organization goes into the pipeline, and the
/// tables that are made from the publications are compared with it, cell by cell.
///
/// The points behind a percentage are not in it: points are made up that come to the printed percentage.
@Suite(.enabled(if: PublishedData.has("determinations-2019-schools.csv"), "the published figures are not there"))
struct Workbook2019Tests {
    /// 603 CMR 2.03(3).
    @Test func everyCellIsAsItWasPublished() throws {
        let bench = try JudgingBench.determining(
            partitions: 3,
            frameworks: FrameworkSet(drafts: [try Self.asPublished()])
        )
        let schools = try PublishedData.rows("determinations-2019-schools.csv")
        let districts = try PublishedData.rows("determinations-2019-districts.csv")
        let filler = WorkbookFiller(
            bench: bench,
            before: try MadeUpPoints(year: 2018),
            now: try MadeUpPoints(year: 2019)
        )
        for row in schools { try filler.fill(row, code: try #require(row["School Code"]), name: "School Name") }
        for row in districts { try filler.fill(row, code: try #require(row["District Code"]), name: "District Name") }
        for year in [2018, 2019] { try bench.closeMeasures(year) }
        try bench.driver.run()
        try filler.release()
        let publications = try bench.messages(Topics.publications, Accountability_V1_Publication.self)
        let published = try #require(PublishedYear(Array(publications.values), year: 2019))
        let tables = ProductFiles(published).tables
        for (file, key, rows) in [("schools", "School Code", schools), ("districts", "District Code", districts)] {
            let table = try #require(tables.first { $0.file == file })
            var (equal, filled, compared) = (0, 0, 0)
            var found: [String: [String: String]] = [:]
            try table.visit { cells in
                let row = Dictionary(uniqueKeysWithValues: zip(table.columns, cells))
                found[row[key] ?? ""] = row
            }
            #expect(found.count == rows.count)
            for row in rows {
                let code = try #require(row[key])
                let made = try #require(found[code], "\(code)")
                for column in table.columns {
                    let expected = row[column] ?? ""
                    let cell = made[column] ?? ""
                    compared += 1
                    filled += expected.isEmpty ? 0 : 1
                    equal += Self.isSame(cell, expected) ? 1 : 0
                    #expect(Self.isSame(cell, expected), "\(code) \(column): '\(cell)' and not '\(expected)'")
                }
            }
            print("\(file) of 2019: \(equal) of \(compared) cells as published, \(filled) of them filled")
            #expect(compared == rows.count * table.columns.count)
            #expect(Set(table.columns) == Self.headings(file))
        }
    }

    /// The headings of the file, in its order.
    @Test(arguments: ["schools", "districts"]) func theHeadingsAreThoseOf2019(file: String) throws {
        let publication = Accountability_V1_Publication.with {
            $0.schoolYear = 2019
            $0.status = "official"
            $0.orgCode = "00010005"
            $0.type = .school
        }
        let published = try #require(PublishedYear([publication], year: 2019))
        let table = try #require(ProductFiles(published).tables.first { $0.file == file })
        let text = try String(contentsOfFile: PublishedData.path("determinations-2019-\(file).csv"), encoding: .utf8)
        let header = text.prefix { !$0.isNewline }.replacing("\u{FEFF}", with: "")
        #expect(table.columns.joined(separator: ",") == header)
    }

    private static func headings(_ file: String) -> Set<String> {
        let text = try? String(contentsOfFile: PublishedData.path("determinations-2019-\(file).csv"), encoding: .utf8)
        return Set((text ?? "").prefix { !$0.isNewline }.split(separator: ",").map(String.init))
    }

    /// The same text, or the same number: the copy of the file writes `70.0`.
    private static func isSame(_ cell: String, _ published: String) -> Bool {
        if cell == published { return true }
        guard published.contains("."), let made = Ratio.reading(cell), let printed = Ratio.reading(published) else {
            return false
        }
        return made == printed
    }

    /// The framework of 2019 as the Department publishes: without hiding more.
    static func asPublished() throws -> Framework {
        try Framework.load(
            file: "draft.yaml",
            text: """
                name: draft
                title: As the Department publishes
                school_years: [2019]
                based_on: "2019"
                disclosure:
                  mode: {value: as_published, status: published, source: a test of the workbook}
                """,
            bases: Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        )
    }
}

/// Points of all students and the lowest performing group that come to an annual percentage of one span.
final class MadeUpPoints {
    typealias Column = [Indicator: Int]

    private let framework: Framework
    private let all: [TargetColumn]
    private let lowest: [TargetColumn]
    /// How far twice the percentage may be from the sum of two columns, as they are kept.
    private let tolerance: Ratio
    private var known: [Ratio: (all: Column, lowest: Column)] = [:]

    init(year: Int) throws {
        let framework = try Framework.of(schoolYear: year)
        self.framework = framework
        all = try Self.columns(.allStudents, framework)
        lowest = try Self.columns(.lowestPerforming, framework)
        tolerance = framework.percentage?.annualMethod.value == .keptColumns ? decimal("0.2") : decimal("2")
    }

    /// A column for each percentage that a group can have.
    private static func columns(_ group: StudentGroup, _ framework: Framework) throws -> [TargetColumn] {
        let isAll = group == .allStudents
        let subjects: [[Indicator]] =
            [[.elaAchievement, .mathAchievement]]
            + (isAll ? [[.elaAchievement, .mathAchievement, .scienceAchievement]] : [])
        var columns: [Ratio: TargetColumn] = [:]
        for achievement in subjects.flatMap(sums) {
            for growth in [[:]] + sums([.elaGrowth]) + sums([.elaGrowth, .mathGrowth]) {
                for absenteeism in sums([.chronicAbsenteeism]) {
                    for progress in [[:]] + (isAll ? sums([.elProgress]) : []) {
                        let points = [achievement, growth, absenteeism, progress]
                            .reduce(into: Column()) { $0.merge($1) { first, _ in first } }
                        let column = try TargetColumn.of(points, span: .nonHigh, group: group, framework)
                        if let column { columns[column.percent] = column }
                    }
                }
            }
        }
        return columns.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Points of indicators for each sum that they can have.
    private static func sums(_ indicators: [Indicator]) -> [Column] {
        (0...4 * indicators.count)
            .map { sum in
                var rest = sum
                return indicators.reduce(into: [:]) { points, indicator in
                    points[indicator] = min(rest, 4)
                    rest -= min(rest, 4)
                }
            }
    }

    /// The points for a percentage as the next year carries it.
    func points(for percent: Ratio) throws -> (all: Column, lowest: Column)? {
        if let known = known[percent] { return known }
        for first in all {
            let other = try percent + percent - first.percent
            let (least, most) = (try other - tolerance, try other + tolerance)
            for second in lowest where second.percent > least && second.percent < most {
                let span = try SpanPercentage(allStudents: first, lowestPerforming: second, framework)
                guard let annual = try AnnualPercentage.of([span], nonHighWeight: nil, framework) else { continue }
                if try AnnualPercentage.carried(annual.percent, framework) == percent {
                    known[percent] = (first.points, second.points)
                    return known[percent]
                }
            }
        }
        return nil
    }
}

/// Puts what the workbook prints into the topics of a bench.
private struct WorkbookFiller {
    let bench: JudgingBench
    let before: MadeUpPoints
    let now: MadeUpPoints

    func fill(_ row: [String: String], code: String, name: String) throws {
        for year in [2018, 2019] { try declare(row, code, name, year) }
        func percent(_ year: String) throws -> Ratio? {
            try row["\(year) Annual Criterion-Referenced Target Percentage (%)"].map { try Ratio(decimal: $0) }
        }
        let figures = (try percent("2018"), try percent("2019"))
        try measures(code, figures.0, figures.1)
        if let percentile = row["2019 Accountability Percentile"].flatMap({ UInt32($0.prefix { $0 != "." }) }) {
            try bench.percentile(2019, code, "all_students", percentile)
        }
        for group in try groups(row["2019 Low Performing Subgroup(s)"]) {
            try bench.percentile(2019, code, group.wireName, 3)
        }
        for group in try groups(row["2019 Low Participation Subgroup(s)"]) {
            try bench.participation(2019, code, group.wireName, met: false)
        }
        if row["2019 Reason for Classification - Graduation Rate"] != nil {
            try bench.value(2019, code, "high", "all_students", "four_year_graduation", "50.0")
        }
        try act(row, code)
    }

    private func declare(_ row: [String: String], _ code: String, _ name: String, _ year: Int) throws {
        var organization = Accountability_V1_Organization()
        organization.type = code.hasSuffix("0000") ? .district : .school
        organization.name = row[name] ?? ""
        organization.districtCode = row["District Code"] ?? ""
        organization.region = row["Region"] ?? ""
        organization.schoolType = row["School Type"] ?? ""
        organization.gradesServed = row["Grades Served"] ?? ""
        organization.title1 = row["Title I Status"]?.hasPrefix("Title I") == true
        organization.enrollment = UInt32(row["October 2018 Enrollment"] ?? "") ?? 0
        organization.comparisonGroup = organization.type == .school ? "non_high" : ""
        organization.nonHighEnrollment = 400
        organization.highEnrollment = 0
        var entry = Accountability_V1_IndicatorEntry()
        entry.schoolYear = UInt32(year)
        entry.orgCode = code
        entry.organization = organization
        try bench.put(
            Topics.indicators,
            "\(year)/\(code)/organization",
            entry,
            partition: bench.district(code)
        )
    }

    /// Values and targets of two years: that of 2018 is the prior value of 2019.
    private func measures(_ code: String, _ old: Ratio?, _ new: Ratio?) throws {
        let former = try old.map { try #require(try before.points(for: $0), "\(code) \($0)") }
        let latter = try new.map { try #require(try now.points(for: $0), "\(code) \($0)") }
        for (group, first, second) in [
            ("all_students", former?.all, latter?.all), ("lowest_performing", former?.lowest, latter?.lowest),
        ] {
            for indicator in Set(first.map { Array($0.keys) } ?? []).union(second.map { Array($0.keys) } ?? []) {
                try measure(code, group, indicator, first?[indicator], second?[indicator])
            }
        }
    }

    private func measure(_ code: String, _ group: String, _ indicator: Indicator, _ first: Int?, _ second: Int?) throws
    {
        let name = indicator.wireName
        if indicator.category == .growth {
            let means = ["25.0", "35.0", "45.0", "55.0", "65.0"]
            if let first { try bench.value(2018, code, "non_high", group, name, means[first]) }
            if let second { try bench.value(2019, code, "non_high", group, name, means[second]) }
            return
        }
        // By points: the value less the prior one, and less the target, where more is better.
        let gains = [(-15, -20), (0, -10), (5, -10), (5, 0), (5, 8)]
        let sign = indicator.lowerIsBetter ? -1 : 1
        func put(_ year: Int, _ value: Int, _ points: Int) throws {
            let (gain, distance) = gains[points]
            let prior = value - sign * gain
            try bench.value(year, code, "non_high", group, name, "\(value).0")
            try bench.target(
                year,
                code,
                "non_high",
                group,
                name,
                "\(value - sign * distance).0",
                baseline: "\(prior).0"
            )
        }
        if let first {
            try put(2018, 45, first)
            try bench.value(2017, code, "non_high", group, name, "\(45 - sign * gains[first].0).0")
        }
        if let second { try put(2019, 45 + sign * gains[second].0, second) }
        if first == nil, second != nil { try bench.value(2018, code, "non_high", group, name, "45.0") }
    }

    private func groups(_ text: String?) throws -> [StudentGroup] {
        guard let text else { return [] }
        return try text.split(separator: " -").map { try #require(StudentGroup(name: $0), "\($0)") }
    }

    private func act(_ row: [String: String], _ code: String) throws {
        switch row["2019 Reason for Classification - Overall Performance"] {
        case "Underperforming school": try bench.directive(2019, "designation", code, "underperforming")
        case "Chronically underperforming school", "Chronically underperforming district":
            try bench.directive(2019, "designation", code, "chronically_underperforming")
        case "Failure to meet mandatory data reporting deadlines"?:
            try bench.directive(
                2019,
                "designation",
                code,
                "directed_focused",
                reason: "Failure to meet mandatory data reporting deadlines"
            )
        default: break
        }
        for (words, kind) in [("(CSI)", "csi"), ("(TSI)", "tsi"), ("(ATSI)", "atsi")]
        where row["Federal Designation"]?.contains(words) == true {
            try bench.directive(2019, "designation", code, kind, reference: "Workbook of 2019")
        }
        let reason = row["Reason for School Classification"] ?? ""
        for (words, kind, text) in [
            ("High Achievement", "high_achievement", ""), ("High Growth", "high_growth", ""),
            ("Exceeding Targets", "exceeding_targets", ""),
            ("National Blue Ribbon School", "national_blue_ribbon", "High Performing"),
            ("ESEA Distinguished School", "esea_distinguished", ""),
        ] where reason.contains(words) {
            try bench.directive(2019, "recognition", code, kind, reason: text)
        }
        if row["Data Changed on Appeal?"] == "Yes" {
            try bench.directive(
                2019,
                "release",
                code,
                "appeal",
                reason: "An appeal",
                date: "2019-10-20",
                reference: "s1"
            )
        }
    }

    func release() throws {
        try bench.directive(2019, "framework_step", "00000000", "proposed", date: "2018-01-10")
        try bench.directive(2019, "framework_step", "00000000", "comment_opened", date: "2018-02-01", end: "2018-03-15")
        try bench.directive(2019, "framework_step", "00000000", "recommended", date: "2018-05-01")
        try bench.directive(2019, "framework_step", "00000000", "approved", date: "2018-06-20", reference: "Board vote")
        for year in [2018, 2019] { try bench.directive(year, "release", "00000000", "official", date: "2019-09-24") }
        try bench.driver.run()
    }
}
