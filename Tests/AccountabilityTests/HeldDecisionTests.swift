import Messages
import Operating
import Rules
import Stages
import SwiftProtobuf
import Testing

@testable import Reading
@testable import accountability

/// Who may decide about what waits, and what is said where nothing does.
@Suite struct HeldDecisionTests {
    private func header(
        _ id: String,
        _ change: (inout Accountability_V1_SubmissionHeader) -> Void = { _ in }
    ) -> Accountability_V1_SubmissionHeader {
        var header = Accountability_V1_SubmissionHeader()
        (header.submission, header.fileName, header.layout) = (id, "\(id).csv", "attendance")
        (header.rows, header.submittedBy) = (3, "A. Clerk")
        header.official = [.with { $0.schoolYear = 2019 }]
        change(&header)
        return header
    }

    private func view(_ headers: [Accountability_V1_SubmissionHeader], _ receipts: [Accountability_V1_Receipt]) throws
        -> InstallationView
    {
        var view = InstallationView()
        for header in headers {
            var entry = Accountability_V1_SubmissionEntry()
            entry.header = header
            view.fold(
                Topics.submissions,
                key: "submission/\(header.submission)",
                value: try entry.serializedBytes()
            )
        }
        for receipt in receipts {
            let isKnown = view.fold(
                Topics.receipts,
                key: "\(receipt.submission)/\(receipt.partition)",
                value: try receipt.serializedBytes()
            )
            #expect(isKnown)
        }
        return view
    }

    private func receipt(_ id: String, held: UInt64) -> Accountability_V1_Receipt {
        .with {
            ($0.submission, $0.rows, $0.rejected, $0.unchanged, $0.held) = (id, 3, held, 3 - held, held)
            $0.heldYears = held > 0 ? [2019] : []
        }
    }

    private func refusal(
        _ view: InstallationView,
        _ id: String,
        _ act: HeldSubmissionAct = .approve,
        by person: String = "B. Chief"
    ) -> (status: Operating.ExitStatus, message: String)? {
        do {
            _ = try view.held(id, for: act, by: person)
            return nil
        } catch let failure as Failure {
            return (failure.status, failure.message)
        } catch {
            return (.internalError, "\(error)")
        }
    }

    @Test func whatWaitsIsListedAndCanBeDecided() throws {
        let view = try view([header("a"), header("b")], [receipt("a", held: 2), receipt("b", held: 0)])
        #expect(view.held.map(\.text) == ["a (a.csv), by A. Clerk: 2 rows of 2019 wait for an approval"])
        #expect(refusal(view, "a") == nil && refusal(view, "a", .reject) == nil)
        let lines = ReceiptNote.lines(view.totals(), withdrawals: [:])
        #expect(
            lines.count == 1 && lines[0].hasPrefix("a (a.csv) is held: 2 rows of 2019 would change official results")
        )
        #expect(
            lines[0].contains("`accountability approve a`") && lines[0].contains("`accountability preview --held a`")
        )
        let report = StatusReport(view, years: [], brokers: "b", namespace: "", ledgerRecords: 1, lags: [])
        #expect(report.text().contains("held: a (a.csv), by A. Clerk: 2 rows of 2019 wait for an approval\n"))
    }

    @Test func whatDoesNotWaitIsToldWhatBecameOfIt() throws {
        let decided = [
            header("approved"), header("rejected"), header("withdrawn"), header("waits"), header("changes nothing"),
            header("before") { $0.official = [] },
            header("p") { ($0.approves, $0.rows, $0.official, $0.submittedBy) = ("approved", 0, [], "C. Chief") },
            header("r") { ($0.rejects, $0.rows, $0.official) = ("rejected", 0, []) },
            header("w") { ($0.withdraws, $0.rows, $0.official) = ("withdrawn", 0, []) },
            header("underway"),
        ]
        let view = try view(
            decided,
            [
                receipt("approved", held: 0), receipt("rejected", held: 0), receipt("withdrawn", held: 0),
                receipt("waits", held: 1), receipt("changes nothing", held: 0), receipt("before", held: 0),
            ]
        )
        let expected: [(String, String)] = [
            ("nothing", "there is no submission nothing in the ledger"),
            ("approved", "approved was approved already by C. Chief (p): `accountability withdraw approved`"),
            ("rejected", "rejected was rejected already by A. Clerk (r), which is final"),
            ("withdrawn", "withdrawn is withdrawn by w"),
            ("changes nothing", "no row of it would change what is official"),
            ("before", "before does not wait: it has been in force since it came"),
            ("p", "p is itself a decision"), ("w", "w is itself a decision"),
        ]
        for act in HeldSubmissionAct.allCases {
            for (id, message) in expected {
                let told = try #require(self.refusal(view, id, act), "\(id)")
                #expect(told.status == .badInput && told.message.contains(message), "\(told)")
                #expect(told.message.contains("nothing was decided"))
            }
        }
        #expect(refusal(view, "underway")?.status == .tryAgain)
        #expect(refusal(view, "waits") == nil)
        #expect(view.rejections == ["rejected": "r"])
    }

    /// 603 CMR 2.03 does not say who corrects; the framework can ask for two persons.
    @Test func aSecondPersonIsAskedForWhereTheFrameworkSaysSo() throws {
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        func frameworks(_ acts: String) throws -> FrameworkSet {
            let text = """
                name: "two"
                title: Two persons
                school_years: [2019]
                based_on: "2019"
                operation:
                  second_person: {value: [\(acts)], status: assumed, source: "A test"}

                """
            return FrameworkSet(drafts: [try Framework.load(file: "two.yaml", text: text, bases: bases)])
        }
        let held = HeldSubmission(header: header("a"), rows: 2, years: [2019])
        for person in ["A. Clerk", " a.  clerk"] {
            try held.checkPerson(.approve, person, .builtIn)
            let error = #expect(throws: Failure.self) {
                try held.checkPerson(.approve, person, frameworks("approve"))
            }
            #expect(error?.status == .badInput)
            #expect(error?.message.contains("the framework two asks for a second person to approve it") == true)
            try held.checkPerson(.reject, person, frameworks("approve"))
            #expect(throws: Failure.self) { try held.checkPerson(.reject, person, frameworks("approve, reject")) }
        }
        try held.checkPerson(.approve, "B. Chief", frameworks("approve"))
        #expect(throws: FrameworkError.self) { _ = try frameworks("think") }
    }
}
