import ArgumentParser
import Messages
import Rules
import SwiftProtobuf
import Testing
@testable import accountability

@Suite struct ViewerOptionTests {
    private func viewer(_ words: String...) throws -> ResultsViewer {
        try DeterminationsCommand.parse(["2019"] + words).viewer.chosen()
    }

    @Test func readsWhoLooks() throws {
        let district = try #require(OrganizationCode("00350000"))
        #expect(try viewer() == .department && viewer("--as", "department") == .department)
        #expect(try viewer("--as", "public") == .everybody)
        #expect(try viewer("--as", "district", "00350000") == .district(district))
        for words in [["district"], ["district", "00350012"], ["district", "35"], ["nobody"], ["public", "2019"]] {
            #expect(throws: (any Error).self) { try DeterminationsCommand.parse(["2019", "--as"] + words) }
        }
        for option in ["--canonical", "--watch", "--changed"] {
            #expect(throws: (any Error).self) { try DeterminationsCommand.parse(["2019", option, "--as", "public"]) }
        }
    }

    /// What the command lists is what the table of stages shows.
    @Test func showsWhatTheStageShows() throws {
        let commands: [(words: [String], viewer: ResultsViewer)] = [
            ([], .department), (["--as", "district", "00350000"], .district(OrganizationCode("00350000")!)),
            (["--as", "district", "00360000"], .district(OrganizationCode("00360000")!)),
        ]
        for stage in ResultsStage.allCases {
            var determination = Accountability_V1_Determination()
            determination.orgCode = "00350012"
            determination.status = stage.rawValue
            for (words, viewer) in commands {
                let shown = try DeterminationsCommand.parse(["2019"] + words).viewer.shows(determination)
                #expect(shown == (stage.view(of: OrganizationCode("00350012")!, for: viewer) == .everything))
            }
        }
    }

    @Test func listsTheNoticesOfEach() throws {
        let district = try #require(OrganizationCode("00350000"))
        let other = try #require(OrganizationCode("00360000"))
        let computed: Accountability_V1_Notice = .with { $0.departmentOnly = true }
        let released: Accountability_V1_Notice = .with { $0.recipients = ["00350012", "00350000"] }
        let ofAll: Accountability_V1_Notice = .with { $0.recipients = ["00000000"] }
        func seen(_ viewer: ResultsViewer) -> [Bool] { [computed, released, ofAll].map { $0.isFor(viewer) } }
        #expect(seen(.department) == [true, true, true])
        #expect(seen(.district(district)) == [false, true, true])
        #expect(seen(.district(other)) == [false, false, true])
        #expect(seen(.everybody) == [false, false, true])
    }
}
