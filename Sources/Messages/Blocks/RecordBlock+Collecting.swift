import SwiftProtobuf

/// How rows come into a block, and the block into a record.
extension RecordBlock {
    /// Adds a student's row.
    ///
    /// - `cause`: what made it necessary, where that is not its submission.
    public mutating func append(
        _ fact: StudentFact,
        organization: UInt32,
        submission: String,
        line: UInt64,
        cause: String? = nil
    ) {
        begin(organization: organization, submission: submission, line: line, retracts: false, cause: cause)
        students.append(fact.student)
        let used = Self.layoutColumns[Int(layout.rawValue)]
        for column in used { columns[column.place].append(fact[column]) }
        byteCount += 20 + 2 * used.count
    }

    /// Adds a row of another layout.
    public mutating func append(
        _ content: Accountability_V1_Record.OneOf_Content,
        key: String,
        organization: UInt32,
        submission: String,
        line: UInt64,
        cause: String? = nil
    ) {
        begin(organization: organization, submission: submission, line: line, retracts: false, cause: cause)
        keys.append(key)
        contentPlaces.append(Int32(clamping: contents.count))
        contents.append(content)
        byteCount += key.utf8.count + Self.size(of: content)
    }

    /// About how many bytes a row of a layout that is not about students takes: its texts, which may be long, and room
    /// for its numbers.
    private static func size(of content: Accountability_V1_Record.OneOf_Content) -> Int {
        let texts: [String] =
            switch content {
            case .organization(let row):
                [row.name, row.districtCode, row.region, row.schoolType, row.comparisonGroup, row.gradesServed]
            case .participationCounts(let row): [row.grade, row.groupLabel, row.group, row.subject]
            case .suppliedValue(let row):
                [row.comparisonGroup, row.gradeSpan, row.group, row.indicator, row.value, row.schoolType]
            case .target(let row): [row.gradeSpan, row.group, row.indicator, row.baseline, row.target, row.path]
            case .assessmentResult, .attendance, .englishProficiency, .cohortMember, .advancedCoursework,
                .enrollmentOutcome, .block:
                []
            }
        return texts.reduce(64) { $0 + $1.utf8.count + 4 }
    }

    /// Adds a row that retracts a student's.
    public mutating func retract(student: UInt128, cohortYear: UInt32, organization: UInt32, submission: String) {
        begin(organization: organization, submission: submission, line: 0, retracts: true)
        students.append(student)
        for column in Self.layoutColumns[Int(layout.rawValue)] {
            columns[column.place].append(column == .cohortYear ? cohortYear : 0)
            byteCount += 2
        }
        byteCount += 20
    }

    /// Adds a row that retracts one of another layout.
    public mutating func retract(key: String, organization: UInt32, submission: String) {
        begin(organization: organization, submission: submission, line: 0, retracts: true)
        keys.append(key)
        contentPlaces.append(-1)
        byteCount += key.utf8.count + 8
    }

    private mutating func begin(
        organization: UInt32,
        submission: String,
        line: UInt64,
        retracts: Bool,
        cause: String? = nil
    ) {
        var causePlace = 0
        if let cause, cause != submission {
            causePlace = (submissions.lastIndex(of: cause) ?? submissions.count) + 1
            if causePlace > submissions.count { submissions.append(cause) }
        }
        causes.append(UInt32(clamping: causePlace))
        if submissions.last != submission {
            submissions.append(submission)
            byteCount += submission.utf8.count + 2
        }
        places.append(UInt32(clamping: submissions.count - 1))
        lines.append(line)
        organizations.append(organization)
        retractions.append(retracts)
        rows += 1
        byteCount += 8
    }

    /// Its value as a record; the block is empty afterwards, of the same year and layout.
    public mutating func take() throws -> [UInt8] {
        var writer = WireWriter(capacity: byteCount + 256)
        writer.number(1, UInt64(clamping: schoolYear))
        writer.text(2, layout.wireName)
        writer.number(3, UInt64(rows))
        for submission in submissions { writer.element(4, submission) }
        writer.column(5, places)
        var steps: [Int64] = []
        steps.reserveCapacity(rows)
        var before: UInt64 = 0
        for line in lines {
            steps.append(Int64(clamping: line) - Int64(clamping: before))
            before = line
        }
        writer.packed(6, zigZag: steps)
        writer.column(7, organizations)
        writer.packed(8, retractions.indices.filter { retractions[$0] }.map { UInt32(clamping: $0) })
        writer.bytes(9, Pseudonyms.bytes(students))
        for key in keys { writer.element(10, key) }
        writer.column(11, causes)
        for column in StudentFact.Column.allCases { writer.column(column.rawValue, columns[column.place]) }
        for content in contents {
            switch content {
            case .organization(let row): writer.message(51, try row.serializedBytes())
            case .participationCounts(let row): writer.message(52, try row.serializedBytes())
            case .suppliedValue(let row): writer.message(53, try row.serializedBytes())
            case .target(let row): writer.message(54, try row.serializedBytes())
            case .assessmentResult, .attendance, .englishProficiency, .cohortMember, .advancedCoursework,
                .enrollmentOutcome, .block:
                throw BlockFault("a row of a student or a block among the rows that are neither")
            }
        }
        let block = writer.bytes
        var record = WireWriter(capacity: block.count + 8)
        record.message(Self.recordField, block)
        clear()
        return record.bytes
    }

    mutating func clear() {
        rows = 0
        byteCount = 0
        submissions.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        causes.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        organizations.removeAll(keepingCapacity: true)
        retractions.removeAll(keepingCapacity: true)
        students.removeAll(keepingCapacity: true)
        keys.removeAll(keepingCapacity: true)
        contents.removeAll(keepingCapacity: true)
        contentPlaces.removeAll(keepingCapacity: true)
        for index in columns.indices { columns[index].removeAll(keepingCapacity: true) }
    }
}
