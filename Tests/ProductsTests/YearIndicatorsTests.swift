import Messages
import Rules
import SwiftProtobuf
import Testing

@testable import Products

/// The columns of a year's products are those of its indicators.
@Suite struct YearIndicatorsTests {
    private static let withoutDropout = """
        name: "changed"
        title: The framework of 2019 without the dropout rate
        school_years: [2019]
        based_on: "2019"
        removed: [points.met_tolerance.dropout, points.no_change_band.dropout]
        percentile:
          indicator_population:
            high: {value: {ela_achievement: span, math_achievement: span, science_achievement: span, ela_growth: span,
              math_growth: span, el_progress: span, four_year_graduation: span, extended_engagement: span,
              chronic_absenteeism: span, advanced_coursework: span}, status: assumed, source: "A made-up framework"}
        """

    private func columns(_ frameworks: FrameworkSet) throws -> [String] {
        let publication = Accountability_V1_Publication.with {
            $0.schoolYear = 2019
            $0.orgCode = "00010010"
            $0.districtCode = "00010000"
            $0.type = .school
            $0.status = "official"
        }
        let published = try #require(PublishedYear([publication], year: 2019, frameworks: frameworks))
        return ResearchTables.subgroups(published).columns
    }

    @Test func subgroupsHaveTheIndicatorsOfTheYear() throws {
        let all = try columns(.builtIn)
        for indicator in Indicator.allCases { #expect(all.contains("\(indicator.title) - Value"), "\(indicator)") }
        let draft = try Framework.proposed(Self.withoutDropout)
        let left = try columns(FrameworkSet(drafts: [draft]))
        #expect(left == all.filter { !$0.hasPrefix(Indicator.dropout.title) } && left.count < all.count)
    }
}
