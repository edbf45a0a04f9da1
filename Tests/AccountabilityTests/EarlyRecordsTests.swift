import Testing

@testable import accountability
@testable import Reading

/// What an audit says of records of a year that nobody has closed.
@Suite struct EarlyRecordsTests {
    @Test func theRemedyIsTheTrueClose() throws {
        let early = EarlyRecords(
            ["2018/00010000", "2019/00010000", "2019/00010005", "20190901T000000000Z-1/1", "2019"],
            closed: ["2018"]
        )
        #expect(early.years == ["2019": 2])
        #expect(early.others == ["2018/00010000", "20190901T000000000Z-1/1", "2019"])
        let finding = try #require(early.findings("determinations").first)
        #expect(finding.severity == .problem && finding.remedy.contains("`accountability close-year 2019`"))
        #expect(EarlyRecords(["2018/1"], closed: ["2018"]).findings("determinations").isEmpty)
    }
}
