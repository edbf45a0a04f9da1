import Messages
import Rules
import StreamingTesting
import Testing
@testable import Stages
@testable import Streaming

/// Preliminary results are under embargo until a day; only from that day on can they become official.
@Suite struct EmbargoTests {
    private static let state = "00000000"
    private static let district = "00010000"

    private func release(
        _ kind: String,
        _ date: String,
        until end: String = "",
        of code: String = state,
        action: String = ""
    ) -> String {
        table(
            .directives,
            [
                [
                    "school_year": "2019", "org_code": code, "directive": "release", "kind": kind, "action": action,
                    "effective_date": action.isEmpty ? date : "", "end_date": end,
                ]
            ]
        )
    }

    /// Releases in their order, the codes of the rejections that are open in the end, and the releases in force.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let releases: [(kind: String, date: String, end: String, code: String, action: String)]
        let columns: [String]
        let inForce: [String]
    }

    static let cases: [Case] = [
        Case(
            testDescription: "too early",
            releases: [
                ("preliminary", "2019-09-10", "2019-09-24", state, ""), ("official", "2019-09-23", "", state, ""),
            ],
            columns: ["effective_date"],
            inForce: ["2019/release/00000000/preliminary"]
        ),
        Case(
            testDescription: "on the last day",
            releases: [
                ("preliminary", "2019-09-10", "2019-09-24", state, ""), ("official", "2019-09-24", "", state, ""),
            ],
            columns: [],
            inForce: ["2019/release/00000000/official", "2019/release/00000000/preliminary"]
        ),
        Case(
            testDescription: "without an embargo",
            releases: [("preliminary", "2019-09-10", "", state, ""), ("official", "2019-09-10", "", state, "")],
            columns: [],
            inForce: ["2019/release/00000000/official", "2019/release/00000000/preliminary"]
        ),
        Case(
            testDescription: "the state's embargo, a district's release",
            releases: [
                ("preliminary", "2019-09-10", "2019-09-24", state, ""), ("official", "2019-09-23", "", district, ""),
            ],
            columns: ["effective_date"],
            inForce: ["2019/release/00000000/preliminary"]
        ),
        Case(
            testDescription: "a district's embargo, the state's release and another district's",
            releases: [
                ("preliminary", "2019-09-10", "2019-09-24", district, ""), ("official", "2019-09-23", "", state, ""),
                ("official", "2019-09-23", "", "00020000", ""),
            ],
            columns: ["effective_date"],
            inForce: ["2019/release/00010000/preliminary", "2019/release/00020000/official"]
        ),
        Case(
            testDescription: "an official release is moved into the embargo",
            releases: [
                ("preliminary", "2019-09-10", "2019-09-24", state, ""), ("official", "2019-09-24", "", state, ""),
                ("official", "2019-09-20", "", state, ""),
            ],
            columns: ["effective_date"],
            inForce: ["2019/release/00000000/official", "2019/release/00000000/preliminary"]
        ),
        Case(
            testDescription: "an embargo is moved over an official release, and set after it",
            releases: [
                ("preliminary", "2019-09-10", "2019-09-24", state, ""), ("official", "2019-09-24", "", state, ""),
                ("preliminary", "2019-09-10", "2019-09-25", state, ""),
                ("preliminary", "2019-09-10", "2019-09-25", district, ""),
            ],
            columns: ["end_date", "end_date"],
            inForce: ["2019/release/00000000/official", "2019/release/00000000/preliminary"]
        ),
        Case(
            testDescription: "an embargo is shortened, and then removed",
            releases: [
                ("preliminary", "2019-09-10", "2019-09-24", state, ""),
                ("preliminary", "2019-09-10", "2019-09-20", state, ""),
                ("official", "2019-09-20", "", state, ""),
                ("preliminary", "2019-09-10", "", state, ""), ("official", "2019-09-11", "", state, ""),
            ],
            columns: [],
            inForce: ["2019/release/00000000/official", "2019/release/00000000/preliminary"]
        ),
        Case(
            testDescription: "a release is withdrawn first",
            releases: [
                ("preliminary", "2019-09-10", "2019-09-24", state, ""), ("preliminary", "", "", state, "delete"),
                ("official", "2019-09-11", "", state, ""), ("official", "", "", state, "delete"),
                ("preliminary", "2019-09-10", "2019-09-24", state, ""),
            ],
            columns: [],
            inForce: ["2019/release/00000000/preliminary"]
        ),
    ]

    @Test(arguments: cases, [Int32(1), 3])
    func anOfficialReleaseWaitsForTheEmbargo(_ tried: Case, partitions: Int32) throws {
        let bench = try ValidationBench(partitions: partitions)
        try bench.prepare()
        for act in tried.releases {
            try bench.submit(release(act.kind, act.date, until: act.end, of: act.code, action: act.action))
        }
        try bench.driver.run()
        let open = try bench.newestRejections().filter(\.closedBy.isEmpty)
        #expect(open.map(\.code) == tried.columns.map { _ in RejectionCode.resultsUnderEmbargo.rawValue })
        #expect(open.map(\.column).sorted() == tried.columns.sorted())
        for rejection in open {
            #expect(rejection.message.contains("on the last day of the embargo at the earliest"))
            #expect(
                rejection.message.contains("; make the release official on that day or later; or change or withdraw")
            )
        }
        #expect(try bench.standing(Topics.directives).keys.sorted() == tried.inForce)
    }

    @Test("A release that the withdrawal of an embargo allows counts by itself, and falls again", arguments: [1, 3])
    func withdrawnSubmissions(partitions: Int32) throws {
        let bench = try ValidationBench(partitions: partitions)
        try bench.prepare()
        let (preliminary, _) = try bench.submit(release("preliminary", "2019-09-10", until: "2019-09-24"))
        let (official, _) = try bench.submit(release("official", "2019-09-12", of: Self.district))
        try bench.driver.run()
        #expect(try bench.receipt(official).rejected == 1)
        let withdrawal = try bench.withdraw(preliminary)
        try bench.driver.run()
        #expect(try bench.standing(Topics.directives).keys.sorted() == ["2019/release/00010000/official"])
        #expect(try bench.receipt(official).rejected == 0 && bench.receipt(official).accepted == 1)
        _ = try bench.withdraw(withdrawal)
        try bench.driver.run()
        #expect(try bench.standing(Topics.directives).keys.sorted() == ["2019/release/00000000/preliminary"])
        #expect(try bench.newestRejections().filter(\.closedBy.isEmpty).map(\.code) == ["results_under_embargo"])
    }

    /// Ingestion and validation agree on what is official.
    @Test func aReleaseUnderEmbargoHoldsNothing() throws {
        func official(_ acts: [String]) throws -> [String] {
            let bench = try ValidationBench(partitions: 3)
            try bench.prepare()
            for act in acts { try bench.submit(act) }
            try bench.driver.run()
            let ledger = try #require(bench.driver.topics[bench.pipeline.name(Topics.submissions)])
            var releases = OfficialReleases()
            for record in ledger[Int(OfficialReleases.partition(of: 3))] {
                if let value = record.value { releases.take(key: record.key.span, value: value.span) }
            }
            let found = releases.results().map { $0.districtCode.isEmpty ? Self.state : $0.districtCode }
            let standing = try bench.standing(Topics.directives).keys.filter { $0.hasSuffix("/official") }
            #expect(standing.sorted() == found.map { "2019/release/\($0)/official" }.sorted())
            return found
        }
        let embargo = release("preliminary", "2019-09-10", until: "2019-09-24")
        #expect(try official([embargo, release("official", "2019-09-23")]).isEmpty)
        #expect(try official([embargo, release("official", "2019-09-23", of: Self.district)]).isEmpty)
        #expect(try official([embargo, release("official", "2019-09-24")]) == [Self.state])
        // An undeclared district has no embargo.
        let undeclared = release("preliminary", "2019-09-10", until: "2019-09-24", of: "00990000")
        #expect(try official([undeclared, release("official", "2019-09-23")]) == [Self.state])
    }

    @Test func aDeterminationNamesTheLastDayWhileItIsPreliminary() throws {
        let bench = try JudgingBench.determining()
        let school = "00010005"
        try bench.organization(2019, school)
        try bench.value(2019, school, "non_high", "all_students", "ela_achievement", "50.0")
        try bench.closeMeasures(2019)
        try bench.driver.run()
        func found() throws -> Accountability_V1_Determination {
            try #require(try bench.determinations()["2019/\(school)"])
        }
        #expect(try found().embargoUntil.isEmpty)
        try bench.directive(2019, "release", Self.district, "preliminary", end: "2019-09-20")
        // Without a preliminary release of the district itself, another year's and a revision say nothing.
        try bench.directive(2018, "release", Self.district, "preliminary", end: "2019-12-31")
        try bench.directive(2019, "release", Self.district, "revised", end: "2019-12-31")
        try bench.driver.run()
        #expect(try found().status == "preliminary" && found().embargoUntil == "2019-09-20")
        #expect(
            try found().changes.prefix(2) == ["status: computed → preliminary", "embargo_until: none → 2019-09-20"]
        )
        // The later day counts.
        try bench.directive(2019, "release", Self.state, "preliminary", end: "2019-09-24")
        try bench.driver.run()
        #expect(try found().changes == ["embargo_until: 2019-09-20 → 2019-09-24"])
        try bench.directive(2019, "release", Self.state, "official", date: "2019-09-24")
        try bench.driver.run()
        #expect(try found().status == "official" && found().embargoUntil.isEmpty)
    }

    @Test func aNoticeNamesTheLastDay() {
        var determination = Accountability_V1_Determination()
        (determination.schoolYear, determination.orgCode, determination.status) = (2019, "00010005", "preliminary")
        (determination.revision, determination.framework) = (1, "2019")
        #expect(NoticeText.notice(of: determination).body.contains("(preliminary, embargoed)"))
        determination.embargoUntil = "2019-09-24"
        #expect(NoticeText.notice(of: determination).body.contains("(preliminary, embargoed until 2019-09-24)"))
        determination.status = "computed"
        #expect(!NoticeText.notice(of: determination).body.contains("embargo"))
    }

    @Test func theNoticeOfAReleaseNamesTheLastDay() throws {
        let key = DirectiveKey(
            schoolYear: 2019,
            .release,
            of: try #require(OrganizationCode(Self.district)),
            kind: "preliminary"
        )
        var act = Accountability_V1_Directive()
        (act.directive, act.kind, act.orgCode, act.schoolYear) = ("release", "preliminary", Self.district, 2019)
        (act.effectiveDate, act.endDate) = ("2019-09-10", "2019-09-24")
        let notice = NoticeText.notice(of: .init(directive: act, recorded: 1), key, revision: 1, cause: "")
        #expect(notice.body.contains("\nEmbargoed until: 2019-09-24.\n") && !notice.body.contains("\nUntil:"))
    }
}
