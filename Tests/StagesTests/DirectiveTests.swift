import Messages
import Rules
import StreamingTesting
import SwiftProtobuf
import Testing
@testable import Stages
@testable import Streaming

/// The Department's acts, from the rows of a file to what they change.
@Suite struct DirectiveTests {
    private func row(
        _ year: Int,
        _ directive: String,
        _ kind: String,
        _ code: String,
        _ date: String,
        _ more: [String: String] = [:]
    ) -> [String: String] {
        [
            "school_year": "\(year)", "org_code": code, "directive": directive, "kind": kind, "effective_date": date,
        ]
        .merging(more) { $1 }
    }

    private func step(
        _ kind: String,
        _ date: String,
        end: String = "",
        code: String = "00000000",
        action: String = "",
        document: String = ""
    ) -> [String: String] {
        row(
            2019,
            "framework_step",
            kind,
            code,
            date,
            [
                "end_date": end, "action": action, "reason": kind == "comment" ? "A comment" : "", "document": document,
            ]
        )
    }

    // MARK: Validation

    /// 603 CMR 2.03(10).
    @Test(arguments: [Int32(1), 3])
    func aFrameworkIsTakenThroughItsLife(partitions: Int32) throws {
        let bench = try ValidationBench(partitions: partitions)
        try bench.prepare()
        let rows = [
            step("proposed", "2018-01-23"), step("approved", "2018-05-22"),
            step("comment_opened", "2018-02-01", end: "2018-03-01"),
            step("comment", "2018-02-20"), step("comment", "2018-02-21", code: "00010000"),
            step("comment", "2018-03-02", code: "00020000"),
            step("recommended", "2018-04-10"),
        ]
        try bench.submit(table(.directives, rows))
        try bench.submit(table(.directives, [step("approved", "2018-05-22")]))
        try bench.submit(
            table(.directives, [step("recommended", "", action: "delete"), step("proposed", "2018-02-02")])
        )
        try bench.driver.run()
        let told = try bench.rejections()
        #expect(
            told.filter(\.closedBy.isEmpty).map(\.code) == [
                "framework_step_out_of_order", "comment_outside_period", "framework_step_out_of_order",
                "framework_step_out_of_order",
            ]
        )
        // The approval that came too early was accepted when it came again.
        #expect(told.filter { !$0.closedBy.isEmpty }.map(\.code) == ["framework_step_out_of_order"])
        #expect(try bench.rejections().allSatisfy { $0.message.contains("603 CMR 2.03(10)") })
        #expect(
            try bench.standing(Topics.directives).keys.sorted() == [
                "2019/framework_step/00000000/approved", "2019/framework_step/00000000/comment",
                "2019/framework_step/00000000/comment_opened",
                "2019/framework_step/00000000/proposed", "2019/framework_step/00000000/recommended",
                "2019/framework_step/00010000/comment",
            ]
        )
    }

    private static let draft = """
        name: draft-2019
        title: Draft of 2019
        school_years: [2019]
        based_on: "2019"
        minimum_size:
          accountability: {value: 60, status: assumed, source: a test}

        """

    /// Every stage learns from the markers when everything has come to it that was submitted before the release.
    @Test func anOfficialReleaseIsMarkedInEveryPartition() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        func markers() -> [[UInt8]] {
            (bench.driver.topics[bench.pipeline.name(Topics.submissions)] ?? [])
                .compactMap { partition in
                    partition.last.flatMap { $0.eventType == Topics.completionType ? $0.key : nil }
                }
        }
        func releases() throws -> [String: Bool] {
            try bench.standing(Topics.directives).filter { !$0.key.hasPrefix("~") }
                .mapValues { try Accountability_V1_Directive(serializedBytes: $0.value ?? []).marked }
        }
        try bench.submit(table(.directives, [row(2019, "release", "preliminary", "00010000", "2019-09-20")]))
        try bench.driver.run()
        #expect(markers().isEmpty)
        let id =
            try bench.submit(
                table(
                    .directives,
                    [
                        row(2019, "release", "official", "00010000", "2019-09-24"),
                        row(2019, "release", "preliminary", "00020000", "2019-09-24"),
                        row(2019, "release", "official", "00000000", "2019-09-24"),
                    ]
                )
            )
            .id
        try bench.driver.run()
        #expect(markers() == Array(repeating: Array("~release/\(id)/operator/0".utf8), count: 3))
        #expect(
            try releases() == [
                "2019/release/00010000/preliminary": false, "2019/release/00020000/preliminary": false,
                "2019/release/00010000/official": true, "2019/release/00000000/official": true,
            ]
        )
        // Every validator passes it on.
        for topic in [Topics.records, Topics.directives] {
            let partitions = bench.driver.topics[bench.pipeline.name(topic)] ?? []
            let passed = partitions.flatMap { $0 }.filter { $0.key.starts(with: Array("~release/\(id)/".utf8)) }
            #expect(passed.count == 3 * partitions.count)
        }
    }

    /// Only a proposal or a recommendation carries a document, which has to be a framework of its year.
    @Test func aDocumentIsAFrameworkOfItsYear() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let wrong = Self.draft.replacing("value: 60", with: "value: many")
        try bench.submit(
            table(
                .directives,
                [
                    step("proposed", "2018-01-23", document: wrong),
                    step("proposed", "2018-01-23", document: Self.draft.replacing("[2019]", with: "[2018]")),
                    step("proposed", "2018-01-23", document: "a: &a [*a, *a]\n" + Self.draft),
                    step("proposed", "2018-01-23", document: Self.draft.replacing("Draft of", with: "Draft\u{1B}of")),
                    step("comment_opened", "2018-02-01", end: "2018-03-01", document: Self.draft),
                    row(2019, "release", "official", "00000000", "2019-09-24", ["document": Self.draft]),
                    step("proposed", "2018-01-23", document: Self.draft),
                ]
            )
        )
        try bench.driver.run()
        #expect(
            try bench.rejections().sorted { $0.line < $1.line }.map(\.code) == [
                "invalid_framework", "document_not_of_year", "invalid_framework", "control_character",
                "document_not_of_step", "document_not_of_step",
            ]
        )
        let record = try #require(try bench.standing(Topics.directives)["2019/framework_step/00000000/proposed"])
        #expect(try Accountability_V1_Directive(serializedBytes: record.value ?? []).document == Self.draft)
    }

    /// The Board approves what is proposed: the digest that it names is that of the document, in whatever order they
    /// came.
    @Test func theBoardApprovesTheProposedDocument() throws {
        let digest = try Framework.proposed(Self.draft).digest
        let other = Self.draft.replacing("value: 60", with: "value: 70")
        let bench = try ValidationBench()
        try bench.prepare()
        func approval(_ digest: String) -> [String: String] {
            step("approved", "2018-05-22").merging(["reference": "Board vote sha256:\(digest)"]) { $1 }
        }
        try bench.submit(
            table(
                .directives,
                [
                    step("proposed", "2018-01-23", document: Self.draft),
                    step("comment_opened", "2018-02-01", end: "2018-03-01"), step("recommended", "2018-04-10"),
                ]
            )
        )
        for (row, code) in [
            (approval(String(repeating: "0", count: 64)), "other_document"), (approval(digest), nil),
            (step("proposed", "2018-01-23", document: other), "other_document"),
            // Another document with the recommendation would take the place of the one that was approved.
            (step("recommended", "2018-04-11", document: other), "other_document"),
            (step("recommended", "2018-04-11", document: Self.draft), nil),
        ] {
            func told() throws -> Int {
                try bench.rejections().count { $0.closedBy.isEmpty && $0.code == "other_document" }
            }
            let before = try told()
            try bench.submit(table(.directives, [row]))
            try bench.driver.run()
            #expect(try told() - before == (code == nil ? 0 : 1), "\(row)")
        }
    }

    /// A year is computed under its document from the approval on, one without a built-in framework from the proposal
    /// on.
    @Test func anApprovedDocumentIsInForce() throws {
        let proposed = Self.act(2019, "proposed", document: Self.draft)
        let approved = Self.act(2019, "approved")
        let future = Self.act(2031, "proposed", document: Self.draft.replacing("[2019]", with: "[2031]"))
        #expect(try FrameworkSet(onRecord: [proposed]).identity == nil)
        #expect(try FrameworkSet(onRecord: [proposed]).of(schoolYear: 2019).name == "2019")
        let both = try FrameworkSet(onRecord: [approved, future, proposed])
        #expect(try both.of(schoolYear: 2019).minimumSize.accountability.value == 60)
        #expect(try both.of(schoolYear: 2031).name == "draft-2019")
        #expect(try both.of(schoolYear: 2018).name == "2018")
        let inAnotherOrder = try FrameworkSet(onRecord: [proposed, approved, future])
        #expect(both.identity != nil && both.identity == inAnotherOrder.identity)
        #expect(try both.identity != FrameworkSet(onRecord: [proposed, approved]).identity)
        // The recommended document has precedence.
        let later = Self.draft.replacing("value: 60", with: "value: 70")
        let recommendation = Self.act(2019, "recommended", document: later)
        let recommended = try FrameworkSet(onRecord: [proposed, approved, recommendation])
        #expect(try recommended.of(schoolYear: 2019).minimumSize.accountability.value == 70)
        var otherApproval = approved
        otherApproval.reference = "sha256:\(String(repeating: "0", count: 64))"
        #expect(throws: FrameworkError.self) { try FrameworkSet(onRecord: [proposed, otherApproval]) }
    }

    private static func act(_ year: UInt32, _ kind: String, document: String = "") -> Accountability_V1_Directive {
        var act = Accountability_V1_Directive()
        act.directive = "framework_step"
        act.schoolYear = year
        act.orgCode = "00000000"
        act.kind = kind
        act.effectiveDate = "2018-01-01"
        act.document = document
        return act
    }

    /// 603 CMR 2.03(11).
    @Test func aSuspensionIsOf2022AndOfTheStatedCause() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let cause = ["reason": "Good cause arising from the COVID-19 pandemic"]
        try bench.submit(
            table(
                .directives,
                [
                    row(2022, "suspension", "determinations", "00000000", "2022-06-28", cause),
                    row(2022, "suspension", "all_measures", "00010000", "2022-06-28", cause),
                    row(2019, "suspension", "determinations", "00000000", "2019-06-28", cause),
                    row(2022, "suspension", "participation", "00000000", "2022-06-28"),
                ]
            ),
            options: .init(allowUndeclared: true)
        )
        try bench.driver.run()
        #expect(
            try bench.rejections().map(\.code).sorted() == [
                "organization_not_of_directive", "suspension_not_of_year", "suspension_without_cause",
            ]
        )
        #expect(
            try bench.rejections().filter { $0.code.hasPrefix("suspension") }
                .allSatisfy { $0.message.contains("603 CMR 2.03(11)") }
        )
        #expect(try Array(bench.standing(Topics.directives).keys) == ["2022/suspension/00000000/determinations"])
    }

    @Test func aDesignationSaysWhyOrNamesItsDecision() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let kinds: [(kind: String, more: [String: String])] = [
            ("underperforming", [:]), ("chronically_underperforming", ["reason": "No significant improvement"]),
            ("csi", ["reference": "Letter of 2018-10-15"]), ("tsi", [:]),
        ]
        try bench.submit(
            table(.directives, kinds.map { row(2019, "designation", $0.kind, "00010505", "2018-10-15", $0.more) })
        )
        // Whoever withdraws one does not have to say why.
        try bench.submit(
            table(.directives, [row(2019, "designation", "csi", "00010505", "2018-10-15", ["action": "delete"])])
        )
        try bench.driver.run()
        let told = try bench.rejections()
        #expect(told.map(\.code) == ["reason_not_stated", "reason_not_stated"])
        #expect(told.map(\.column) == ["reason", "reason"] && told.map(\.line).sorted() == [2, 5])
        #expect(
            try bench.standing(Topics.directives).keys.sorted()
                == ["2019/designation/00010505/chronically_underperforming"]
        )
    }

    /// They stand in determinations that were published.
    @Test func aDesignationInALedgerOfBeforeStands() throws {
        let bench = try ValidationBench(partitions: 1)
        try bench.prepare()
        try bench.submit(table(.directives, [row(2019, "designation", "underperforming", "00010505", "2018-10-15")]))
        let ledger = bench.pipeline.name(Topics.submissions)
        let records = try #require(bench.driver.topics[ledger]?.first)
        let old = try ValidationBench(partitions: 1)
        for var record in records {
            var entry = try decoded(Accountability_V1_SubmissionEntry.self, record)
            if case .header(let header) = entry.entry {
                entry.header = header
                (entry.header.channel, entry.header.submittedBy) = ("", "")
                record.value = try entry.serializedBytes()
            }
            old.driver.append(record, topic: ledger, partition: 0)
        }
        for bench in [bench, old] { try bench.driver.run() }
        #expect(try bench.standing(Topics.directives).isEmpty)
        #expect(try Array(old.standing(Topics.directives).keys) == ["2019/designation/00010505/underperforming"])
        #expect(try old.rejections().isEmpty)
    }

    /// 603 CMR 2.03(4)
    /// 603 CMR 2.03(7).
    @Test func reviewsAndFilingsArePublishedWhole() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        try bench.submit(
            table(
                .directives,
                [
                    row(2019, "review", "conducted", "00010000", "2019-03-04", ["end_date": "2019-03-07"]),
                    row(2019, "review", "conducted", "00010505", "2019-03-05"),
                    row(2019, "review", "student_support", "00010000", "2019-03-07", ["rating": "proficient"]),
                    row(2019, "review", "student_support", "00010505", "2019-03-07", ["rating": "proficient"]),
                    row(2019, "review", "assessment", "00010000", "2019-03-07"),
                    row(
                        2019,
                        "plan_filing",
                        "school_improvement_plan",
                        "00010505",
                        "2018-06-30",
                        ["parts": "data_analysis;performance_goals", "reference": "2018/00010000"]
                    ),
                    row(2019, "plan_filing", "school_improvement_plan", "00010000", "2018-06-30"),
                    row(2019, "plan_filing", "self_evaluation", "00010000", "2018-06-30", ["parts": "poetry"]),
                ]
            )
        )
        try bench.driver.run()
        #expect(
            try bench.rejections().map(\.code).sorted()
                == [
                    "organization_not_of_directive", "organization_not_of_directive", "part_not_of_plan",
                    "rating_not_of_review",
                ]
        )
        let found = try bench.standing(Topics.directives)
            .mapValues { try decoded(Accountability_V1_Directive.self, $0) }
        #expect(found.count == 4)
        #expect(found["2019/review/00010000/student_support"]?.rating == "proficient")
        let plan = try #require(found["2019/plan_filing/00010505/school_improvement_plan"])
        #expect(plan.parts == ["data_analysis", "performance_goals"] && plan.reference == "2018/00010000")
    }

    @Test func noKindNamesTwoActs() {
        #expect(Vocabulary.directives.count == DepartmentAct.allCases.count - 1)
        #expect(Set(Vocabulary.directiveKinds).count == Vocabulary.directiveKinds.count)
    }

    // MARK: Determinations

    private let school = "00010005"

    private func bench(year: Int) throws -> JudgingBench {
        let bench = try JudgingBench.determining()
        try bench.organization(year, school)
        try bench.participation(year, school, "all_students", met: true)
        try bench.participation(year, school, "swd", met: false)
        try bench.percentile(year, school, "all_students", 40)
        try bench.percentile(year, school, "swd", 5)
        return bench
    }

    private func determination(_ bench: JudgingBench, _ year: Int) throws -> Accountability_V1_Determination? {
        try bench.closeMeasures(year)
        try bench.driver.run()
        return try bench.determinations()["\(year)/\(school)"]
    }

    /// A bench of 2022, whose year reports measures and no determination.
    private func reported() throws -> JudgingBench {
        let bench = try bench(year: 2022)
        try bench.directive(2022, "recognition", school, "high_growth")
        try bench.directive(2019, "designation", school, "csi")
        try bench.value(2022, school, "non_high", "all_students", "ela_achievement", "495.5")
        try bench.value(2022, school, "non_high", "swd", "ela_achievement", "480.1", count: 21)
        return bench
    }

    /// What is absent of a determination of 2022, by measure.
    private func absent(_ found: Accountability_V1_Determination) -> Set<ReportedMeasure> {
        var absent: Set<ReportedMeasure> = []
        if !found.hasPercentile { absent.insert(.accountabilityPercentile) }
        if !found.groupPercentiles.contains(where: { $0.group == "swd" }) { absent.insert(.subgroupPercentile) }
        if found.spans.isEmpty && found.groupPercentages.isEmpty { absent.insert(.criterionReferenced) }
        if found.participation.isEmpty { absent.insert(.participation) }
        if found.recognitions.isEmpty { absent.insert(.exemplaryPerformance) }
        if found.federalDesignations.isEmpty { absent.insert(.needForAssistance) }
        // The framework of 2022 issues no determinations.
        if found.classification.isEmpty && found.level.isEmpty { absent.insert(.determinations) }
        return absent
    }

    /// 603 CMR 2.03(11).
    @Test(arguments: ReportedMeasure.kinds)
    func whatIsSuspendedIsAbsentAndSaysWhy(kind: String) throws {
        let bench = try reported()
        try bench.directive(2022, "suspension", "00000000", kind, reason: "COVID-19", reference: "Memo of 2022-06-28")
        let found = try #require(try determination(bench, 2022))
        let measures = try #require(ReportedMeasure.suspended(byKind: kind))
        #expect(found.suspendedMeasures.map(\.measure) == measures.map(\.wireName))
        #expect(found.suspendedMeasures.allSatisfy { $0.reason == "COVID-19" && $0.reference == "Memo of 2022-06-28" })
        #expect(absent(found) == Set(measures).union([.determinations]))
        // What a low group is read from may be suspended, or the need for assistance that it tells of.
        let needless = measures.contains(.needForAssistance)
        #expect(found.lowParticipationGroups.isEmpty == (needless || measures.contains(.participation)))
        #expect(found.lowSubgroups.isEmpty == (needless || measures.contains(.subgroupPercentile)))
    }

    @Test func reportsTheMeasuresOf2022WithoutADetermination() throws {
        let bench = try reported()
        let found = try #require(try determination(bench, 2022))
        #expect(absent(found) == [.determinations])
        #expect(found.suspendedMeasures.isEmpty && found.reasons.isEmpty && !found.hasAnnual)
        #expect(found.percentile == 40 && found.lowSubgroups == ["swd"] && found.lowParticipationGroups == ["swd"])
        let indicators = found.spans.flatMap(\.columns).flatMap(\.indicators)
        #expect(indicators.map(\.value) == ["495.5"])
        #expect(indicators.allSatisfy { !$0.hasPoints && $0.rule == "Reported without points" })
        #expect(found.groupPercentages.map(\.group) == ["swd"])
        // A suspension that is withdrawn brings everything back.
        try bench.directive(2022, "suspension", "00000000", "all_measures", reason: "COVID-19")
        try bench.driver.run()
        #expect(absent(try #require(try bench.determinations()["2022/\(school)"])) == Set(ReportedMeasure.allCases))
        try bench.put(Topics.directives, "2022/suspension/00000000/all_measures", nil, partition: 0)
        try bench.driver.run()
        #expect(absent(try #require(try bench.determinations()["2022/\(school)"])) == [.determinations])
    }

    /// 603 CMR 2.03(3)
    /// 603 CMR 2.03(10).
    @Test func onlyAnApprovedFrameworkMakesDeterminationsOfficial() throws {
        let bench = try bench(year: 2019)
        try bench.directive(2019, "release", "00000000", "official")
        #expect(try #require(try determination(bench, 2019)).status == "official")
        try bench.directive(2019, "framework_step", "00000000", "proposed", date: "2019-01-01")
        try bench.driver.run()
        let held = try #require(try bench.determinations()["2019/\(school)"])
        #expect(held.status == "preliminary")
        #expect(
            held.statusReason == "released, but the framework is proposed, not approved by the Board: 603 CMR 2.03(10)"
        )
        #expect(held.revision == 2 && held.changes.contains("status: official → preliminary"))
        try bench.directive(2019, "framework_step", "00000000", "comment_opened", date: "2019-01-02", end: "2019-02-01")
        try bench.directive(2019, "framework_step", "00000000", "recommended", date: "2019-02-02")
        try bench.directive(2019, "framework_step", "00000000", "approved", date: "2019-03-01")
        try bench.driver.run()
        let approved = try #require(try bench.determinations()["2019/\(school)"])
        #expect(approved.status == "official" && approved.statusReason.isEmpty)
        // An approval that names a document is of that document alone.
        let digest = try Framework.of(schoolYear: 2019).digest
        for (reference, status) in [
            ("Board vote of 2019-03-01 sha256:\(String(repeating: "0", count: 64))", "preliminary"),
            ("Board vote of 2019-03-01 sha256:\(digest)", "official"),
        ] {
            try bench.directive(
                2019,
                "framework_step",
                "00000000",
                "approved",
                date: "2019-03-01",
                reference: reference
            )
            try bench.driver.run()
            let found = try #require(try bench.determinations()["2019/\(school)"])
            #expect(found.status == status)
            #expect(
                found.statusReason.hasPrefix(
                    status == "official" ? "" : "released, but the Board approved the framework 000000000000, and"
                )
            )
        }
    }

    /// The act that puts a document in force revises nothing by itself.
    ///
    /// The worker starts again under the document,
    /// waits until the stages before it have done so, and then revises each determination once. The act is the cause.
    @Test func aDocumentThatComesIntoForceRevisesOnce() throws {
        let draft = """
            name: draft-2019
            title: Draft of 2019
            school_years: [2019]
            based_on: "2019"
            minimum_size:
              accountability: {value: 60, status: assumed, source: a test}
            """
        func stage(_ frameworks: FrameworkSet) -> DeterminationStage {
            DeterminationStage(pipeline: Pipeline(), frameworks: frameworks, isRestarted: true, clock: { 1 })
        }
        let bench = try JudgingBench([stage(.builtIn)], partitions: 2)
        func step(_ kind: String, _ date: String, end: String = "", reference: String = "", document: String = "")
            throws
        {
            try bench.directive(
                2019,
                "framework_step",
                "00000000",
                kind,
                date: date,
                end: end,
                reference: reference,
                submission: kind,
                document: document
            )
        }
        func revisions() -> Int { bench.history(Topics.determinations, "2019/\(school)").count }
        try bench.organization(2019, school)
        try bench.value(2019, school, "non_high", "all_students", "ela_achievement", "500.0", count: 40)
        try bench.target(2019, school, "non_high", "all_students", "ela_achievement", "505.0", baseline: "490.0")
        try bench.directive(2019, "release", "00000000", "official")
        try step("proposed", "2019-01-01", document: draft)
        try step("comment_opened", "2019-01-02", end: "2019-02-01")
        try step("recommended", "2019-02-02")
        try bench.closeMeasures(2019)
        try bench.driver.run()
        #expect(try #require(try bench.determinations()["2019/\(school)"]).hasAnnual && revisions() == 1)
        let digest = try Framework.proposed(draft).digest
        try step("approved", "2019-03-01", reference: "Board vote sha256:\(digest)")
        try bench.driver.run()
        #expect(revisions() == 1, "the worker is about to start again")
        let frameworks = try FrameworkSet(
            onRecord: bench.messages(Topics.directives, Accountability_V1_Directive.self).values
        )
        bench.driver.reconfigure([stage(frameworks)])
        try bench.driver.run()
        #expect(revisions() == 1, "the stages before it have not computed under the document yet")
        try bench.closeMeasures(2019)
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2019/\(school)"])
        #expect(revisions() == 2 && found.revision == 2 && found.cause == "approved" && found.status == "official")
        #expect(found.frameworkDigest == digest && !found.hasAnnual)
        // The approval is withdrawn: again nothing is published before the worker starts again.
        try bench.put(Topics.directives, "2019/framework_step/00000000/approved", nil, partition: 0)
        try bench.driver.run()
        #expect(revisions() == 2)
        bench.driver.reconfigure([stage(.builtIn)])
        try bench.closeMeasures(2019)
        try bench.driver.run()
        #expect(try bench.determinations()["2019/\(school)"]?.hasAnnual == true)
        #expect(revisions() == 3)
    }

    /// 603 CMR 2.03(3).
    @Test func aChangeOnAppealIsSaidOfWhomItIs() throws {
        let bench = try bench(year: 2019)
        try bench.organization(2019, "00010010")
        try bench.percentile(2019, "00010010", "all_students", 50)
        try bench.directive(
            2019,
            "release",
            school,
            "appeal",
            reason: "Scores of a withdrawn student",
            date: "2019-10-01",
            reference: "20191001T0-1"
        )
        try bench.directive(
            2019,
            "release",
            "00010000",
            "revised",
            reason: "Attendance resubmitted",
            date: "2019-09-30",
            reference: "20190930T0-1"
        )
        let found = try #require(try determination(bench, 2019))
        #expect(found.publicationNotes.map(\.kind) == ["revised", "appeal"])
        #expect(found.publicationNotes.map(\.reference) == ["20190930T0-1", "20191001T0-1"])
        #expect(try bench.determinations()["2019/00010010"]?.publicationNotes.map(\.kind) == ["revised"])
    }

    @Test func reviewsAndPlansReviseNothing() throws {
        let bench = try bench(year: 2019)
        #expect(try #require(try determination(bench, 2019)).revision == 1)
        try bench.directive(2019, "review", "00010000", "conducted", date: "2019-03-01")
        try bench.directive(2019, "plan_filing", school, "school_improvement_plan", date: "2018-06-30")
        try bench.driver.run()
        #expect(bench.history(Topics.determinations, "2019/\(school)").count == 1)
    }
}

/// What the determination of a school tells beside its classification.
@Suite struct FederalStageTests {
    private let school = "00010005"

    private func designations(_ bench: JudgingBench, _ year: Int) throws -> [String] {
        try #require(try bench.determinations()["\(year)/\(school)"]).federalDesignations
            .map { "\($0.designation) \($0.reason) \($0.identified)" }
    }

    /// 603 CMR 2.03(2)(e).
    @Test func anIdentificationOf2018StandsIn2019AndIsCorrectedWithIt() throws {
        let bench = try JudgingBench.determining()
        for year in [2018, 2019] {
            try bench.organization(year, school, title1: true)
            try bench.percentile(year, school, "all_students", year == 2018 ? 3 : 40, lowestTitle1: year == 2018)
            try bench.closeMeasures(year)
        }
        try bench.driver.run()
        #expect(try designations(bench, 2018) == ["csi lowest_title1 2018"])
        #expect(try designations(bench, 2019) == ["csi lowest_title1 2018"])
        let found = try #require(try bench.determinations()["2019/\(school)"])
        #expect(found.classification == "not_requiring_assistance" && found.reasons.isEmpty)
        // Ranked anew it was not among the lowest of 2018: 2019 is revised with it.
        try bench.percentile(2018, school, "all_students", 20, cause: "corrected")
        try bench.driver.run()
        #expect(try designations(bench, 2018) == [])
        #expect(try designations(bench, 2019) == [])
        let revised = try #require(try bench.determinations()["2019/\(school)"])
        #expect(revised.revision == 2 && revised.cause == "corrected")
        #expect(revised.changes == ["federal_designations: csi of 2018, lowest_title1 → none"])
    }

    /// In 2018 a rate of half the cohort identifies a school with an annual percentage, and no other one.
    @Test(arguments: [true, false])
    func lowGraduationIdentifiesASchoolWithAnAnnualPercentage(_ hasPercentage: Bool) throws {
        let bench = try JudgingBench.determining()
        try bench.organization(2018, school, nonHigh: 0, high: 400, comparison: "high", title1: true)
        try bench.value(2018, school, "high", "all_students", "four_year_graduation", "50.0", counted: 50)
        if hasPercentage {
            let points = ["ela_achievement", "math_achievement", "ela_growth", "dropout", "chronic_absenteeism"]
            try bench.points(2018, school, "high", "all_students", points.map { (key: $0, value: 3) })
        }
        try bench.closeMeasures(2018)
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2018/\(school)"])
        #expect(found.hasAnnual == hasPercentage && found.lowGraduation == hasPercentage)
        #expect(try designations(bench, 2018) == (hasPercentage ? ["csi low_graduation 2018"] : []))
    }

    @Test func asubgroupThatIsLowInBothYearsIsTargeted() throws {
        let bench = try JudgingBench.determining()
        for year in [2018, 2019] {
            try bench.organization(year, school)
            try bench.percentile(year, school, "all_students", 50)
            try bench.percentile(year, school, "swd", year == 2018 ? 6 : 5)
            try bench.percentile(year, school, "hispanic", 5)
            try bench.closeMeasures(year)
        }
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2019/\(school)"])
        #expect(found.federalDesignations.map(\.designation) == ["tsi", "atsi"])
        #expect(found.federalDesignations.map(\.groups) == [["hispanic"], ["hispanic"]])
        #expect(found.federalDesignations.map(\.identified) == [2019, 2018])
    }

    @Test func anActOfTheDepartmentStandsUntilItsEnd() throws {
        let bench = try JudgingBench.determining()
        try bench.directive(2018, "designation", school, "csi", end: "2020-06-30")
        try bench.organization(2019, school)
        try bench.organization(2023, school)
        for year in [2019, 2023] { try bench.closeMeasures(year) }
        try bench.driver.run()
        #expect(try designations(bench, 2019) == ["csi directive 2018"])
        #expect(try designations(bench, 2023) == [])
        let found = try #require(try bench.determinations()["2019/\(school)"])
        #expect(found.designation.isEmpty && found.classification == "insufficient_data")
    }

    @Test func theReasonOfPointsNamesThePathAndTheQuartile() throws {
        let bench = try JudgingBench.determining()
        try bench.organization(2023, school)
        try bench.value(2023, school, "non_high", "all_students", "ela_achievement", "500.0")
        try bench.target(
            2023,
            school,
            "non_high",
            "all_students",
            "ela_achievement",
            "500.0",
            baseline: "499.0",
            path: "recovery"
        )
        try bench.value(2023, school, "non_high", "all_students", "el_progress", "70.0", difficultyQuartile: 3)
        try bench.target(2023, school, "non_high", "all_students", "el_progress", "90.0", baseline: "80.0")
        try bench.threshold(2023, "school/non_high/all_students/el_progress/3", at80: "60", at90: "71")
        try bench.closeMeasures(2023)
        try bench.driver.run()
        let found = try #require(try bench.determinations()["2023/\(school)"])
        let indicators = found.spans.flatMap(\.columns).flatMap(\.indicators)
        #expect(indicators.first?.rule == "Recovery Path: Met Target" && indicators.first?.path == "recovery")
        let progress = try #require(indicators.last)
        #expect(progress.points == 3 && progress.at80 == "60" && progress.difficultyQuartile == 3)
    }
}
