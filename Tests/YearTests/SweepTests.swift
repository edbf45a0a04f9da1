import Foundation
import Messages
import Rules
import Stages
import Streaming
import Testing

@testable import Year
@testable import accountability

/// What would change, and what hangs on what, without a broker.
@Suite(.timeLimit(.minutes(30))) struct SweepTests {
    /// Hands ingested entries to a preview, as a broker's ledger is.
    private final class Feeding: RecordSink {
        let preview: YearPreview

        init(_ preview: YearPreview) { self.preview = preview }

        func send(
            topic: String,
            partition: Int32,
            key: Span<UInt8>,
            value: Span<UInt8>?,
            eventType: String,
            cause: String
        ) throws {
            guard let value else { return }
            try preview.feed(
                partition: partition,
                key: key,
                value: value,
                isMarker: eventType == Topics.completionType,
                submission: cause.isEmpty ? nil : cause
            )
        }
    }

    private static let key: [UInt8] = Array(repeating: 7, count: 32)

    /// A preview over the ledger of a state whose years are closed.
    private func preview(
        _ state: StateFiles,
        _ difference: YearPreview.Difference,
        corrections: [InputFile] = []
    ) throws -> YearPreview {
        let pipeline = Pipeline()
        let partitions: Int32 = 3
        let settings = YearProcess.Settings(threads: 2, partitions: partitions)
        let preview = try YearPreview(pipeline: pipeline, settings: settings, difference: difference)
        let sink = Feeding(preview)
        for year in [2018, 2019] { try pipeline.openYear(year, partitions: partitions, into: sink) }
        func ingest(_ files: [InputFile]) throws {
            for file in files {
                _ = try FileIngestion(
                    pipeline: pipeline,
                    path: file.path,
                    submission: file.name,
                    fileName: file.name,
                    key: try PseudonymKey(bytes: Self.key),
                    partitions: partitions
                )
                .run(into: sink, receivedUnixMilliseconds: 0)
            }
        }
        try ingest(state.files)
        for year in [2018, 2019] {
            let marker = try CompletionMarker.encode(
                scope: "\(year)",
                stage: CompletionMarker.operatorStage,
                partition: 0,
                partitions: 1
            )
            for partition in 0..<partitions {
                try sink.send(
                    topic: "",
                    partition: partition,
                    key: Array(marker.key.utf8).span,
                    value: marker.value.span,
                    eventType: Topics.completionType,
                    cause: ""
                )
            }
        }
        try ingest(corrections)
        return preview
    }

    private func draft(_ parameters: String) throws -> Framework {
        try Framework.load(
            file: "draft.yaml",
            text: "name: draft\ntitle: Draft of 2019\nschool_years: [2019]\nbased_on: \"2019\"\n\(parameters)\n",
            bases: Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        )
    }

    private func computed(_ state: StateFiles, _ frameworks: FrameworkSet = .builtIn, _ corrections: [InputFile] = [])
        throws -> [String: PreviewChange.Outcome]
    {
        let settings = YearProcess.Settings(frameworks: frameworks)
        let tables = try YearComputation(settings: settings).run(state.files, corrections: corrections).tables
        return Dictionary(
            uniqueKeysWithValues: try tables.determinations()
                .map { ($0.key.text, PreviewChange.Outcome(of: $0.message)) }
        )
    }

    @Test func aDraftIsPreviewedAsItIsThenComputed() throws {
        let state = try StateFiles(students: 1200, seed: 11)
        let draft = try draft(
            """
            determination:
              lowest_performing_percentile: {value: 30, status: assumed, source: a test of drafts}
            comparison:
              count: {value: 5, status: assumed, source: a test of drafts}
            """
        )
        let difference = YearPreview.Difference(draft: draft, attributesParameters: true)
        let result = try preview(state, difference).compare(files: [], key: nil)
        let before = try computed(state)
        let after = try computed(state, FrameworkSet(drafts: [draft]))
        let differing = Set(before.keys.filter { before[$0] != after[$0] })
        #expect(!differing.isEmpty)
        #expect(Set(result.changes.filter(\.isHeadline).map { "\($0.schoolYear)/\($0.orgCode)" }) == differing)
        for change in result.changes {
            let key = "\(change.schoolYear)/\(change.orgCode)"
            #expect(change.from == before[key] && change.to == after[key])
            // By itself the other parameter changes nothing, so that it is no cause.
            #expect(change.causes == ["determination.lowest_performing_percentile"] && change.rows.isEmpty)
        }
        // Without trying each alone, both are named.
        let both = try preview(state, YearPreview.Difference(draft: draft)).compare(files: [], key: nil)
        #expect(both.changes.count == result.changes.count)
        #expect(
            both.changes.allSatisfy {
                $0.causes == ["comparison.count", "determination.lowest_performing_percentile"]
            }
        )
    }

    @Test func theRowsBehindAChangeAreNamed() throws {
        let state = try StateFiles(students: 1200, seed: 12)
        let before = try computed(state)
        let school = try #require(
            before.keys.sorted().first { $0.hasPrefix("2019/") && !$0.hasSuffix("0000") && before[$0]?.level != "" }
        )
        let code = String(school.dropFirst(5))
        let file = try state.write(
            "corrections-acts.csv",
            """
            school_year,org_code,directive,kind,effective_date,end_date,reason,reference,rating,parts
            2018,99990000,designation,underperforming,2017-10-15,,A made-up code,,,
            2019,\(code),designation,underperforming,2018-10-15,,Four years of low performance,,,

            """
        )
        // Acts of the Department are about no student.
        let result = try preview(state, YearPreview.Difference()).compare(files: [file], key: nil)
        #expect(!result.isClean)
        let change = try #require(result.changes.first { $0.orgCode == code && $0.schoolYear == 2019 })
        #expect(change.to.level == "broad_comprehensive")
        #expect(change.causes == ["corrections-acts.csv"])
        // Line 2 was rejected: there is no such organization.
        #expect(change.rows.map(\.lines) == ["3"] && change.rows.map(\.of) == [.own])
    }

    /// A file that says again what stands names no row; one that changes something names that row alone.
    @Test func rowsThatChangeNothingAreNotNamed() throws {
        let state = try StateFiles(students: 1200, seed: 13)
        let file = try #require(state.files.first { $0.name.hasPrefix("participation_counts") })
        let result = try preview(state, YearPreview.Difference())
            .compare(files: [file], key: try PseudonymKey(bytes: Self.key))
        #expect(result.changes.isEmpty && result.isClean)
        let attendance = try #require(state.files.first { $0.layout == .attendance })
        #expect(throws: YearFault.self) {
            try preview(state, YearPreview.Difference()).compare(files: [attendance], key: nil)
        }
        let corrections = try #require(state.corrections.first)
        let changed = try preview(state, YearPreview.Difference())
            .compare(files: [corrections], key: try PseudonymKey(bytes: Self.key))
        #expect(!changed.changes.isEmpty)
        let text = try String(contentsOfFile: corrections.path, encoding: .utf8).split(separator: "\n")
        for change in changed.changes {
            #expect(!change.rows.isEmpty)
            for rows in change.rows where rows.of == .own && rows.count < 5 {
                for line in rows.lines.split(separator: ",") {
                    let number = try #require(Int(line.split(separator: "-")[0]))
                    // A school's rows are of the school, a district's of a school of it.
                    let own = change.orgCode.hasSuffix("0000") ? String(change.orgCode.prefix(4)) : change.orgCode
                    #expect(text[number - 1].contains(",\(own)"))
                }
            }
        }
    }

    @Test func linesAreWrittenAsRuns() {
        #expect(PreviewRows.text([2, 3, 4, 7, 9, 10]) == "2-4,7,9-10" && PreviewRows.text([5]) == "5")
        let many = PreviewRows.text(stride(from: 2, to: 300, by: 2).map { UInt32($0) })
        #expect(many.hasSuffix(",…") && many.split(separator: ",").count == PreviewRows.mostRuns + 1)
    }

    @Test func aWithdrawalGivesWhatStoodBefore() throws {
        let state = try StateFiles(students: 1200, seed: 14)
        let corrections = Array(state.corrections.prefix(1))
        let withdrawal = YearPreview.Difference(withdrawn: [corrections[0].name])
        let result = try preview(state, withdrawal, corrections: corrections).compare(files: [], key: nil)
        let forward = try preview(state, YearPreview.Difference())
            .compare(files: corrections, key: try PseudonymKey(bytes: Self.key))
        #expect(!result.changes.isEmpty)
        #expect(result.changes.map(\.orgCode) == forward.changes.map(\.orgCode))
        #expect(zip(result.changes, forward.changes).allSatisfy { $0.from == $1.to && $0.to == $1.from })
        #expect(result.changes.allSatisfy { $0.causes == [corrections[0].name] })
    }

    @Test func anAlternativeIsSweptAsItIsComputed() throws {
        let state = try StateFiles(students: 1200, seed: 15)
        let settings = YearProcess.Settings(threads: 2)
        let ledger = try YearComputation(settings: settings, key: try PseudonymKey(bytes: Self.key))
            .held(state.files).ledger
        let sweep = try YearSweep(2019, of: ledger, under: "lowest_performing")
        #expect(sweep.trials.count == 7 && sweep.untried.map(\.path) == ["lowest_performing.share"])
        #expect(sweep.trials.contains { !$0.changes.isEmpty })
        let brief = SweepAnswer(sweep, .assumptions)
        #expect(brief.determinations == nil)
        #expect(brief.assumptions.map(\.changes) == sweep.trials.map(\.decided))
        let whole = SweepAnswer(sweep, nil)
        #expect(whole.assumptions.map(\.changes) == sweep.trials.map(\.changes))
        #expect(whole.determinations?.count == sweep.rows.count)
        let before = try computed(state)
        let trial = try #require(sweep.trials.first { $0.parameter.path == "lowest_performing.basis.non_high" })
        let draft = try draft(
            "lowest_performing:\n  basis:\n    non_high: {value: current_scores, status: assumed, source: a test of sweeps}"
        )
        let after = try computed(state, FrameworkSet(drafts: [draft]))
        let differing = before.keys.filter { before[$0] != after[$0] }.map { String($0.dropFirst(5)) }.sorted()
        #expect(trial.decided.map(\.orgCode).sorted() == differing)
        for row in sweep.rows {
            let decided = sweep.trials.filter { $0.decided.contains { $0.orgCode == row.orgCode } }
            #expect(row.decidedBy == Set(decided.map(\.parameter.path)).sorted())
        }
        try checkMargins(sweep, before)
    }

    private func checkMargins(_ sweep: YearSweep, _ before: [String: PreviewChange.Outcome]) throws {
        let nearest = sweep.rows.map { $0.nearest?.results ?? .max }
        #expect(nearest == nearest.sorted() && nearest.contains { $0 < .max })
        var counted: Set<DeterminationMargin.Cut> = []
        for row in sweep.rows {
            #expect(row.outcome == before["2019/\(row.orgCode)"])
            for margin in row.margins {
                if margin.results != nil { counted.insert(margin.cut) }
                #expect(margin.results.map { $0 > 0 } ?? true)
                // What is shown can be made again from what is shown.
                #expect(margin.outcome != nil, "\(row.orgCode) \(margin.cut)")
                #expect(margin.decides == (margin.outcome != row.outcome))
            }
        }
        // Of so few schools none can be among the lowest 10 of 100.
        #expect(counted == [.participation, .graduation, .band])
    }
}
