import Foundation
import Messages
import Rules
import Stages
import Streaming
import SwiftProtobuf
import Testing

@testable import Year

/// The year in one process gives the figures of the workers, whatever its threads and partitions, and the order and
/// number of the files.
@Suite(.timeLimit(.minutes(30))) struct YearComputationTests {
    private func computed(
        _ files: [InputFile],
        corrections: [InputFile] = [],
        threads: Int = 1,
        partitions: Int32? = nil
    ) throws -> YearResult {
        let settings = YearProcess.Settings(threads: threads, partitions: partitions)
        return try YearComputation(settings: settings).run(files, corrections: corrections)
    }

    @Test func theFiguresAreThoseOfTheDriverThatStagesAreTestedWith() throws {
        for seed: UInt64 in [1, 2] {
            let state = try StateFiles(students: 1200, seed: seed)
            let result = try computed(state.files, threads: 2)
            #expect(result.isClean && result.unusable == [])
            let figures = try Figures(result.tables)
            #expect(figures.determinations.count > 16)
            #expect(figures.participation.count > 300 && figures.percentiles.count > 50)
            let expected = try driven(state.files, corrections: [], partitions: 3, seed: seed)
            #expect(figures.determinations == expected.determinations)
            #expect(figures.participation == expected.participation)
            #expect(figures.percentiles == expected.percentiles)
        }
    }

    @Test func correctionsAndReleasesGiveTheSameToo() throws {
        let state = try StateFiles(students: 1200, seed: 3)
        let after = [try state.release()] + state.corrections
        let result = try computed(state.files, corrections: after, threads: 2, partitions: 5)
        #expect(result.isClean && result.unusable == [])
        let figures = try Figures(result.tables)
        let expected = try driven(state.files, corrections: after, partitions: 3, seed: 4)
        #expect(figures == expected)
        // The release holds, its norm was taken, and what came after it changed something.
        let official = try result.tables.determinations(year: 2019).map(\.message)
        #expect(official.allSatisfy { $0.status == "official" })
        #expect(official.contains { $0.revision > 2 })
        #expect(figures.percentiles.keys.contains { $0.hasPrefix("2019/norm/") })
        #expect(figures.publications.count == official.count)
        let before = try Figures(computed(state.files).tables)
        #expect(before.determinations != figures.determinations && before.publications.isEmpty)
        // After a release the ranks of all others stay: another order of the same files is another state.
        let early = try Figures(computed(state.files, corrections: state.corrections + [after[0]]).tables)
        #expect(early.percentiles != figures.percentiles)
    }

    /// The rows of the corrections come to the ranks and the publications on longer ways than the release does.
    @Test(arguments: [UInt64(11), 12, 13]) func aReleaseIsOfEverythingThatWasSubmittedBeforeIt(seed: UInt64) throws {
        let state = try StateFiles(students: 900, seed: seed)
        let after = state.corrections + [try state.release()]
        var figures = try Figures(computed(state.files, corrections: after, threads: 2).tables)
        let partitions = 1 + Int32(seed % 4)
        var atOnce = try driven(state.files, corrections: after, partitions: partitions, seed: seed, atOnce: true)
        // Whether the ranks of a group that nobody is in any more were frozen.
        for group in StudentGroup.allCases {
            figures.percentiles["2019/norm/\(group.wireName)/00000000"] = nil
            atOnce.percentiles["2019/norm/\(group.wireName)/00000000"] = nil
        }
        #expect(atOnce == figures && !figures.publications.isEmpty)
    }

    @Test(arguments: [UInt64(5), 6, 7]) func threadsPartitionsOrderAndPiecesChangeNothing(seed: UInt64) throws {
        let state = try StateFiles(students: 900, seed: seed)
        let reference = try Figures(computed(state.files, partitions: 1).tables)
        var random = SplitMix64(seed: seed)
        for _ in 0..<2 {
            var files = state.files.filter { $0.layout != .organizations && $0.layout != .directives }
            files = try files.flatMap { try state.pieces(of: $0, 1 + Int(random.next() % 4), seed: random.next()) }
            files.shuffle(using: &random)
            files =
                state.files.filter { $0.layout == .organizations } + files
                + state.files.filter { $0.layout == .directives }
            let threads = 1 + Int(random.next() % 4)
            let partitions = 1 + Int32(random.next() % 13)
            let figures = try Figures(computed(files, threads: threads, partitions: partitions).tables)
            #expect(figures == reference, "seed \(seed), \(threads) threads, \(partitions) partitions")
        }
    }

    @Test func oneCorrectionOrManyOrNoneAtAllGiveTheSame() throws {
        let state = try StateFiles(students: 900, seed: 8)
        let whole = try computed(state.files, corrections: state.corrections)
        let pieces = try state.corrections.flatMap { try state.pieces(of: $0, 6, seed: 3) }
        let piecewise = try computed(state.files, corrections: pieces, threads: 3, partitions: 4)
        #expect(try Figures(whole.tables) == Figures(piecewise.tables))
        // What is taken before the close gives the same as what is taken after it.
        let early = try computed(state.files + state.corrections, threads: 2)
        #expect(try Figures(whole.tables) == Figures(early.tables))
        #expect(try Figures(whole.tables) != Figures(computed(state.files).tables))
        // A correction that takes back what another did leaves nothing but a revision.
        let determinations = try whole.tables.determinations(year: 2019).map(\.message)
        let revised = determinations.filter { $0.revision > 1 }
        #expect(!revised.isEmpty && revised.allSatisfy { $0.cause.hasPrefix("corrections-") && !$0.changes.isEmpty })
    }

    @Test func aDraftHoldsForItsOwnYearAlone() throws {
        let state = try StateFiles(students: 900, seed: 9)
        let shipped = try Framework.of(schoolYear: 2019)
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        let draft = try Framework.load(
            file: "draft.yaml",
            text: """
                name: draft
                title: Draft of 2019
                school_years: [2019]
                based_on: "2019"
                minimum_size:
                  accountability: {value: 60, status: assumed, source: a test}
                """,
            bases: bases
        )
        let settings = YearProcess.Settings(frameworks: FrameworkSet(drafts: [draft]))
        let changed = try Figures(YearComputation(settings: settings).run(state.files).tables)
        let before = try Figures(computed(state.files).tables)
        func year(_ year: Int, _ table: [String: [UInt8]]) -> [String: [UInt8]] {
            table.filter { $0.key.hasPrefix("\(year)/") }
        }
        #expect(year(2018, changed.determinations) == year(2018, before.determinations))
        #expect(year(2019, changed.determinations) != year(2019, before.determinations))
        let determination = try Accountability_V1_Determination(
            serializedBytes: try #require(changed.determinations["2019/00100000"])
        )
        #expect(determination.framework == "draft" && determination.frameworkDigest.count == 64)
        #expect(try FrameworkSet(drafts: [draft]).of(schoolYear: 2018).name != "draft")
        #expect(shipped.name == "2019")
    }

    /// Acts in the files put a document in force, as the same document named beside the files does.
    @Test func aDocumentOnRecordIsInForce() throws {
        let state = try StateFiles(students: 900, seed: 9)
        let text = """
            name: draft
            title: Draft of 2019
            school_years: [2019]
            based_on: "2019"
            minimum_size:
              accountability: {value: 60, status: assumed, source: a test}
            """
        let acts = try state.write(
            "corrections-framework.csv",
            """
            school_year,org_code,directive,kind,effective_date,end_date,document
            2019,00000000,framework_step,proposed,2018-01-10,,"\(text.replacing("\"", with: "\"\""))"
            2019,00000000,framework_step,comment_opened,2018-02-01,2018-03-15,
            2019,00000000,framework_step,recommended,2018-05-01,,
            2019,00000000,framework_step,approved,2018-06-20,,

            """
        )
        let settings = YearProcess.Settings(frameworks: FrameworkSet(drafts: [try Framework.proposed(text)]))
        let expected = try Figures(YearComputation(settings: settings).run(state.files).tables)
        let onRecord = try computed(state.files, corrections: [acts])
        #expect(try Figures(onRecord.tables).determinations == expected.determinations)
        #expect(try Figures(onRecord.tables).participation == expected.participation)
        let held = try YearComputation().held(state.files, corrections: [acts]).ledger
        try held.takeFrameworksOnRecord()
        #expect(try Figures(held.computed().tables).determinations == expected.determinations)
        #expect(try Figures(computed(state.files).tables).determinations != expected.determinations)
    }

    /// A row that came before its organization was refused, and counts since the organization came: its rejection is
    /// closed, and says by what.
    @Test func aClosedRejectionIsNotOpen() throws {
        let state = try StateFiles(students: 300, seed: 3)
        func isOrganizations(_ file: InputFile) -> Bool { file.name == "organizations.csv" }
        let late = state.files.filter { !isOrganizations($0) } + state.files.filter(isOrganizations)
        let result = try computed(late)
        #expect(try Figures(result.tables) == Figures(computed(state.files).tables))
        var told = 0
        try result.tables.rejections.visit { rejection in
            told += 1
            #expect(rejection.closedBy == "organizations.csv", "\(rejection.fileName):\(rejection.line)")
        }
        #expect(told > 0 && result.isClean)
        for file in result.files { #expect(result.tables.rejections.counts(of: file.submission).isEmpty) }
        // The rows that a district's package lists as accepted.
        let held = try YearComputation().held(late).ledger
        let tables = try held.computed(following: late.map(\.name)).tables
        let attendance = try #require(late.first { $0.name == "attendance-2019.csv" })
        #expect(tables.changedLines(of: attendance.name).count > 100)
    }
}
