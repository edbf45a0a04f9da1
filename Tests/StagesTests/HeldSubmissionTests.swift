import Messages
import Rules
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf
import Testing

/// After an official release what would change it waits until a person approves it.
@Suite("Held submissions")
struct HeldSubmissionTests {
    private static let organizations = ["00010505", "00010506", "00020505", "00040505"]

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

    private func acts(_ bench: ValidationBench) throws -> [String: Accountability_V1_Directive] {
        try bench.standing(Topics.directives)
            .mapValues { record in
                var act = try decoded(Accountability_V1_Directive.self, record)
                act.submission = ""
                return act
            }
    }

    private func row(_ student: String, absent: Int, _ more: [String: String] = [:]) -> [String: String] {
        validRow(.attendance).merging(["student_id": student, "days_absent": "\(absent)"]) { $1 }.merging(more) { $1 }
    }

    private func attendance(_ rows: [String: String]...) -> String { table(.attendance, rows) }

    static func release(_ year: Int = 2019, of code: String = "00000000", _ more: [String: String] = [:]) -> String {
        table(
            .directives,
            [
                [
                    "school_year": "\(year)", "org_code": code, "directive": "release", "kind": "official",
                    "effective_date": "2019-09-24",
                ]
                .merging(more) { $1 }
            ]
        )
    }

    /// A ledger with one student's row, whose results are official.
    private func bench(_ partitions: Int32 = 3, release: String = Self.release()) throws -> ValidationBench {
        let bench = try ValidationBench(partitions: partitions)
        bench.holds = true
        try bench.prepare()
        try bench.submit(attendance(row("S1", absent: 1), row("S2", absent: 2)))
        try bench.submit(release)
        try bench.driver.run()
        return bench
    }

    private func header(_ bench: ValidationBench, _ id: String) throws -> Accountability_V1_SubmissionHeader {
        for record in bench.driver.topics[bench.pipeline.name(Topics.submissions)]?.first ?? [] {
            guard !CompletionMarker.isMarker(key: record.key.span) else { continue }
            let entry = try decoded(Accountability_V1_SubmissionEntry.self, record)
            if case .header(let header) = entry.entry, header.submission == id { return header }
        }
        throw RowNotFound()
    }

    private struct RowNotFound: Error {}

    // MARK: The smallest cases

    @Test("What would change official results counts for nothing until it is approved", arguments: [1, 3] as [Int32])
    func theSmallestCase(_ partitions: Int32) throws {
        let bench = try bench(partitions)
        let before = try standing(bench)
        let sent = bench.count(Topics.records)
        let file = attendance(
            row("S1", absent: 99),
            row("S2", absent: 2),
            row("S3", absent: 3),
            row("S1", absent: 98),
            row("S4", absent: 1, ["grade": "x"]),
            row("S5", absent: 1, ["school_year": "2018"])
        )
        let (id, _) = try bench.submit(file)
        try bench.driver.run()
        // Nothing of 2018 is official, but the results of 2019 rest on it.
        #expect(try standing(bench).count == before.count && bench.count(Topics.records) == sent)
        var receipt = try bench.receipt(id)
        #expect(receipt.rows == 6 && receipt.accepted == 0 && receipt.rejected == 5 && receipt.unchanged == 1)
        #expect(receipt.held == 3 && receipt.heldYears == [2018, 2019] && receipt.withdrawn == 0)
        // What is wrong in the file is told at once.
        #expect(Set(try bench.newestRejections().map(\.code)) == ["duplicate_key", "unknown_grade"])
        let approval = try bench.decide(.approve, id)
        try bench.driver.run()
        let after = try standing(bench)
        #expect(after.count == before.count + 2)
        #expect(Set(after.values.map { $0.attendance.daysAbsent }).isSuperset(of: [99, 3]))
        receipt = try bench.receipt(id)
        #expect(receipt.accepted == 3 && receipt.rejected == 2 && receipt.unchanged == 1 && receipt.replaced == 1)
        #expect(receipt.held == 0 && receipt.heldYears == [])
        #expect(try bench.receipt(approval).rows == 0)
        #expect(
            Set(try bench.newestRejections().filter(\.closedBy.isEmpty).map(\.code)) == [
                "duplicate_key", "unknown_grade",
            ]
        )
        // Approved once more, nothing changes; nor by a rejection, which comes too late to be asked for.
        let told = bench.count(Topics.records)
        try bench.decide(.approve, id)
        try bench.driver.run()
        #expect(bench.count(Topics.records) == told && bench.driver.unusable.isEmpty)
    }

    @Test("What is rejected never counts", arguments: [1, 3] as [Int32]) func rejected(_ partitions: Int32) throws {
        let bench = try bench(partitions)
        let before = try standing(bench)
        let sent = bench.count(Topics.records)
        let (id, _) = try bench.submit(attendance(row("S1", absent: 99), row("S2", absent: 2)))
        try bench.decide(.reject, id)
        try bench.decide(.approve, id)
        try bench.driver.run()
        #expect(try standing(bench) == before && bench.count(Topics.records) == sent)
        let receipt = try bench.receipt(id)
        #expect(receipt.rows == 2 && receipt.rejected == 1 && receipt.withdrawn == 1 && receipt.unchanged == 1)
        #expect(receipt.held == 0)
        // The same file once more waits anew.
        let (again, _) = try bench.submit(attendance(row("S1", absent: 99), row("S2", absent: 2)))
        try bench.driver.run()
        #expect(try bench.receipt(again).held == 1 && standing(bench) == before)
    }

    @Test("The order of approvals decides, and not that of submissions", arguments: [1, 3] as [Int32])
    func orderOfApprovals(_ partitions: Int32) throws {
        let bench = try bench(partitions)
        let (first, _) = try bench.submit(attendance(row("S1", absent: 11)))
        let (second, _) = try bench.submit(attendance(row("S1", absent: 22)))
        try bench.decide(.approve, second)
        try bench.driver.run()
        #expect(try standing(bench).values.contains { $0.attendance.daysAbsent == 22 })
        try bench.decide(.approve, first)
        try bench.driver.run()
        #expect(try standing(bench).values.contains { $0.attendance.daysAbsent == 11 })
        // Without it the other one stands again.
        _ = try bench.withdraw(first)
        try bench.driver.run()
        #expect(try standing(bench).values.contains { $0.attendance.daysAbsent == 22 })
    }

    @Test("A held submission that is withdrawn waits no more, and waits again with the withdrawal withdrawn")
    func withdrawn() throws {
        let bench = try bench()
        let before = try standing(bench)
        let (id, _) = try bench.submit(attendance(row("S1", absent: 99)))
        let withdrawal = try bench.withdraw(id)
        try bench.driver.run()
        #expect(try bench.receipt(id).held == 0 && bench.receipt(id).withdrawn == 1)
        try bench.decide(.approve, id)
        try bench.driver.run()
        #expect(try standing(bench) == before)
        _ = try bench.withdraw(withdrawal)
        try bench.driver.run()
        #expect(try standing(bench).values.contains { $0.attendance.daysAbsent == 99 })
        #expect(try bench.receipt(id).accepted == 1)
    }

    // MARK: What is official

    @Test("Only rows of what is official wait")
    func theScope() throws {
        let bench = try bench(release: Self.release(of: "00010000"))
        let (other, _) = try bench.submit(attendance(row("S7", absent: 7, ["org_code": "00020505"])))
        try bench.driver.run()
        #expect(try bench.receipt(other).accepted == 1)
        // Whoever takes a student out of the district would change what is official of it.
        let (moved, _) = try bench.submit(
            attendance(row("S1", absent: 1, ["org_code": "00020505"]), row("S7", absent: 8, ["org_code": "00020505"]))
        )
        try bench.driver.run()
        #expect(try bench.receipt(moved).held == 1 && bench.receipt(moved).accepted == 1)
        let key = try #require(standing(bench).first { $0.value.attendance.daysAbsent == 1 }?.value)
        #expect(key.orgCode == "00010505")
        try bench.decide(.approve, moved)
        try bench.driver.run()
        let now = try #require(standing(bench).first { $0.value.attendance.daysAbsent == 1 }?.value)
        #expect(now.orgCode == "00020505")
        #expect(try bench.receipt(moved).held == 0 && bench.receipt(moved).accepted == 2)
        #expect(try standing(bench).values.contains { $0.attendance.daysAbsent == 8 })
    }

    @Test("Rows of years before an official one wait, and those after it do not", arguments: ["00000000", "00010000"])
    func earlierYears(_ released: String) throws {
        let bench = try bench(release: Self.release(2018, of: released))
        let (later, _) = try bench.submit(attendance(row("S8", absent: 8), row("S1", absent: 9)))
        try bench.driver.run()
        #expect(try bench.receipt(later).accepted == 2 && bench.receipt(later).held == 0)
        let (earlier, _) = try bench.submit(
            attendance(
                row("S8", absent: 8, ["school_year": "2018"]),
                row("S9", absent: 8, ["school_year": "2018", "org_code": "00020505"])
            )
        )
        try bench.driver.run()
        let receipt = try bench.receipt(earlier)
        #expect(receipt.held == (released == "00000000" ? 2 : 1) && receipt.heldYears == [2018])
        // A later release of another district holds that one's rows of 2018.
        try bench.submit(Self.release(2019, of: "00030000"))
        try bench.driver.run()
        let (last, _) = try bench.submit(
            attendance(
                row("S4", absent: 8, ["school_year": "2018", "org_code": "00030505"]),
                row("S5", absent: 8, ["school_year": "2018", "org_code": "00020505"])
            )
        )
        try bench.driver.run()
        #expect(try bench.receipt(last).held == (released == "00000000" ? 2 : 1))
    }

    @Test("Acts of the Department never wait, and a release that does not stand holds nothing")
    func acts() throws {
        func held(_ releases: [String], then change: (ValidationBench, [String]) throws -> Void = { _, _ in }) throws
            -> [Accountability_V1_OfficialResults]
        {
            let bench = try ValidationBench(partitions: 3)
            bench.holds = true
            try bench.prepare()
            let ids = try releases.map { try bench.submit($0).id }
            try change(bench, ids)
            try bench.driver.run()
            let (id, _) = try bench.submit(attendance(row("S1", absent: 1)))
            let (act, _) = try bench.submit(table(.directives, [validRow(.directives)]))
            try bench.driver.run()
            #expect(try header(bench, act).official.isEmpty && bench.receipt(act).accepted == 1)
            #expect(try (bench.receipt(id).held == 1) == !header(bench, id).official.isEmpty)
            return try header(bench, id).official
        }
        var state = Accountability_V1_OfficialResults()
        state.schoolYear = 2019
        #expect(try held([Self.release()]) == [state])
        #expect(try held([Self.release(), Self.release()]) == [state])
        #expect(try held([Self.release(2019, ["kind": "preliminary"])]).isEmpty)
        #expect(try held([Self.release(), Self.release(2019, ["action": "delete"])]).isEmpty)
        #expect(try held([Self.release(2020)]).isEmpty)
        #expect(try held([Self.release(2019, ["effective_date": "soon"])]).isEmpty)
        #expect(try held([Self.release()]) { bench, ids in _ = try bench.withdraw(ids[0]) }.isEmpty)
        // Of a framework that the Board has not approved nothing is official.
        let proposed = table(
            .directives,
            [
                [
                    "school_year": "2019", "org_code": "00000000", "directive": "framework_step", "kind": "proposed",
                    "effective_date": "2018-01-10",
                ]
            ]
        )
        #expect(try held([proposed, Self.release()]).isEmpty)
    }

    @Test("The acts of a ledger are read wherever they came in its history, and rows by themselves too")
    func theFold() throws {
        let bench = try bench()
        let ledger = try #require(bench.driver.topics[bench.pipeline.name(Topics.submissions)])
        var releases = OfficialReleases()
        #expect(releases.results().isEmpty)
        for record in ledger[Int(OfficialReleases.partition(of: 3))] {
            if let value = record.value { releases.take(key: record.key.span, value: value.span) }
        }
        #expect(releases.results().map(\.schoolYear) == [2019])
        // A framework whose parameter says so holds nothing.
        let year = try Framework.of(schoolYear: 2019)
        let text = """
            name: "free"
            title: A year whose corrections count at once
            school_years: [2019]
            based_on: "2019"
            operation:
              holds_after_release: {value: false, status: assumed, source: "A test"}

            """
        #expect(year.operation?.holdsAfterRelease.value == true)
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        let draft = FrameworkSet(drafts: [try Framework.load(file: "draft.yaml", text: text, bases: bases)])
        var free = OfficialReleases(frameworks: draft)
        for record in ledger[Int(OfficialReleases.partition(of: 3))] {
            if let value = record.value { free.take(key: record.key.span, value: value.span) }
        }
        #expect(free.results().isEmpty)
    }

    @Test("Organizations of official results wait in every partition", arguments: [1, 3] as [Int32])
    func organizations(_ partitions: Int32) throws {
        let bench = try bench(partitions)
        let (declaration, _) = try bench.submit(DeletedOrganizationTests.declaration("00020506"))
        let (students, _) = try bench.submit(
            attendance(row("S8", absent: 8, ["org_code": "00020506"]), row("S9", absent: 9, ["org_code": "00020506"]))
        )
        let (deletion, _) = try bench.submit(DeletedOrganizationTests.deletion(of: "00010505"))
        try bench.driver.run()
        #expect(try bench.receipt(declaration).held == 1 && bench.receipt(deletion).held == 1)
        #expect(try bench.receipt(students).rejected == 2 && bench.receipt(students).held == 0)
        #expect(try standing(bench).values.contains { $0.attendance.daysAbsent == 1 })
        try bench.decide(.approve, declaration)
        try bench.driver.run()
        // The rows are of a declared organization now, and would change what is official.
        #expect(try bench.receipt(students).held == 2)
        #expect(try bench.newestRejections().filter(\.closedBy.isEmpty).isEmpty)
        try bench.decide(.approve, students)
        try bench.decide(.approve, deletion)
        try bench.driver.run()
        let stands = try standing(bench).values.map { $0.attendance.daysAbsent }
        #expect(stands.contains(8) && stands.contains(9) && !stands.contains(1))
    }

    @Test("A decision about what cannot wait decides nothing, and cannot be withdrawn") func hostileHeaders() throws {
        let bench = try bench()
        let (held, _) = try bench.submit(attendance(row("S1", absent: 99)))
        func write(_ id: String, _ change: (inout Accountability_V1_SubmissionHeader) -> Void) throws {
            var header = Accountability_V1_SubmissionHeader()
            header.submission = id
            header.layout = Layout.attendance.wireName
            header.columns = Layout.attendance.columns.map(\.name)
            change(&header)
            try bench.write(header)
        }
        let first = "20190901T000000000Z-\(String(0x100000 + 3, radix: 16))"
        try write("A1") { $0.approves = first }
        try write("A2") { $0.approves = "nothing" }
        try write("A3") { ($0.approves, $0.rows) = (held, 1) }
        try write("A4") { ($0.approves, $0.rejects) = (held, held) }
        try write("A5") { ($0.approves, $0.withdraws) = (held, held) }
        try write("A6") { $0.rejects = first }
        try write("A7") { $0.approves = "A7" }
        try bench.driver.run()
        #expect(bench.driver.unusable.count == 7 * 3)
        #expect(try bench.receipt(held).held == 1)
        try write("A8") { $0.approves = held }
        try write("A9") { $0.withdraws = "A8" }
        try bench.driver.run()
        #expect(bench.driver.unusable.count == 8 * 3)
        #expect(try bench.receipt(held).accepted == 1)
    }

    // MARK: Any history

    /// What happens in a history.
    private enum Step {
        /// Rows of attendance, with what else the file has.
        case rows([[String: String]], broken: String, allowsUndeclared: Bool)
        case file(String)
        /// Of the submission of this number.
        case withdrawal(Int)
        case decision(HeldSubmissionAct, Int)
    }

    /// The school year whose results a history releases.
    private func releasedYear(_ seed: UInt64) -> Int { seed % 3 == 1 ? 2018 : 2019 }

    private func history(_ seed: UInt64) -> [Step] {
        var random = SplitMix64(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        let organizations = Self.organizations
        // Of the state, or, where histories are compared with themselves, of a district.
        let released = seed % 5 == 0 ? "00010000" : "00000000"
        let releaseAt = pick(6)
        return (0..<20)
            .map { number in
                guard number != releaseAt else { return .file(Self.release(releasedYear(seed), of: released)) }
                switch pick(14) {
                case 0...1 where number > 0: return .withdrawal(pick(number))
                case 2...4 where number > 0: return .decision(pick(4) == 0 ? .reject : .approve, pick(number))
                case 5: return .file(DeletedOrganizationTests.deletion(of: organizations[pick(4)]))
                case 6: return .file(DeletedOrganizationTests.declaration(organizations[pick(4)]))
                default:
                    let rows = (0...pick(5))
                        .map { _ in
                            row(
                                "S\(pick(4))",
                                absent: pick(3),
                                [
                                    "org_code": organizations[pick(4)], "grade": pick(8) == 0 ? "x" : "5",
                                    "action": pick(5) == 0 ? "delete" : "",
                                    "school_year": pick(4) == 0 ? "2018" : "2019",
                                ]
                            )
                        }
                    // A key with a faulty row comes once in a file: of two parts of a file the later one closes what is
                    // open of the earlier, and of the file itself nothing.
                    func name(_ row: [String: String]) -> [String?] { [row["student_id"], row["school_year"]] }
                    let several = Dictionary(grouping: rows, by: name).filter { $1.count > 1 }
                    let kept = rows.filter { $0["grade"] != "x" || several[name($0)] == nil }
                    let broken = pick(6) == 0 ? "2019,00010505\n" : ""
                    return .rows(kept, broken: broken, allowsUndeclared: pick(4) == 0)
                }
            }
    }

    /// A history that has happened: the submissions, and which of them waited.
    private struct Happened {
        let bench: ValidationBench
        var ids: [String] = []
        var waits: [Bool] = []
        /// Steps that decide about what they cannot decide about.
        var idle: Set<Int> = []
    }

    private func happen(_ steps: [Step], _ seed: UInt64, partitions: Int32, disturbed: Bool) throws -> Happened {
        var disturbances = InMemoryDriver.Disturbances()
        if disturbed { (disturbances.crashEvery, disturbances.abortEvery, disturbances.batch) = (5, 7, 3) }
        let bench = try ValidationBench(partitions: partitions, seed: seed, disturbances: disturbances)
        bench.holds = true
        try bench.prepare()
        var happened = Happened(bench: bench)
        for (number, step) in steps.enumerated() {
            switch step {
            case .rows(let rows, let broken, let allowsUndeclared):
                let options = FileIngestion.Options(allowUndeclared: allowsUndeclared)
                happened.ids.append(try bench.submit(table(.attendance, rows) + broken, options: options).id)
            case .file(let text): happened.ids.append(try bench.submit(text).id)
            case .withdrawal(let other) where !isDecision(steps[other]) && !happened.idle.contains(other):
                happened.ids.append(try bench.withdraw(happened.ids[other]))
            case .decision(let act, let other) where happened.waits[other]:
                happened.ids.append(try bench.decide(act, happened.ids[other]))
            case .withdrawal, .decision:
                happened.idle.insert(number)
                happened.ids.append("")
            }
            let id = happened.ids[number]
            happened.waits.append(try !id.isEmpty && !header(bench, id).official.isEmpty)
            if seed % 3 == 0 { try bench.driver.run() }
        }
        try bench.driver.run()
        #expect(bench.driver.discrepancies.isEmpty && bench.driver.unusable.isEmpty)
        return happened
    }

    private func isDecision(_ step: Step) -> Bool { if case .decision = step { true } else { false } }

    private func open(_ bench: ValidationBench, _ names: [String: String]) throws -> [String] {
        try bench.newestRejections().filter(\.closedBy.isEmpty)
            .map { "\(names[$0.submission] ?? $0.submission) \($0.code)" }.sorted()
    }

    @Test(
        "Approved is as if it had been accepted at the approval, and held or rejected as if nothing had happened",
        arguments: 1...200 as ClosedRange<UInt64>
    )
    func anyOrder(_ seed: UInt64) throws {
        var steps = history(seed)
        // Of a district it hangs on what stands whether a row waits; see below.
        guard seed % 5 != 0 else { return }
        let decidesAll = seed % 2 == 0
        if decidesAll { for number in steps.indices.reversed() { steps.append(.decision(.approve, number)) } }
        let found = try happen(steps, seed, partitions: seed % 4 == 0 ? 1 : 3, disturbed: seed % 7 < 3)
        // Which count, from the newest back; and where each that waits is approved.
        var counts = steps.indices.map { !found.idle.contains($0) }
        for (number, step) in steps.enumerated().reversed() {
            if case .withdrawal(let of) = step, counts[number] { counts[of] = false }
        }
        var approvedAt: [Int: Int] = [:]
        var rejected: Set<Int> = []
        for (number, step) in steps.enumerated() where !found.idle.contains(number) {
            guard case .decision(let act, let of) = step else { continue }
            if act == .reject { rejected.insert(of) } else { approvedAt[of] = approvedAt[of] ?? number }
        }
        let calm = try ValidationBench(partitions: found.bench.partitions, seed: seed)
        try calm.prepare()
        var names: [String: String] = [:]
        var parts: [Int: [String]] = [:]
        func submit(_ number: Int, _ text: String, _ allowsUndeclared: Bool) throws {
            let (id, _) = try calm.submit(text, options: .init(allowUndeclared: allowsUndeclared))
            names[id] = "file \(number)"
            parts[number, default: []].append(id)
        }
        /// Whether a row would wait. One with a fault is refused where it comes; a deletion is judged by its key.
        func isOfficial(_ row: [String: String]) -> Bool {
            // Results rest on the rows of their year and of those before it.
            (row["school_year"].flatMap { Int($0) } ?? 0) <= releasedYear(seed)
                && (row["grade"] != "x" || row["action"] == "delete")
        }
        func take(_ number: Int, isApproval: Bool) throws {
            guard counts[number] else { return }
            switch steps[number] {
            case .rows(let rows, let broken, let allowsUndeclared):
                let meant = found.waits[number] ? rows.filter { isOfficial($0) == isApproval } : rows
                try submit(number, table(.attendance, meant) + (isApproval ? "" : broken), allowsUndeclared)
            // Declarations are of 2019.
            case .file(let text):
                let isHeld = found.waits[number] && releasedYear(seed) >= 2019
                if isApproval == isHeld { try submit(number, text, false) }
            case .withdrawal, .decision: break
            }
        }
        for (number, step) in steps.enumerated() {
            if case .decision(_, let of) = step, approvedAt[of] == number, !rejected.contains(of) {
                try take(of, isApproval: true)
            }
            try take(number, isApproval: false)
        }
        try calm.driver.run()
        #expect(try standing(found.bench) == standing(calm))
        #expect(try acts(found.bench) == acts(calm))
        for number in steps.indices where !found.ids[number].isEmpty {
            let receipt = try found.bench.receipt(found.ids[number])
            #expect(receipt.rows == receipt.accepted &+ receipt.rejected &+ receipt.unchanged)
            #expect(receipt.held + receipt.withdrawn <= receipt.rejected && receipt.rejected <= receipt.rows)
            let isDecided = !found.waits[number] || approvedAt[number] != nil || rejected.contains(number)
            #expect(receipt.held == 0 || !isDecided && counts[number])
            guard counts[number], let parts = parts[number], !found.waits[number] || approvedAt[number] != nil,
                !rejected.contains(number)
            else { continue }
            let alone = try parts.map { try calm.receipt($0) }
            #expect(receipt.accepted == alone.reduce(0) { $0 + $1.accepted })
            #expect(receipt.rejected == alone.reduce(0) { $0 + $1.rejected })
            #expect(receipt.replaced == alone.reduce(0) { $0 + $1.replaced })
        }
        guard decidesAll, rejected.isEmpty else { return }
        let own = Dictionary(found.ids.enumerated().map { ($1, "file \($0)") }) { $1 }
        #expect(try open(found.bench, own) == open(calm, names))
    }

    @Test(
        "Neither partitions nor restarts nor the moment of looking decide what waits",
        arguments: 1...100 as ClosedRange<UInt64>
    )
    func sameEverywhere(_ seed: UInt64) throws {
        let seed = seed * 5
        let steps = history(seed)
        let calm = try happen(steps, seed * 3, partitions: 1, disturbed: false)
        let other = try happen(steps, seed * 3 + 1, partitions: 4, disturbed: true)
        #expect(calm.ids.map(\.isEmpty) == other.ids.map(\.isEmpty) && calm.waits == other.waits)
        #expect(try standing(calm.bench) == standing(other.bench))
        #expect(try acts(calm.bench) == acts(other.bench))
        let receipts = try other.ids.filter { !$0.isEmpty }.map { try other.bench.receipt($0) }
        let sent = other.bench.count(Topics.records)
        // Made anew from the ledger, everything stands as it stood.
        let ledger = other.bench.pipeline.name(Topics.submissions)
        other.bench.driver.rebuildAll(ledger, cutTo: (other.bench.driver.topics[ledger] ?? []).map(\.count))
        try other.bench.driver.run()
        #expect(other.bench.count(Topics.records) == sent)
        #expect(try standing(calm.bench) == standing(other.bench))
        #expect(try other.ids.filter { !$0.isEmpty }.map { try other.bench.receipt($0) } == receipts)
        func names(_ of: Happened) -> [String: String] {
            Dictionary(of.ids.enumerated().map { ($1, "file \($0)") }) { $1 }
        }
        #expect(try open(calm.bench, names(calm)) == open(other.bench, names(other)))
        for (one, two) in zip(calm.ids, other.ids) where !one.isEmpty {
            let receipts = (try calm.bench.receipt(one), try other.bench.receipt(two))
            #expect(receipts.0.accepted == receipts.1.accepted && receipts.0.held == receipts.1.held)
            #expect(receipts.0.rejected == receipts.1.rejected && receipts.0.unchanged == receipts.1.unchanged)
            #expect(receipts.0.withdrawn == receipts.1.withdrawn && receipts.0.heldYears == receipts.1.heldYears)
        }
    }
}
