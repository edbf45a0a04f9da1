import ArgumentParser
import Messages
import Rules
import SwiftProtobuf
import Testing

@testable import Reading
@testable import accountability

/// What each command shows to a district and to the public.
@Suite struct CommandViewTests {
    /// A command as somebody calls it, with what it shows.
    struct Cell: Sendable {
        let words: [String]
        let district: CommandView
        let everybody: CommandView

        init(_ words: String, _ district: CommandView, _ everybody: CommandView) {
            self.words = words.split(separator: " ").map(String.init)
            self.district = district
            self.everybody = everybody
        }
    }

    static let cells = [
        Cell("determinations 2019", .own, .publications), Cell("explain 2019 00350012", .own, .nothing),
        Cell("participation 2019", .own, .publications), Cell("percentiles 2019", .own, .publications),
        Cell("notices", .own, .own), Cell("candidates 2019", .ownAndPublications, .publications),
        Cell("similar 2019 00350012", .ownAndPublications, .nothing), Cell("priority 2019", .own, .nothing),
        Cell("report 2019 --out x", .everything, .everything), Cell("products 2019 --out x", .everything, .everything),
        Cell("directive --list", .own, .nothing), Cell("reviews", .own, .nothing), Cell("plans 2020", .own, .nothing),
        Cell("appeals 2019", .own, .nothing), Cell("receipts", .own, .nothing), Cell("rejections", .own, .nothing),
        Cell("completeness 2019", .own, .nothing), Cell("status", .nothing, .nothing),
        Cell("doctor", .nothing, .nothing), Cell("deliveries", .nothing, .nothing), Cell("audit", .nothing, .nothing),
        Cell("audit-trail", .nothing, .nothing), Cell("quarantine", .nothing, .nothing),
        Cell("preview a.csv", .nothing, .nothing), Cell("sweep 2019", .nothing, .nothing),
        Cell("compare a b", .nothing, .nothing), Cell("framework report a.yaml --out x", .nothing, .nothing),
    ]

    /// The commands that do not read an installation for somebody: they change or run it, or read only files and rules.
    static let others: Set<String> = [
        // They run an installation, or its accounts and topics.
        "up", "down", "leave", "account add", "account list", "account remove", "account password", "topics", "kafka",
        "supervise", "restore-ledger", "hanging-transaction", "rebuild", "replay", "measure floor",
        "measure corrections", "measure burst",
        "measure file",
        // They write to the ledger.
        "open-year", "submit", "withdraw", "approve", "reject", "close-year", "framework propose",
        // It writes what is handed to each district; verify reads it there.
        "package", "verify",
        // It prints the document that everyone is asked to comment on.
        "framework proposed",
        // They read files and rules.
        "compute", "paragraphs", "evaluate participation", "evaluate percentiles", "evaluate points",
        "evaluate determinations", "framework list", "framework show", "framework diff", "framework assumed",
        "framework template", "framework validate",
    ]

    private func leaves(
        _ command: any ParsableCommand.Type,
        _ path: [String] = []
    ) -> [(path: String, command: any ParsableCommand.Type)] {
        let next = command.configuration.subcommands
        guard next.isEmpty else {
            return next.flatMap { leaves($0, path + [$0.configuration.commandName ?? "\($0)"]) }
        }
        return [(path.joined(separator: " "), command)]
    }

    @Test func everyCommandEitherTakesAViewerOrReadsNoInstallation() {
        let leaves = leaves(AccountabilityCommand.self)
        for (path, command) in leaves {
            let isInTable = CommandViews.table.contains { $0.command == String(describing: command) }
            #expect(
                isInTable != Self.others.contains(path),
                "\(path): a command that reads an installation has a row in CommandViews; any other is listed here"
            )
            let help = AccountabilityCommand.helpMessage(for: command, columns: 200)
            #expect(isInTable == help.contains("--as <viewer>"), "\(path): only what is in the table takes --as")
        }
        #expect(Self.others.isSubset(of: leaves.map(\.path)))
        #expect(CommandViews.table.count == Self.cells.count)
    }

    @Test(arguments: cells)
    func showsWhatTheTableSays(_ cell: Cell) throws {
        let district = try #require(OrganizationCode("00350000"))
        let views: [([String], ResultsViewer, CommandView)] = [
            (["department"], .department, .everything), (["district", "00350000"], .district(district), cell.district),
            (["public"], .everybody, cell.everybody),
        ]
        for (words, viewer, view) in views {
            let command = try AccountabilityCommand.parseAsRoot(cell.words + ["--as"] + words)
            let reading = try #require(command as? any ReadingCommand)
            #expect(try reading.viewer.chosen() == viewer)
            #expect(CommandViews.view(of: type(of: reading), for: viewer) == view)
            if view == .nothing {
                #expect(throws: ValidationError.self) { try AccountabilityCommand.check(command) }
            } else {
                try AccountabilityCommand.check(command)
            }
        }
    }

    @Test func saysWhoSeesWhatIsRefused() {
        let status = CommandViews.refusal(of: StatusCommand.self)
        #expect(status == "only the Department sees what `status` prints: leave --as out")
        #expect(CommandViews.refusal(of: PlansCommand.self).hasSuffix("and a district what is its own"))
    }

    @Test func rulesAreEveryones() throws {
        for words in [["reviews", "2019", "--standards"], ["plans", "2020", "--template", "self_evaluation"]] {
            try AccountabilityCommand.check(AccountabilityCommand.parseAsRoot(words + ["--as", "public"]))
        }
        #expect(throws: (any Error).self) {
            try DirectiveCommand.parse(["recognition", "high_growth", "--year", "2019", "--as", "department"])
        }
    }

    // MARK: What a district and the public see

    private func determination(_ code: String, _ status: ResultsStage) -> Accountability_V1_Determination {
        .with {
            $0.schoolYear = 2019
            $0.orgCode = code
            $0.type = .school
            $0.status = status.rawValue
            $0.percentile = 95
        }
    }

    private func publication(_ code: String, status: String = "official") -> Accountability_V1_Publication {
        .with {
            $0.schoolYear = 2019
            $0.orgCode = code
            $0.type = .school
            $0.name = "published \(code)"
            $0.status = status
            $0.percentile = 91
        }
    }

    private func places(_ results: [VisibleResults]) -> [String] {
        results.map { result in
            switch result {
            case .whole(let determination): "whole \(determination.orgCode)"
            case .published(let publication): "published \(publication.orgCode)"
            }
        }
    }

    @Test func resultsOfOthersAreTheirPublications() throws {
        let determinations = [
            determination("00350012", .preliminary), determination("00350016", .computed),
            determination("00350020", .official), determination("00360012", .official),
            determination("00370012", .preliminary),
        ]
        let publications = [
            publication("00350020"), publication("00360012"), publication("00380012", status: "withdrawn"),
        ]
        func seen(_ words: String...) throws -> [String] {
            let option = try ViewerOption.parse(words.isEmpty ? [] : ["--as"] + words)
            return places(try VisibleResults.visible(determinations, publications, for: option))
        }
        #expect(try seen("public") == ["published 00350020", "published 00360012"])
        #expect(
            try seen("district", "00350000") == ["whole 00350012", "whole 00350020", "published 00360012"]
        )
        #expect(try seen().count == 5 && seen().allSatisfy { $0.hasPrefix("whole") })
    }

    @Test func candidatesOfThePublicAreMadeFromPublications() throws {
        var published = publication("00360012")
        published.figures = [
            .with {
                $0.measure = "non_high/ela_growth"
                $0.group = "all_students"
                $0.value = "61.0"
            },
            // Another group.
            .with {
                $0.measure = "non_high/math_growth"
                $0.group = "swd"
                $0.value = "12.0"
            },
        ]
        published.classification = "not_requiring_assistance"
        published.recognitions = ["high_growth"]
        let rows = try CandidateRow.of(.published(published), try Framework.of(schoolYear: 2019))
        #expect(rows.map(\.kind) == ["high_achievement", "high_growth"])
        #expect(rows.map(\.isRecognised) == [false, true])
        for hidden in ["", "<=10"] {
            published.figures[1].group = "all_students"
            published.figures[1].value = hidden
            let rows = try CandidateRow.of(.published(published), try Framework.of(schoolYear: 2019))
            #expect(rows.map(\.kind) == ["high_achievement"], "growth in a subject that is not shown")
        }
    }

    @Test func aDistrictComparesItsOwnWithWhatIsPublished() throws {
        let district = try #require(OrganizationCode("00350000"))
        let codes = try ["00350012", "00350016", "00360012", "00370012"].map { try #require(OrganizationCode($0)) }
        let declared = codes.enumerated()
            .map { index, code in
                (
                    code: code,
                    facts: Accountability_V1_Organization.with {
                        $0.name = "declared"
                        $0.comparisonGroup = "non_high"
                        $0.enrollment = UInt32(100 + index)
                        $0.enrollmentLowIncome = 50
                    }
                )
            }
        let determinations = [
            determination("00350012", .preliminary), determination("00350016", .computed),
            determination("00360012", .official), determination("00370012", .computed),
        ]
        let command = try SimilarCommand.parse([
            "2019", "00350012", "--with", "00370012", "--as", "district", "00350000",
        ])
        let results = try VisibleResults.visible(determinations, [publication("00360012")], for: command.viewer)
        let framework = try Framework.of(schoolYear: 2019)
        let rows = try command.visibleRows(to: district, results, declared, framework)
        #expect(rows.map(\.organization) == ["00350012", "00360012"])
        #expect(rows.map(\.figures) == [["percentile": "95"], ["percentile": "91"]])
        #expect(rows.map(\.lowIncomeShare) == ["50.0", ""], "the students of another organization are not shown")
        #expect(rows.allSatisfy { $0.distance.isEmpty })
        for own in ["00350016", "00360012"] {
            let other = try SimilarCommand.parse(["2019", own, "--as", "district", "00350000"])
            #expect(throws: (any Error).self) { try other.visibleRows(to: district, results, declared, framework) }
        }
    }

    @Test func aDistrictSeesNoPlaceInTheOrder() throws {
        var severe = determination("00350012", .official)
        severe.classification = "requiring_assistance"
        severe.level = "focused_targeted"
        let rows = PriorityRow.list([severe], in: 2019, hasPlaces: false)
        #expect(rows.count == 1 && rows[0].place == nil)
        #expect(PriorityRow.listing(rows).rows[0].prefix(2) == ["", "00350000"])
    }

    @Test func aDistrictSeesActsAboutItself() throws {
        let district = try #require(OrganizationCode("00350000"))
        let school = try #require(OrganizationCode("00350012"))
        let other = try #require(OrganizationCode("00360012"))
        func isShown(_ act: DepartmentAct, _ code: OrganizationCode, isReleased: Bool) -> Bool {
            DepartmentRecords.isShown(
                DirectiveKey(schoolYear: 2019, act, of: code, kind: "x"),
                to: district,
                isReleased ? [determination(code.description, .official)] : []
            )
        }
        for act in [DepartmentAct.review, .planFiling, .appeal] {
            #expect(isShown(act, school, isReleased: false) && !isShown(act, other, isReleased: true))
        }
        for act in [DepartmentAct.designation, .recognition, .release, .reconfiguration] {
            #expect(isShown(act, school, isReleased: true) && !isShown(act, school, isReleased: false))
            #expect(!isShown(act, other, isReleased: true) && !isShown(act, .state, isReleased: true))
        }
    }

    @Test func aDistrictSeesItsOwnRefusedRows() throws {
        func rejection(_ code: String, _ submission: String) -> Accountability_V1_Rejection {
            .with {
                $0.orgCode = code
                $0.submission = submission
                $0.fileName = "\(submission).csv"
            }
        }
        let all = [
            rejection("00350012", "own"), rejection("00350000", "another"), rejection("00360012", "own"),
            rejection("", "own"),
        ]
        func shown(_ words: String...) throws -> [String] {
            try RejectionsCommand.parse(["--as"] + words).shown(all, submissions: ["own"])
                .map { "\($0.orgCode) \($0.fileName)" }
        }
        #expect(try shown("district", "00350000") == ["00350012 own.csv", "00350000 "])
        #expect(try shown("public").isEmpty)
    }
}
