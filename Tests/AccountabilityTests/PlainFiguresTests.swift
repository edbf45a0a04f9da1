import Messages
import Rules
import SwiftProtobuf
import Tables
import Testing
@testable import accountability
@testable import Reading

/// Tables show figures as people know them, and text that a spreadsheet takes for text.
@Suite struct PlainFiguresTests {
    @Test(arguments: [
        ("53.765539", "53.8"), ("0.333333", "0.3"), ("29.75", "29.8"), ("53.8", "53.8"), ("7", "7"), ("", ""),
        ("a.bcd", "a.bcd"), ("99.95", "100.0"), ("-1.25", "-1.3"),
    ])
    func aFigureHasOneDecimal(_ exact: String, _ shown: String) {
        #expect(Figure.shown(exact) == shown)
    }

    @Test func aTableRoundsAndCSVDoesNot() {
        var listing = Listing(
            PercentileRows.columns,
            [["2019", "00350012", "high", "all_students", "29.75", "0.333333", "7"]]
        )
        listing.round(PercentileRows.means)
        #expect(listing.rows == [["2019", "00350012", "high", "all_students", "29.8", "0.3", "7"]])
    }

    /// The percentage of 2018 is carried with its fraction and was printed without.
    @Test func thePercentageOf2018StandsAsItWasPrinted() throws {
        var first = Accountability_V1_Determination()
        first.schoolYear = 2018
        first.orgCode = "00350012"
        first.annual = 54
        first.annualExact = "53.765539"
        var second = first
        second.schoolYear = 2019
        second.annualExact = "53.8"
        let code = try #require(OrganizationCode("00350012"))
        let rows = Comparison.rows(code, [], chosen: [], facts: [(code, .init())], [first, second], through: 2019)
        let listing = Comparison.listing(rows)
        let place = try #require(listing.columns.firstIndex(of: "annual"))
        #expect(listing.rows.map { $0[place] } == ["53.8", "54"])
        #expect(rows.map { $0.figures["annual"] } == ["53.8", "53.765539"])
    }

    @Test(arguments: [
        ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"), ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"), ("-3.5", "'-3.5"), ("+7", "'+7"), ("-", "'-"), ("Ruggles Lane", "Ruggles Lane"), ("", ""),
    ])
    func aCellIsNoFormula(_ text: String, _ cell: String) {
        #expect(SpreadsheetCell.inert(text) == cell)
    }

    @Test func reasonsStandInWords() {
        var determination = Accountability_V1_Determination()
        determination.reasons = ["lowest_10_percent", "low_participation"]
        determination.reasonTexts = ["Placed by the Department"]
        determination.percentile = 7
        determination.lowParticipationGroups = ["swd"]
        let row = Dictionary(
            uniqueKeysWithValues: zip(DeterminationRows.columns, DeterminationRows.fields(determination))
        )
        let text = row["reason_texts"] ?? ""
        #expect(text.contains("accountability percentile 7") && text.contains("; Low participation rate: "))
        #expect(text.hasSuffix("; Placed by the Department"))
        #expect(row["reasons"] == "lowest_10_percent;low_participation")
        #expect(DeterminationRows.shown.contains("reason_texts"))
    }
}
