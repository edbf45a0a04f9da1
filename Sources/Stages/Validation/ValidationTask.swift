import Messages
import Rules
import Streaming
import SwiftProtobuf
import Tables

/// Validation of one partition of the ledger.
final class ValidationTask: StageTask {
    struct Submission {
        var id: String
        var fileName: String
        /// Which of the checks reads its rows.
        var check: Int
        var allowsUndeclared: Bool
        /// Its header came a second time: what follows is a repetition.
        var isRepeated = false
        var isTouched = false
        var tally = Accountability_V1_Receipt()
    }

    let partition: Int32
    private let frameworks: FrameworkSet
    var submissions: [Submission] = []
    private var numbers: [String: Int] = [:]
    var current = -1
    // A check for each layout and set of columns that came: as a rule, one a layout.
    var checks: [RowCheck] = []
    private var checkColumns: [[String]] = []
    var accepted = AcceptedRows()
    var refused = RefusedRows()
    /// Organizations that were deleted, whose rows are still to be withdrawn, and the submission that deleted them
    /// last.
    var deletions: Set<UInt64> = []
    var deletedBy = ""
    private var openYears: Set<Int> = []
    /// Declared organizations: school year and code.
    private var declared: Set<UInt64> = []
    private var touched: [Int] = []
    var frameworkSteps = FrameworkSteps()

    init(_ context: TaskContext, _ frameworks: FrameworkSet) {
        partition = context.partition
        self.frameworks = frameworks
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        switch try record.message(Accountability_V1_SubmissionEntry.self).entry {
        case .header(let header): try open(header, output)
        case .row(let row): try fold(row, output)
        case .yearOpened(let opened): openYears.insert(Int(opened.schoolYear))
        // Whoever writes the ledger looks at it; nothing of it is published.
        case .installation: break
        case nil: throw UnusableRecord("an entry of the ledger that says nothing")
        }
    }

    /// Records are published as they come: a year's completeness changes nothing here.
    func complete(scope: String) {}

    func flush(output: TaskOutput) throws {
        try withdraw(output)
        for number in touched.sorted() {
            submissions[number].isTouched = false
            let receipt = submissions[number].tally
            try output.publish(
                ValidationStage.OutputIndex.receipts,
                partition: home(ValidationStage.OutputIndex.receipts, output),
                key: "\(receipt.submission)/\(partition)",
                value: receipt.serializedBytes(),
                cause: receipt.submission
            )
        }
        touched = []
    }

    /// Publishes a row that stands; one that was replaced or retracted later does not.
    func publishAgain(_ record: InputRecord, output: TaskOutput) throws {
        guard case .row(let row) = try record.message(Accountability_V1_SubmissionEntry.self).entry,
            row.unreadable.isEmpty
        else { return }
        let number = try number(of: row.submission)
        let check = submissions[number].check
        guard checks[check].layout != .organizations || row.ownerPartition == partition,
            let read = read(row.text, check)
        else { return }
        let key = checks[check].key
        guard let name = RowKey(key.span, layout: checks[check].layout, year: read.year),
            accepted.stands(
                read,
                name,
                submission: UInt32(truncatingIfNeeded: number),
                line: UInt32(clamping: row.line)
            )
        else { return }
        try publishContent(read, row, check, output)
    }

    // MARK: Submissions

    private func open(_ header: Accountability_V1_SubmissionHeader, _ output: TaskOutput) throws {
        if let known = numbers[header.submission] {
            submissions[known].isRepeated = true
            throw UnusableRecord(
                "a submission that is in the ledger already: its repetition is passed over"
            )
        }
        guard let layout = Layout(wireName: header.layout), let check = check(layout, header.columns) else {
            throw UnusableRecord(
                "a submission of a layout or of columns that this version does not know"
            )
        }
        var submission = Submission(
            id: header.submission,
            fileName: header.fileName,
            check: check,
            allowsUndeclared: header.allowUndeclared
        )
        submission.tally.submission = header.submission
        submission.tally.partition = partition
        numbers[header.submission] = submissions.count
        submissions.append(submission)
        touch(submissions.count - 1, output)
    }

    private func check(_ layout: Layout, _ columns: [String]) -> Int? {
        for index in checks.indices where checks[index].layout == layout && checkColumns[index] == columns {
            return index
        }
        guard let check = RowCheck(layout: layout, columns: columns, frameworks: frameworks) else { return nil }
        checks.append(check)
        checkColumns.append(columns)
        return checks.count - 1
    }

    private func number(of id: String) throws -> Int {
        if current >= 0, submissions[current].id == id { return current }
        guard let number = numbers[id] else { throw UnusableRecord("a row of a submission without a header") }
        current = number
        return number
    }

    /// Receipts of what was touched since the last flush are published; those before a restore were.
    func touch(_ number: Int, _ output: TaskOutput) {
        guard output.isLive || output.isRebuilding, !submissions[number].isTouched else { return }
        submissions[number].isTouched = true
        touched.append(number)
    }

    // MARK: Rows

    private func fold(_ row: Accountability_V1_SubmissionRow, _ output: TaskOutput) throws {
        let number = try number(of: row.submission)
        guard !submissions[number].isRepeated else { return }
        let check = submissions[number].check
        if checks[check].layout != .organizations { try withdraw(output) }
        // Every partition gets the organizations, to know them; one of them answers for the row.
        let isOwner = checks[check].layout != .organizations || row.ownerPartition == partition
        if isOwner {
            touch(number, output)
            submissions[number].tally.rows += 1
        }
        guard row.unreadable.isEmpty else {
            let fault = RowFault(code: RejectionCode(rawValue: row.unreadable) ?? .fieldCount, column: nil)
            return try refuse(row, [fault], number, nil, output)
        }
        guard let read = read(row.text, check) else {
            var faults = checks[check].faults
            if let year = checks[check].year, !openYears.contains(year) {
                faults.append(RowFault(code: .yearNotOpen, column: RowCheck.yearColumn))
            }
            if isOwner { try refuse(row, faults, number, name(of: check), output) }
            return
        }
        let key = checks[check].key
        // A row without faults has a name; the check wrote its key.
        guard let name = RowKey(key.span, layout: checks[check].layout, year: read.year) else {
            let fault = RowFault(code: .malformedStudentIdentifier, column: nil)
            return try refuse(row, [fault], number, nil, output)
        }
        var isUndeclared = false
        if let fault = standing(of: read, number, &isUndeclared) {
            if isOwner { try refuse(row, [fault], number, name, output) }
            return
        }
        let step = checks[check].layout == .directives ? FrameworkSteps.Act(read, key: key) : nil
        if let step, let fault = frameworkSteps.fault(of: step) {
            if isOwner { try refuse(row, [fault], number, name, output) }
            return
        }
        if checks[check].layout == .organizations, !read.isDeletion { try withdraw(output) }
        let outcome = accepted.take(
            read,
            name,
            key: key.span,
            submission: UInt32(truncatingIfNeeded: number),
            line: UInt32(clamping: row.line),
            needsDeclaration: needsDeclaration(read, number)
        )
        declare(read, checks[check].layout, outcome, by: row.submission)
        if let step { frameworkSteps.take(step, outcome) }
        guard isOwner else { return }
        if case .refused(let code) = outcome {
            return try refuse(row, [RowFault(code: code, column: nil)], number, name, output)
        }
        try close(name, by: number, output)
        count(outcome, isUndeclared: isUndeclared, number)
        guard output.isLive || output.sends(ValidationStage.OutputIndex.rejections) else { return }
        try publish(read, outcome, row, check, output)
    }

    private func read(_ text: String, _ check: Int) -> CheckedRow? {
        let line = text.utf8.span
        return checks[check].read(line)
    }

    /// Whether the row's year is open and its organization is known.
    private func standing(of row: CheckedRow, _ number: Int, _ isUndeclared: inout Bool) -> RowFault? {
        guard openYears.contains(row.year) else { return RowFault(code: .yearNotOpen, column: RowCheck.yearColumn) }
        guard checks[submissions[number].check].layout != .organizations, row.organization != .state,
            !declared.contains(ValidationTask.declaration(row.year, row.organization))
        else { return nil }
        isUndeclared = true
        guard needsDeclaration(row, number), !row.isDeletion else { return nil }
        return RowFault(code: .unknownOrganization, column: RowCheck.organizationColumn)
    }

    /// Whether a row stands only as long as its organization is declared.
    private func needsDeclaration(_ row: CheckedRow, _ number: Int) -> Bool {
        switch checks[submissions[number].check].layout {
        case .organizations, .participationCounts, .indicatorValues: false
        default: !submissions[number].allowsUndeclared && row.organization != .state
        }
    }

    private func declare(_ row: CheckedRow, _ layout: Layout, _ outcome: AcceptedRows.Outcome, by submission: String) {
        guard layout == .organizations else { return }
        let declaration = ValidationTask.declaration(row.year, row.organization)
        switch outcome {
        case .accepted, .replaced: declared.insert(declaration)
        case .deleted:
            declared.remove(declaration)
            deletions.insert(declaration)
            deletedBy = submission
        case .unchanged, .refused: break
        }
    }

    private static func declaration(_ year: Int, _ organization: OrganizationCode) -> UInt64 {
        UInt64(year) << 32 | UInt64(organization.rawValue)
    }

    private func count(_ outcome: AcceptedRows.Outcome, isUndeclared: Bool, _ number: Int) {
        switch outcome {
        case .unchanged:
            submissions[number].tally.unchanged += 1
            return
        case .deleted:
            submissions[number].tally.deleted += 1
            submissions[number].tally.replaced += 1
        case .replaced: submissions[number].tally.replaced += 1
        case .accepted, .refused: break
        }
        submissions[number].tally.accepted += 1
        if isUndeclared { submissions[number].tally.undeclared += 1 }
    }

    // MARK: Publications

    private func publish(
        _ row: CheckedRow,
        _ outcome: AcceptedRows.Outcome,
        _ origin: Accountability_V1_SubmissionRow,
        _ check: Int,
        _ output: TaskOutput
    ) throws {
        let index = ValidationStage.OutputIndex.records
        let key = checks[check].key
        let place = district(row.organization.rawValue, output)
        switch outcome {
        case .unchanged, .refused: return
        case .deleted:
            let isDirective = checks[check].layout == .directives
            return try output.retract(
                isDirective ? ValidationStage.OutputIndex.directives : index,
                partition: isDirective ? 0 : place,
                key: key.span,
                cause: origin.submission
            )
        case .replaced(let former):
            let formerPlace = district(former.organization, output)
            // A student who moved: the district of before loses the record.
            if formerPlace != place, case .record = row.content {
                try output.retract(index, partition: formerPlace, key: key.span, cause: origin.submission)
            }
            if checks[check].layout.isAboutStudents, former.organization / 10_000 != row.organization.rawValue / 10_000
            {
                try tellBoth(former, row, origin, check, output)
            }
        case .accepted: break
        }
        try publishContent(row, origin, check, output)
    }

    /// Publishes what a row says under its key.
    private func publishContent(
        _ row: CheckedRow,
        _ origin: Accountability_V1_SubmissionRow,
        _ check: Int,
        _ output: TaskOutput
    ) throws {
        let key = checks[check].key
        switch row.content {
        case .none: return
        case .record(let content):
            var record = Accountability_V1_Record()
            record.submission = origin.submission
            record.line = origin.line
            record.schoolYear = UInt32(clamping: row.year)
            record.orgCode = row.organization.description
            record.content = content
            let value: [UInt8] = try record.serializedBytes()
            try output.publish(
                ValidationStage.OutputIndex.records,
                partition: district(row.organization.rawValue, output),
                key: key.span,
                value: value.span,
                cause: origin.submission
            )
        case .directive(var directive):
            directive.submission = origin.submission
            let value: [UInt8] = try directive.serializedBytes()
            try output.publish(
                ValidationStage.OutputIndex.directives,
                partition: 0,
                key: key.span,
                value: value.span,
                cause: origin.submission
            )
        }
    }

    func district(_ organization: UInt32, _ output: TaskOutput) -> Int32 {
        Pipeline.partition(
            ofDistrictOf: organization,
            partitions: output.partitions[ValidationStage.OutputIndex.records]
        )
    }

    /// The partition of an output that belongs to this task's partition of the ledger.
    func home(_ index: Int, _ output: TaskOutput) -> Int32 {
        partition % max(1, output.partitions[index])
    }
}
