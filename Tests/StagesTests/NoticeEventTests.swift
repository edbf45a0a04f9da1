import Foundation
import Messages
import Rules
import StreamingTesting
import SwiftProtobuf
import Synchronization
import Testing
@testable import Stages
@testable import Streaming

/// A clock that a test sets.
private final class Calendar: Sendable {
    private let moment: Mutex<Int64>

    init(_ day: String) throws { moment = Mutex(try Self.noon(day)) }

    /// Noon by universal time: the first moment at which the day before is over everywhere.
    static func noon(_ day: String) throws -> Int64 {
        Int64(try Date("\(day)T12:00:00Z", strategy: .iso8601).timeIntervalSince1970) * 1000
    }

    func set(_ day: String) throws {
        let noon = try Self.noon(day)
        moment.withLock { $0 = noon }
    }

    var now: Int64 { moment.withLock { $0 } }
}

@Suite struct NoticeEventTests {
    private static let district = "00350000"
    private static let school = "00350012"

    private func bench(
        _ calendar: Calendar,
        partitions: Int32 = 2,
        seed: UInt64 = 1,
        _ disturbances: InMemoryDriver.Disturbances = .init()
    ) throws
        -> JudgingBench
    {
        try JudgingBench(
            [NotificationStage(pipeline: Pipeline(), clock: { calendar.now })],
            partitions: partitions,
            seed: seed,
            disturbances: disturbances
        )
    }

    private func determination(
        _ code: String,
        _ year: UInt32,
        revision: UInt32 = 1,
        _ change: (inout Accountability_V1_Determination) -> Void = { _ in }
    )
        -> Accountability_V1_Determination
    {
        var determination = Accountability_V1_Determination()
        determination.schoolYear = year
        determination.orgCode = code
        determination.name = "Example \(code)"
        determination.districtCode = String(code.prefix(4)) + "0000"
        determination.classification = "not_requiring_assistance"
        determination.status = "official"
        determination.revision = revision
        determination.issuedUnixMilliseconds = 1_569_000_000_000 + Int64(revision)
        change(&determination)
        return determination
    }

    private func put(_ bench: JudgingBench, _ determination: Accountability_V1_Determination) throws {
        try bench.put(
            Topics.determinations,
            "\(determination.schoolYear)/\(determination.orgCode)",
            determination,
            partition: bench.district(determination.orgCode)
        )
    }

    /// Every notice by its record's key, in the order of the keys; a key that was published twice fails the test.
    private func notices(_ bench: JudgingBench) throws -> [(id: String, notice: Accountability_V1_Notice)] {
        let records = (bench.driver.topics[bench.pipeline.name(Topics.notices)] ?? []).flatMap { $0 }
            .filter { $0.key.first != UInt8(ascii: "~") }
        let all = try records.map { record in
            (
                String(decoding: record.key, as: UTF8.self),
                try Accountability_V1_Notice(serializedBytes: record.value ?? [])
            )
        }
        #expect(Set(all.map(\.0)).count == all.count)
        for (key, notice) in all {
            #expect(key == notice.id && !notice.subject.isEmpty && !notice.body.isEmpty)
            #expect(notice.recipients.isEmpty == notice.departmentOnly)
        }
        return all.sorted { $0.0 < $1.0 }
    }

    private func ids(_ bench: JudgingBench, _ event: String) throws -> [String] {
        try notices(bench).filter { $0.notice.event == event }.map(\.id)
    }

    /// What comes again after the notices of it have expired was told when it was new.
    @Test(arguments: [("2020-09-10", 1), ("2020-09-30", 0)]) func anOldDeterminationIsNotNews(
        _ today: String,
        _ told: Int
    )
        throws
    {
        let bench = try bench(Calendar(today))
        try put(bench, determination(Self.school, 2019))
        try bench.driver.run()
        #expect(try notices(bench).count == told)
    }

    /// 603 CMR 2.03(2)(d)(2).
    @Test func tellsOfLowParticipationOnceAndWhenItIsOver() throws {
        let bench = try bench(Calendar("2019-10-01"))
        let groups: [[String]] = [["swd"], ["swd"], ["swd", "asian"], [], []]
        for (index, low) in groups.enumerated() {
            try put(
                bench,
                determination(Self.school, 2019, revision: UInt32(index + 1)) {
                    $0.lowParticipationGroups = low
                    $0.participation = [
                        .with {
                            $0.group = "swd"
                            $0.subject = "ELA"
                            $0.rate = 90
                            $0.met = false
                        },
                        .with {
                            $0.group = "swd"
                            $0.subject = "Math"
                            $0.rate = 97
                            $0.met = true
                        },
                    ]
                }
            )
            try bench.driver.run()
            bench.driver.restartAll()
        }
        try bench.driver.run()
        let told = try notices(bench).filter { $0.notice.event == "low_participation" }
        #expect(told.map(\.id) == [1, 3, 4].map { "2019/\(Self.school)/\($0)/low_participation" })
        #expect(told[0].notice.body.contains("- Students with Disabilities: ELA 90 percent\n"))
        #expect(!told[0].notice.body.contains("97"))
        #expect(told[1].notice.groups == ["swd", "asian"])
        #expect(told[2].notice.subject.hasPrefix("No longer low participation"))
        #expect(told[0].notice.recipients == [Self.school, Self.district])
        #expect(try ids(bench, "determination_revised").count == 4)
    }

    /// What was computed is told to the Department, what was released to the district, and a release that is withdrawn
    /// closes again and says so.
    @Test(arguments: [false, true]) func tellsWhomTheStageShowsIt(_ restarts: Bool) throws {
        let bench = try bench(Calendar("2019-10-01"))
        for (index, status) in ["computed", "computed", "preliminary", "official", "computed", "preliminary"]
            .enumerated()
        {
            try put(
                bench,
                determination(Self.school, 2019, revision: UInt32(index + 1)) {
                    $0.status = status
                    $0.lowSubgroups = ["swd"]
                }
            )
            try bench.driver.run()
            if restarts { bench.driver.restartAll() }
        }
        try bench.driver.run()
        let told = try notices(bench)
        let ofDetermination = told.filter { $0.notice.event.hasPrefix("determination_") }.map(\.notice)
        #expect(ofDetermination.map(\.departmentOnly) == [true, true, false, false, true, false])
        #expect(
            ofDetermination.filter { !$0.departmentOnly }.allSatisfy { $0.recipients == [Self.school, Self.district] }
        )
        #expect(ofDetermination[0].body.contains("(computed, for the Department only)"))
        #expect(ofDetermination[2].body.contains("(preliminary, embargoed)"))
        // The groups are news again for those who may see them for the first time.
        let groups = told.filter { $0.notice.event == "low_subgroups" }
        #expect(groups.map(\.id) == [1, 3].map { "2019/\(Self.school)/\($0)/low_subgroups" })
        #expect(groups.map(\.notice.departmentOnly) == [true, false])
        let closed = told.filter { $0.notice.event == "results_closed" }
        #expect(closed.map(\.id) == ["2019/\(Self.school)/5/results_closed"])
        #expect(closed.first?.notice.recipients == [Self.school, Self.district])
        #expect(closed.allSatisfy { $0.notice.classification.isEmpty && !$0.notice.body.contains("assistance") })
    }

    /// 603 CMR 2.03(3)(b).
    @Test func tellsOfLowPerformingGroupsWithTheirPercentiles() throws {
        let bench = try bench(Calendar("2019-10-01"))
        try put(
            bench,
            determination(Self.school, 2019) {
                $0.lowSubgroups = ["swd"]
                $0.groupPercentiles = [
                    .with {
                        $0.group = "swd"
                        $0.percentile = 4
                    }
                ]
            }
        )
        try bench.driver.run()
        let notice = try #require(try notices(bench).first { $0.notice.event == "low_subgroups" }?.notice)
        #expect(notice.id == "2019/\(Self.school)/1/low_subgroups")
        #expect(notice.body.contains("- Students with Disabilities, subgroup percentile 4\n"))
    }

    @Test func aDeterminationIssuedAgainAfterAWithdrawalIsANewEvent() throws {
        let bench = try bench(Calendar("2019-10-01"))
        let first = determination(Self.school, 2019)
        try put(bench, first)
        try bench.driver.run()
        try bench.put(Topics.determinations, "2019/\(Self.school)", nil, partition: bench.district(Self.school))
        try bench.driver.run()
        bench.driver.restartAll()
        try put(bench, determination(Self.school, 2019) { $0.issuedUnixMilliseconds += 5000 })
        try bench.driver.run()
        #expect(try notices(bench).map(\.id) == ["2019/\(Self.school)/1", "2019/\(Self.school)/1/issue-2"])
    }

    /// A determination that its stage does not confirm is told to nobody; one that it confirms is told.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func tellsOfWhatIsConfirmedOnly(_ seed: UInt64) throws {
        let bench = try JudgingBench(
            [NotificationStage(pipeline: Pipeline(), clock: { 1_569_000_000_000 })],
            partitions: 1,
            seed: seed
        )
        let key = "2019/\(Self.school)"
        func issue(_ revision: UInt32, _ classification: String, confirms: Bool = true, records: Bool = true) throws {
            let message = determination(Self.school, 2019) {
                $0.revision = revision
                $0.classification = classification
                $0.issuedUnixMilliseconds += Int64(revision)
            }
            let value: [UInt8] = try message.serializedBytes()
            if records {
                bench.driver.append(
                    StoredRecord(key: Array(key.utf8), value: value, eventType: Topics.determinations.eventType),
                    topic: bench.pipeline.name(Topics.determinations),
                    partition: 0
                )
            }
            if confirms { try bench.confirm(key, value, partition: 0) }
        }
        try issue(1, "not_requiring_assistance")
        try issue(2, "requiring_assistance", confirms: false)
        try issue(1, "not_requiring_assistance", confirms: false)
        try bench.driver.run()
        bench.driver.restartAll()
        try bench.driver.run()
        #expect(try notices(bench).map(\.id) == ["\(key)/1"])
        try issue(2, "insufficient_data", records: false)
        try bench.driver.run()
        #expect(try notices(bench).count == 1, "confirmed, and not there yet")
        try issue(2, "requiring_assistance", confirms: false)
        try bench.driver.run()
        #expect(try notices(bench).count == 1)
        try issue(2, "insufficient_data", confirms: false)
        try issue(3, "not_requiring_assistance")
        try bench.driver.run()
        #expect(try notices(bench).map(\.id) == ["\(key)/1", "\(key)/2", "\(key)/3"])
        #expect(try notices(bench)[1].notice.classification == "insufficient_data")
    }

    @Test func tellsOfActsTheirChangesAndTheirWithdrawal() throws {
        let bench = try bench(Calendar("2019-10-01"))
        try bench.close(2019, Topics.determinations, Topics.directives)
        func designate(_ reason: String) throws {
            try bench.directive(2019, "designation", Self.school, "underperforming", reason: reason, date: "2018-10-15")
        }
        try designate("Four years of low performance")
        try bench.directive(2019, "review", Self.district, "conducted", date: "2019-03-04", end: "2019-03-07")
        // For everyone, and shown in every determination.
        try bench.directive(2019, "release", "00000000", "official", date: "2019-09-24")
        try bench.driver.run()
        bench.driver.restartAll()
        try designate("Four years of low performance")
        try bench.driver.run()
        try designate("Five years of low performance")
        try bench.driver.run()
        bench.driver.restartAll()
        try bench.driver.run()
        try bench.put(
            Topics.directives,
            "2019/designation/\(Self.school)/underperforming",
            nil,
            partition: 0,
            cause: "withdrawal-1"
        )
        try bench.driver.run()
        let told = try notices(bench)
        let designation = "2019/\(Self.school)/directive/designation.underperforming"
        #expect(
            told.map(\.id) == ["2019/\(Self.district)/directive/review.conducted/1"]
                + [1, 2, 3].map { "\(designation)/\($0)" }
        )
        #expect(told[0].notice.recipients == [Self.district])
        #expect(told[1].notice.body.contains("Reason: Four years of low performance"))
        #expect(told[2].notice.subject.hasPrefix("Changed: Designation: underperforming, 2018-19"))
        #expect(told[3].notice.subject.hasPrefix("Withdrawn: ") && told[3].notice.cause == "withdrawal-1")
    }

    /// An act that is a part of the results goes where the results go; a review, a plan and an appeal to the district
    /// at once.
    @Test(arguments: [
        ("recognition", "high_growth", true), ("designation", "underperforming", true), ("designation", "csi", true),
        ("reconfiguration", "reconfigured", true), ("review", "conducted", false), ("appeal", "filed", false),
        ("plan_filing", "school_improvement_plan", false),
    ])
    func tellsOfAnActWhomTheStageShowsIt(_ act: String, _ kind: String, isPartOfResults: Bool) throws {
        let bench = try bench(Calendar("2019-10-01"))
        let about = "2019/\(Self.school)/directive/\(act).\(kind)"
        func told() throws -> [(id: String, notice: Accountability_V1_Notice)] {
            bench.driver.restartAll()
            try bench.driver.run()
            return try notices(bench).filter { $0.id.hasPrefix(about) }
        }
        try bench.directive(2019, act, Self.school, kind, reason: "Good", date: "2019-09-24")
        // Another district's results, and another year's.
        try bench.directive(2019, "release", "00360000", "official", date: "2019-09-24")
        try bench.directive(2018, "release", "00000000", "official", date: "2018-09-24")
        #expect(try told().map(\.notice.departmentOnly) == [isPartOfResults])
        try bench.directive(2019, "release", Self.district, "preliminary", date: "2019-09-25")
        guard isPartOfResults else {
            #expect(try told().map(\.notice.recipients) == [[Self.school, Self.district]])
            return
        }
        let shown = try told()
        #expect(shown.map(\.notice.departmentOnly) == [true, false])
        #expect(shown.last?.notice.recipients == [Self.school, Self.district])
        // New to the district, and no change.
        #expect(shown.last?.notice.subject == shown.first?.notice.subject)
        #expect(shown.last?.notice.body.contains(" is on record.\n") == true)
        // Closed again: a change is the Department's until the next release.
        try bench.put(Topics.directives, "2019/release/\(Self.district)/preliminary", nil, partition: 0)
        #expect(try told().count == 2)
        try bench.directive(2019, act, Self.school, kind, reason: "Better", date: "2019-09-24")
        #expect(try told().map(\.notice.departmentOnly) == [true, false, true])
        try bench.directive(2019, "release", "00000000", "official", date: "2019-09-28")
        let last = try told()
        #expect(last.map(\.notice.departmentOnly) == [true, false, true, false])
        #expect(last.last?.notice.body.contains("Reason: Better") == true)
        // Who was told of it is told of its withdrawal.
        try bench.put(Topics.directives, "2019/\(act)/\(Self.school)/\(kind)", nil, partition: 0)
        #expect(try told().last?.notice.recipients == [Self.school, Self.district])
        #expect(try told().last?.notice.subject.hasPrefix("Withdrawn: ") == true && told().count == 5)
    }

    /// What only the Department was told of is withdrawn before it alone.
    @Test func aWithdrawnActThatWasNeverShownIsTheDepartments() throws {
        let bench = try bench(Calendar("2019-10-01"))
        try bench.directive(2019, "recognition", Self.school, "high_growth", date: "2019-09-24")
        try bench.driver.run()
        try bench.put(Topics.directives, "2019/recognition/\(Self.school)/high_growth", nil, partition: 0)
        try bench.driver.run()
        try bench.directive(2019, "release", "00000000", "official", date: "2019-09-28")
        try bench.driver.run()
        let told = try notices(bench).map(\.notice)
        #expect(told.map(\.departmentOnly) == [true, true] && told[1].subject.hasPrefix("Withdrawn: "))
    }

    /// After a recode the notices are of the new code: the change, and the determination under it.
    @Test func aRecodedSchoolGetsItsNoticesUnderItsNewCode() throws {
        let (former, new) = (Self.school, "00350014")
        let bench = try bench(Calendar("2019-10-01"))
        try put(
            bench,
            determination(former, 2019) {
                $0.status = "preliminary"
                $0.lowSubgroups = ["swd"]
            }
        )
        try bench.directive(2019, "release", "00000000", "preliminary", date: "2019-09-10")
        try bench.driver.run()
        let before = try notices(bench).map(\.id)
        #expect(before == ["2019/\(former)/1", "2019/\(former)/1/low_subgroups"])
        let taken: OrganizationCode = try #require(OrganizationCode(former))
        let change = OrganizationChange(
            schoolYear: 2019,
            organization: try #require(OrganizationCode(new)),
            kind: .recoded,
            former: taken
        )
        let key = DirectiveKey(changeOf: change.organization, in: 2019, former: change.former).text
        try bench.put(Topics.directives, key, Accountability_V1_Directive(change), partition: 0)
        try bench.put(Topics.determinations, "2019/\(former)", nil, partition: bench.district(former))
        try put(
            bench,
            determination(new, 2019) {
                $0.status = "preliminary"
                $0.lowSubgroups = ["swd"]
                $0.issuedUnixMilliseconds += 5000
                $0.history = [
                    .with {
                        ($0.schoolYear, $0.change, $0.formerOrgCodes, $0.takenOrgCode) = (
                            2019, "recoded", [former], former
                        )
                    }
                ]
            }
        )
        try bench.driver.run()
        bench.driver.restartAll()
        try bench.driver.run()
        let after = try notices(bench).filter { !before.contains($0.id) }
        #expect(
            after.map(\.id) == [
                "2019/\(new)/1", "2019/\(new)/1/low_subgroups", "2019/\(new)/directive/organization_change.\(former)/1",
            ]
        )
        #expect(after.allSatisfy { $0.notice.recipients == [new, Self.district] && $0.notice.orgCode == new })
        #expect(after.last?.notice.subject == "Organization change: recoded from \(former), 2018-19: \(new)")
        #expect(after.last?.notice.body.contains("A change of an organization for school year 2018-19") == true)
    }

    /// 603 CMR 2.03(10).
    @Test func tellsEveryoneOfACommentPeriodAndOfTheCommentsWhenItEnds() throws {
        let calendar = try Calendar("2025-02-01")
        let bench = try bench(calendar)
        try bench.directive(2026, "framework_step", "00000000", "comment_opened", date: "2025-02-01", end: "2025-03-15")
        try bench.directive(
            2026,
            "framework_step",
            Self.district,
            "comment",
            reason: "Weigh growth higher",
            date: "2025-02-20"
        )
        try bench.driver.run()
        try calendar.set("2025-03-15")
        bench.driver.restartAll()
        try bench.driver.run()
        #expect(try notices(bench).map(\.id) == ["2026/00000000/comment_period/begins/1"])
        for _ in 0..<2 {
            try calendar.set("2025-03-16")
            bench.driver.restartAll()
            try bench.driver.run()
        }
        let told = try notices(bench)
        #expect(told.map(\.id) == ["2026/00000000/comment_period/begins/1", "2026/00000000/comment_period/ends/1"])
        #expect(told.allSatisfy { $0.notice.recipients == ["00000000"] })
        #expect(
            told[1].notice.body.contains("1 comment is on record")
                && told[1].notice.body.contains("- 2025-02-20, \(Self.district): Weigh growth higher")
        )
        try bench.directive(2026, "framework_step", "00000000", "comment_opened", date: "2025-02-01", end: "2025-04-15")
        try bench.driver.run()
        try calendar.set("2025-04-16")
        bench.driver.restartAll()
        try bench.driver.run()
        #expect(
            try ids(bench, "comment_period").suffix(3)
                == ["begins/2", "ends/1", "ends/2"].map { "2026/00000000/comment_period/\($0)" }
        )
    }

    /// 603 CMR 2.03(7).
    @Test func tellsOfPlansThatAreDueAndOverdueOnce() throws {
        let calendar = try Calendar("2019-05-31")
        let bench = try bench(calendar)
        for code in [Self.district, Self.school, "00350020"] { try put(bench, determination(code, 2018)) }
        // Closed since: its district has newer determinations without it.
        try put(bench, determination("00350099", 2017))
        try bench.directive(
            2020,
            "plan_filing",
            Self.school,
            "school_improvement_plan",
            date: "2019-05-20",
            reference: "2020/\(Self.district)"
        )
        try bench.close(2017, Topics.determinations, Topics.directives)
        try bench.driver.run()
        #expect(try ids(bench, "plan_due") == [], "the year's organizations have not all come")
        try bench.close(2018, Topics.determinations, Topics.directives)
        try bench.driver.run()
        #expect(try ids(bench, "plan_due") == [], "31 days before")
        let district = ["district_action_plan", "district_improvement_plan", "self_evaluation"]
        func expected(_ event: String, _ year: Int) -> [String] {
            district.map { "\(year)/\(Self.district)/\(event)/\($0)" } + [
                "\(year)/00350020/\(event)/school_improvement_plan"
            ]
        }
        for day in ["2019-06-01", "2019-06-30", "2019-07-01"] {
            try calendar.set(day)
            bench.driver.restartAll()
            try bench.driver.run()
            #expect(try ids(bench, "plan_due").filter { $0.hasPrefix("2020") } == expected("plan_due", 2020))
            #expect(try ids(bench, "plan_overdue").filter { $0.hasPrefix("2020") } == [], "\(day)")
        }
        try calendar.set("2019-07-02")
        try bench.directive(2020, "plan_filing", Self.district, "self_evaluation", date: "2019-06-30")
        try bench.driver.run()
        bench.driver.restartAll()
        try bench.driver.run()
        let overdue = try ids(bench, "plan_overdue").filter { $0.hasPrefix("2020") }
        #expect(overdue == expected("plan_overdue", 2020).filter { !$0.hasSuffix("self_evaluation") })
        let notice = try #require(
            try notices(bench).first { $0.id == "2020/00350020/plan_overdue/school_improvement_plan" }?.notice
        )
        #expect(
            notice.subject
                == "Overdue since 2019-07-01: School Improvement Plan for school year 2019-20, Example 00350020 (00350020)"
        )
        #expect(notice.createdUnixMilliseconds == (try Calendar.noon("2019-07-02")))
        // Long past, nobody is told: the topic no longer remembers whether anybody was.
        try calendar.set("2020-09-01")
        let late = try self.bench(calendar)
        try put(late, determination(Self.district, 2018))
        try late.close(2018, Topics.determinations, Topics.directives)
        try late.driver.run()
        #expect(try ids(late, "plan_overdue").allSatisfy { $0.hasPrefix("2021/") })
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6])
    func tellsTheSameWhateverHappens(seed: UInt64) throws {
        func run(_ disturbances: InMemoryDriver.Disturbances) throws -> [String: Accountability_V1_Notice] {
            let calendar = try Calendar("2019-06-15")
            let bench = try bench(calendar, partitions: 3, seed: seed, disturbances)
            let codes = (0..<20).flatMap { ["0\(100 + $0)0000", "0\(100 + $0)0005"] }
            for revision in UInt32(1)...3 {
                for (index, code) in codes.enumerated() {
                    try put(
                        bench,
                        determination(code, 2019, revision: revision) {
                            $0.lowParticipationGroups = (index + Int(revision)) % 3 == 0 ? ["swd"] : []
                            $0.lowSubgroups = index % 4 == 0 ? ["black"] : []
                        }
                    )
                    if index % 5 == 0 {
                        try bench.directive(2019, "designation", code, "underperforming", reason: "Reason \(revision)")
                    }
                    if index % 3 == 0, revision == 2, code.hasSuffix("5") {
                        try bench.directive(2020, "plan_filing", code, "school_improvement_plan", date: "2019-06-20")
                    }
                }
                try bench.directive(
                    2026,
                    "framework_step",
                    "00000000",
                    "comment_opened",
                    date: "2019-05-01",
                    end: "2019-06-\(15 + revision)"
                )
                if revision == 1 { try bench.close(2019, Topics.determinations, Topics.directives) }
                try bench.driver.run()
            }
            try calendar.set("2019-07-02")
            bench.driver.restartAll()
            try bench.driver.run()
            #expect(disturbances.crashEvery == 0 || bench.driver.disturbed > 0)
            return Dictionary(uniqueKeysWithValues: try notices(bench).map { ($0.id, $0.notice) })
        }
        let undisturbed = try run(.init())
        var disturbances = InMemoryDriver.Disturbances.all
        disturbances.killInFlushEvery = 7
        disturbances.lostAnswerEvery = 7
        disturbances.zombieEvery = 7
        disturbances.killInRestoreEvery = 5
        #expect(try run(disturbances) == undisturbed)
        #expect(Set(undisturbed.values.map(\.event)).count == 8)
    }
}
