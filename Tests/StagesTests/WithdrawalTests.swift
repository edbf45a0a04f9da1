import Messages
import Rules
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf
import Testing

/// A submission that is withdrawn leaves everything as if it had never been made.
@Suite("Withdrawn submissions")
struct WithdrawalTests {
    private typealias Organizations = DeletedOrganizationTests

    /// What stands, without where it came from.
    private func standing(_ bench: ValidationBench) throws -> [String: Accountability_V1_Record] {
        try bench.records()
            .mapValues { record in
                var record = record
                record.submission = ""
                record.line = 0
                return record
            }
    }

    private func attendance(_ student: String, absent: Int, org: String = "00010505", action: String = "") -> String {
        table(
            .attendance,
            [
                validRow(.attendance)
                    .merging([
                        "student_id": student, "days_absent": "\(absent)", "org_code": org, "action": action,
                    ]) { $1 }
            ]
        )
    }

    @Test("What stood before stands again; what came later stays", arguments: [1, 3] as [Int32])
    func theSmallestCase(_ partitions: Int32) throws {
        let bench = try ValidationBench(partitions: partitions)
        try bench.prepare()
        try bench.submit(attendance("S1", absent: 1))
        try bench.driver.run()
        let before = try standing(bench)
        let rows = ["S1", "S2", "S3"]
            .map { validRow(.attendance).merging(["student_id": $0, "days_absent": "99"]) { $1 } }
        let (id, _) = try bench.submit(table(.attendance, rows + [rows[0].merging(["grade": "x"]) { $1 }]))
        try bench.submit(attendance("S3", absent: 5))
        try bench.driver.run()
        #expect(try standing(bench).count == before.count + 2)
        #expect(try bench.newestRejections().map(\.closedBy) == [""])
        let withdrawal = try bench.withdraw(id)
        try bench.driver.run()
        var after = try standing(bench)
        let later = after.filter { before[$0.key] == nil }
        #expect(later.values.map { $0.attendance.daysAbsent } == [5])
        for key in later.keys { after[key] = nil }
        #expect(after == before)
        // With the withdrawal as its cause; what was wrong in the file needs no mending any more.
        #expect(try bench.newestRejections().map(\.closedBy) == [withdrawal])
        let receipt = try bench.receipt(id)
        #expect(receipt.rows == 4 && receipt.rejected == 4 && receipt.accepted == 0)
        // The row with a fault was never accepted.
        #expect(receipt.withdrawn == 3)
        #expect(try bench.receipt(withdrawal).rows == 0)
        let sent = bench.count(Topics.records)
        _ = try bench.withdraw(id)
        try bench.driver.run()
        #expect(bench.count(Topics.records) == sent)
    }

    @Test("A withdrawal that is withdrawn leaves what it took back") func aWithdrawalWithdrawn() throws {
        let bench = try ValidationBench(partitions: 3)
        try bench.prepare()
        try bench.submit(attendance("S1", absent: 1))
        let (id, _) = try bench.submit(attendance("S1", absent: 2))
        try bench.driver.run()
        let with = try standing(bench)
        let first = try bench.withdraw(id)
        try bench.driver.run()
        #expect(try standing(bench) != with)
        let second = try bench.withdraw(first)
        try bench.driver.run()
        #expect(try standing(bench) == with)
        #expect(try bench.receipt(id).accepted == 1)
        // What stands again names what brought it back.
        let blocks = try (bench.driver.topics[bench.pipeline.name(Topics.records)] ?? []).joined()
            .filter { !CompletionMarker.isMarker(key: $0.key.span) }
            .map { try decoded(Accountability_V1_Record.self, $0).block }
        #expect(blocks.contains { $0.submissions.contains(second) })
        _ = try bench.withdraw(id)
        try bench.driver.run()
        #expect(try standing(bench) != with)
    }

    @Test("An act of the Department goes with its file") func acts() throws {
        let bench = try ValidationBench(partitions: 2)
        try bench.prepare()
        let (id, _) = try bench.submit(table(.directives, [validRow(.directives)]))
        try bench.driver.run()
        #expect(try bench.standing(Topics.directives).count == 1)
        _ = try bench.withdraw(id)
        try bench.driver.run()
        #expect(try bench.standing(Topics.directives).isEmpty)
    }

    // MARK: What rests on each other

    private func step(_ kind: String, _ date: String, end: String = "") -> String {
        table(
            .directives,
            [
                [
                    "school_year": "2019", "org_code": "00000000", "directive": "framework_step", "kind": kind,
                    "effective_date": date, "end_date": end,
                ]
            ]
        )
    }

    /// 603 CMR 2.03(10): an approval does not stand on a proposal that was taken back.
    @Test("Steps that rest on one that is withdrawn fall with it, and come back with it", arguments: [1, 3] as [Int32])
    func stepsRestOnEachOther(_ partitions: Int32) throws {
        let bench = try ValidationBench(partitions: partitions)
        try bench.prepare()
        try bench.submit(step("proposed", "2018-01-02"))
        let (opened, _) = try bench.submit(step("comment_opened", "2018-02-01", end: "2018-03-01"))
        let (recommended, _) = try bench.submit(step("recommended", "2018-04-01"))
        try bench.submit(step("approved", "2018-05-01"))
        try bench.driver.run()
        let all = try bench.standing(Topics.directives)
        #expect(all.count == 4)
        let withdrawal = try bench.withdraw(opened)
        try bench.driver.run()
        #expect(try bench.standing(Topics.directives).keys.sorted() == ["2019/framework_step/00000000/proposed"])
        let open = try bench.newestRejections().filter(\.closedBy.isEmpty)
        #expect(open.map(\.code) == ["framework_step_out_of_order", "framework_step_out_of_order"])
        #expect(open.allSatisfy { $0.message.hasPrefix("kind: ") && $0.message.contains("603 CMR 2.03(10)") })
        #expect(try bench.receipt(recommended).rejected == 1 && bench.receipt(recommended).withdrawn == 0)
        _ = try bench.withdraw(withdrawal)
        try bench.driver.run()
        #expect(try bench.standing(Topics.directives).mapValues(\.value) == all.mapValues(\.value))
        #expect(try bench.newestRejections().filter(\.closedBy.isEmpty).isEmpty)
        // What is refused now was judged by the life that stands.
        try bench.submit(step("proposed", "2018-02-02"))
        try bench.driver.run()
        #expect(try bench.newestRejections().filter(\.closedBy.isEmpty).map(\.code) == ["framework_step_out_of_order"])
    }

    @Test("What nobody can know again is open while its file counts", arguments: [1, 3] as [Int32])
    func namelessRows(_ partitions: Int32) throws {
        let bench = try ValidationBench(partitions: partitions)
        try bench.prepare()
        let broken = table(.attendance, [validRow(.attendance).merging(["org_code": "?"]) { $1 }])
        let (id, _) = try bench.submit(broken + "2019,00010505\n" + "2019,\"00010505\n")
        try bench.driver.run()
        let before = try bench.newestRejections()
        #expect(Set(before.map(\.code)) == ["malformed_code", "field_count", "unclosed_quote"])
        #expect(before.allSatisfy { $0.closedBy.isEmpty })
        let withdrawal = try bench.withdraw(id)
        try bench.driver.run()
        #expect(try bench.newestRejections().map(\.closedBy) == [withdrawal, withdrawal, withdrawal])
        _ = try bench.withdraw(withdrawal)
        try bench.driver.run()
        let sorted: ([Accountability_V1_Rejection]) -> [Accountability_V1_Rejection] = {
            $0.sorted { $0.code < $1.code }
        }
        let again = try bench.newestRejections()
        #expect(sorted(again) == sorted(before))
    }

    @Test("A row that came before its year was opened is open again when what closed it is withdrawn")
    func rowsThatCameTooEarly() throws {
        let bench = try ValidationBench(partitions: 2)
        try bench.prepare()
        let early = validRow(.attendance).merging(["school_year": "2020"]) { $1 }
        let (first, _) = try bench.submit(table(.attendance, [early]))
        try bench.driver.run()
        let told = try bench.newestRejections()
        let (second, _) = try bench.submit(table(.attendance, [early]))
        try bench.driver.run()
        #expect(try bench.newestRejections().filter(\.closedBy.isEmpty).map(\.submission) == [second])
        _ = try bench.withdraw(second)
        try bench.driver.run()
        let open = try bench.newestRejections().filter(\.closedBy.isEmpty)
        #expect(open == told && told.map(\.submission) == [first])
    }

    @Test("Of several withdrawals the newest that counts is named") func theNewestWithdrawal() {
        var submissions = StandingSubmissions()
        for (id, withdraws) in [("s", ""), ("w1", "s"), ("w2", "s")] {
            var header = Accountability_V1_SubmissionHeader()
            (header.submission, header.withdraws) = (id, withdraws)
            submissions.take(header)
        }
        #expect(submissions.withdrawals == ["s": "w2"])
        var header = Accountability_V1_SubmissionHeader()
        (header.submission, header.withdraws) = ("w3", "w2")
        submissions.take(header)
        #expect(submissions.withdrawals == ["s": "w1", "w2": "w3"])
    }

    // MARK: Headers that say nonsense

    @Test("A withdrawal of what is not in the ledger before it, or with rows, withdraws nothing; nor do rows of one")
    func hostileHeaders() throws {
        let bench = try ValidationBench(partitions: 2)
        try bench.prepare()
        func withdraw(
            _ id: String,
            of other: String,
            _ change: (inout Accountability_V1_SubmissionHeader) -> Void = { _ in }
        )
            throws
        {
            var header = Accountability_V1_SubmissionHeader()
            (header.submission, header.withdraws) = (id, other)
            header.layout = Layout.attendance.wireName
            header.columns = Layout.attendance.columns.map(\.name)
            change(&header)
            try bench.write(header)
        }
        let (first, _) = try bench.submit(attendance("S1", absent: 1))
        // The name that the next file will have.
        let next = "20190901T000000000Z-\(String(0x100000 + 4, radix: 16))"
        try withdraw("W1", of: next)
        try withdraw("W2", of: "W2")
        try withdraw("W3", of: first) { $0.rows = 1 }
        try withdraw("W4", of: "../\u{0}\n*")
        try withdraw("W5", of: first) { $0.layout = "nonsense" }
        try bench.driver.run()
        #expect(bench.driver.unusable.count == 5 * 2)
        let (second, _) = try bench.submit(attendance("S2", absent: 2))
        #expect(second == next)
        let (third, _) = try bench.submit(attendance("S3", absent: 3))
        let withdrawal = try bench.withdraw(third)
        try bench.driver.run()
        let standing = try standing(bench).filter { $0.key.contains("/attendance/") }.map(\.value)
        #expect(Set(standing.map { $0.attendance.daysAbsent }) == [1, 2])
        #expect(try bench.receipt(first).accepted == 1 && bench.receipt(second).accepted == 1)
        // Rows under the name of a withdrawal, and of what was withdrawn, are none.
        let ledger = bench.pipeline.name(Topics.submissions)
        let blocks = try #require(bench.driver.topics[ledger]).enumerated()
            .flatMap { partition, log in
                log.filter { String(decoding: $0.key, as: UTF8.self).hasPrefix("block/\(third)") }
                    .map { (partition, $0) }
            }
        #expect(blocks.count == 1)
        for (partition, block) in blocks {
            bench.driver.append(block, topic: ledger, partition: Int32(partition))
            var entry = try decoded(Accountability_V1_SubmissionEntry.self, block)
            entry.block.submission = withdrawal
            let forged = StoredRecord(key: block.key, value: try entry.serializedBytes(), eventType: block.eventType)
            bench.driver.append(forged, topic: ledger, partition: Int32(partition))
        }
        let before = bench.driver.unusable.count
        try bench.driver.run()
        #expect(bench.driver.unusable.count == before + 2)
        let left = try self.standing(bench).keys.filter { $0.contains("/attendance/") }
        #expect(left.count == 2)
    }

    /// What stands, what is open, and the receipts of submissions.
    private struct Standing: Equatable {
        var records: [String: Accountability_V1_Record]
        var acts: [String: Accountability_V1_Directive]
        var open: Set<String>
        var receipts: [String]
    }

    private func standing(_ bench: ValidationBench, receiptsOf ids: [String]) throws -> Standing {
        let names = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, "file \($0)") })
        return Standing(
            records: try standing(bench),
            acts: try bench.standing(Topics.directives)
                .mapValues { record in
                    var act = try decoded(Accountability_V1_Directive.self, record)
                    act.submission = ""
                    return act
                },
            open: Set(
                try bench.newestRejections().filter(\.closedBy.isEmpty)
                    .map { "\(names[$0.submission] ?? $0.submission) \($0.line) \($0.code)" }
            ),
            receipts: try ids.map { id in
                let receipt = try bench.receipt(id)
                #expect(receipt.rows == receipt.accepted &+ receipt.rejected &+ receipt.unchanged)
                #expect(receipt.accepted <= receipt.rows && receipt.rejected <= receipt.rows)
                #expect(receipt.withdrawn <= receipt.rejected)
                return
                    "\(receipt.rows) \(receipt.accepted) \(receipt.rejected) \(receipt.unchanged) \(receipt.replaced) "
                    + "\(receipt.deleted)"
            }
        )
    }

    /// A history of files and of declarations, of which some are withdrawn at some time.
    private enum Step {
        case file(String, allowsUndeclared: Bool)
        /// The submission of this number, withdrawals included.
        case withdrawal(Int)
    }

    private func history(_ seed: UInt64) -> [Step] {
        var random = SplitMix64(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        let organizations = ["00010505", "00010506", "00020505", "00040505"]
        func supplied(_ layout: Layout, _ column: String) -> String {
            table(
                layout,
                (0...pick(2))
                    .map { _ in
                        validRow(layout)
                            .merging([
                                "org_code": organizations[pick(4)], column: "\(pick(3))",
                                "action": pick(5) == 0 ? "delete" : "",
                            ]) { $1 }
                    }
            )
        }
        func acts() -> String {
            let steps = ["proposed", "comment_opened", "comment", "recommended", "approved"]
            return table(
                .directives,
                (0...pick(3))
                    .map { _ in
                        let step = steps[pick(5)]
                        let act: [String: String] =
                            switch pick(4) {
                            case 0:
                                [
                                    "directive": "designation", "kind": "underperforming",
                                    "org_code": organizations[pick(4)], "reason": pick(3) == 0 ? "" : "why",
                                ]
                            case 1:
                                [
                                    "directive": "release", "kind": pick(2) == 0 ? "preliminary" : "official",
                                    "org_code": ["00000000", "00010000", "00020000"][pick(3)],
                                    "end_date": pick(4) == 0 ? "" : "2018-03-0\(4 + pick(2))",
                                ]
                            default:
                                [
                                    "directive": "framework_step", "kind": step, "reason": "why",
                                    "org_code": step == "comment" ? organizations[pick(4)] : "00000000",
                                    "end_date": step == "comment_opened" ? "2018-03-0\(1 + pick(2))" : "",
                                ]
                            }
                        return act.merging([
                            "school_year": pick(12) == 0 ? "2020" : "2019",
                            "effective_date": "2018-03-0\(1 + pick(4))", "action": pick(6) == 0 ? "delete" : "",
                        ]) { $1 }
                    }
            )
        }
        return (0..<16)
            .map { number in
                switch pick(12) {
                case 0...3 where number > 0: return .withdrawal(pick(number))
                case 4: return .file(Organizations.deletion(of: organizations[pick(4)]), allowsUndeclared: false)
                case 5: return .file(Organizations.declaration(organizations[pick(4)]), allowsUndeclared: false)
                case 6: return .file(supplied(.participationCounts, "absent"), allowsUndeclared: false)
                case 7: return .file(acts(), allowsUndeclared: pick(4) == 0)
                default:
                    let rows = (0...pick(5))
                        .map { _ in
                            validRow(.attendance)
                                .merging([
                                    "student_id": "S\(pick(4))", "org_code": organizations[pick(4)],
                                    "days_absent": "\(pick(3))", "grade": pick(8) == 0 ? "x" : "5",
                                    "action": pick(5) == 0 ? "delete" : "",
                                    "school_year": pick(10) == 0 ? "2020" : "2019",
                                ]) { $1 }
                        }
                    // Now and then a row that cannot be read, and one that nobody can know again.
                    let broken = pick(6) == 0 ? "2019,00010505\n" : ""
                    let nameless =
                        pick(6) == 0
                        ? table(.attendance, [validRow(.attendance).merging(["org_code": "?"]) { $1 }])
                            .split(separator: "\n")[1] + "\n" : ""
                    return .file(table(.attendance, rows) + broken + nameless, allowsUndeclared: pick(4) == 0)
                }
            }
    }

    @Test(
        "Submitted and withdrawn is as if nothing had happened, in any order with others",
        arguments: 1...200 as ClosedRange<UInt64>
    )
    func anyOrder(_ seed: UInt64) throws {
        let steps = history(seed)
        let partitions: Int32 = seed % 2 == 0 ? 1 : 3
        var disturbances = InMemoryDriver.Disturbances()
        if seed % 4 == 0 { (disturbances.crashEvery, disturbances.abortEvery, disturbances.batch) = (5, 7, 3) }
        let bench = try ValidationBench(partitions: partitions, seed: seed, disturbances: disturbances)
        try bench.prepare()
        var ids: [String] = []
        for step in steps {
            switch step {
            case .file(let text, let allowsUndeclared):
                ids.append(try bench.submit(text, options: .init(allowUndeclared: allowsUndeclared)).id)
            case .withdrawal(let number): ids.append(try bench.withdraw(ids[number]))
            }
            if seed % 3 == 0 { try bench.driver.run() }
        }
        try bench.driver.run()
        // Which count, from the newest back.
        var counts = steps.map { _ in true }
        for (number, step) in steps.enumerated().reversed() {
            if case .withdrawal(let of) = step, counts[number] { counts[of] = false }
        }
        let calm = try ValidationBench(partitions: partitions, seed: seed)
        try calm.prepare()
        var present: [String] = []
        var alone: [String] = []
        for (number, step) in steps.enumerated() {
            guard counts[number], case .file(let text, let allowsUndeclared) = step else { continue }
            alone.append(try calm.submit(text, options: .init(allowUndeclared: allowsUndeclared)).id)
            present.append(ids[number])
        }
        try calm.driver.run()
        let (found, expected) = (
            try standing(bench, receiptsOf: present), try standing(calm, receiptsOf: alone)
        )
        #expect(found.records == expected.records)
        #expect(found.acts == expected.acts)
        #expect(found.receipts == expected.receipts)
        #expect(found.open == expected.open)
        #expect(bench.driver.discrepancies.isEmpty && calm.driver.discrepancies.isEmpty)
    }
}

extension ValidationBench {
    /// Withdraws a submission; returns the name of the withdrawal.
    func withdraw(_ id: String) throws -> String {
        try act(on: id) { $0.withdrawal(at: 1_567_300_000_000, reason: "a test", by: "somebody") }
    }

    /// Decides about a submission that waits; returns the name of the decision.
    @discardableResult
    func decide(_ act: HeldSubmissionAct, _ id: String) throws -> String {
        try self.act(on: id) { $0.decision(act, at: 1_567_300_000_000, reason: "a test", by: "somebody") }
    }

    private func act(
        on id: String,
        _ make: (Accountability_V1_SubmissionHeader) -> Accountability_V1_SubmissionHeader
    ) throws -> String {
        var headers: [String: Accountability_V1_SubmissionHeader] = [:]
        for record in driver.topics[pipeline.name(Topics.submissions)]?.first ?? [] {
            guard !CompletionMarker.isMarker(key: record.key.span) else { continue }
            let entry = try decoded(Accountability_V1_SubmissionEntry.self, record)
            if case .header(let header) = entry.entry { headers[header.submission] = header }
        }
        let header = make(try #require(headers[id]))
        try write(header)
        return header.submission
    }

    /// Writes a submission without rows.
    func write(_ header: Accountability_V1_SubmissionHeader) throws {
        let transaction = Transaction()
        try pipeline.submit(header, partitions: partitions, into: transaction)
        commit(transaction)
    }
}
