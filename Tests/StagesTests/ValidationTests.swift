import Messages
import Stages
import Streaming
import StreamingTesting
import Testing

@Suite("Validation")
struct ValidationTests {
    /// A row that breaks one rule.
    struct Broken: Sendable, CustomTestStringConvertible {
        var code: RejectionCode
        var layout: Layout
        var changes: [String: String]
        var column: String
        var testDescription: String { "\(code.rawValue) in \(layout.wireName)" }

        init(_ code: RejectionCode, _ layout: Layout, _ column: String, _ changes: [String: String]) {
            self.code = code
            self.layout = layout
            self.column = column
            self.changes = changes
        }
    }

    static let broken: [Broken] = [
        Broken(.missingValue, .assessmentResults, "grade", ["grade": ""]),
        Broken(.missingValue, .organizations, "name", ["name": ""]),
        Broken(.malformedYear, .attendance, "school_year", ["school_year": "19"]),
        Broken(.malformedYear, .attendance, "school_year", ["school_year": "1999"]),
        Broken(.yearNotOpen, .attendance, "school_year", ["school_year": "2017"]),
        Broken(.malformedCode, .attendance, "org_code", ["org_code": "10505"]),
        Broken(.malformedCode, .assessmentResults, "prior_org_code", ["prior_org_code": "0001050X"]),
        Broken(.malformedInteger, .attendance, "days_absent", ["days_absent": "1.5"]),
        Broken(.malformedInteger, .participationCounts, "enrolled", ["enrolled": "4e1"]),
        Broken(
            .malformedDecimal,
            .indicatorValues,
            "value",
            ["value": "1.1234567890123456789"]
        ),
        Broken(.malformedDecimal, .indicatorValues, "value", ["value": "1,5"]),
        Broken(.malformedDecimal, .indicatorValues, "value", ["value": ".5"]),
        Broken(.malformedDate, .directives, "effective_date", ["effective_date": "2019-02-29"]),
        Broken(.outOfRange, .assessmentResults, "ela_sgp", ["ela_sgp": "100"]),
        Broken(.outOfRange, .participationCounts, "absent", ["absent": "-1"]),
        Broken(.outOfRange, .targets, "target", ["target": "1000.1"]),
        Broken(.unknownChoice, .attendance, "low_income", ["low_income": "yes"]),
        Broken(.unknownChoice, .attendance, "action", ["action": "remove"]),
        Broken(
            .unknownChoice,
            .assessmentResults,
            "math_status",
            ["math_status": "X", "math_scaled_score": "", "math_sgp": ""]
        ),
        Broken(.unknownGrade, .assessmentResults, "grade", ["grade": "13"]),
        Broken(.unknownGroup, .participationCounts, "group", ["group": "left-handed"]),
        Broken(.unknownGroup, .attendance, "race", ["race": "low_income"]),
        Broken(.textTooLong, .organizations, "name", ["name": String(repeating: "n", count: 201)]),
        Broken(.scoreMissing, .assessmentResults, "ela_scaled_score", ["ela_scaled_score": ""]),
        Broken(.scoreWithoutTest, .assessmentResults, "science_scaled_score", ["science_status": "ABS"]),
        Broken(.scoreOffScale, .assessmentResults, "ela_scaled_score", ["ela_scaled_score": "240"]),
        Broken(.scoreOffScale, .assessmentResults, "science_scaled_score", ["science_scaled_score": "300"]),
        Broken(.growthWithoutTest, .assessmentResults, "math_sgp", ["math_status": "ALT", "math_scaled_score": ""]),
        Broken(.growthNotInGrade, .assessmentResults, "ela_sgp", ["grade": "3", "math_sgp": ""]),
        Broken(.gradeNotTested, .assessmentResults, "grade", ["grade": "2", "ela_sgp": "", "math_sgp": ""]),
        Broken(
            .exemptNotFirstYear,
            .assessmentResults,
            "ela_status",
            ["el_status": "EL", "ela_status": "EXF", "ela_scaled_score": "", "ela_sgp": ""]
        ),
        Broken(
            .noTestNotEnglishLearner,
            .assessmentResults,
            "ela_status",
            ["el_status": "FEL", "ela_status": "EXN", "ela_scaled_score": "", "ela_sgp": ""]
        ),
        Broken(
            .statusNotInSubject,
            .assessmentResults,
            "science_status",
            ["el_status": "FY", "science_status": "EXN", "science_scaled_score": ""]
        ),
        Broken(.absentMoreThanEnrolled, .attendance, "days_absent", ["days_absent": "181"]),
        Broken(.notEnglishLearner, .englishProficiency, "el_status", ["el_status": "FEL"]),
        Broken(.outOfRange, .englishProficiency, "difficulty_quartile", ["difficulty_quartile": "5"]),
        Broken(.gradeNotHighSchool, .graduationCohort, "grade", ["grade": "8"]),
        Broken(.gradeNotHighSchool, .enrollmentOutcomes, "grade", ["grade": "8"]),
        Broken(.missingValue, .enrollmentOutcomes, "enrolled_october", ["enrolled_october": ""]),
        Broken(
            .scoreWithoutTest,
            .assessmentResults,
            "ela_scaled_score",
            ["el_status": "FY", "ela_status": "EXF", "ela_sgp": ""]
        ),
        Broken(.growthWithoutTest, .assessmentResults, "ela_sgp", ["el_status": "EL", "ela_status": "EXN"]),
        Broken(.cohortNotJudged, .graduationCohort, "cohort_year", ["cohort_year": "2020"]),
        Broken(.cohortNotJudged, .graduationCohort, "cohort_year", ["cohort_year": "2014"]),
        Broken(.malformedYear, .graduationCohort, "cohort_year", ["cohort_year": "18"]),
        Broken(.graduateNotWithinFive, .graduationCohort, "five_year_graduate", ["five_year_graduate": "N"]),
        Broken(
            .graduateStillEnrolled,
            .graduationCohort,
            "still_enrolled_after_five",
            ["still_enrolled_after_five": "Y"]
        ),
        Broken(.dropoutNotGone, .graduationCohort, "dropped_out", ["dropped_out": "Y"]),
        Broken(.gradeNotUpper, .advancedCoursework, "grade", ["grade": "10"]),
        Broken(.outOfRange, .attendance, "days_enrolled", ["days_enrolled": "201"]),
        // Their masks must not be values: 0 was taken for grade 9, and a growth of 0 for 9 points.
        Broken(.unknownGrade, .attendance, "grade", ["grade": "0"]),
        Broken(.unknownGrade, .attendance, "grade", ["grade": "00"]),
        Broken(.unknownGrade, .graduationCohort, "grade", ["grade": "0"]),
        Broken(.outOfRange, .assessmentResults, "ela_sgp", ["ela_sgp": "0"]),
        Broken(.outOfRange, .assessmentResults, "math_sgp", ["math_sgp": "00"]),
        Broken(.outOfRange, .englishProficiency, "difficulty_quartile", ["difficulty_quartile": "0"]),
        Broken(.outOfRange, .assessmentResults, "ela_prior_scaled_score", ["ela_prior_scaled_score": "0"]),
        Broken(.malformedYear, .graduationCohort, "cohort_year", ["cohort_year": "0000"]),
        Broken(.unknownGrade, .participationCounts, "grade", ["grade": "0"]),
        Broken(.controlCharacter, .organizations, "name", ["name": "A school\u{1B}[2J"]),
        Broken(.controlCharacter, .organizations, "region", ["region": "North\u{202E}tsaE"]),
        Broken(.controlCharacter, .organizations, "name", ["name": "North\nAnnex"]),
        Broken(.controlCharacter, .directives, "reason", ["reason": "Done\u{85}Next"]),
        Broken(.typeNotOfCode, .organizations, "org_type", ["org_type": "district"]),
        Broken(.districtNotOfCode, .organizations, "district_code", ["district_code": "00020000"]),
        Broken(
            .partMoreThanEnrollment,
            .organizations,
            "enrollment_el",
            ["enrollment": "100", "enrollment_el": "101"]
        ),
        Broken(.malformedNCES, .organizations, "nces_lea_id", ["nces_lea_id": "250327"]),
        Broken(.malformedNCES, .organizations, "nces_lea_id", ["nces_lea_id": "250327A"]),
        Broken(.malformedNCES, .organizations, "nces_school_id", ["nces_school_id": "2503270"]),
        Broken(
            .malformedNCES,
            .organizations,
            "nces_school_id",
            ["nces_lea_id": "2503270", "nces_school_id": "250327100423"]
        ),
        Broken(.indicatorNotInSpan, .indicatorValues, "indicator", ["grade_span": "non_high"]),
        Broken(.rateAboveHundred, .indicatorValues, "value", ["value": "100.1"]),
        Broken(.pathNotOfTarget, .targets, "path", ["path": "recovery"]),
        Broken(.unknownChoice, .targets, "path", ["path": "sideways"]),
        Broken(
            .targetOffScale,
            .targets,
            "target",
            ["indicator": "ela_achievement", "grade_span": "non_high", "baseline": "499.6", "target": "100.0"]
        ),
        Broken(
            .targetOffScale,
            .targets,
            "target",
            ["indicator": "science_achievement", "grade_span": "non_high", "baseline": "71.2", "target": "500.1"]
        ),
        Broken(
            .targetOffScale,
            .targets,
            "baseline",
            ["indicator": "math_achievement", "grade_span": "non_high", "baseline": "240.0", "target": "500.1"]
        ),
        Broken(
            .targetOffScale,
            .targets,
            "target",
            ["indicator": "math_achievement", "grade_span": "non_high", "baseline": "", "target": "71.2"]
        ),
        Broken(
            .reasonNotStated,
            .directives,
            "reason",
            ["directive": "reconfiguration", "kind": "reconfigured", "reason": ""]
        ),
        Broken(
            .organizationNotOfDirective,
            .directives,
            "org_code",
            ["directive": "reconfiguration", "kind": "reconfigured", "org_code": "00000000", "reason": "New"]
        ),
        Broken(
            .organizationNotOfDirective,
            .directives,
            "org_code",
            ["directive": "recognition", "kind": "high_growth", "org_code": "00010000"]
        ),
        Broken(.reasonNotStated, .directives, "reason", ["kind": "directed_focused", "reason": ""]),
        Broken(
            .submissionNotNamed,
            .directives,
            "reference",
            ["directive": "release", "kind": "appeal", "reason": "Corrected"]
        ),
        Broken(
            .suspensionNotOfYear,
            .directives,
            "school_year",
            ["directive": "suspension", "kind": "participation", "org_code": "00000000", "reason": "COVID-19"]
        ),
        Broken(
            .suspensionWithoutCause,
            .directives,
            "reason",
            [
                "school_year": "2022", "directive": "suspension", "kind": "all_measures", "org_code": "00000000",
                "reason": "Snow",
            ]
        ),
        Broken(.ratingNotOfReview, .directives, "rating", ["rating": "proficient"]),
        Broken(
            .reasonNotStated,
            .directives,
            "reason",
            ["directive": "appeal", "kind": "filed", "reason": "", "reference": "Letter of 2019-09-30"]
        ),
        Broken(
            .submissionNotNamed,
            .directives,
            "reference",
            ["directive": "appeal", "kind": "denied", "reason": "Enrolled", "reference": ""]
        ),
        Broken(
            .organizationNotOfDirective,
            .directives,
            "org_code",
            [
                "directive": "appeal", "kind": "filed", "org_code": "00000000", "reason": "Score",
                "reference": "Letter of 2019-09-30",
            ]
        ),
        Broken(.partNotOfPlan, .directives, "parts", ["parts": "objectives"]),
        Broken(.rootNotOfRelease, .directives, "packages_root", ["packages_root": String(repeating: "0a", count: 32)]),
        Broken(
            .rootNotOfRelease,
            .directives,
            "packages_root",
            [
                "directive": "release", "kind": "official", "org_code": "00000000",
                "packages_root": String(repeating: "0A", count: 32),
            ]
        ),
        Broken(
            .organizationNotOfDirective,
            .directives,
            "org_code",
            ["directive": "release", "kind": "official", "org_code": "00010505"]
        ),
        Broken(
            .organizationNotOfChange,
            .organizationChanges,
            "org_code",
            ["org_code": "00000000", "change": "closed", "prior_org_code": ""]
        ),
        Broken(.formerCodeNotOfChange, .organizationChanges, "prior_org_code", ["prior_org_code": ""]),
        Broken(.changeOfItself, .organizationChanges, "prior_org_code", ["prior_org_code": "00010505"]),
        Broken(.formerCodeOfOtherDistrict, .organizationChanges, "prior_org_code", ["prior_org_code": "00020510"]),
        Broken(.enrollmentNotOfChange, .organizationChanges, "prior_enrollment", ["prior_enrollment": "100"]),
        Broken(.documentNotOfStep, .directives, "document", ["document": "name: draft"]),
        Broken(
            .documentNotOfYear,
            .directives,
            "document",
            [
                "directive": "framework_step", "kind": "proposed", "org_code": "00000000",
                "document": "{name: draft, title: Draft, school_years: [2018], based_on: '2019'}",
            ]
        ),
        Broken(
            .invalidFramework,
            .directives,
            "document",
            [
                "directive": "framework_step", "kind": "proposed", "org_code": "00000000",
                "document": "{name: draft, title: Draft, school_years: [2019]}",
            ]
        ),
        Broken(
            .frameworkStepOutOfOrder,
            .directives,
            "kind",
            ["directive": "framework_step", "kind": "approved", "org_code": "00000000"]
        ),
        Broken(
            .commentPeriodOpen,
            .directives,
            "end_date",
            ["directive": "framework_step", "kind": "comment_opened", "org_code": "00000000"]
        ),
        Broken(
            .commentOutsidePeriod,
            .directives,
            "effective_date",
            ["directive": "framework_step", "kind": "comment", "reason": "Too early"]
        ),
        Broken(.kindNotOfDirective, .directives, "kind", ["kind": "official"]),
        Broken(.endBeforeStart, .directives, "end_date", ["end_date": "2019-09-23"]),
        Broken(.unknownOrganization, .attendance, "org_code", ["org_code": "00090505"]),
        Broken(.unknownOrganization, .targets, "org_code", ["org_code": "00010510"]),
        Broken(.nothingToDelete, .attendance, "", ["action": "delete"]),
    ]

    /// A row that cannot be read.
    struct Unreadable: Sendable, CustomTestStringConvertible {
        var code: RejectionCode
        var row: [UInt8]
        // Not the row: one of them has a million bytes.
        var testDescription: String { code.rawValue }

        init(_ code: RejectionCode, _ row: [UInt8]) {
            self.code = code
            self.row = row
        }
    }

    /// Rows that cannot be read, as bytes behind the header of `attendance`.
    static let unreadable: [Unreadable] = [
        Unreadable(.nulByte, Array("2019,00010505,,S\0,5".utf8)),
        Unreadable(.invalidUTF8, Array("2019,00010505,,S".utf8) + [0xFF]),
        Unreadable(.strayQuote, Array("2019,00010505,,S\"x\",5".utf8)),
        Unreadable(.strayCarriageReturn, Array("2019,00010505,\r,S,5".utf8)),
        Unreadable(.unclosedQuote, Array("2019,\"00010505,,S,5".utf8)),
        Unreadable(.rowTooLong, [UInt8](repeating: UInt8(ascii: "x"), count: 1_100_000)),
        Unreadable(.fieldCount, Array("2019,00010505,,S,5".utf8)),
        Unreadable(.missingStudentIdentifier, Array("2019,00010505,, ,5,white,N,N,N,Y,180,1".utf8)),
        Unreadable(.malformedStudentIdentifier, Array("2019,00010505,,Jane Doe,5,white,N,N,N,Y,180,1".utf8)),
    ]

    @Test("Every code is tried")
    func coverage() {
        let tried = Set(Self.broken.map(\.code)).union(Self.unreadable.map(\.code))
            .union([.duplicateKey, .claimedByTwoDistricts, .otherDocument, .resultsUnderEmbargo, .suppliedShadowed])
        #expect(Set(RejectionCode.allCases).subtracting(tried).isEmpty)
    }

    @Test(
        "A row that breaks a rule is refused with its code, its column and its line, and nothing else is",
        arguments: broken
    )
    func refusal(_ broken: Broken) throws {
        let bench = try ValidationBench()
        try bench.prepare()
        var good = validRow(broken.layout)
        if broken.layout.isAboutStudents { good["student_id"] = "S2" } else { good["org_code"] = "00020505" }
        if broken.layout == .organizations { good["district_code"] = "" }
        if broken.layout == .organizationChanges { good["prior_org_code"] = "00020510" }
        let bad = validRow(broken.layout).merging(broken.changes) { $1 }
        let (id, summary) = try bench.submit(
            table(broken.layout, [bad, good]),
            options: .init(layout: broken.layout.wireName)
        )
        try bench.driver.run()
        let rejections = try bench.rejections()
        #expect(rejections.map(\.code) == [broken.code.rawValue])
        let rejection = try #require(rejections.first)
        #expect(rejection.column == broken.column)
        #expect(rejection.line == 2)
        #expect(rejection.fileName == "file.csv")
        #expect(rejection.submission == id)
        #expect(rejection.message.count > 20)
        for value in broken.changes.values
        where value.count > 3 && broken.code != .yearNotOpen && !broken.code.rule.contains(value) {
            #expect(!rejection.message.contains(value))
        }
        let receipt = try bench.receipt(id)
        #expect(summary.rows == 2 && receipt.rows == 2 && receipt.accepted == 1 && receipt.rejected == 1)
        #expect(bench.driver.unusable.isEmpty)
    }

    @Test(
        "A row that cannot be read is in the ledger by line and reason, and the others are taken",
        arguments: unreadable
    )
    func unreadableRow(_ unreadable: Unreadable) throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let good = table(.attendance, [validRow(.attendance)])
        let (id, summary) = try bench.submit(bytes: Array(good.utf8) + unreadable.row + [0x0A])
        try bench.driver.run()
        #expect(summary.rows == 2 && summary.unreadable == 1)
        #expect(try bench.rejections().map(\.code) == [unreadable.code.rawValue])
        #expect(try bench.rejections().map(\.line) == [3])
        let receipt = try bench.receipt(id)
        #expect(receipt.rows == 2 && receipt.accepted == 1 && receipt.rejected == 1)
    }

    @Test("All faults of a row are told")
    func allFaults() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let changes = ["low_income": "x", "days_absent": "190", "race": "?", "school_year": "2017"]
        let (id, _) = try bench.submit(table(.attendance, [validRow(.attendance).merging(changes) { $1 }]))
        try bench.driver.run()
        #expect(
            Set(try bench.rejections().map(\.code)) == [
                "unknown_choice", "absent_more_than_enrolled", "unknown_group", "year_not_open",
            ]
        )
        #expect(try bench.receipt(id).rejected == 1)
    }

    @Test("A year that is not open names the command that opens it")
    func yearNotOpen() throws {
        let bench = try ValidationBench()
        try bench.submit(table(.attendance, [validRow(.attendance)]))
        try bench.driver.run()
        let message = try #require(try bench.rejections().first).message
        #expect(message.contains("accountability open-year 2019"))
    }

    @Test("The first row of a key counts, a second one of the same submission is refused")
    func duplicates() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let row = validRow(.attendance)
        let (id, _) = try bench.submit(table(.attendance, [row, row.merging(["days_absent": "3"]) { $1 }]))
        try bench.driver.run()
        #expect(try bench.rejections().map(\.code) == ["duplicate_key"])
        #expect(try bench.rejections().map(\.line) == [3])
        let receipt = try bench.receipt(id)
        #expect(receipt.accepted == 1 && receipt.rejected == 1)
        #expect(
            try bench.records().values
                .compactMap { $0.attendance.daysAbsent == 18 && !$0.attendance.student.isEmpty ? 1 : nil }.count == 1
        )
    }

    @Test("The same again is unchanged and publishes nothing; another content replaces; a deletion retracts")
    func corrections() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let row = validRow(.assessmentResults)
        try bench.submit(table(.assessmentResults, [row]))
        try bench.driver.run()
        let published = bench.count(Topics.records)
        let again = try bench.submit(table(.assessmentResults, [row.merging(["action": "upsert"]) { $1 }])).id
        try bench.driver.run()
        #expect(bench.count(Topics.records) == published)
        #expect(try bench.receipt(again).unchanged == 1)

        let changed = try bench.submit(table(.assessmentResults, [row.merging(["ela_scaled_score": "501"]) { $1 }])).id
        try bench.driver.run()
        #expect(try bench.receipt(changed).replaced == 1)
        let record = try #require(try bench.records().values.first { $0.assessmentResult.grade == 5 })
        #expect(record.assessmentResult.ela.scaledScore == 501)
        #expect(record.submission == changed)
        #expect(record.line == 2)

        let elsewhere =
            try bench.submit(
                table(
                    .assessmentResults,
                    [["school_year": "2019", "org_code": "00020505", "student_id": "S1", "action": "delete"]]
                )
            )
            .id
        let deleted =
            try bench.submit(
                table(
                    .assessmentResults,
                    [["school_year": "2019", "org_code": "00010505", "student_id": "S1", "action": "delete"]]
                )
            )
            .id
        try bench.driver.run()
        #expect(try bench.receipt(elsewhere).rejected == 1)
        #expect(try bench.receipt(deleted).deleted == 1)
        #expect(try !bench.records().keys.contains { $0.contains("assessment_results") })

        let back = try bench.submit(table(.assessmentResults, [row])).id
        try bench.driver.run()
        #expect(try bench.receipt(back).accepted == 1)
        #expect(try bench.records().keys.contains { $0.contains("assessment_results") })
    }

    @Test("A student who moves is retracted in the district of before")
    func moves() throws {
        let bench = try ValidationBench(partitions: 6)
        try bench.prepare()
        let before = Pipeline.partition(ofDistrictOf: "00010505", partitions: 6)
        let target = try #require(
            ["00020505", "00030505"].first { Pipeline.partition(ofDistrictOf: $0, partitions: 6) != before }
        )
        try bench.submit(table(.attendance, [validRow(.attendance)]))
        try bench.submit(table(.attendance, [validRow(.attendance).merging(["org_code": target]) { $1 }]))
        try bench.driver.run()
        let standing = try bench.records().filter { $0.key.contains("/attendance/") }
        #expect(standing.count == 1)
        #expect(standing.values.first?.orgCode == target)
        let old = try bench.recordRows()[Int(before)]
        #expect(old.contains { $0.record == nil && $0.key.contains("/attendance/") })
    }

    @Test(
        "A student whom two districts claim: the newest row counts, and both are told, by place and without content",
        arguments: [1, 5] as [Int32]
    )
    func claims(_ partitions: Int32) throws {
        let bench = try ValidationBench(partitions: partitions)
        try bench.prepare()
        let rows = ["S0", "S1"].map { validRow(.attendance).merging(["student_id": $0]) { $1 } }
        let (first, _) = try bench.submit(table(.attendance, rows), name: "first.csv")
        let claim = rows[1].merging(["org_code": "00020505"]) { $1 }
        let (second, _) = try bench.submit(table(.attendance, [claim]), name: "second.csv")
        try bench.driver.run()
        let told = try bench.rejections().filter { $0.code == "claimed_by_two_districts" }
            .sorted { $0.submission < $1.submission }
        #expect(told.map(\.submission) == [first, second])
        #expect(told.map(\.line) == [3, 2] && told.map(\.fileName) == ["first.csv", "second.csv"])
        #expect(
            told.map(\.orgCode) == ["00010505", "00020505"]
                && told.allSatisfy { $0.column == "org_code" && $0.schoolYear == 2019 }
        )
        #expect(told[0].message.contains("00020505 submitted") && told[1].message.contains("00010505 submitted"))
        let receipt = try bench.receipt(second)
        #expect(receipt.rows == 1 && receipt.accepted == 1 && receipt.replaced == 1 && receipt.rejected == 0)
        #expect(
            try bench.records().filter { $0.key.contains("/attendance/") && $0.value.orgCode == "00020505" }.count == 1
        )

        // Another school of the same district, or a district that let the student go before, is no such claim.
        try bench.submit(table(.attendance, [claim.merging(["org_code": "00020000"]) { $1 }]))
        try bench.submit(table(.attendance, [claim.merging(["org_code": "00020000", "action": "delete"]) { $1 }]))
        try bench.submit(table(.attendance, [rows[1]]))
        try bench.driver.run()
        #expect(try bench.rejections().filter { $0.code == "claimed_by_two_districts" }.count == 2)
    }

    @Test("Statuses of English learners and of alternate results carry what they may")
    func statuses() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let rows: [[String: String]] = [
            // A first-year learner is exempt in any subject.
            [
                "el_status": "FY", "ela_status": "EXF", "ela_scaled_score": "", "ela_sgp": "", "math_status": "EXF",
                "math_scaled_score": "", "math_sgp": "", "science_status": "EXF", "science_scaled_score": "",
            ],
            // Tested without the English proficiency test: the score counts.
            ["el_status": "EL", "ela_status": "EXN", "ela_sgp": ""],
            // The score that the Department assigned.
            ["ela_status": "ALT", "ela_sgp": "", "science_status": "ALT"],
            ["ela_status": "ALT", "ela_scaled_score": "", "ela_sgp": ""],
        ]
        let text = table(
            .assessmentResults,
            rows.enumerated()
                .map { index, changes in
                    validRow(.assessmentResults).merging(changes) { $1 }.merging(["student_id": "S\(index)"]) { $1 }
                }
        )
        let (id, _) = try bench.submit(text)
        try bench.driver.run()
        #expect(try bench.rejections().isEmpty)
        #expect(try bench.receipt(id).accepted == 4)
        let results = try bench.records().values
            .filter { $0.content.map { if case .assessmentResult = $0 { true } else { false } } ?? false }
            .sorted { $0.line < $1.line }.map(\.assessmentResult)
        #expect(results.map(\.firstYearEl) == [true, false, false, false])
        #expect(results.map { $0.ela.status } == [.exemptFirstYear, .noElTest, .alternate, .alternate])
        #expect(results.map { $0.ela.hasScaledScore } == [false, true, true, false])
        #expect(results[2].science.scaledScore == 240 && results[0].science.status == .exemptFirstYear)
    }

    @Test("An outcome of the year before says what the row said, with and without the column that decides nothing")
    func enrollmentOutcomes() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        try bench.submit(table(.enrollmentOutcomes, [validRow(.enrollmentOutcomes)]))
        try bench.submit(
            """
            school_year,org_code,student_id,grade,race,low_income,el_status,swd,enrolled_october,dropped_out,returned_by_october
            2019,00010505,S2,12,white,N,N,N,N,Y,Y

            """
        )
        try bench.driver.run()
        #expect(try bench.rejections().isEmpty)
        let outcomes = try bench.records().values
            .filter { $0.content.map { if case .enrollmentOutcome = $0 { true } else { false } } ?? false }
            .map(\.enrollmentOutcome)
            .sorted { $0.grade < $1.grade }
        #expect(outcomes.map(\.grade) == [9, 12] && outcomes.map(\.enrolledOctober) == [true, false])
        #expect(outcomes.map(\.droppedOut) == [true, true] && outcomes.map(\.returnedByOctober) == [false, true])
        #expect(outcomes.allSatisfy { $0.student.count == 16 && $0.groups & 1 == 1 })
    }

    @Test("A record says what the row said")
    func content() throws {
        let bench = try ValidationBench()
        try bench.prepare()
        let changes = ["race": "Hispanic or Latino", "el_status": "FEL", "low_income": "Y", "grade": "08"]
        try bench.submit(table(.assessmentResults, [validRow(.assessmentResults).merging(changes) { $1 }]))
        try bench.submit(table(.participationCounts, [validRow(.participationCounts)]))
        try bench.submit(table(.indicatorValues, [validRow(.indicatorValues)]))
        try bench.submit(table(.targets, [validRow(.targets)]))
        try bench.submit(table(.directives, [validRow(.directives)]))
        try bench.driver.run()
        let nces = ["nces_lea_id": "2503270", "nces_school_id": "250327000423"]
        for (code, own) in [("00010505", nces), ("00010510", ["nces_lea_id": "2503270"]), ("00010515", [:])] {
            let row = validRow(.organizations).merging(own.merging(["org_code": code]) { $1 }) { $1 }
            try bench.submit(table(.organizations, [row]))
        }
        try bench.driver.run()
        let records = try bench.records()
        let schools = ["00010505", "00010510", "00010515"].map { records["2019/organizations/\($0)"] }
        #expect(schools.map { $0?.organization.ncesID } == ["250327000423", "2503270", ""])
        let result = try #require(records.first { $0.key.hasPrefix("2019/assessment_results/") })
        #expect(result.key.count == "2019/assessment_results/".count + 32)
        let assessment = result.value.assessmentResult
        // all students, high needs, low income, EL and former EL, Hispanic
        #expect(assessment.groups == 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 9)
        #expect(assessment.student.count == 16 && assessment.grade == 8 && assessment.enrolledSinceOctober)
        #expect(assessment.ela.status == .tested && assessment.ela.scaledScore == 500 && assessment.ela.sgp == 50)
        #expect(assessment.ela.priorScaledScore == 498 && !assessment.math.hasPriorScaledScore)
        #expect(assessment.science.scaledScore == 240 && assessment.priorOrgCode == 10505)
        let counts = try #require(
            records["2019/participation_counts/00010505/05/all_students/ELA"]?.participationCounts
        )
        #expect(
            counts.groupLabel == "All Students" && counts.standard == 41 && counts.absent == 1 && counts.medical == 0
        )
        #expect(records["2019/indicator_values/00010505/high/white/dropout"]?.suppliedValue.value == "0.5")
        #expect(records["2019/targets/00010505/non_high/all_students/ela_achievement"]?.target.target == "501.5")
        let directives = try bench.standing(Topics.directives)
        #expect(Array(directives.keys) == ["2019/designation/00010505/underperforming"])
        try bench.submit(table(.directives, [validRow(.directives).merging(["action": "delete"]) { $1 }]))
        try bench.driver.run()
        #expect(try bench.standing(Topics.directives).isEmpty)
    }
}
