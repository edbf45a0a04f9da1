import ArgumentParser
import Foundation
import Messages
import Operating
import Stages
import Testing
@testable import accountability
@testable import Reading

@Suite struct RejectionsTests {
    private func rejection(
        _ line: UInt64,
        _ code: String,
        _ org: String = "00350012",
        file: String = "a.csv",
        closedBy: String = ""
    ) -> Accountability_V1_Rejection {
        var rejection = Accountability_V1_Rejection()
        rejection.submission = "s"
        rejection.line = line
        rejection.fileName = file
        rejection.schoolYear = 2019
        rejection.orgCode = org
        rejection.code = code
        rejection.closedBy = closedBy
        return rejection
    }

    private var all: [Accountability_V1_Rejection] {
        [
            rejection(2, "unknown_grade"), rejection(3, "unknown_grade", closedBy: "t"),
            rejection(4, "claimed_by_two_districts"), rejection(5, "out_of_range", "00360012", file: "b.csv"),
            rejection(5, "unknown_grade", "00360012", file: "b.csv"), rejection(6, "unknown_grade"),
        ]
    }

    private func lines(_ arguments: String...) throws -> [UInt64] {
        let command = try RejectionsCommand.parse(arguments)
        return all.filter(command.isMeant).map(\.line)
    }

    @Test func listsWhatIsOpenUnlessAsked() throws {
        #expect(try lines() == [2, 5, 5, 6])
        #expect(try lines("--open") == [2, 5, 5, 6])
        #expect(try lines("--fixed") == [3])
        #expect(try lines("--all") == [2, 3, 5, 5, 6])
        #expect(throws: (any Error).self) { try RejectionsCommand.parse(["--open", "--fixed"]) }
    }

    @Test func keepsClaimsApartFromErrors() throws {
        #expect(try lines("--claims") == [4])
        #expect(try lines("--code", "claimed_by_two_districts") == [4])
        #expect(try RejectionsCommand.parse([]).claimNote(on: all)?.contains("--claims") == true)
        #expect(try RejectionsCommand.parse(["--claims"]).claimNote(on: all) == nil)
        #expect(try RejectionsCommand.parse([]).claimNote(on: [rejection(2, "unknown_grade")]) == nil)
    }

    @Test func filtersByOrganization() throws {
        #expect(try lines("--org", "00360012") == [5, 5])
        #expect(try lines("--org", "00350000") == [2, 6])
        #expect(throws: (any Error).self) { try RejectionsCommand.parse(["--org", "350012"]) }
    }

    @Test func countsRowsByCodeFileAndOrganization() throws {
        let open = all.filter(try RejectionsCommand.parse([]).isMeant)
        #expect(
            RejectionCounts.listing(open).rows == [
                ["unknown_grade", "a.csv", "00350012", "2"], ["out_of_range", "b.csv", "00360012", "1"],
                ["unknown_grade", "b.csv", "00360012", "1"],
            ]
        )
        let json = try JSONSerialization.jsonObject(with: Data(RejectionCounts.json(open).utf8)) as? [[String: Any]]
        #expect(json?.first?["rows"] as? Int == 2 && json?.first?["orgCode"] as? String == "00350012")
    }

    @Test func tellsOfRowsThatWaitForTheirOrganization() throws {
        let code = RejectionCode.unknownOrganization.rawValue
        let waiting = WaitingRows.found(in: [
            rejection(2, code), rejection(3, code), rejection(4, code, closedBy: "t"), rejection(5, "unknown_grade"),
            rejection(6, code, "00010505"),
        ])
        #expect(waiting.map { "\($0.orgCode) \($0.rows)" } == ["00010505 1", "00350012 2"])
        let finding = try #require(WaitingRows.finding(waiting))
        #expect(
            finding.severity == .warning && finding.why.contains("3 rows")
                && finding.why.contains("2 of 00350012 in 2019")
        )
        #expect(WaitingRows.finding([]) == nil)
    }

    @Test func escapesWhatComesFromFiles() {
        let listing = Listing(["name", "n"], [["a\u{1B}[2J\nb\u{202E}", "1"]])
        #expect(listing.text() == "name                     n\na\\u001b[2J\\u000ab\\u202e  1\n")
        #expect(CSVLine.text(["a\u{1B}[2J", "b\nc"]) == "a\\u001b[2J,b\\u000ac\n")
    }

    @Test func aFullDiskIsWorthAnotherTry() {
        #expect(Failure(InboxError("x", cause: POSIXError(.ENOSPC))).status == .tryAgain)
        #expect(Failure(InboxError("x", cause: POSIXError(.EACCES))).status == .configuration)
    }

    @Test func theDoctorTellsOfWhatLiesInTheInbox() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("doctor-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let home = Home(environment: ["ACCOUNTABILITY_HOME": folder.path])
        try FileManager.default.createDirectory(at: home.inbox, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: home.installationFile)
        try Data("x".utf8).write(to: home.inbox.appendingPathComponent("year.xlsx"))
        let aside = home.inbox.appendingPathComponent("aside")
        try FileManager.default.createDirectory(at: aside, withIntermediateDirectories: true)
        try Data("x".utf8).write(to: aside.appendingPathComponent("x.data"))
        let findings = HomeCheck(home: home, now: Date()).findings().filter { $0.what == "inbox" }
        #expect(findings.contains { $0.severity == .warning && $0.place.hasSuffix("year.xlsx") })
        #expect(findings.contains { $0.severity == .problem && $0.place.hasSuffix("aside") })
    }
}
