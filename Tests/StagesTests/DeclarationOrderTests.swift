import Messages
import Stages
import Streaming
import StreamingTesting
import Testing

/// What stands depends on which organizations are declared, and not on when they were.
@Suite("Declarations in any order")
struct DeclarationOrderTests {
    private typealias Organizations = DeletedOrganizationTests

    @Test("An organization that is declared again has everything back, of every layout", arguments: [1, 4] as [Int32])
    func declaredAgain(_ partitions: Int32) throws {
        func run(_ between: [String]) throws -> ValidationBench {
            let bench = try ValidationBench(partitions: partitions)
            try bench.prepare()
            for layout in Layout.allCases where layout.isAboutStudents {
                try bench.submit(Organizations.students(layout, "00010505"))
            }
            try bench.submit(table(.targets, [validRow(.targets)]))
            let steps = [("proposed", "01", ""), ("comment_opened", "02", "2018-02-28"), ("comment", "03", "")]
                .map { kind, day, end in
                    [
                        "school_year": "2019", "org_code": kind == "comment" ? "00010505" : "00000000",
                        "directive": "framework_step", "kind": kind, "effective_date": "2018-02-\(day)",
                        "end_date": end, "reason": kind == "comment" ? "why" : "",
                    ]
                }
            try bench.submit(table(.directives, [validRow(.directives)] + steps))
            for file in between {
                try bench.driver.run()
                try bench.submit(file)
            }
            // Asks for the comments that there are: a period cannot leave one outside.
            let later = steps[1].merging(["effective_date": "2018-02-10"]) { $1 }
            try bench.submit(table(.directives, [later]), name: "later.csv")
            try bench.driver.run()
            return bench
        }
        let calm = try run([Organizations.nothing, Organizations.nothing])
        let again = try run([Organizations.deletion, Organizations.declaration("00010505")])
        #expect(try again.records().filter { !$0.key.contains("/organizations/") }.count > 60)
        #expect(
            try again.records().filter { !$0.key.contains("/organizations/") }
                == calm.records().filter { !$0.key.contains("/organizations/") }
        )
        #expect(
            try again.standing(Topics.directives).mapValues(\.value)
                == calm.standing(Topics.directives).mapValues(\.value)
        )
        let told = try again.newestRejections()
        #expect(told.count { $0.code == "unknown_organization" } > 60)
        let deleter = try #require(told.first { $0.code == "unknown_organization" }).closedBy
        #expect(told.allSatisfy { $0.code != "unknown_organization" || $0.closedBy == deleter && !deleter.isEmpty })
        let open = try [calm, again].map { try $0.newestRejections().filter(\.closedBy.isEmpty).map(\.code) }
        #expect(open == [["comment_outside_period"], ["comment_outside_period"]])
    }

    @Test("A student who moved into an organization that is deleted is where they were before")
    func moved() throws {
        let bench = try ValidationBench(partitions: 2)
        try bench.prepare()
        let row = validRow(.attendance)
        let (first, _) = try bench.submit(table(.attendance, [row.merging(["org_code": "00020505"]) { $1 }]))
        let (second, _) = try bench.submit(table(.attendance, [row]))
        try bench.driver.run()
        #expect(try bench.records().values.filter { $0.submission == second }.map(\.orgCode) == ["00010505"])
        try bench.submit(Organizations.deletion)
        try bench.driver.run()
        let attendance = try bench.records().filter { $0.key.contains("/attendance/") }.map(\.value)
        #expect(attendance.map(\.orgCode) == ["00020505"])
        #expect(attendance.map(\.submission) == [first])
        let open = try bench.newestRejections().filter(\.closedBy.isEmpty)
        #expect(open.map { "\($0.submission) \($0.code)" } == ["\(second) unknown_organization"])
        #expect(try bench.receipt(second).withdrawn == 1 && bench.receipt(first).accepted == 1)
    }

    /// What stands of students: records, what is open, and the receipts of submissions.
    private struct Standing: Equatable {
        var records: Set<String>
        var open: Set<String>
        var receipts: [String]

        init(_ bench: ValidationBench, receiptsOf ids: [String]) throws {
            records = Set(
                try bench.records().filter { !$0.key.contains("/organizations/") }.map { "\($0.key) \($0.value)" }
            )
            open = Set(
                try bench.newestRejections().filter { $0.closedBy.isEmpty && $0.layout != "organizations" }
                    .map { "\($0)" }
            )
            receipts = try ids.map { id in
                let receipt = try bench.receipt(id)
                return
                    "\(id): \(receipt.rows) \(receipt.accepted) \(receipt.rejected) \(receipt.unchanged) "
                    + "\(receipt.replaced) \(receipt.deleted)"
            }
        }
    }

    /// A history: files of students who move, are corrected, deleted and misspelled, between declarations and deletions
    /// of their organizations at any places.
    private struct History {
        let files: [String]
        /// What happens to organizations, in its order, and before which file.
        let acts: [(file: String, place: Int)]

        init(seed: UInt64) {
            var random = SplitMix64(seed: seed)
            func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
            // The last one is not declared at first.
            let organizations = ["00010505", "00010506", "00020505", "00040505"]
            files = (0..<7)
                .map { _ in
                    table(
                        .attendance,
                        (0...pick(7))
                            .map { _ in
                                validRow(.attendance)
                                    .merging([
                                        "student_id": "S\(pick(5))", "org_code": organizations[pick(4)],
                                        "days_absent": "\(pick(2))", "grade": pick(8) == 0 ? "x" : "5",
                                        "action": pick(5) == 0 ? "delete" : "",
                                    ]) { $1 }
                            }
                    )
                }
            acts = (0..<5)
                .map { _ in
                    let code = organizations[pick(4)]
                    let isDeletion = pick(2) == 0
                    return (
                        isDeletion
                            ? Organizations.deletion(of: code) : Organizations.declaration(code),
                        pick(8)
                    )
                }
                .sorted { $0.1 < $1.1 }
        }
    }

    @Test(
        "What stands depends on which organizations are declared in the end, and not on when they were",
        arguments: 1...40 as ClosedRange<UInt64>
    )
    func anyOrder(_ seed: UInt64) throws {
        let history = History(seed: seed)
        func run(_ place: (Int) -> Int, disturbances: InMemoryDriver.Disturbances = .init()) throws -> Standing {
            var ids: [String] = []
            let bench = try ValidationBench(partitions: seed % 2 == 0 ? 1 : 3, seed: seed, disturbances: disturbances)
            try bench.prepare()
            try bench.submit(Organizations.declaration("00010506"))
            for number in 0...history.files.count {
                // Every act has a place before every file, so that submissions have the same names.
                for (index, act) in history.acts.enumerated() {
                    let isHere = place(index) == number
                    try bench.submit(isHere ? act.file : Organizations.nothing)
                    if isHere, (UInt64(index) + seed) % 2 == 0 { try bench.driver.run() }
                }
                if number < history.files.count { ids.append(try bench.submit(history.files[number]).id) }
                if (UInt64(number) + seed) % 3 == 0 { try bench.driver.run() }
                if (UInt64(number) + seed) % 4 == 0 { bench.driver.restartAll() }
            }
            try bench.driver.run()
            #expect(bench.driver.unusable.isEmpty && bench.driver.discrepancies.isEmpty)
            return try Standing(bench, receiptsOf: ids)
        }
        var disturbances = InMemoryDriver.Disturbances()
        disturbances.crashEvery = 4
        disturbances.abortEvery = 5
        disturbances.repeatEvery = 6
        let before = try run { _ in 0 }
        #expect(!before.receipts.isEmpty)
        #expect(try run { _ in history.files.count } == before)
        #expect(try run { history.acts[$0].place } == before)
        #expect(try run({ history.acts[$0].place }, disturbances: disturbances) == before)
    }
}
