import Messages
import Rules
import SwiftProtobuf

@testable import Console
@testable import Reading

/// Two years of a small state, folded from records as they stand on the topics.
enum ExampleTables {
    static let hostileName = "<script>alert('x')</script> & \"School\""
    static let school = "00010005"

    static func make() throws -> ConsoleTables {
        var tables = ConsoleTables()
        for year in [2018, 2019] {
            try fold(district(year), into: &tables)
            try fold(try exampleSchool(year), into: &tables)
            for number in 1...30 { try fold(small(year, number), into: &tables) }
        }
        for year in [2018, 2019] { try foldFacts(year, into: &tables) }
        try foldActs(into: &tables)
        try foldRejections(into: &tables)
        try foldSubmissions(into: &tables)
        tables.take(run(tables))
        return tables
    }

    static func fold(_ message: Accountability_V1_Determination, into tables: inout ConsoleTables) throws {
        let key = Array("\(message.schoolYear)/\(message.orgCode)".utf8)
        let isTaken = tables.fold(Topics.determinations, key: key, value: try message.serializedBytes())
        guard isTaken else { throw Problem(500, "the example is no determination") }
    }

    static func fold(
        _ facts: Accountability_V1_Organization,
        _ code: String,
        _ year: Int,
        into tables: inout ConsoleTables
    ) throws {
        var entry = Accountability_V1_IndicatorEntry()
        (entry.schoolYear, entry.orgCode, entry.organization) = (UInt32(year), code, facts)
        let key = Array("\(year)/\(code)/organization".utf8)
        let isTaken = tables.fold(Topics.indicators, key: key, value: try entry.serializedBytes())
        guard isTaken else { throw Problem(500, "the example is no organization") }
    }

    /// What everybody sees of a school: its percentile and one rate.
    static func publication(
        _ year: Int,
        _ code: String,
        _ name: String,
        percentile: UInt32,
        status: String = "official"
    ) -> Accountability_V1_Publication {
        var publication = Accountability_V1_Publication()
        (publication.schoolYear, publication.orgCode, publication.name) = (UInt32(year), code, name)
        (publication.districtCode, publication.type) = (String(code.prefix(4)) + "0000", .school)
        (publication.status, publication.framework) = (status, "\(year)")
        guard status == "official" else { return publication }
        (publication.percentile, publication.comparisonGroup) = (percentile, "non_high")
        (publication.classification, publication.level) = ("not_requiring_assistance", "moderate")
        publication.figures = [
            .with { ($0.measure, $0.group, $0.value) = ("participation/combined", "all_students", ">=95") }
        ]
        return publication
    }

    static func fold(_ publication: Accountability_V1_Publication, into tables: inout ConsoleTables) throws {
        let key = Array("\(publication.schoolYear)/\(publication.orgCode)".utf8)
        let isTaken = tables.fold(Topics.publications, key: key, value: try publication.serializedBytes())
        guard isTaken else { throw Problem(500, "the example is no publication") }
    }

    static func facts(
        _ name: String,
        _ code: String,
        enrollment: UInt32,
        lowIncome: UInt32
    ) -> Accountability_V1_Organization {
        var facts = Accountability_V1_Organization()
        facts.type = code.hasSuffix("0000") ? .district : .school
        facts.name = name
        facts.districtCode = String(code.prefix(4)) + "0000"
        facts.comparisonGroup = facts.type == .school ? "non_high" : ""
        facts.enrollment = enrollment
        facts.enrollmentLowIncome = lowIncome
        return facts
    }

    private static func foldFacts(_ year: Int, into tables: inout ConsoleTables) throws {
        let district = facts("Example District", "00010000", enrollment: 500, lowIncome: 125)
        try fold(district, "00010000", year, into: &tables)
        try fold(facts(hostileName, school, enrollment: 200, lowIncome: 50), school, year, into: &tables)
        for number in 1...30 {
            let code = "0002" + String(repeating: "0", count: 4 - "\(number)".count) + "\(number)"
            let facts = facts(
                "School \(number)",
                code,
                enrollment: UInt32(200 + number),
                lowIncome: UInt32(50 + number)
            )
            try fold(facts, code, year, into: &tables)
        }
    }

    /// An act of the Department, taken effect on a day of September 2019.
    static func fold(
        _ act: String,
        _ kind: String,
        _ code: String,
        day: Int,
        end: String = "",
        rating: String = "",
        into tables: inout ConsoleTables
    ) throws {
        var message = Accountability_V1_Directive()
        (message.schoolYear, message.directive, message.kind, message.orgCode) = (2019, act, kind, code)
        (message.effectiveDate, message.endDate) = ("2019-09-\(day)", end)
        (message.reason, message.reference) = ("\(act) of \(code)", "Letter \(day)")
        (message.rating, message.submission) = (rating, "20190101T000000000Z-000001")
        if act == "plan_filing" { message.reference = "2019/\(code.prefix(4))0000" }
        let key = Array("2019/\(act)/\(code)/\(kind)".utf8)
        let isTaken = tables.fold(Topics.directives, key: key, value: try message.serializedBytes())
        guard isTaken else { throw Problem(500, "the example is no act") }
    }

    private static func foldActs(into tables: inout ConsoleTables) throws {
        for (code, day) in [("00010000", 11), ("00020000", 12)] {
            try fold("review", "conducted", code, day: day, end: "2019-09-20", into: &tables)
            try fold("review", "assessment", code, day: day, rating: "proficient", into: &tables)
        }
        for (code, day) in [(school, 13), ("00020001", 14)] {
            try fold("designation", "directed_focused", code, day: day, into: &tables)
            try fold("appeal", "filed", code, day: day + 2, end: "2019-10-\(day)", into: &tables)
            try fold("plan_filing", "school_improvement_plan", code, day: day, into: &tables)
        }
        try fold("appeal", "denied", "00020001", day: 25, into: &tables)
    }

    private static func district(_ year: Int) -> Accountability_V1_Determination {
        var message = base(year, "00010000", .district)
        message.name = "Example District"
        message.classification = "not_requiring_assistance"
        message.level = "substantial"
        message.annual = 60
        message.annualExact = "60.4"
        message.cumulative = 58
        message.band = "substantial"
        return message
    }

    private static func base(
        _ year: Int,
        _ code: String,
        _ type: Accountability_V1_OrganizationType
    ) -> Accountability_V1_Determination {
        var message = Accountability_V1_Determination()
        message.schoolYear = UInt32(year)
        message.orgCode = code
        message.districtCode = String(code.prefix(4)) + "0000"
        message.type = type
        message.revision = 1
        message.status = "preliminary"
        message.framework = "\(year)"
        return message
    }

    private static func small(_ year: Int, _ number: Int) -> Accountability_V1_Determination {
        var message = base(year, "0002" + String(repeating: "0", count: 4 - "\(number)".count) + "\(number)", .school)
        message.name = "School \(number)"
        message.classification = "not_requiring_assistance"
        message.level = number.isMultiple(of: 2) == (year == 2019) ? "moderate" : "substantial"
        // One change that nobody makes the other way round.
        if number == 1, year == 2018 { message.level = "limited" }
        message.percentile = UInt32(number * 3)
        message.annual = UInt32(number)
        message.annualExact = "\(number)"
        message.cumulative = UInt32(min(number * 3 + 1, 100))
        message.band = message.level
        message.decisionRow = .progress
        return message
    }

    /// A school with points, a low percentile, a group and participation; its name is markup.
    static func exampleSchool(_ year: Int) throws -> Accountability_V1_Determination {
        var points = Accountability_V1_IndicatorPoints()
        points.indicator = "ela_achievement"
        points.value = "500.1"
        points.prior = "499.2"
        points.target = "501.5"
        points.count = 205
        points.points = 2
        points.rule = "Improved Below Target"
        points.row = .improvedBelowTarget
        var total = Accountability_V1_CategoryTotal()
        total.category = "achievement"
        total.earned = 2
        total.possible = 4
        total.weight = "60"
        var column = Accountability_V1_Column()
        column.group = "all_students"
        column.weightedEarned = "1.2"
        column.weightedPossible = "2.4"
        column.percent = "50"
        column.indicators = [points]
        column.categories = [total]
        var span = Accountability_V1_Span()
        span.gradeSpan = "non_high"
        span.weight = 100
        span.percent = 50
        span.percentExact = "50"
        span.columns = [column]
        var message = base(year, school, .school)
        message.name = hostileName
        message.classification = "requiring_assistance"
        message.level = "focused_targeted"
        message.reasons = ["lowest_10_percent"]
        message.decisionRow = .lowest10Percent
        message.percentile = 7
        message.annual = 50
        message.annualExact = "50"
        message.cumulative = 50
        message.band = "substantial"
        message.spans = [span]
        message.revision = 2
        message.changes = ["percentile: 11 → 7"]
        var rate = Accountability_V1_GroupParticipation()
        rate.group = "all_students"
        rate.subject = "Combined"
        rate.participants = 98
        rate.denominator = 100
        rate.rate = 98
        rate.judgedRateExact = "98"
        rate.met = true
        rate.students = 50
        message.participation = [rate]
        return message
    }

    private static func foldRejections(into tables: inout ConsoleTables) throws {
        for (line, code, organization, closed) in [
            (2, "unknown_grade", school, ""), (3, "unknown_grade", school, ""), (4, "unknown_grade", school, "later"),
            (5, "unknown_organization", "99990005", ""),
        ] {
            var message = Accountability_V1_Rejection()
            message.submission = "20190101T000000000Z-000001"
            message.fileName = "secret-name.csv"
            message.line = UInt64(line)
            message.layout = "attendance"
            message.code = code
            message.column = "grade"
            message.message = "grade: a rule"
            message.schoolYear = 2019
            message.orgCode = organization
            message.closedBy = closed
            let key = RejectionKey(submission: message.submission, line: line, code: code, column: "grade")
            guard tables.fold(Topics.rejections, key: key.utf8, value: try message.serializedBytes()) else {
                throw Problem(500, "the example is no rejection")
            }
        }
    }

    private static func foldSubmissions(into tables: inout ConsoleTables) throws {
        for number in 1...3 {
            var header = Accountability_V1_SubmissionHeader()
            header.submission = "20190101T00000000\(number)Z-00000\(number)"
            header.fileName = number == 1 ? "<b>.csv" : "file-\(number).csv"
            header.layout = "attendance"
            header.rows = 10
            try tables.fold(header)
            var receipt = Accountability_V1_Receipt()
            receipt.submission = header.submission
            receipt.partition = 0
            receipt.accepted = 10
            tables.fold(
                Topics.receipts,
                key: ReceiptKey(submission: header.submission, partition: 0).utf8,
                value: try receipt.serializedBytes()
            )
        }
    }

    private static func run(_ tables: ConsoleTables) -> RunReport {
        var status = StatusReport(
            tables.view,
            years: [],
            brokers: "127.0.0.1:9092",
            namespace: "",
            ledgerRecords: 12,
            lags: [("validation", 3)]
        )
        status.problems = [.problem("receipts", "<i>", "something", "do something")]
        return RunReport(
            status: status,
            positions: [
                .init(stage: "validation", topic: "t", partition: 0, position: 5, end: 8, behind: 3),
                .init(stage: "percentile", topic: "u", partition: 1, position: 2, end: 2, behind: 0),
            ]
        )
    }
}

extension ConsoleTables {
    /// Takes the header of a submission as it stands in the ledger.
    mutating func fold(_ header: Accountability_V1_SubmissionHeader) throws {
        var entry = Accountability_V1_SubmissionEntry()
        entry.header = header
        fold(Topics.submissions, key: Array("submission/\(header.submission)".utf8), value: try entry.serializedBytes())
    }
}
