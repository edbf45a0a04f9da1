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

    @Test(arguments: [["--as", "public"], ["--as", "district", "00350000"]])
    func whatOnlyTheDepartmentSeesIsRefusedToOthers(_ words: [String]) throws {
        #expect(throws: (any Error).self) { try ParticipationCommand.parse(["2019", "--department"] + words) }
        #expect(throws: (any Error).self) { try PercentilesCommand.parse(["2019", "--thresholds"] + words) }
        #expect(try ParticipationCommand.parse(["2019"] + words).viewer.chosen() != .department)
        #expect(try PercentilesCommand.parse(["2019"] + words).viewer.chosen() != .department)
    }

    /// The public's rows hold what the publication holds, and nothing else.
    @Test func thePublicsRowsAreThoseOfThePublication() {
        let publication: Accountability_V1_Publication = .with {
            $0.schoolYear = 2019
            $0.orgCode = "00350012"
            $0.comparisonGroup = "non_high"
            $0.percentile = 7
            $0.groupPercentiles = [
                .with {
                    $0.group = "all_students"
                    $0.comparisonGroup = "non_high"
                    $0.percentile = 7
                },
                .with {
                    $0.group = "swd"
                    $0.comparisonGroup = "non_high"
                    $0.percentile = 3
                },
            ]
            $0.figures = [
                .with {
                    $0.measure = "participation/ELA"
                    $0.group = "all_students"
                    $0.students = 40
                    $0.value = ">=90"
                    $0.met = true
                },
                .with {
                    $0.measure = "participation/combined"
                    $0.group = "all_students"
                    $0.value = "97"
                    $0.counted = 97
                    $0.of = 100
                },
                .with {
                    $0.measure = "non_high/chronic_absenteeism"
                    $0.group = "all_students"
                    $0.value = "12"
                },
            ]
        }
        let rates = PublicationRows.participation(of: publication)
        #expect(
            rates == [
                ["2019", "00350012", "all", "all_students", "ELA", "", "", ">=90", "", "true"],
                ["2019", "00350012", "all", "all_students", "combined", "97", "100", "97", "", ""],
            ]
        )
        #expect(rates.allSatisfy { $0.count == ParticipationRow.columns.count })
        let ranks = PublicationRows.percentiles(of: publication, group: nil)
        #expect(
            ranks == [
                ["2019", "00350012", "non_high", "all_students", "", "", "7"],
                ["2019", "00350012", "non_high", "swd", "", "", "3"],
            ]
        )
        #expect(ranks.allSatisfy { $0.count == PercentileRows.columns.count })
        #expect(PublicationRows.percentiles(of: publication, group: "swd") == [ranks[1]])
        #expect(PublicationRows.participationOnly(publication).figures.count == 2)
        #expect(!PublicationRows.participationOnly(publication).hasPercentile)
        #expect(PublicationRows.percentilesOnly(publication, group: "swd").figures.isEmpty)
        #expect(!PublicationRows.percentilesOnly(publication, group: "swd").hasPercentile)
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
