import Testing
@testable import Rules

@Suite struct DirectiveTermTests {
    @Test(arguments: [
        (2016, "", 2019, true), (2019, "", 2019, true), (2020, "", 2019, false), (2016, "2019-06-30", 2019, false),
        (2016, "2019-07-01", 2019, true), (2016, "2019-06-30", 2018, true), (2016, "", 2021, true),
    ])
    func lastsFromItsYearUntilItEnds(schoolYear: Int, end: String, year: Int, inForce: Bool) {
        #expect(DirectiveTerm(schoolYear: schoolYear, endDate: end).isInForce(in: year) == inForce)
    }
}
