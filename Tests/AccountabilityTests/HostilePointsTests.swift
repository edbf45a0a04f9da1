import Rules
import Testing

@testable import Reading
@testable import accountability

/// Reports that no Department wrote: `evaluate points` names what is wrong, and goes on with the next.
@Suite struct HostilePointsTests {
    private func evaluated(_ fields: String, framework: Int? = nil) throws -> PointsAnswer {
        let element = try #require(try PointsReading(Array("[{\"case\": 1, \(fields)}]".utf8)).elements.first)
        guard element.problems.isEmpty else { throw RowProblem(element.problems.joined(separator: "; ")) }
        var frameworks = try FrameworkChoice(framework.map(String.init))
        return try element.report.evaluated(&frameworks)
    }

    private func spans(_ nonHigh: String, _ high: String) -> String {
        """
        "spans": {"non_high": {\(nonHigh)"all_students": {"points": {"ela_achievement": 2}}},
                  "high": {\(high)"all_students": {"points": {"ela_achievement": 4}}}}
        """
    }

    @Test func weightsShareTheWhole() throws {
        let answer = try evaluated("\"school_year\": 2019, " + spans("\"weight\": 60, ", "\"weight\": 40, "))
        #expect(answer.annual == 70)
        // One is enough: the other is the rest.
        #expect(try evaluated("\"school_year\": 2019, " + spans("", "\"weight\": 40, ")).annual == 70)
    }

    /// Of the year before only the whole percent is known: 2018 is carried over as it was printed, later years by a
    /// tenth within 0 to 100.
    @Test(
        arguments: [
            // 0.4 * 32 + 0.6 * 44.7 is 39.62; of 31.5 it would be 39.42.
            (2019, "32", 2, "44.7", 40), (2024, "32", 2, "44.7", nil),
            // 0.6 * 46.1 is 27.66; less a fifth it would be 27.
            (2024, "0", 3, "46.1", 28), (2019, "100", 3, "46.1", 68), (2024, "100", 3, "46.1", nil),
            // 40 + 0.6 * 47.4 is 68.44; above 100 it would be 69.
            (2024, "100", 4, "47.4", 68),
        ] as [(Int, String, Int, String, Int64?)]
    )
    func aWholePercentOfTheYearBeforeDecidesWhereItCan(
        _ year: Int,
        _ prior: String,
        _ last: Int,
        _ annual: String,
        _ cumulative: Int64?
    ) throws {
        let report = """
            "school_year": \(year), "published": {"annual": {"\(year - 1)": \(prior)}},
            "spans": {"non_high": {"all_students": {"points": {"ela_achievement": 0, "math_achievement": 2, "ela_growth": 4, "math_growth": 4,
                "chronic_absenteeism": \(last)}}}}
            """
        let answer = try evaluated(report)
        #expect(answer.annualExact == annual && answer.cumulative == cumulative)
    }

    /// Points that a column never has do not count, and are named.
    @Test func whatAColumnNeverHasDoesNotCount() throws {
        func report(_ year: Int, _ span: String, _ more: String) -> String {
            """
            "school_year": \(year), "spans": {"\(span)": {"all_students": {"points": {"ela_achievement": 2, "chronic_absenteeism": null}},
                "lowest_performing": {"points": {"ela_achievement": 1, "ela_growth": 1, "chronic_absenteeism": 1\(more)}}}}
            """
        }
        let plain = try evaluated(report(2019, "non_high", ""))
        #expect(plain.annual == 38 && plain.leftOut.isEmpty)
        let more = ", \"science_achievement\": 4, \"el_progress\": 4"
        let answer = try evaluated(report(2019, "non_high", more))
        #expect(answer.annual == 38)
        #expect(
            answer.leftOut.count == 2
                && answer.leftOut.allSatisfy { $0.hasPrefix("spans.non_high.lowest_performing.points.") }
        )
        #expect(answer.leftOut.contains { $0.contains("science_achievement does not count: the framework of 2019") })
        // An indicator without points is nothing that could count.
        #expect(try evaluated(report(2019, "non_high", ", \"dropout\": null")).leftOut.isEmpty)
        // Science is one of the high span's; in 2023 high schools have no lowest performing group.
        #expect(try evaluated(report(2019, "high", ", \"science_achievement\": 1")).leftOut.isEmpty)
        let alone = try evaluated(report(2023, "high", ""))
        #expect(alone.annual == 50 && alone.leftOut.count == 3)
        #expect(
            alone.spans.first?.span.lowestPerforming?.percent == nil && alone.spans.first?.span.lowestPerforming != nil
        )
    }

    /// Without weights, and the lower span at 49.45 percent: alone it would be kept as 49.5 and count as 50, so that
    /// the band is sure.
    @Test func aMissingWeightLeavesNothingOpenThatRoundingDecides() throws {
        let report = """
            "school_year": 2023, "spans": {
                "non_high": {
                    "all_students": {"points": {"ela_achievement": 1, "science_achievement": 3, "ela_growth": 0, "math_growth": 0,
                        "el_progress": 4, "chronic_absenteeism": 0}},
                    "lowest_performing": {"points": {"ela_achievement": 2, "ela_growth": 3, "math_growth": 3}}},
                "high": {"all_students": {"points": {"ela_achievement": 3, "math_achievement": 2, "ela_growth": 2, "math_growth": 2,
                    "four_year_graduation": 2, "chronic_absenteeism": 2}}}}
            """
        let answer = try evaluated(report)
        #expect(
            answer.annual == nil && answer.cumulative == nil && answer.band == "Substantial progress toward targets"
        )
    }

    @Test(arguments: [("150", "-50"), ("60", "60"), ("100.1", "0"), ("-1", "101"), ("33.3", "66.6")])
    func weightsThatAreNoneAreRefused(_ nonHigh: String, _ high: String) {
        let input = "\"school_year\": 2019, " + spans("\"weight\": \(nonHigh), ", "\"weight\": \(high), ")
        #expect(throws: RowProblem.self) { try evaluated(input) }
    }

    /// The named framework does not lend its year to a case that has none.
    @Test(arguments: ["-9223372036854775808", "9223372036854775807", "0", "19"])
    func aYearThatIsNoneIsRefused(_ year: String) {
        let input = "\"school_year\": \(year), \"published\": {\"annual\": {\"2018\": 50}}, " + spans("", "")
        #expect(throws: RowProblem.self) { try evaluated(input, framework: 2019) }
    }

    private func problems(_ report: String) throws -> String {
        try PointsReading(Array("[\(report)]".utf8)).elements.map { $0.problems.joined(separator: "; ") }
            .joined(separator: " | ")
    }

    /// One report that cannot be read takes no other with it, and is named by its field in words of our own.
    @Test func theOthersAreReadAllTheSame() throws {
        let good =
            "{\"case\": \"x\", \"school_year\": 2019, \"prior_annual\": 5.05e1, " + spans("\"weight\": 60, ", "") + "}"
        let document =
            "[\(good),\n {\"case\": 2, \"school_year\": 2019, \"spans\": {\"high\": {\"all_students\": {\"points\": {\"dropout\": 1.5}}}}},\n 5,\n\(good)]"
        let reading = try PointsReading(Array(document.utf8))
        #expect(
            reading.elements.map(\.problems) == [
                [], ["spans.high.all_students.points.dropout is not a whole number"],
                ["the report is a number, not an object"], [],
            ]
        )
        #expect(reading.elements.map(\.line) == [1, 3, 4, 5])
        #expect(reading.elements[1].report.name?.description == "2" && reading.elements[2].report.name == nil)
        var frameworks = try FrameworkChoice(nil)
        let answer = try reading.elements[3].report.evaluated(&frameworks)
        #expect(answer.annual == 70 && answer.cumulative == 62)
    }

    @Test(arguments: [
        ("\"school_year\": 99999999999999999999", "school_year is not"),
        ("\"school_year\": \"2019\"", "school_year is not"),
        ("\"school_year\": 2019.5", "school_year is not"), ("\"org_type\": \"scholl\"", "org_type is none of"),
        ("\"org_type\": 1", "org_type is a number"),
        ("\"prior_annual\": 47.25", "more than the one decimal"), ("\"prior_annual\": \".5\"", "not a decimal number"),
        ("\"prior_annual\": 1e99", "not a decimal number"), ("\"spans\": []", "spans is a list"),
        ("\"spans\": {\"mid\": {}}", "'mid' is none of"),
        ("\"spans\": {\"high\": {\"all_students\": {}}}", "spans.high.all_students.points is missing"),
        ("\"spans\": {\"high\": {\"all_students\": {\"points\": {\"ela\": 1}}}}", "'ela' is no indicator"),
        (
            "\"spans\": {\"high\": {\"all_students\": {\"points\": {\"dropout\": true}}}}",
            "points.dropout is not a whole number"
        ),
        ("\"spans\": {\"high\": {\"weight\": \"half\"}}", "spans.high.weight is not"),
        ("\"published\": {\"annual\": {\"2018\": \"x\"}}", "published.annual.2018 is not"),
        ("\"grades_served\": 5", "grades_served is a number"),
        ("\"org_name\": 1, \"org_name\": 2", "org_name is there twice"),
    ])
    func aFieldOfTheWrongKindIsNamed(_ fields: String, _ expected: String) throws {
        let year = fields.contains("school_year") ? "" : "\"school_year\": 2019, "
        let found = try problems("{\"case\": 1, \(year)\(fields)}")
        #expect(found.contains(expected) && !found.contains(";"), "\(found)")
    }

    @Test func whatIsNotReadIsTold() throws {
        let one =
            "{\"case\": 1, \"school_year\": 2019, \"notes\": \"n\", \"wieght\": 1, \"spans\": {\"high\": {\"high_needs\": {}, \"published\": 1}}}"
        let reading = try PointsReading(Array("[\(one), \(one)]".utf8))
        #expect(reading.elements.allSatisfy { $0.problems.isEmpty })
        #expect(
            reading.warnings == [
                "'wieght' is not read (in 2 reports)", "'spans.high.high_needs' is not read (in 2 reports)",
            ]
        )
    }

    /// Text that is no JSON is refused at its place, whatever it is; of JSON every value is read exactly.
    @Test(arguments: [
        ("", "empty"), ("[1,]", "line 1, column 4"), ("[\n {\"a\" 1}]", "line 2, column 7"), ("[1] x", "column 5"),
        ("[01]", "zero"), ("[1.]", "digit"), ("[nul]", "value"),
        ("[\"\\ud800\"]", "half a character"), ("[\"\\u-00f\"]", "four hexadecimal digits"),
        ("[\"\\x\"]", "an escape is"), ("[\"a\nb\"]", "control character"), ("{\"a\": [1}", "a comma or ]"),
        ("[\"a", "too early"),
        (String(repeating: "[", count: 100_000), "too deep"), ("{\"a\": 1}", "not a list"),
    ])
    func whatIsNoDocumentIsRefusedAtItsPlace(_ text: String, _ expected: String) {
        #expect {
            try PointsReading(Array(text.utf8))
        } throws: { error in
            "\(error)".contains(expected)
        }
    }

    @Test func valuesAreReadAsTheyStand() throws {
        let document = try JSONText.read(
            Array(
                "\u{FEFF}[-1.50e1, \"\\u00e9\\ud83d\\ude00\\n/\", 0.1, 123456789012345678901234567890, 5e-2, true]".utf8
            )
        )
        guard case .array(let values) = document.content else { throw RowProblem("no array") }
        #expect(values[0].wholeNumber == -15)
        #expect(values[2].exactNumber == (try Ratio(1, over: 10)))
        #expect(values[4].exactNumber == (try Ratio(1, over: 20)))
        // Held exactly, and no whole number of 64 bits.
        #expect(values[3].exactNumber?.description == "123456789012345678901234567890")
        #expect(values[3].wholeNumber == nil)
        guard case .text(let text) = values[1].content else { throw RowProblem("no text") }
        #expect(text == "é😀\n/")
    }

    @Test(arguments: ["-0.1", "100.1", "500"])
    func aPriorPercentageOutsideTheWholeIsRefused(_ prior: String) {
        let input =
            "\"school_year\": 2019, \"prior_annual\": \(prior), " + spans("\"weight\": 60, ", "\"weight\": 40, ")
        #expect(throws: RowProblem.self) { try evaluated(input) }
    }
}
