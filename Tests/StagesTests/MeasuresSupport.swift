import Foundation
import Messages
import Rules
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf

/// A stage that reads records, over topics in memory.
final class MeasuresRun {
    static let pipeline = Pipeline()

    let driver: InMemoryDriver
    let partitions: Int32

    init(
        _ stage: any Stage,
        partitions: Int32 = 1,
        seed: UInt64 = 1,
        disturbed: Bool = false
    ) throws {
        self.partitions = partitions
        var disturbances = InMemoryDriver.Disturbances()
        disturbances.batch = 32
        if disturbed {
            disturbances.crashEvery = 9
            disturbances.abortEvery = 10
            disturbances.repeatEvery = 4
        }
        let pipeline = Self.pipeline
        var topics: [String: Int32] = [:]
        for topic in Topics.all { topics[pipeline.name(topic)] = topic.partitionCount(tables: partitions) }
        driver = try InMemoryDriver(
            stages: [stage],
            topics: topics,
            progressTopic: pipeline.name(Topics.progress),
            completionType: Topics.completionType,
            seed: seed,
            disturbances: disturbances
        )
    }

    /// Appends a fact, or its retraction, where records of an organization go: as a block of one row.
    ///
    /// Where `isSingle` is true it is a record by itself, or its tombstone, as there were before there were blocks.
    func append(_ fact: Fact, retract: Bool = false, cause: String = "", isSingle: Bool = false) throws {
        let single = StoredRecord(
            key: Array(fact.key.utf8),
            value: retract ? nil : try fact.record.serializedBytes(),
            eventType: Topics.records.eventType,
            cause: cause
        )
        let topic = Self.pipeline.name(Topics.records)
        let number = (driver.topics[topic] ?? []).joined().count
        driver.append(
            isSingle ? single : try fact.block(number, retract: retract, cause: cause) ?? single,
            topic: topic,
            partition: Pipeline.partition(ofDistrictOf: fact.record.orgCode, partitions: partitions)
        )
    }

    /// Appends a change of an organization, or its withdrawal.
    func append(_ change: OrganizationChange, withdraw: Bool = false, cause: String = "") throws {
        let key = DirectiveKey(changeOf: change.organization, in: change.schoolYear, former: change.former)
        driver.append(
            StoredRecord(
                key: key.utf8,
                value: withdraw ? nil : try Accountability_V1_Directive(change).serializedBytes(),
                eventType: Topics.directives.eventType,
                cause: cause
            ),
            topic: Self.pipeline.name(Topics.directives),
            partition: 0
        )
    }

    func append(_ facts: [Fact]) throws {
        for fact in facts { try append(fact) }
    }

    func close(_ years: Int...) throws {
        for year in years {
            try driver.close(scope: "\(year)", topic: Self.pipeline.name(Topics.records))
            try driver.close(scope: "\(year)", topic: Self.pipeline.name(Topics.directives))
        }
    }

    /// The newest value by key.
    func table(_ topic: TopicDefinition) -> [String: [UInt8]] {
        var table: [String: [UInt8]] = [:]
        for (key, value) in driver.table(Self.pipeline.name(topic)) {
            table[String(decoding: key, as: UTF8.self)] = value
        }
        return table
    }

    /// Every record of a topic, markers left out.
    func log(_ topic: TopicDefinition) -> [StoredRecord] {
        (driver.topics[Self.pipeline.name(topic)] ?? []).flatMap { $0 }.filter { $0.key.first != UInt8(ascii: "~") }
    }

    func row(_ key: String) throws -> Accountability_V1_Participation? {
        try table(Topics.participation)[key].map { try Accountability_V1_Participation(serializedBytes: $0) }
    }

    func entry(_ key: String) throws -> Accountability_V1_IndicatorEntry? {
        try table(Topics.indicators)[key].map { try Accountability_V1_IndicatorEntry(serializedBytes: $0) }
    }

    func standing(_ key: String) throws -> Accountability_V1_Standing? {
        try table(Topics.standings)[key].map { try Accountability_V1_Standing(serializedBytes: $0) }
    }

    func rejections() throws -> [Accountability_V1_Rejection] {
        try log(Topics.rejections).map { try Accountability_V1_Rejection(serializedBytes: $0.value ?? []) }
    }

    /// The lines of the rejections and notes that nothing closed.
    func openRejections() throws -> [UInt64] {
        // Lines are made from names here, so that rows of two organizations or years may have the same one.
        var newest: [[String]: Accountability_V1_Rejection] = [:]
        for rejection in try rejections() {
            newest[["\(rejection.line)", "\(rejection.schoolYear)", rejection.orgCode, rejection.submission]] =
                rejection
        }
        return newest.values.filter(\.closedBy.isEmpty).map(\.line).sorted()
    }
}

extension Accountability_V1_Directive {
    /// A change of an organization, as validation publishes it.
    init(_ change: OrganizationChange) {
        self.init()
        directive = DepartmentAct.organizationChange.wireName
        schoolYear = UInt32(change.schoolYear)
        orgCode = change.organization.description
        kind = change.kind.wireName
        priorOrgCode = change.former?.description ?? ""
        if let enrollment = change.formerEnrollment { priorEnrollment = UInt32(enrollment) }
        submission = "changes"
    }
}

/// An accepted record with its key.
struct Fact {
    var key: String
    var record: Accountability_V1_Record

    init(
        _ year: Int,
        _ layout: String,
        _ name: String,
        _ org: String,
        _ content: Accountability_V1_Record.OneOf_Content
    ) {
        key = "\(year)/\(layout)/\(name)"
        record = Accountability_V1_Record()
        record.submission = "submission-\(layout)"
        record.line = UInt64(2 + name.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) % 100_000 })
        record.schoolYear = UInt32(year)
        record.orgCode = org
        record.content = content
    }

    static func tests(
        _ year: Int,
        _ org: String,
        student: Int,
        grade: UInt32 = 5,
        groups: UInt32 = 1,
        october: Bool = true,
        prior: UInt32 = 0,
        ela: Accountability_V1_Test = Accountability_V1_Test(),
        math: Accountability_V1_Test = Accountability_V1_Test(),
        science: Accountability_V1_Test = Accountability_V1_Test()
    ) -> Fact {
        var result = Accountability_V1_AssessmentResult()
        result.student = pseudonym(student)
        result.grade = grade
        result.groups = groups
        result.enrolledSinceOctober = october
        result.priorOrgCode = prior
        result.ela = ela
        result.math = math
        result.science = science
        return Fact(year, "assessment_results", hexadecimal(pseudonym(student)), org, .assessmentResult(result))
    }

    static func attendance(
        _ year: Int,
        _ org: String,
        student: Int,
        grade: UInt32 = 5,
        groups: UInt32 = 1,
        october: Bool = true,
        enrolled: UInt32 = 180,
        absent: UInt32
    ) -> Fact {
        var attendance = Accountability_V1_Attendance()
        attendance.student = pseudonym(student)
        attendance.grade = grade
        attendance.groups = groups
        attendance.enrolledSinceOctober = october
        attendance.daysEnrolled = enrolled
        attendance.daysAbsent = absent
        return Fact(year, "attendance", hexadecimal(pseudonym(student)), org, .attendance(attendance))
    }

    static func counts(
        _ year: Int,
        _ org: String,
        grade: String = "all",
        group: String = "all_students",
        label: String = "All Students",
        subject: String,
        standard: UInt32,
        absent: UInt32 = 0,
        _ change: (inout Accountability_V1_ParticipationCounts) -> Void = { _ in }
    ) -> Fact {
        var counts = Accountability_V1_ParticipationCounts()
        counts.grade = grade
        counts.group = group
        counts.groupLabel = label
        counts.subject = subject
        counts.standard = standard
        counts.absent = absent
        change(&counts)
        return Fact(
            year,
            "participation_counts",
            "\(org)/\(grade)/\(group)/\(subject)",
            org,
            .participationCounts(counts)
        )
    }

    static func supplied(
        _ year: Int,
        _ org: String,
        span: String = "non_high",
        group: String = "all_students",
        indicator: String,
        value: String,
        count: UInt32? = nil,
        comparison: String = "non_high",
        besides: (inout Accountability_V1_SuppliedValue) -> Void = { _ in }
    ) -> Fact {
        var supplied = Accountability_V1_SuppliedValue()
        supplied.comparisonGroup = comparison
        supplied.gradeSpan = span
        supplied.group = group
        supplied.indicator = indicator
        supplied.value = value
        if let count { supplied.count = count }
        besides(&supplied)
        return Fact(
            year,
            "indicator_values",
            "\(org)/\(span)/\(group)/\(indicator)",
            org,
            .suppliedValue(supplied)
        )
    }

    static func target(_ year: Int, _ org: String, group: String, indicator: String, target: String) -> Fact {
        var set = Accountability_V1_Target()
        set.gradeSpan = "non_high"
        set.group = group
        set.indicator = indicator
        set.target = target
        return Fact(year, "targets", "\(org)/non_high/\(group)/\(indicator)", org, .target(set))
    }

    static func organization(
        _ year: Int,
        _ org: String,
        _ type: Accountability_V1_OrganizationType,
        comparison: String,
        nonHigh: UInt32? = nil,
        high: UInt32? = nil,
        grades: String = "",
        schoolType: String = "",
        title1: Bool = false
    ) -> Fact {
        var organization = Accountability_V1_Organization()
        organization.title1 = title1
        organization.type = type
        organization.comparisonGroup = comparison
        if let nonHigh { organization.nonHighEnrollment = nonHigh }
        if let high { organization.highEnrollment = high }
        organization.gradesServed = grades
        organization.schoolType = schoolType
        return Fact(year, "organizations", org, org, .organization(organization))
    }

    static func pseudonym(_ number: Int) -> Data {
        Data((0..<16).map { $0 < 8 ? 0 : UInt8(truncatingIfNeeded: number >> (8 * (15 - $0))) })
    }
}

extension Fact {
    /// The fact, or its retraction, as a block of one row with a number of its own; nil of what no block can hold.
    func block(_ number: Int, retract: Bool, cause: String) throws -> StoredRecord? {
        guard let content = record.content, let layout = Layout(of: content),
            let organization = UInt32(record.orgCode), record.orgCode.utf8.count == 8
        else { return nil }
        var block = RecordBlock(schoolYear: Int(record.schoolYear), layout: layout)
        // The submission of a row is what made it necessary.
        let submission = cause.isEmpty ? record.submission : cause
        let name = key.split(separator: "/", maxSplits: 2).last.map(String.init) ?? ""
        if let fact = StudentFact(content) {
            if retract {
                block.retract(
                    student: fact.student,
                    cohortYear: fact.cohortYear,
                    organization: organization,
                    submission: submission
                )
            } else {
                block.append(fact, organization: organization, submission: submission, line: record.line)
            }
        } else if retract {
            block.retract(key: name, organization: organization, submission: submission)
        } else {
            block.append(
                content,
                key: name,
                organization: organization,
                submission: submission,
                line: record.line
            )
        }
        return StoredRecord(
            key: Array("\(record.schoolYear)/\(layout.wireName)/0-0-\(number)".utf8),
            value: try block.take(),
            eventType: Topics.records.eventType,
            cause: cause
        )
    }
}

extension Accountability_V1_Test {
    /// A test taken.
    static func taken(_ score: UInt32? = nil, sgp: UInt32? = nil, prior: UInt32? = nil) -> Self {
        with(.tested, score: score, sgp: sgp, prior: prior)
    }

    /// A test of a status.
    static func with(
        _ status: Accountability_V1_TestStatus,
        score: UInt32? = nil,
        sgp: UInt32? = nil,
        prior: UInt32? = nil
    ) -> Self {
        var test = Accountability_V1_Test()
        test.status = status
        if let score { test.scaledScore = score }
        if let sgp { test.sgp = sgp }
        if let prior { test.priorScaledScore = prior }
        return test
    }
}

/// Bits of the groups in records.
enum GroupBits {
    static let all: UInt32 = 1
    static let highNeeds: UInt32 = 1 << 2
    static let lowIncome: UInt32 = 1 << 3
    static let white: UInt32 = 1 << 12
}

/// A random history of records: what was sent, in order, and what survives of it.
struct RandomHistory {
    /// A record or its retraction.
    struct Event {
        var fact: Fact
        var isRetraction: Bool
    }

    private(set) var events: [Event] = []
    private(set) var surviving: [String: Fact] = [:]

    static let schools = [
        "00010001", "00010002", "00010000", "00020005", "00020006", "00030001", "00030002", "00040009", "00050001",
    ]

    init(seed: UInt64, length: Int) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<length {
            let fact = Self.fact(&random)
            if let before = surviving[fact.key] {
                let leaves = random.next() % 4 == 0
                // Validation retracts a record where it was before it sends it elsewhere.
                if leaves || before.record.orgCode.prefix(4) != fact.record.orgCode.prefix(4) {
                    events.append(Event(fact: before, isRetraction: true))
                    surviving[fact.key] = nil
                }
                if leaves { continue }
            }
            events.append(Event(fact: fact, isRetraction: false))
            surviving[fact.key] = fact
        }
    }

    private static func fact(_ random: inout SplitMix64) -> Fact {
        func pick(_ below: Int) -> Int { Int(random.next() % UInt64(below)) }
        let year = 2018 + pick(2)
        let school = schools[pick(schools.count)]
        switch pick(20) {
        case 0:
            return .organization(
                year,
                school,
                .school,
                comparison: ["", "non_high", "middle_high"][pick(3)],
                nonHigh: UInt32(pick(500))
            )
        case 1:
            return .target(
                year,
                school,
                group: ["all_students", "white"][pick(2)],
                indicator: "ela_achievement",
                target: "50\(pick(9)).5"
            )
        case 2, 3:
            return .supplied(
                year,
                school,
                group: ["all_students", "white"][pick(2)],
                indicator: ["ela_achievement", "chronic_absenteeism", "four_year_graduation"][pick(3)],
                value: "\(pick(100)).5",
                count: pick(3) == 0 ? nil : UInt32(pick(40))
            )
        case 4, 5:
            return .counts(
                year,
                school,
                grade: ["all", "05"][pick(2)],
                subject: ["ELA", "Math"][pick(2)],
                standard: UInt32(pick(30)),
                absent: UInt32(pick(4))
            )
        case 6...11:
            let grade = UInt32([5, 8, 10][pick(3)])
            let groups = 1 | UInt32(pick(8)) << 2 | GroupBits.white
            return .attendance(
                year,
                school,
                student: pick(160),
                grade: grade,
                groups: groups,
                october: pick(9) > 0,
                enrolled: UInt32(10 + pick(170)),
                absent: UInt32(pick(25))
            )
        default:
            let grade = UInt32([5, 8, 10][pick(3)])
            let groups = 1 | UInt32(pick(8)) << 2 | GroupBits.white
            func test() -> Accountability_V1_Test {
                guard pick(8) > 0 else {
                    return .with(Accountability_V1_TestStatus(rawValue: pick(7)) ?? .absent)
                }
                return .taken(
                    UInt32(440 + pick(121)),
                    sgp: pick(3) == 0 ? nil : UInt32(1 + pick(99)),
                    prior: pick(4) == 0 ? nil : UInt32(440 + pick(121))
                )
            }
            let prior = pick(4) == 0 ? UInt32(schools[pick(schools.count)]) ?? 0 : UInt32(school) ?? 0
            return .tests(
                year,
                school,
                student: pick(160),
                grade: grade,
                groups: groups,
                october: pick(9) > 0,
                prior: prior,
                ela: test(),
                math: test(),
                science: test()
            )
        }
    }
}
