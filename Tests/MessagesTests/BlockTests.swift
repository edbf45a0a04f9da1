import Foundation
import Messages
import SwiftProtobuf
import Testing

/// Numbers from a seed, so that a failure can be repeated.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }
    mutating func number() -> UInt32 { UInt32(truncatingIfNeeded: next() >> UInt64(32 + below(32))) }
}

@Suite("Blocks of the ledger") struct SubmissionBlockTests {
    private struct Row: Equatable {
        var line: Int
        var student: UInt128?
        var owner: Int32?
        var fields: [String]
    }

    private static let texts = ["", "2019", "Ünïcode", "a,\"b\"\n", "🎓", String(repeating: "x", count: 300)]

    /// A block of rows; some of its columns have the same field in every row.
    private static func block(_ random: inout Seeded) -> (
        rows: [Row], unreadable: [SubmissionBlock.Unreadable], columns: Int
    ) {
        let columns = 1 + random.below(6)
        let same = (0..<columns).map { _ in random.below(2) == 0 ? texts[random.below(texts.count)] : nil }
        let isAboutStudents = random.below(2) == 0
        let hasOwners = random.below(3) == 0
        var line = 1
        let rows = (0..<random.below(20))
            .map { _ in
                line += 1 + random.below(random.below(5) == 0 ? 100_000 : 3)
                return Row(
                    line: line,
                    student: isAboutStudents ? UInt128(random.next()) << 64 | UInt128(random.next()) : nil,
                    owner: hasOwners ? Int32(random.below(12)) : nil,
                    fields: same.map { $0 ?? texts[random.below(texts.count)] }
                )
            }
        let unreadable = (0..<(rows.isEmpty ? 1 + random.below(3) : random.below(3)))
            .map { number in
                SubmissionBlock.Unreadable(
                    line: UInt64(number + 7),
                    code: "unclosed_quote",
                    digest: (0..<random.below(9)).map { UInt8($0) },
                    closingLine: UInt64(random.below(2) * 99)
                )
            }
        return (rows, unreadable, columns)
    }

    private static func written(_ block: (rows: [Row], unreadable: [SubmissionBlock.Unreadable], columns: Int)) -> (
        key: [UInt8], value: [UInt8]
    ) {
        var builder = SubmissionBlockBuilder(submission: "s", layout: "attendance", columns: block.columns)
        for row in block.rows {
            builder.beginRow(line: row.line, student: row.student, owner: row.owner)
            for (column, field) in row.fields.enumerated() {
                let bytes = Array(field.utf8)
                builder.append(bytes.span, column: column)
            }
            builder.endRow()
        }
        for row in block.unreadable { builder.append(row) }
        let taken = builder.take()
        #expect(builder.count == 0)
        return taken
    }

    private static func rows(_ block: SubmissionBlock, _ value: [UInt8]) -> [Row] {
        (0..<block.rows)
            .map { row in
                Row(
                    line: Int(block.lines[row]),
                    student: block.students.isEmpty ? nil : block.students[row],
                    owner: block.owners.isEmpty ? nil : Int32(block.owners[row]),
                    fields: (0..<block.columnCount)
                        .map { String(decoding: value[block.field($0, row: row)], as: UTF8.self) }
                )
            }
    }

    @Test("What is written is read, here and by the generated code", arguments: 0..<200 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = Seeded(state: seed)
        // The same value reads one block after the other.
        var read = SubmissionBlock()
        for _ in 0..<4 {
            let block = Self.block(&random)
            let (_, value) = Self.written(block)
            let isEntry = SubmissionBlock.isEntry(value.span)
            #expect(isEntry)
            try read.read(entry: value.span)
            #expect(read.submission == "s" && read.layout == "attendance" && read.columnCount == block.columns)
            #expect(Self.rows(read, value) == block.rows)
            #expect(read.unreadable == block.unreadable)
            let message = try Accountability_V1_SubmissionEntry(serializedBytes: value).block
            #expect(Int(message.rows) == block.rows.count && message.columns.count == block.columns)
            #expect(message.lineSteps.reduce(0) { $0 + Int($1) } == block.rows.last?.line ?? 0)
            #expect(message.students.count == block.rows.count { $0.student != nil } * 16)
            // What the generated code writes is read here.
            var entry = Accountability_V1_SubmissionEntry()
            entry.block = message
            let again: [UInt8] = try entry.serializedBytes()
            try read.read(entry: again.span)
            #expect(Self.rows(read, again) == block.rows && read.unreadable == block.unreadable)
        }
    }

    @Test(
        "Bytes that were changed are refused or read as some block, and never trap",
        arguments: 0..<200 as Range<UInt64>
    )
    func hostile(seed: UInt64) throws {
        var random = Seeded(state: seed)
        var refused = 0
        for _ in 0..<20 {
            let (_, whole) = Self.written(Self.block(&random))
            var value = whole
            for _ in 0...random.below(3) where !value.isEmpty {
                let place = random.below(value.count)
                switch random.below(4) {
                case 0: value[place] = UInt8(random.below(256))
                case 1: value.remove(at: place)
                case 2: value.insert(UInt8(random.below(256)), at: place)
                default: value.removeSubrange(place...)
                }
            }
            var read = SubmissionBlock()
            do {
                try read.read(entry: value.span)
                for row in 0..<read.rows {
                    for column in 0..<read.columnCount {
                        #expect(read.field(column, row: row).upperBound <= value.count)
                    }
                    _ = read.lines[row]
                }
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0)
    }

    @Test("A block whose columns are not as long as it has rows is refused, and one with no row at all")
    func shapes() throws {
        func refused(_ change: (inout Accountability_V1_SubmissionBlock) -> Void) throws -> Bool {
            var block = Accountability_V1_SubmissionBlock()
            block.submission = "s"
            block.layout = "attendance"
            block.rows = 2
            block.lineSteps = [2, 1]
            block.students = Data(repeating: 7, count: 32)
            var column = Accountability_V1_FieldColumn()
            column.text = "ab"
            column.lengths = [1, 1]
            block.columns = [column]
            change(&block)
            var entry = Accountability_V1_SubmissionEntry()
            entry.block = block
            let value: [UInt8] = try entry.serializedBytes()
            var read = SubmissionBlock()
            do {
                try read.read(entry: value.span)
                return false
            } catch {
                return true
            }
        }
        #expect(try !refused { _ in })
        #expect(try refused { $0.rows = 3 })
        #expect(try refused { $0.rows = .max })
        #expect(try refused { $0.lineSteps = [2] })
        #expect(try refused { $0.students.removeLast() })
        #expect(try refused { $0.students.removeLast(16) })
        #expect(try refused { $0.ownerPartitions = [1] })
        #expect(try refused { $0.columns[0].text = "abc" })
        #expect(try refused { $0.columns[0].text = "a" })
        #expect(try refused { $0.columns[0].lengths = [1, 1, 0] })
        #expect(try refused { $0.columns[0].lengths = [.max, 1] })
        #expect(try refused { $0.submission = "" })
        #expect(try refused { $0 = Accountability_V1_SubmissionBlock() })
        #expect(
            try refused {
                $0.rows = 0
                $0.lineSteps = []
                $0.students = Data()
                $0.columns = []
            }
        )
    }
}

@Suite("Blocks of records") struct RecordBlockTests {
    private struct Row: Equatable {
        var fact: StudentFact?
        var content: Accountability_V1_Record.OneOf_Content?
        var key = ""
        var student: UInt128 = 0
        var organization: UInt32
        var submission: String
        var line: UInt64
        var retracts = false
        var cause: String
    }

    private static func fact(_ layout: Layout, _ random: inout Seeded) -> StudentFact {
        var fact = StudentFact()
        fact.student = UInt128(random.next()) << 64 | UInt128(random.next())
        fact.grade = UInt32(random.below(13))
        fact.groups = random.number() & 0x1FFF
        fact.flags = StudentFact.Flags(rawValue: random.number() & 0x3FF)
        func test(_ hasGrowth: Bool) -> StudentFact.Test {
            var test = StudentFact.Test()
            test.status = UInt32(random.below(7))
            test.score = UInt32(random.below(600))
            if hasGrowth {
                test.growth = UInt32(random.below(100))
                test.priorScore = random.number()
            }
            return test
        }
        switch layout {
        case .assessmentResults:
            fact.priorOrganization = random.number()
            fact.ela = test(true)
            fact.math = test(true)
            fact.science = test(false)
        case .attendance:
            fact.daysEnrolled = UInt32(random.below(200))
            fact.daysAbsent = UInt32(random.below(2))
        case .englishProficiency: fact.difficultyQuartile = UInt32(random.below(5))
        case .graduationCohort: fact.cohortYear = 2000 + UInt32(random.below(100))
        default: break
        }
        return fact
    }

    private static func content(_ layout: Layout, _ random: inout Seeded) -> Accountability_V1_Record.OneOf_Content {
        switch layout {
        case .organizations:
            var row = Accountability_V1_Organization()
            row.name = "Ünïcode \(random.below(9))"
            if random.below(2) == 0 { row.nonHighEnrollment = random.number() }
            return .organization(row)
        case .participationCounts:
            var row = Accountability_V1_ParticipationCounts()
            row.standard = random.number()
            return .participationCounts(row)
        case .indicatorValues:
            var row = Accountability_V1_SuppliedValue()
            row.value = "0.5"
            if random.below(2) == 0 { row.count = 0 }
            return .suppliedValue(row)
        default:
            var row = Accountability_V1_Target()
            row.target = "\(random.below(500))"
            return .target(row)
        }
    }

    private static let layouts = Layout.allCases.filter { !$0.isForEveryone }

    private static func rows(_ layout: Layout, _ random: inout Seeded) -> [Row] {
        let same = random.below(3) == 0
        return (0...random.below(20))
            .map { number in
                var row = Row(
                    organization: same ? 350_012 : UInt32(random.below(100_000_000)),
                    submission: "submission-\(same ? 0 : random.below(3))",
                    line: UInt64(random.below(1_000_000)),
                    retracts: random.below(3) == 0,
                    cause: ""
                )
                row.cause = row.retracts || random.below(2) == 0 ? row.submission : "cause-\(random.below(3))"
                let fact = fact(layout, &random)
                row.student = layout.isAboutStudents ? fact.student : 0
                if row.retracts {
                    row.line = 0
                    row.fact = StudentFact()
                    row.fact?.student = row.student
                    if layout == .graduationCohort { row.fact?.cohortYear = fact.cohortYear }
                } else {
                    row.fact = fact
                    if !layout.isAboutStudents { row.content = content(layout, &random) }
                }
                if !layout.isAboutStudents {
                    row.fact = nil
                    row.key = "00350012/é/\(number)"
                }
                return row
            }
    }

    private static func written(_ rows: [Row], _ layout: Layout, _ year: Int) throws -> [UInt8] {
        var block = RecordBlock(schoolYear: year, layout: layout)
        for row in rows {
            switch (row.retracts, row.fact) {
            case (true, let fact?):
                block.retract(
                    student: fact.student,
                    cohortYear: fact.cohortYear,
                    organization: row.organization,
                    submission: row.submission
                )
            case (true, nil):
                block.retract(key: row.key, organization: row.organization, submission: row.submission)
            case (false, let fact?):
                block.append(
                    fact,
                    organization: row.organization,
                    submission: row.submission,
                    line: row.line,
                    cause: row.cause
                )
            case (false, nil):
                block.append(
                    try #require(row.content),
                    key: row.key,
                    organization: row.organization,
                    submission: row.submission,
                    line: row.line,
                    cause: row.cause
                )
            }
        }
        let value = try block.take()
        #expect(block.rows == 0 && block.byteCount == 0)
        return value
    }

    private static func read(_ block: RecordBlock) -> [Row] {
        (0..<block.rows)
            .map { row in
                Row(
                    fact: block.isAboutStudents ? block.fact(row) : nil,
                    content: block.isAboutStudents ? nil : block.content(row),
                    key: block.isAboutStudents ? "" : block.keys[row],
                    student: block.isAboutStudents ? block.students[row] : 0,
                    organization: block.organization(row),
                    submission: block.submission(row),
                    line: block.line(row),
                    retracts: block.retracts(row),
                    cause: block.cause(row)
                )
            }
    }

    @Test("What is written is read, here and by the generated code", arguments: 0..<200 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = Seeded(state: seed)
        var read = RecordBlock()
        for _ in 0..<4 {
            let layout = Self.layouts[random.below(Self.layouts.count)]
            let rows = Self.rows(layout, &random)
            let value = try Self.written(rows, layout, 2019)
            let isRecord = RecordBlock.isRecord(value.span)
            #expect(isRecord)
            try read.read(record: value.span)
            #expect(read.schoolYear == 2019 && read.layout == layout)
            #expect(Self.read(read) == rows)
            var record = Accountability_V1_Record()
            record.block = try Accountability_V1_Record(serializedBytes: value).block
            #expect(Int(record.block.rows) == rows.count)
            let again: [UInt8] = try record.serializedBytes()
            try read.read(record: again.span)
            #expect(Self.read(read) == rows)
            // What is not wanted is known by year, layout and number alone.
            try read.read(record: value.span) { _ in false }
            #expect(read.rows == rows.count && read.layout == layout && read.submissions.isEmpty)
        }
    }

    @Test(
        "Bytes that were changed are refused or read as some block, and never trap",
        arguments: 0..<200 as Range<UInt64>
    )
    func hostile(seed: UInt64) throws {
        var random = Seeded(state: seed)
        var refused = 0
        for _ in 0..<20 {
            let layout = Self.layouts[random.below(Self.layouts.count)]
            var value = try Self.written(Self.rows(layout, &random), layout, 2019)
            for _ in 0...random.below(3) where !value.isEmpty {
                let place = random.below(value.count)
                switch random.below(4) {
                case 0: value[place] = UInt8(random.below(256))
                case 1: value.remove(at: place)
                case 2: value.insert(UInt8(random.below(256)), at: place)
                default: value.removeSubrange(place...)
                }
            }
            var read = RecordBlock()
            do {
                try read.read(record: value.span)
                #expect(Self.read(read).count == read.rows)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0)
    }

    @Test("A block that does not hold together is refused")
    func shapes() throws {
        func refused(_ change: (inout Accountability_V1_RecordBlock) -> Void) throws -> Bool {
            var block = Accountability_V1_RecordBlock()
            block.schoolYear = 2019
            block.layout = "attendance"
            block.rows = 2
            block.submissions = ["a", "b"]
            block.submission = [0, 1]
            block.lineSteps = [5, -3]
            block.orgCodes = [350_012]
            block.students = Data(repeating: 7, count: 32)
            block.grades = [5]
            change(&block)
            var record = Accountability_V1_Record()
            record.block = block
            let value: [UInt8] = try record.serializedBytes()
            var read = RecordBlock()
            do {
                try read.read(record: value.span)
                return false
            } catch {
                return true
            }
        }
        #expect(try !refused { _ in })
        #expect(try refused { $0.rows = 3 })
        #expect(try refused { $0.rows = 0 })
        #expect(try refused { $0.rows = .max })
        #expect(try refused { $0.schoolYear = 0 })
        #expect(try refused { $0.layout = "attendances" })
        #expect(try refused { $0.submission = [0, 2] })
        #expect(try refused { $0.submissions = [] })
        #expect(try refused { $0.cause = [0, 3] })
        #expect(try refused { $0.lineSteps = [5, -6] })
        #expect(try refused { $0.lineSteps = [5] })
        #expect(try refused { $0.lineSteps = [.max, .max] })
        #expect(try refused { $0.retracted = [1, 0] })
        #expect(try refused { $0.retracted = [2] })
        #expect(try refused { $0.students.removeLast() })
        #expect(try refused { $0.grades = [1, 2, 3] })
        #expect(try refused { $0.keys = ["x", "y"] })
        #expect(try refused { $0.layout = "targets" })
        #expect(
            try refused {
                $0.layout = "targets"
                $0.students = Data()
                $0.keys = ["x", "y"]
                $0.organizations = [.init(), .init()]
            }
        )
    }
}
