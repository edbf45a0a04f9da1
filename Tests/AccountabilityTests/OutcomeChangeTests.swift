import ArgumentParser
import Messages
import SwiftProtobuf
import Testing
@testable import Reading
@testable import accountability

@Suite struct OutcomeChangeTests {
    private func determination(_ org: String, _ level: String, revision: UInt32 = 1) -> Accountability_V1_Determination
    {
        .with {
            $0.schoolYear = 2019
            $0.orgCode = org
            $0.type = .school
            $0.name = "Example"
            $0.classification = level == "focused_targeted" ? "requiring_assistance" : "not_requiring_assistance"
            $0.level = level
            $0.revision = revision
            $0.cause = "s"
        }
    }

    private func notice(
        _ org: String,
        _ level: String,
        at time: Int64,
        revision: UInt32,
        event: String = "determination_revised"
    )
        -> Accountability_V1_Notice
    {
        .with {
            $0.schoolYear = 2019
            $0.orgCode = org
            $0.event = revision == 1 ? "determination_issued" : event
            $0.revision = revision
            $0.classification = level == "focused_targeted" ? "requiring_assistance" : "not_requiring_assistance"
            $0.level = level
            $0.createdUnixMilliseconds = time
        }
    }

    @Test func noticesTellWhatStoodWhen() throws {
        let notices = [
            notice("00350012", "meeting", at: 100, revision: 1),
            notice("00350012", "substantial", at: 200, revision: 2),
            notice("00350012", "focused_targeted", at: 300, revision: 3),
            notice("00350012", "", at: 400, revision: 4, event: "low_participation"),
            notice("00350020", "moderate", at: 250, revision: 1),
        ]
        let now = [determination("00350012", "focused_targeted", revision: 3), determination("00350020", "moderate")]
        func changes(_ moment: Int64?) -> [OutcomeChange] {
            OutcomeChange.list(now, from: OutcomeChange.outcomes(notices, year: 2019, at: moment))
        }
        #expect(changes(nil).map(\.fromLevel) == ["meeting"])
        let since = try #require(changes(210).first)
        #expect(since.fromLevel == "substantial" && since.fromClassification == "not_requiring_assistance")
        #expect(since.level == "focused_targeted" && since.classification == "requiring_assistance")
        #expect(changes(300).isEmpty && changes(50).isEmpty)
        #expect(OutcomeChange.outcomes(notices, year: 2018, at: nil).isEmpty)
        #expect(zip(OutcomeChange.columns, since.fields).contains { $0 == "from_level" && $1 == "substantial" })
        #expect(since.fields.count == OutcomeChange.columns.count)
    }

    @Test func aMomentIsADayOrATime() {
        #expect(OutcomeChange.moment("2019-10-01") == 1_569_888_000_000)
        #expect(OutcomeChange.moment("2019-10-01T12:00:00Z") == 1_569_931_200_000)
        #expect(OutcomeChange.moment("yesterday") == nil && OutcomeChange.moment("2019-13-01") == nil)
    }

    @Test func changesAreAskedForInOneWay() throws {
        #expect(throws: Never.self) { try DeterminationsCommand.parse(["2019", "--changed", "--from-year", "2018"]) }
        for wrong in [
            ["--since", "2019-10-01"], ["--from-year", "2018"], ["--changed", "--summary"],
            ["--changed", "--since", "x"],
            ["--changed", "--from-year", "2019"], ["--changed", "--from-year", "2018", "--since", "2019-10-01"],
        ] {
            #expect(throws: (any Error).self, "\(wrong)") { try DeterminationsCommand.parse(["2019"] + wrong) }
        }
    }
}
