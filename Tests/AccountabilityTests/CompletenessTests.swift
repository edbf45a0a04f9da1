import ArgumentParser
import Messages
import Rules
import Testing

@testable import accountability
@testable import Reading

/// What of a school year has arrived, and what is missing.
@Suite struct CompletenessTests {
    private let district: OrganizationCode
    private let school: OrganizationCode

    init() throws {
        district = try #require(OrganizationCode("00350000"))
        school = try #require(OrganizationCode("00350012"))
    }

    private func record(_ org: String, _ change: (inout Accountability_V1_Record) -> Void = { $0.attendance = .init() })
        -> Accountability_V1_Record
    {
        var record = Accountability_V1_Record()
        record.orgCode = org
        change(&record)
        return record
    }

    private func organization(_ name: String, enrollment: UInt32 = 0, grades: String = "")
        -> Accountability_V1_Organization
    {
        var organization = Accountability_V1_Organization()
        organization.name = name
        organization.enrollment = enrollment
        organization.gradesServed = grades
        return organization
    }

    private func place(_ year: Int, _ layout: Layout) -> StandingRows.Place {
        StandingRows.Place(schoolYear: year, district: district, layout: layout)
    }

    private func rejection(_ line: UInt64, _ code: String, _ org: String, closedBy: String = "")
        -> Accountability_V1_Rejection
    {
        var rejection = Accountability_V1_Rejection()
        (rejection.submission, rejection.line, rejection.code) = ("s", line, code)
        (rejection.orgCode, rejection.layout, rejection.closedBy) = (org, "attendance", closedBy)
        return rejection
    }

    @Test func countsTheRowsThatStand() throws {
        var rows = StandingRows(of: [2018, 2019])
        rows.take(key: "2019/attendance/aa", record("00350012"), partition: 0)
        rows.take(key: "2019/attendance/aa", record("00350015"), partition: 0)
        rows.take(key: "2019/attendance/bb", record("00350012"), partition: 0)
        rows.take(key: "2018/attendance/bb", record("00350012"), partition: 0)
        rows.take(key: "2017/attendance/bb", record("00350012"), partition: 0)
        rows.take(key: "2019/attendance/cc", record("00350012"), partition: 0)
        rows.take(key: "2019/attendance/cc", nil, partition: 0)
        // Who moved to another district is retracted in the partition of the first, whichever is read first.
        rows.take(key: "2019/attendance/dd", record("00360012"), partition: 1)
        rows.take(key: "2019/attendance/dd", nil, partition: 0)
        #expect(rows.counts[place(2019, .attendance)] == 2 && rows.counts[place(2018, .attendance)] == 1)
        #expect(rows.counts.values.reduce(0, +) == 4 && rows.met == [2017, 2018, 2019])
        rows.take(
            key: "2019/organizations/00350012",
            record("00350012") { $0.organization = organization("A") },
            partition: 0
        )
        rows.take(
            key: "2018/organizations/00350015",
            record("00350015") { $0.organization = organization("B") },
            partition: 0
        )
        rows.take(key: "2019/targets/00350012/x", record("00350012") { $0.target = .init() }, partition: 0)
        rows.take(key: "2019/targets/00350015/x", record("00350015") { $0.target = .init() }, partition: 0)
        rows.take(key: "2019/targets/00350015/x", nil, partition: 0)
        #expect(rows.organizations(of: 2019).mapValues(\.name) == [school: "A"])
        #expect(rows.withTargets(in: 2019) == [school])
    }

    @Test func theEnrolmentOfBothSpansMayComeWithSuppliedValues() throws {
        func value(_ nonHigh: UInt32?, _ high: UInt32?) -> Accountability_V1_Record {
            var value = Accountability_V1_SuppliedValue()
            if let nonHigh { value.nonHighEnrollment = nonHigh }
            if let high { value.highEnrollment = high }
            return record("00350012") { $0.suppliedValue = value }
        }
        let key = "2019/indicator_values/00350012/x"
        var rows = StandingRows(of: [2018, 2019])
        rows.take(key: key, value(150, nil), partition: 0)
        #expect(rows.withEnrollment(in: 2019).isEmpty)
        rows.take(key: key, value(150, 0), partition: 0)
        #expect(rows.withEnrollment(in: 2019) == [school] && rows.withEnrollment(in: 2018).isEmpty)
        rows.take(key: key, value(nil, nil), partition: 0)
        #expect(rows.withEnrollment(in: 2019).isEmpty)
        rows.take(key: key, value(150, 0), partition: 0)
        rows.take(key: key, nil, partition: 0)
        #expect(rows.withEnrollment(in: 2019).isEmpty)
    }

    /// 603 CMR 2.03(2)(d).
    @Test func participationOfSingleGradesAloneIsNamed() throws {
        func row(_ grade: String, _ subject: String = "ELA") -> Accountability_V1_Record {
            var counts = Accountability_V1_ParticipationCounts()
            counts.grade = grade
            counts.group = "all_students"
            counts.subject = subject
            return record("00350012") { $0.participationCounts = counts }
        }
        var rows = StandingRows(of: [2018, 2019])
        let key = { (grade: String, subject: String) in "2019/participation_counts/00350012/\(grade)/\(subject)" }
        for grade in ["03", "04"] {
            for subject in ["ELA", "Math"] { rows.take(key: key(grade, subject), row(grade, subject), partition: 0) }
        }
        #expect(rows.withGradesOnly(in: 2019) == [school: 4] && rows.withGradesOnly(in: 2018).isEmpty)
        rows.take(key: key("all", "ELA"), row("all"), partition: 0)
        #expect(rows.withGradesOnly(in: 2019) == [school: 2])
        var facts = Completeness.Facts()
        facts.withGradesOnly = rows.withGradesOnly(in: 2019)
        let found = try lines(facts)
        #expect(found.lines.map(\.finding) == [.gradesOnly] && found.lines.map(\.arrived) == [2])
        #expect(found.lines.map(\.layout) == ["participation_counts"] && !found.isIncomplete)
        // Where student records stand in for the counts nothing is missing.
        var rejection = self.rejection(2, "supplied_shadowed", "00350012")
        rejection.layout = "participation_counts"
        facts.rejections = [rejection]
        #expect(try lines(facts).lines.isEmpty)
        facts.rejections[0].closedBy = "later"
        #expect(try lines(facts).lines.map(\.finding) == [.gradesOnly])
        // With the rows of all grades, nothing is missing either.
        rows.take(key: key("all", "Math"), row("all", "Math"), partition: 0)
        #expect(rows.withGradesOnly(in: 2019).isEmpty)
        rows.take(key: key("all", "Math"), nil, partition: 0)
        #expect(rows.withGradesOnly(in: 2019) == [school: 2])
    }

    /// In blocks, and under the same names as rows by themselves.
    @Test func countsTheRowsOfBlocks() throws {
        func block(_ year: Int, _ layout: Layout, _ fill: (inout RecordBlock) -> Void) throws -> RecordBlock {
            var written = RecordBlock(schoolYear: year, layout: layout)
            fill(&written)
            let value = try written.take()
            var read = RecordBlock()
            try read.read(record: value.span)
            return read
        }
        func student(_ number: UInt128) -> StudentFact {
            var fact = StudentFact()
            fact.student = number
            return fact
        }
        var rows = StandingRows(of: [2018, 2019])
        let single = "2019/attendance/" + String(repeating: "0", count: 31) + "1"
        rows.take(key: single, record("00350012"), partition: 0)
        let attendance = try block(2019, .attendance) { block in
            for number in [1, 2, 3, 4] as [UInt128] {
                block.append(student(number), organization: 350_012, submission: "s", line: UInt64(number))
            }
            block.retract(student: 1, cohortYear: 0, organization: 350_012, submission: "s")
            block.append(student(2), organization: 350_015, submission: "s", line: 9)
        }
        rows.take(attendance, partition: 0)
        rows.take(
            try block(2017, .attendance) { block in
                block.append(student(5), organization: 350_012, submission: "s", line: 2)
            },
            partition: 0
        )
        #expect(rows.counts == [place(2019, .attendance): 3])
        rows.take(
            try block(2016, .attendance) { block in
                block.retract(student: 6, cohortYear: 0, organization: 350_012, submission: "s")
            },
            partition: 0
        )
        // Of a year there are rows where a block has one that is no retraction.
        #expect(rows.met == [2017, 2019])
        rows.take(
            try block(2019, .organizations) { block in
                block.append(
                    .organization(organization("A")),
                    key: "00350012",
                    organization: 350_012,
                    submission: "s",
                    line: 2
                )
                block.append(
                    .organization(organization("B")),
                    key: "00350015",
                    organization: 350_015,
                    submission: "s",
                    line: 3
                )
                block.retract(key: "00350015", organization: 350_015, submission: "s")
            },
            partition: 0
        )
        #expect(rows.organizations(of: 2019).mapValues(\.name) == [school: "A"])
    }

    private func lines(_ facts: Completeness.Facts, _ year: Int = 2019) throws -> Completeness {
        Completeness(facts, year: year, try Framework.of(schoolYear: year))
    }

    /// Rows the year before, rows now, what is found, and whether the year should not be closed.
    @Test(
        arguments: [
            (Layout.attendance, 100, 0, Completeness.Finding.silent, true), (.attendance, 100, 89, .few, false),
            (.attendance, 100, 90, nil, false), (.attendance, 20, 0, .silent, true),
            // Three English learners one year and none the next are nothing that is missing.
            (.englishProficiency, 19, 0, nil, false), (.englishProficiency, 20, 0, .silent, true),
            // Supplied values may be replaced by records of students.
            (.indicatorValues, 100, 0, .silent, false), (.targets, 100, 0, .silent, false),
        ] as [(Layout, Int, Int, Completeness.Finding?, Bool)]
    )
    func aDistrictIsExpectedToSendWhatItSentTheYearBefore(
        _ layout: Layout,
        _ before: Int,
        _ now: Int,
        _ finding: Completeness.Finding?,
        _ isIncomplete: Bool
    ) throws {
        var facts = Completeness.Facts()
        facts.organizations[district] = organization("District")
        facts.rows = [place(2018, layout): before, place(2019, layout): now]
        let completeness = try lines(facts)
        let line = try #require(completeness.lines.first { $0.layout == layout.wireName })
        #expect(line.expected == before && line.basis == .yearBefore && line.arrived == now && line.name == "District")
        #expect(line.finding == finding && completeness.isIncomplete == isIncomplete)
        // A district that is not declared any more has closed.
        facts.organizations = [:]
        facts.rows[place(2019, layout)] = nil
        #expect(try lines(facts).lines.isEmpty)
    }

    @Test func withoutAYearBeforeTheEnrolmentIsExpectedAndForbidsNothing() throws {
        var facts = Completeness.Facts()
        facts.organizations[district] = organization("District")
        facts.organizations[school] = organization("School", enrollment: 300, grades: "PK,K")
        let completeness = try lines(facts)
        #expect(completeness.lines.count == 1 && !completeness.isIncomplete)
        let line = try #require(completeness.lines.first)
        #expect(line.layout == "attendance" && line.expected == 300 && line.basis == .enrollment)
        #expect(line.finding == .silent && line.arrived == 0)
    }

    @Test func schoolsWithTestedGradesNeedTargets() throws {
        var facts = Completeness.Facts()
        facts.organizations[school] = organization("School", grades: "K,01,02,03")
        #expect(try lines(facts).lines.map(\.finding) == [.noTargets])
        #expect(try lines(facts).lines.map(\.orgCode) == ["00350012"])
        facts.withTargets = [school]
        #expect(try lines(facts).lines.isEmpty)
        // No tested grade, and a year without points.
        facts.withTargets = []
        #expect(try lines(facts, 2022).lines.isEmpty)
        facts.organizations[school] = organization("School", grades: "PK,K,01,02")
        #expect(try lines(facts).lines.isEmpty)
    }

    @Test func whatHasBothSpansNeedsTheEnrolmentOfBoth() throws {
        var facts = Completeness.Facts()
        facts.organizations[district] = organization("District")
        facts.organizations[school] = organization("School", grades: "09,10,11,12")
        facts.withTargets = [school]
        #expect(try lines(facts).lines.isEmpty)
        facts.organizations[school] = organization("School", grades: "06,07,08,09,10,11,12")
        facts.organizations[school]?.nonHighEnrollment = 150
        #expect(try lines(facts).lines.map(\.orgCode) == ["00350000", "00350012"])
        #expect(try lines(facts).lines.allSatisfy { $0.finding == .noEnrollment && $0.layout == "organizations" })
        // It may come with supplied values.
        facts.withEnrollment = [school]
        #expect(try lines(facts).lines.map(\.orgCode) == ["00350000"])
        facts.withEnrollment = []
        // 0 is reported, an empty field is not.
        for code in [district, school] {
            facts.organizations[code]?.nonHighEnrollment = 0
            facts.organizations[code]?.highEnrollment = 150
        }
        #expect(try lines(facts).lines.isEmpty)
    }

    @Test func aClosedSchoolIsNotMissedAndDoubtfulChangesAreNamed() throws {
        func change(_ code: OrganizationCode, _ kind: OrganizationChangeKind, _ former: OrganizationCode? = nil)
            -> OrganizationChange
        {
            OrganizationChange(schoolYear: 2019, organization: code, kind: kind, former: former)
        }
        func changes(_ rows: [OrganizationChange]) -> OrganizationChanges {
            var changes = OrganizationChanges()
            for row in rows {
                changes.set(row, schoolYear: row.schoolYear, of: row.organization, former: row.former)
            }
            return changes
        }
        let other = try #require(OrganizationCode("00350016"))
        var facts = Completeness.Facts()
        facts.organizations[school] = organization("School", grades: "K,01,02,03")
        #expect(try lines(facts).lines.map(\.finding) == [.noTargets])
        facts.changes = changes([change(school, .closed)])
        #expect(try lines(facts).lines.map(\.finding) == [.closedButDeclared])
        facts.organizations = [:]
        #expect(try lines(facts).lines.isEmpty)
        facts.changes = changes([change(school, .recoded, other)])
        #expect(try lines(facts).lines.isEmpty)
        facts.declaredBefore = [school]
        #expect(try lines(facts).lines.map(\.finding) == [.unknownFormerCode])
        facts.declaredBefore = [other]
        #expect(try lines(facts).lines.isEmpty)
        facts.changes = changes([change(school, .recoded, other), change(school, .closed)])
        let found = try lines(facts)
        #expect(found.lines.map(\.finding) == [.contradictingChanges] && !found.isIncomplete)
        #expect(found.lines.map(\.layout) == ["organization_changes"] && found.lines.map(\.arrived) == [2])
        // The rows of the year before of a school that closed are not expected again.
        var rows = StandingRows(of: [2018, 2019]) { code, year in code == self.school && year == 2018 }
        for year in [2018, 2019] { rows.take(key: "\(year)/attendance/1", record("00350012"), partition: 0) }
        #expect(rows.counts == [place(2019, .attendance): 1])
    }

    @Test func rowsThatWaitForTheirOrganizationAreNamed() throws {
        var facts = Completeness.Facts()
        facts.rejections = [
            rejection(2, "unknown_organization", "00350012"), rejection(3, "unknown_organization", "00350012"),
            rejection(4, "unknown_organization", "00350012", closedBy: "t"), rejection(5, "out_of_range", "00350012"),
            rejection(5, "unknown_grade", "00350012"), rejection(6, "claimed_by_two_districts", "00350012"),
        ]
        let completeness = try lines(facts)
        #expect(completeness.lines.map(\.finding) == [.unknownOrganization] && !completeness.isIncomplete)
        #expect(completeness.lines.map(\.rejected) == [2])
        // Of a declared district the rows that were refused stand beside those that were taken.
        facts.organizations[district] = organization("District")
        facts.rows[place(2019, .attendance)] = 7
        let line = try #require(try lines(facts).lines.first { $0.finding == nil })
        // Each row is counted on one line.
        #expect(line.arrived == 7 && line.rejected == 1)
        #expect(try lines(facts).lines.count == 2)
    }

    /// What validation takes between the reading and the wait is not missing.
    @Test func whatIsMissingIsReadOnceMoreAfterWaiting() throws {
        var facts = Completeness.Facts()
        facts.organizations[district] = organization("District")
        facts.rows = [place(2018, .attendance): 100]
        var (reads, waits) = (0, 0)
        func read() throws -> Completeness {
            reads += 1
            return try lines(facts)
        }
        #expect(try ClosingCheck.settled(read, afterwards: { waits += 1 }).isIncomplete)
        #expect(reads == 2 && waits == 1)
        let settled = try ClosingCheck.settled(read) {
            waits += 1
            facts.rows[place(2019, .attendance)] = 100
        }
        #expect(!settled.isIncomplete && reads == 4 && waits == 2)
        #expect(try !ClosingCheck.settled(read, afterwards: { waits += 1 }).isIncomplete)
        #expect(reads == 5 && waits == 2)
    }

    @Test func theReasonIsOneLine() throws {
        _ = try CloseYear.parse(["2019", "--incomplete", "The tests of one school are appealed"])
        for reason in ["", "  ", "a\nb", "a\u{1B}[2J", String(repeating: "x", count: 501)] {
            #expect(throws: (any Error).self, "\(reason.count)") {
                try CloseYear.parse(["2019", "--incomplete", reason])
            }
        }
    }
}
