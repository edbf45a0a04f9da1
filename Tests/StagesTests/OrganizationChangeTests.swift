import Foundation
import Messages
import Rules
import Streaming
import StreamingTesting
import SwiftProtobuf
import Testing
@testable import Stages

/// Changes of organizations, from the row to the determination: the results depend on the rows that stand, and on
/// nothing else.
@Suite("Changes of organizations") struct OrganizationChangeTests {
    private static let (former, school) = ("00010505", "00010510")
    private static let others = ["00020505", "00030505", "00040505"]

    private static func bench(
        partitions: Int32 = 2,
        seed: UInt64 = 1,
        disturbances: InMemoryDriver.Disturbances = .init()
    ) throws -> ValidationBench {
        let pipeline = Pipeline()
        let bench = try ValidationBench(
            partitions: partitions,
            seed: seed,
            disturbances: disturbances,
            stages: [
                ValidationStage(pipeline: pipeline), ParticipationStage(pipeline: pipeline),
                IndicatorStage(pipeline: pipeline), PercentileStage(pipeline: pipeline),
                DeterminationStage(pipeline: pipeline, clock: { 1_569_000_000_000 }),
            ]
        )
        try bench.openYears(2018, 2019)
        return bench
    }

    private static func organizations(_ year: Int, _ own: String) -> String {
        let codes = ([own] + others).flatMap { [String($0.prefix(4)) + "0000", $0] }
        return table(
            .organizations,
            codes.map { code in
                [
                    "school_year": "\(year)", "org_code": code, "name": "Org", "comparison_group": "non_high",
                    "org_type": code.hasSuffix("0000") ? "district" : "school", "enrollment": "120",
                ]
            }
        )
    }

    /// The school was the best of all in the year before, and is in the middle of all now.
    private static func values(_ year: Int, _ own: String) -> String {
        let rows = ([own] + others).enumerated()
            .flatMap { place, code in
                [
                    ("ela_achievement", year == 2018 && place == 0 ? 530 : 500 + place), ("ela_growth", 50 + place),
                    ("chronic_absenteeism", 10 + place),
                ]
                .map { indicator, value in
                    [
                        "school_year": "\(year)", "org_code": code, "comparison_group": "non_high",
                        "grade_span": "non_high", "group": "all_students", "indicator": indicator,
                        "value": "\(value)", "count": "60",
                    ]
                }
            }
        return table(.indicatorValues, rows)
    }

    private static func targets(_ year: Int, _ own: String) -> String {
        table(
            .targets,
            ([own] + others)
                .map { code in
                    [
                        "school_year": "\(year)", "org_code": code, "grade_span": "non_high", "group": "all_students",
                        "indicator": "ela_achievement", "target": "505",
                    ]
                }
        )
    }

    private static func files(_ own: String) -> [String] {
        [organizations(2018, former), values(2018, former), targets(2018, former)]
            + [organizations(2019, own), values(2019, own), targets(2019, own)]
    }

    private static func changes(_ rows: [[String: String]]) -> String {
        table(.organizationChanges, rows.map { ["school_year": "2019", "org_code": school].merging($0) { $1 } })
    }

    private static let recoded = ["change": "recoded", "prior_org_code": former, "reason": "A new building"]

    private static func close(_ bench: ValidationBench) throws {
        for year in [2018, 2019] {
            try bench.driver.close(scope: "\(year)", topic: bench.pipeline.name(Topics.submissions))
        }
        try bench.driver.run()
    }

    /// The determinations that stand, without what belongs to their publication.
    private static func determinations(_ bench: ValidationBench) throws -> [String: Accountability_V1_Determination] {
        try bench.standing(Topics.determinations)
            .mapValues { try decoded(Accountability_V1_Determination.self, $0).withoutPublication }
    }

    private static func run(_ files: [String]) throws -> ValidationBench {
        let bench = try bench()
        for file in files { try bench.submit(file) }
        try close(bench)
        return bench
    }

    /// 603 CMR 2.03(2)(a).
    ///
    /// 603 CMR 2.03(2)(b).
    @Test("A recoded school has the results that it would have under its code, and nobody else has others")
    func recodedSchool() throws {
        let kept = try Self.determinations(Self.run(Self.files(Self.former)))
        let bench = try Self.run(Self.files(Self.school) + [Self.changes([Self.recoded])])
        let moved = try Self.determinations(bench)
        let expected = try #require(kept["2019/\(Self.former)"])
        var found = try #require(moved["2019/\(Self.school)"])
        #expect(!expected.priorAnnualExact.isEmpty && expected.hasPercentile)
        let step = try #require(found.history.first)
        #expect(found.history.count == 1 && step.change == "recoded" && step.schoolYear == 2019)
        #expect(step.formerOrgCodes == [Self.former] && step.takenOrgCode == Self.former && !step.contradicted)
        found.history = []
        found.orgCode = Self.former
        #expect(found == expected)
        for code in Self.others { #expect(moved["2019/\(code)"] == kept["2019/\(code)"]) }
        #expect(moved["2019/\(Self.former)"] == nil && moved["2018/\(Self.former)"] == kept["2018/\(Self.former)"])
        // The percentile says under which code the year before stands.
        let key = Array("2019/\(Self.school)/all_students/non_high".utf8)
        let value = try #require(bench.driver.table(bench.pipeline.name(Topics.percentiles))[key])
        let percentile = try Accountability_V1_PercentileEntry(serializedBytes: value)
        let stages = percentile.percentile.stages.filter { $0.stage == "former_code" }
        #expect(stages.map(\.indicatorOrCategory) == [Self.former] && stages.map(\.schoolYear) == [2018])
        #expect(percentile.percentile.stages.contains { $0.schoolYear == 2018 && $0.value == "530" })
    }

    @Test("Without the row, with other grades and with rows that contradict each other no earlier year counts")
    func nothingCarried() throws {
        let without = try Self.determinations(Self.run(Self.files(Self.school)))
        let alone = try #require(without["2019/\(Self.school)"])
        #expect(alone.priorAnnualExact.isEmpty && alone.history.isEmpty)
        let grades = ["change": "grades_changed"]
        let rival = ["change": "recoded", "prior_org_code": Self.former, "org_code": "00010520"]
        for rows in [[grades], [Self.recoded, grades], [Self.recoded, rival]] {
            let bench = try Self.bench()
            for file in Self.files(Self.school) + [Self.changes(rows)] {
                try bench.submit(file, options: .init(allowUndeclared: true))
            }
            try Self.close(bench)
            let found = try #require(try Self.determinations(bench)["2019/\(Self.school)"])
            #expect(found.priorAnnualExact.isEmpty && found.cumulative == found.annual)
            // Only beside the former code there is a value of the year before, which gives points.
            #expect(found.hasCumulative == (rows == [Self.recoded, grades]))
            #expect(found.percentile == alone.percentile)
            #expect(!found.history.contains { $0.contradicted != rows.contains(rival) })
            #expect(!found.history.isEmpty)
        }
    }

    @Test("A closed school has no determination, and has it again without the row")
    func closedSchool() throws {
        let bench = try Self.run(Self.files(Self.former))
        let all = try Self.determinations(bench)
        #expect(all["2019/\(Self.former)"] != nil)
        let row = ["change": "closed", "org_code": Self.former]
        let (id, _) = try bench.submit(Self.changes([row]))
        try bench.driver.run()
        let after = try Self.determinations(bench)
        #expect(after["2019/\(Self.former)"] == nil && after["2018/\(Self.former)"] == all["2018/\(Self.former)"])
        #expect(try bench.receipt(id).accepted == 1)
        try bench.submit(Self.changes([row.merging(["action": "delete"]) { $1 }]))
        try bench.driver.run()
        #expect(try Self.determinations(bench) == all)
        // Nobody has to declare a code that no longer exists.
        let (other, _) = try bench.submit(Self.changes([["change": "closed", "org_code": "00010590"]]))
        try bench.driver.run()
        #expect(try bench.receipt(other).accepted == 1)
    }

    @Test("Submitted and withdrawn, nothing has happened")
    func withdrawn() throws {
        let bench = try Self.run(Self.files(Self.school))
        let before = try Self.determinations(bench)
        let (id, _) = try bench.submit(Self.changes([Self.recoded]))
        try bench.driver.run()
        #expect(try Self.determinations(bench) != before)
        _ = try bench.withdraw(id)
        try bench.driver.run()
        #expect(try Self.determinations(bench) == before)
        #expect(try bench.standing(Topics.directives).isEmpty)
    }

    /// Files and corrections of the row in any order among each other; the versions of the row in theirs.
    @Test(
        "What stands is the same in whatever order it came",
        arguments: [1, 2, 3, 4, 5, 6] as [UInt64],
        [1, 3] as [Int32]
    )
    func anyOrder(_ seed: UInt64, _ partitions: Int32) throws {
        let expected = try Self.run(Self.files(Self.school) + [Self.changes([Self.recoded])])
        let grades = ["change": "grades_changed"]
        let versions = [
            Self.changes([Self.recoded.merging(["change": "split"]) { $1 }, grades]),
            Self.changes([grades.merging(["action": "delete"]) { $1 }]),
            Self.changes([Self.recoded]),
        ]
        var random = SplitMix64(seed: seed)
        var files = Self.files(Self.school).map { ($0, random.next()) }.sorted { $0.1 < $1.1 }.map(\.0)
        var place = 0
        for version in versions {
            place += Int(random.next() % UInt64(files.count + 1 - place))
            files.insert(version, at: place)
            place += 1
        }
        let closing = Int(random.next() % UInt64(files.count))
        let bench = try Self.bench(partitions: partitions, seed: seed, disturbances: .all)
        for (index, file) in files.enumerated() {
            if index == closing { try Self.close(bench) }
            try bench.submit(file)
            if random.next() % 2 == 0 { try bench.driver.run() }
        }
        try bench.driver.run()
        #expect(try Self.determinations(bench) == Self.determinations(expected))
        bench.driver.restartAll()
        try bench.driver.run()
        #expect(try Self.determinations(bench) == Self.determinations(expected))
    }

    @Test(
        "A row that cannot be is refused with its reason",
        arguments: [
            (["org_code": "00000000", "change": "closed"], "organization_not_of_change"),
            (["change": "recoded"], "former_code_not_of_change"),
            (["change": "closed", "prior_org_code": former], "former_code_not_of_change"),
            (["change": "recoded", "prior_org_code": school], "change_of_itself"),
            (["change": "recoded", "prior_org_code": "00020505"], "former_code_of_other_district"),
            (["change": "merged", "prior_org_code": former], "enrollment_not_of_change"),
            (["change": "split", "prior_org_code": former, "prior_enrollment": "9"], "enrollment_not_of_change"),
            (["change": "renamed", "prior_org_code": former], "unknown_choice"),
            (["change": "recoded", "prior_org_code": "505"], "malformed_code"),
            (["change": "recoded", "prior_org_code": former, "org_code": "00010590"], "unknown_organization"),
        ] as [([String: String], String)]
    )
    func refused(_ row: [String: String], _ code: String) throws {
        let bench = try ValidationBench(partitions: 2)
        try bench.openYears(2019)
        try bench.submit(Self.organizations(2019, Self.school))
        let (id, _) = try bench.submit(Self.changes([row]))
        try bench.driver.run()
        #expect(try bench.rejections().map(\.code) == [code])
        #expect(try bench.receipt(id).rejected == 1 && bench.standing(Topics.directives).isEmpty)
    }

    @Test(
        "A change across districts is refused with what to do instead",
        arguments: [
            (["change": "recoded", "prior_org_code": "00020505"], 2),
            (["org_code": "00010000", "change": "recoded", "prior_org_code": "00020000"], 2),
            (["change": "merged", "prior_org_code": "00010000", "prior_enrollment": "9"], 2),
        ] as [([String: String], UInt64)]
    )
    func refusedAcrossDistricts(_ row: [String: String], _ line: UInt64) throws {
        let bench = try ValidationBench(partitions: 2)
        try bench.openYears(2019)
        try bench.submit(Self.organizations(2019, Self.school))
        try bench.submit(Self.changes([row]))
        try bench.driver.run()
        let rejection = try #require(try bench.rejections().first)
        #expect(rejection.column == "prior_org_code" && rejection.line == line)
        #expect(
            rejection.message
                == "prior_org_code: a former code is a school's, of the same district as the new one: results are not carried from one district "
                + "to another, nor from one district's code to another; leave the row out: the organization starts anew under its code; submit the "
                + "change closed for the former code"
        )
    }

    @Test("The look-back of participation is on the former code")
    func participation() throws {
        let run = try MeasuresRun(ParticipationStage(pipeline: MeasuresRun.pipeline))
        try run.append((0..<20).map { Fact.tests(2018, "00010001", student: $0, ela: .taken()) })
        try run.append(
            (0..<20).map { Fact.tests(2019, "00010002", student: $0, ela: $0 < 2 ? .with(.absent) : .taken()) }
        )
        try run.close(2018, 2019)
        try run.driver.run()
        let key = "2019/00010002/all/all_students/combined"
        let alone = try #require(try run.row(key))
        #expect(alone.priorDenominator == 0 && !alone.requirementMet)
        let change = try Self.change("00010002", "00010001")
        try run.append(change, cause: "changes")
        try run.driver.run()
        let row = try #require(try run.row(key))
        #expect(row.priorDenominator == 20 && row.judgedRateExact == "95.0000" && row.requirementMet)
        #expect(run.log(Topics.participation).last { $0.key == Array(key.utf8) }?.cause == "changes")
        // A correction of the former code reaches it.
        try run.append(Fact.tests(2018, "00010001", student: 0, ela: .taken()), retract: true, cause: "left")
        try run.driver.run()
        #expect(try run.row(key)?.priorDenominator == 19)
        try run.append(change, withdraw: true)
        try run.driver.run()
        #expect(try run.row(key) == alone)
    }

    @Test("Who was in the school under its former code stayed in it")
    func lowestPerforming() throws {
        func run(_ code: String, prior: UInt32) throws -> MeasuresRun {
            let run = try MeasuresRun(IndicatorStage(pipeline: MeasuresRun.pipeline))
            let facts = (0..<8)
                .map { number in
                    let before = 440 + UInt32(number) * 5
                    return Fact.tests(
                        2019,
                        code,
                        student: number,
                        prior: prior,
                        ela: .taken(500 + UInt32(number), prior: before),
                        math: .taken(480, prior: before)
                    )
                }
            try run.append(facts)
            try run.close(2019)
            try run.driver.run()
            return run
        }
        let key = { (code: String) in "2019/\(code)/value/non_high/lowest_performing/ela_achievement" }
        let kept = try #require(try run("00010001", prior: 10_001).entry(key("00010001"))?.value)
        #expect(kept.count == 2)
        let moved = try run("00010002", prior: 10_001)
        #expect(try moved.entry(key("00010002")) == nil)
        let change = try Self.change("00010002", "00010001")
        try moved.append(change)
        try moved.driver.run()
        #expect(try moved.entry(key("00010002"))?.value == kept)
        // Who was at its new code the year before was in another school.
        let taken = try run("00010002", prior: 10_002)
        #expect(try taken.entry(key("00010002"))?.value.count == 2)
        try taken.append(change)
        try taken.driver.run()
        #expect(try taken.entry(key("00010002")) == nil)
        try moved.append(change, withdraw: true)
        try moved.driver.run()
        #expect(try moved.entry(key("00010002")) == nil)
    }

    @Test("Designations and federal identifications are those of the former code")
    func designations() throws {
        let bench = try JudgingBench.determining()
        try bench.organization(2018, "00010001", title1: true)
        try bench.organization(2019, "00010002", title1: true)
        try bench.percentile(2018, "00010001", "all_students", 3, lowestTitle1: true)
        try bench.directive(2018, "designation", "00010001", "underperforming", reason: "Four years")
        // One that came after the school had another code is not its own.
        try bench.directive(2019, "designation", "00010001", "chronically_underperforming", reason: "Another school")
        for year in [2018, 2019] { try bench.closeMeasures(year) }
        try bench.driver.run()
        func found() throws -> Accountability_V1_Determination {
            try #require(try bench.determinations()["2019/00010002"])
        }
        #expect(try found().designation.isEmpty && found().federalDesignations.isEmpty)
        let change = try Self.change("00010002", "00010001")
        let key = DirectiveKey(changeOf: change.organization, in: 2019, former: change.former).text
        try bench.put(Topics.directives, key, Accountability_V1_Directive(change), partition: 0)
        try bench.driver.run()
        #expect(try found().designation == "underperforming")
        #expect(try found().federalDesignations.map(\.designation) == ["csi"])
        #expect(try found().federalDesignations.map(\.identified) == [2018])
        try bench.put(Topics.directives, key, nil, partition: 0)
        try bench.driver.run()
        #expect(try found().designation.isEmpty && found().federalDesignations.isEmpty)
    }

    @Test("Of two schools that swap their codes each keeps its designation and its federal identification")
    func swappedDesignations() throws {
        let bench = try JudgingBench.determining()
        let codes = ["00010001", "00010002"]
        for code in codes {
            for year in [2018, 2019] { try bench.organization(year, code, title1: true) }
        }
        try bench.percentile(2018, codes[0], "all_students", 3, lowestTitle1: true)
        try bench.directive(2018, "designation", codes[0], "underperforming", reason: "Four years")
        for year in [2018, 2019] { try bench.closeMeasures(year) }
        for (code, former) in [(codes[0], codes[1]), (codes[1], codes[0])] {
            let change = try Self.change(code, former)
            let key = DirectiveKey(changeOf: change.organization, in: 2019, former: change.former).text
            try bench.put(Topics.directives, key, Accountability_V1_Directive(change), partition: 0)
        }
        try bench.driver.run()
        let found = try codes.map { try #require(try bench.determinations()["2019/\($0)"]) }
        #expect(found.map(\.designation) == ["", "underperforming"])
        #expect(found.map { $0.federalDesignations.map(\.designation) } == [[], ["csi"]])
        #expect(found.allSatisfy { $0.history.map(\.contradicted) == [false] })
    }

    @Test("Rows that contradict each other leave designations and federal identifications with the code, and say so")
    func contradictedDesignations() throws {
        let bench = try JudgingBench.determining()
        let codes = ["00010001", "00010002", "00010003"]
        for code in codes {
            for year in [2018, 2019] { try bench.organization(year, code, title1: true) }
        }
        try bench.percentile(2018, codes[0], "all_students", 3, lowestTitle1: true)
        try bench.directive(2018, "designation", codes[0], "underperforming", reason: "Four years")
        for year in [2018, 2019] { try bench.closeMeasures(year) }
        // Two schools take over the code of the first, and the first that of one of them.
        for (code, former) in [(codes[0], codes[1]), (codes[1], codes[0]), (codes[2], codes[0])] {
            let change = try Self.change(code, former)
            let key = DirectiveKey(changeOf: change.organization, in: 2019, former: change.former).text
            try bench.put(Topics.directives, key, Accountability_V1_Directive(change), partition: 0)
        }
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2019/\(codes[2])"])
        #expect(found.designation.isEmpty && found.federalDesignations.isEmpty)
        let report = try DeterminationReport(found)
        #expect(
            report.history.map(\.statement) == [
                "recoded in 2019 from 00010001, but the rows of organization_changes contradict each other: "
                    + "no earlier year counts, and designations stay with the code"
            ]
        )
    }

    /// The code of the second school was closed in 2017, was the first one's from 2018 on, and is nobody's now.
    @Test("Acts under a code are those of the organization that had it then")
    func designationsOfACodeThatWasAnothers() throws {
        let bench = try JudgingBench.determining()
        let codes = try ["00010001", "00010002", "00010003"].map { try #require(OrganizationCode($0)) }
        try bench.organization(2019, "00010003")
        try bench.directive(2016, "designation", "00010002", "chronically_underperforming", reason: "The closed one")
        try bench.directive(2018, "designation", "00010002", "underperforming", reason: "The school itself")
        func put(_ year: Int, _ code: Int, _ kind: OrganizationChangeKind, _ former: Int?) throws {
            let former = former.map { codes[$0] }
            let change = OrganizationChange(schoolYear: year, organization: codes[code], kind: kind, former: former)
            let key = DirectiveKey(changeOf: codes[code], in: year, former: former).text
            try bench.put(Topics.directives, key, Accountability_V1_Directive(change), partition: 0)
        }
        try put(2017, 1, .closed, nil)
        try put(2018, 1, .recoded, 0)
        try put(2019, 2, .recoded, 1)
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2019/00010003"])
        #expect(found.designation == "underperforming")
    }

    /// 2021 has no results, so that only those of 2022 can name its changes: whatever years a percentile weighs.
    @Test("Results name every change since the last year with results", arguments: ["{0: 60, 3: 40}", "{0: 100}"])
    func changesOfYearsWithoutResults(_ weights: String) throws {
        let draft = try Framework.proposed(
            """
            name: draft-2022
            title: Draft of 2022
            school_years: [2022]
            based_on: "2022"
            percentile:
              year_weights: {value: \(weights), status: assumed, alternatives: [{0: 50, 3: 50}], source: a test}
            """
        )
        let bench = try JudgingBench.determining(frameworks: FrameworkSet(drafts: [draft]))
        try bench.organization(2019, "00010001")
        try bench.organization(2022, "00010002")
        let change = try Self.change("00010002", "00010001", in: 2021)
        let key = DirectiveKey(changeOf: change.organization, in: 2021, former: change.former).text
        try bench.put(Topics.directives, key, Accountability_V1_Directive(change), partition: 0)
        for year in [2019, 2022] { try bench.closeMeasures(year) }
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2022/00010002"])
        #expect(found.history.map(\.schoolYear) == [2021] && found.history.map(\.takenOrgCode) == ["00010001"])
    }

    private static func change(_ code: String, _ former: String, in year: Int = 2019) throws -> OrganizationChange {
        let former: OrganizationCode = try #require(OrganizationCode(former))
        return OrganizationChange(
            schoolYear: year,
            organization: try #require(OrganizationCode(code)),
            kind: .recoded,
            former: former
        )
    }
}
