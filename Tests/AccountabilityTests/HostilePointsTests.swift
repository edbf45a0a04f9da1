import Foundation
import Rules
import Testing

@testable import accountability

/// Reports that no Department wrote: `evaluate points` names what is wrong, and goes on with the next.
@Suite struct HostilePointsTests {
    private func evaluated(_ fields: String, framework: Int? = nil) throws -> PointsAnswer {
        let report = try JSONDecoder().decode(PointsCase.self, from: Data("{\"case\": 1, \(fields)}".utf8))
        var frameworks = try FrameworkChoice(framework)
        return try report.evaluated(&frameworks)
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

    @Test(arguments: ["-0.1", "100.1", "500"])
    func aPriorPercentageOutsideTheWholeIsRefused(_ prior: String) {
        let input = "\"school_year\": 2019, \"prior_annual\": \(prior), " + spans("\"weight\": 60, ", "\"weight\": 40, ")
        #expect(throws: RowProblem.self) { try evaluated(input) }
    }
}
