import Testing
@testable import Rules

@Suite struct DirectiveTermTests {
    @Test(arguments: [
        (2016, "", 2019, true), (2019, "", 2019, true), (2020, "", 2019, false), (2016, "2019-06-30", 2019, false),
        (2016, "2019-07-01", 2019, true), (2016, "2019-06-30", 2018, true), (2016, "", 2021, true),
    ])
    func lastsFromItsYearUntilItEnds(schoolYear: Int, end: String, year: Int, inForce: Bool) {
        #expect(DirectiveTerm(schoolYear: schoolYear, endDate: end).isInForce(in: year, on: "06-30") == inForce)
    }

    /// The framework names the day; nothing public does.
    @Test func theDayThatDecidesIsAParameter() throws {
        let parameter = try #require(try Framework.of(schoolYear: 2019).determination).designationDay
        #expect(parameter.value == "06-30" && parameter.status == .assumed)
        let term = DirectiveTerm(schoolYear: 2016, endDate: "2018-12-31")
        #expect(!term.isInForce(in: 2019, on: "06-30") && term.isInForce(in: 2018, on: "06-30"))
        #expect(term.isEnded(in: 2019, on: "06-30") && !term.isEnded(in: 2018, on: "12-30"))
        #expect(term.isEnded(in: 2018, on: "12-31"))
    }
}
