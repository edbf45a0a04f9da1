import Foundation
import Messages
import Streaming
import Testing

/// A row of a block of the ledger, as a client without this project's code reads it: by the generated messages alone.
struct LedgerRowReading: Hashable {
    var submission: String
    var line: UInt64
    /// In hexadecimal; empty in layouts that are not about students.
    var student: String
    var fields: [String]
    var owner: UInt32?

    /// The rows of a block.
    static func rows(_ block: Accountability_V1_SubmissionBlock) throws -> [LedgerRowReading] {
        let count = Int(block.rows)
        let columns = try block.columns.map { column in
            let bytes = Array(column.text.utf8)
            guard column.lengths.count > 1 || count <= 1 else { return Array(repeating: column.text, count: count) }
            var start = 0
            return try column.lengths.map { length in
                let field = try #require(String(validating: bytes[start..<start + Int(length)], as: UTF8.self))
                start += Int(length)
                return field
            }
        }
        var line: UInt64 = 0
        return (0..<count)
            .map { row in
                line += UInt64(block.lineSteps[row])
                return LedgerRowReading(
                    submission: block.submission,
                    line: line,
                    student: block.students.isEmpty
                        ? "" : hexadecimal(block.students.dropFirst(16 * row).prefix(16)),
                    fields: columns.map { $0[row] },
                    owner: block.ownerPartitions.isEmpty ? nil : block.ownerPartitions[row]
                )
            }
    }
}

/// Lower-case digits, two a byte.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 0xF, radix: 16) }.joined()
}

/// A row of a block of records, as a client without this project's code reads it; nil as `record` retracts the key.
struct RecordReading {
    var key: String
    var record: Accountability_V1_Record?

    /// The rows of a block.
    static func rows(_ block: Accountability_V1_RecordBlock) throws -> [RecordReading] {
        var line: Int64 = 0
        var content = 0
        let retracted = Set(block.retracted)
        return try (0..<Int(block.rows))
            .map { row in
                func value(_ column: [UInt32]) -> UInt32 {
                    column.count > 1 ? column[row] : column.first ?? 0
                }
                line += block.lineSteps[row]
                let student = Data(block.students.dropFirst(16 * row).prefix(16))
                let cohort = block.cohortYears.isEmpty ? "" : "/\(value(block.cohortYears))"
                let name = block.keys.isEmpty ? hexadecimal(student) + cohort : block.keys[row]
                let key = "\(block.schoolYear)/\(block.layout)/\(name)"
                guard !retracted.contains(UInt32(row)) else {
                    #expect(block.lineSteps[row] + (line - block.lineSteps[row]) == 0)
                    return RecordReading(key: key)
                }
                var record = Accountability_V1_Record()
                record.submission = block.submissions[Int(value(block.submission))]
                record.line = UInt64(line)
                record.schoolYear = block.schoolYear
                let code = String(value(block.orgCodes))
                record.orgCode = String(repeating: "0", count: 8 - code.utf8.count) + code
                record.content = try Self.content(block, row, content, student, value)
                content += 1
                return RecordReading(key: key, record: record)
            }
    }

    private static func content(
        _ block: Accountability_V1_RecordBlock,
        _ row: Int,
        _ number: Int,
        _ student: Data,
        _ value: ([UInt32]) -> UInt32
    ) throws -> Accountability_V1_Record.OneOf_Content {
        let flags = value(block.flags)
        func has(_ bit: UInt32) -> Bool { flags & 1 << bit != 0 }
        switch block.layout {
        case "organizations": return .organization(block.organizations[number])
        case "participation_counts": return .participationCounts(block.participationCounts[number])
        case "indicator_values": return .suppliedValue(block.suppliedValues[number])
        case "targets": return .target(block.targets[number])
        case "assessment_results": return .assessmentResult(Self.result(block, student, value))
        case "attendance":
            var fact = Accountability_V1_Attendance()
            fact.student = student
            fact.grade = value(block.grades)
            fact.groups = value(block.groups)
            fact.enrolledSinceOctober = has(0)
            fact.daysEnrolled = value(block.daysEnrolled)
            fact.daysAbsent = value(block.daysAbsent)
            return .attendance(fact)
        case "english_proficiency":
            var fact = Accountability_V1_EnglishProficiency()
            fact.student = student
            fact.grade = value(block.grades)
            fact.groups = value(block.groups)
            fact.enrolledSinceOctober = has(0)
            fact.metProgress = has(3)
            fact.difficultyQuartile = value(block.difficultyQuartiles)
            return .englishProficiency(fact)
        case "graduation_cohort":
            var fact = Accountability_V1_CohortMember()
            fact.student = student
            fact.grade = value(block.grades)
            fact.groups = value(block.groups)
            fact.enrolledSinceOctober = has(0)
            fact.cohortYear = value(block.cohortYears)
            fact.fourYearGraduate = has(5)
            fact.fiveYearGraduate = has(6)
            fact.stillEnrolledAfterFive = has(7)
            fact.droppedOut = has(8)
            return .cohortMember(fact)
        case "advanced_coursework":
            var fact = Accountability_V1_AdvancedCoursework()
            fact.student = student
            fact.grade = value(block.grades)
            fact.groups = value(block.groups)
            fact.enrolledSinceOctober = has(0)
            fact.completed = has(4)
            return .advancedCoursework(fact)
        case "enrollment_outcomes":
            var fact = Accountability_V1_EnrollmentOutcome()
            fact.student = student
            fact.grade = value(block.grades)
            fact.groups = value(block.groups)
            fact.enrolledOctober = has(2)
            fact.droppedOut = has(8)
            fact.returnedByOctober = has(9)
            return .enrollmentOutcome(fact)
        default: throw UnusableRecord("no layout \(block.layout)")
        }
    }

    private static func result(
        _ block: Accountability_V1_RecordBlock,
        _ student: Data,
        _ value: ([UInt32]) -> UInt32
    ) -> Accountability_V1_AssessmentResult {
        func test(_ status: [UInt32], _ score: [UInt32], _ growth: [UInt32], _ prior: [UInt32])
            -> Accountability_V1_Test
        {
            var test = Accountability_V1_Test()
            test.status = Accountability_V1_TestStatus(rawValue: Int(value(status))) ?? .notRequired
            if value(score) > 0 { test.scaledScore = value(score) }
            if value(growth) > 0 { test.sgp = value(growth) }
            if value(prior) > 0 { test.priorScaledScore = value(prior) }
            return test
        }
        var fact = Accountability_V1_AssessmentResult()
        fact.student = student
        fact.grade = value(block.grades)
        fact.groups = value(block.groups)
        fact.enrolledSinceOctober = value(block.flags) & 1 != 0
        fact.firstYearEl = value(block.flags) & 2 != 0
        fact.priorOrgCode = value(block.priorOrgCodes)
        fact.ela = test(block.elaStatuses, block.elaScaledScores, block.elaSgps, block.elaPriorScaledScores)
        fact.math = test(block.mathStatuses, block.mathScaledScores, block.mathSgps, block.mathPriorScaledScores)
        fact.science = test(block.scienceStatuses, block.scienceScaledScores, [], [])
        return fact
    }
}
