import ArgumentParser
import Foundation
import Messages
import SwiftProtobuf
import Testing
@testable import Reading
@testable import accountability

@Suite struct CompareTests {
    private func table(
        _ levels: [String: String],
        percentile: UInt32 = 11
    ) throws -> [DeterminationKey: Accountability_V1_Determination] {
        var table: [DeterminationKey: Accountability_V1_Determination] = [:]
        for (org, level) in levels {
            table[try #require(DeterminationKey("2019/\(org)"))] = .with {
                $0.schoolYear = 2019
                $0.orgCode = org
                $0.level = level
                $0.percentile = percentile
                $0.cause = level == "limited" ? "corrections-7" : ""
            }
        }
        return table
    }

    @Test func differencesAreRowsAndCanBeChosenByFigure() throws {
        let all = DeterminationDifference.all(
            try table(["00350012": "meeting", "00350020": "meeting", "00350030": "meeting"]),
            try table(["00350012": "limited", "00350020": "meeting"], percentile: 7)
        )
        let listing = DeterminationDifference.listing(all)
        #expect(
            listing.rows == [
                ["2019", "00350012", "changed", "level", "meeting → limited", "", "corrections-7"],
                ["2019", "00350012", "changed", "percentile", "11 → 7", "", "corrections-7"],
                ["2019", "00350020", "changed", "percentile", "11 → 7", "", ""],
                ["2019", "00350030", "only_in_first", "", "", "", ""],
            ]
        )
        let levels = DeterminationDifference.listing(all.compactMap { $0.only(["level"]) })
        #expect(levels.rows.map { $0[1] } == ["00350012", "00350030"])
        #expect(listing.rows.allSatisfy { $0.count == listing.columns.count })
    }

    @Test func whatWasNeverComputedIsNotCompared() throws {
        #expect(
            Compare.absence("pilot", year: nil, years: [])
                .hasPrefix("pilot has no determinations: it was never computed")
        )
        #expect(
            Compare.absence("pilot", year: 2019, years: [2018])
                .contains("no determinations of 2019, only those of 2018")
        )
        #expect(throws: (any Error).self) { try Compare.parse(["", "pilot", "--org", "35"]) }
        #expect(throws: (any Error).self) { try Compare.parse(["", "pilot", "--type", "state"]) }
        #expect(throws: Never.self) { try Compare.parse(["", "pilot", "--format", "csv", "--field", "level"]) }
    }
}
