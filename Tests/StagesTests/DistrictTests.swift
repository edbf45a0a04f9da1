import Messages
import Rules
import StreamingTesting
import Testing
@testable import Stages
@testable import Streaming

/// By what the spans are weighed, and which schools make a district one of several.
@Suite struct DistrictTests {
    private func find(_ bench: JudgingBench, _ year: Int, _ code: String) throws -> Accountability_V1_Determination {
        try #require(try bench.determinations()["\(year)/\(code)"])
    }

    /// The enrolment that came with supplied values weighs the spans where `organizations` has none; where it has,
    /// that.
    @Test(
        arguments: [
            (nil, nil, (300, 100), [75, 25]), (150, 50, nil, [75, 25]), (100, 300, (300, 100), [25, 75]),
            (nil, nil, nil, []), (400, nil, (300, 100), [75, 25]),
            // What is left out was not reported (interfaces.md: an empty field); as 0 it left a span with points out.
            (400, nil, nil, []), (nil, 400, nil, []), (400, 0, nil, [100, 0]),
        ] as [(UInt32?, UInt32?, (UInt32, UInt32)?, [UInt32])]
    )
    func suppliedEnrolmentWeighsTheSpans(
        _ nonHigh: UInt32?,
        _ high: UInt32?,
        _ supplied: (UInt32, UInt32)?,
        _ weights: [UInt32]
    ) throws {
        let bench = try JudgingBench.determining()
        let district = "00010000"
        try bench.organization(2019, district, nonHigh: nonHigh, high: high)
        for span in ["non_high", "high"] {
            try bench.points(2019, district, span, "all_students", ["ela_achievement": span == "high" ? 4 : 2])
        }
        if let supplied {
            try bench.value(2019, district, "high", "white", "dropout", "1.0", enrollment: supplied)
        }
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try find(bench, 2019, district)
        #expect(found.hasAnnual == !weights.isEmpty)
        #expect(weights.isEmpty || found.spans.map(\.weight) == weights)
        // Two of four points in the lower span, four of four in the upper one.
        if let lower = weights.first {
            #expect(found.annualExact == "\(100 - Double(lower) / 2)".replacing(".0", with: ""))
        }
    }

    /// A district of grades K to 8 has no upper span, whatever rows of students say.
    @Test func aSpanThatIsNotDeclaredNeedsNoEnrolment() throws {
        let bench = try JudgingBench.determining()
        try bench.organization(2019, "00010000", nonHigh: 400, high: nil, grades: "K,01,02,03,04,05,06,07,08")
        for span in ["non_high", "high"] {
            try bench.points(2019, "00010000", span, "all_students", ["ela_achievement": span == "high" ? 4 : 2])
        }
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try find(bench, 2019, "00010000")
        #expect(found.annualExact == "50" && found.spans.map(\.weight) == [100, 0])
    }

    /// The framework of 2019 with another way to count schools.
    private static func counting(_ schools: String) throws -> FrameworkSet {
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        let draft = try Framework.load(
            file: "draft.yaml",
            text: """
                name: draft
                title: Draft of 2019
                school_years: [2019]
                based_on: "2019"
                lowest_performing:
                  multi_school_counts: {value: \(schools), status: assumed, source: a test}
                """,
            bases: bases
        )
        return FrameworkSet(drafts: [draft])
    }

    /// A school of PK and K alone makes a district one of several, and science of its lowest performing does not count;
    /// where the framework counts schools that go beyond kindergarten, it does.
    @Test(arguments: ["", "PK,K", "PK-K", "K; PK", "K,01", "PK-1"], ["every", "beyond_kindergarten"])
    func theFrameworkSaysWhichSchoolsMakeADistrictOneOfSeveral(_ grades: String, _ counted: String) throws {
        let bench = try JudgingBench.determining(frameworks: counted == "every" ? .builtIn : Self.counting(counted))
        let district = "08280000"
        for code in [district, "08280605"] {
            try bench.organization(2019, code, nonHigh: 0, high: 2000, comparison: "high")
        }
        try bench.points(2019, district, "high", "all_students", ["ela_achievement": 3])
        try bench.points(2019, district, "high", "lowest_performing", ["ela_achievement": 3, "science_achievement": 3])
        try bench.closeMeasures(2019)
        try bench.driver.run()
        func lowest() throws -> [String] {
            try #require(try find(bench, 2019, district).spans.first?.columns.last).indicators.map(\.indicator)
        }
        #expect(try lowest() == ["ela_achievement", "science_achievement"])
        var other = Accountability_V1_Organization()
        other.type = .school
        other.name = "Another school"
        other.gradesServed = grades
        var entry = Accountability_V1_IndicatorEntry()
        entry.schoolYear = 2019
        entry.orgCode = "08280001"
        entry.organization = other
        let key = "2019/08280001/organization"
        try bench.put(Topics.indicators, key, entry, partition: bench.district(district), cause: "opened")
        try bench.driver.run()
        let isKindergarten = ["PK,K", "PK-K", "K; PK"].contains(grades)
        let counts = counted == "every" || !isKindergarten
        #expect(try lowest() == (counts ? ["ela_achievement"] : ["ela_achievement", "science_achievement"]))
    }
}
