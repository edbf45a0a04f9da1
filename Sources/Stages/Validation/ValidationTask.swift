import Messages
import Rules
import Streaming
import SwiftProtobuf
import Tables

/// Validation of one partition of the ledger.
final class ValidationTask: StageTask {
    private struct Submission {
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

    private let partition: Int32
    private var submissions: [Submission] = []
    private var numbers: [String: Int] = [:]
    private var current = -1
    // A check for each layout and set of columns that came: as a rule, one a layout.
    private var checks: [RowCheck] = []
    private var checkColumns: [[String]] = []
    private var accepted = AcceptedRows()
    private var openYears: Set<Int> = []
    /// Declared organizations: school year and code.
    private var declared: Set<UInt64> = []
    private var touched: [Int] = []
    private var frameworkSteps = FrameworkSteps()

    init(_ context: TaskContext) {
        partition = context.partition
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        switch try record.message(Accountability_V1_SubmissionEntry.self).entry {
        case .header(let header): try open(header, output)
        case .row(let row): try fold(row, output)
        case .yearOpened(let opened): openYears.insert(Int(opened.schoolYear))
        case nil: throw UnusableRecord("an entry of the ledger that says nothing")
        }
    }

    /// Records are published as they come: a year's completeness changes nothing here.
    func complete(scope: String) {}

    func flush(output: TaskOutput) throws {
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
        guard let check = RowCheck(layout: layout, columns: columns) else { return nil }
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
    private func touch(_ number: Int, _ output: TaskOutput) {
        guard output.isLive, !submissions[number].isTouched else { return }
        submissions[number].isTouched = true
        touched.append(number)
    }

    // MARK: Rows

    private func fold(_ row: Accountability_V1_SubmissionRow, _ output: TaskOutput) throws {
        let number = try number(of: row.submission)
        guard !submissions[number].isRepeated else { return }
        let check = submissions[number].check
        // Every partition gets the organizations, to know them; one of them answers for the row.
        let isOwner = checks[check].layout != .organizations || row.ownerPartition == partition
        if isOwner {
            touch(number, output)
            submissions[number].tally.rows += 1
        }
        guard row.unreadable.isEmpty else {
            let fault = RowFault(code: RejectionCode(rawValue: row.unreadable) ?? .fieldCount, column: nil)
            return try refuse(row, [fault], number, output)
        }
        guard let read = read(row.text, check) else {
            var faults = checks[check].faults
            if let year = checks[check].year, !openYears.contains(year) {
                faults.append(RowFault(code: .yearNotOpen, column: RowCheck.yearColumn))
            }
            if isOwner { try refuse(row, faults, number, output) }
            return
        }
        var isUndeclared = false
        if let fault = standing(of: read, number, &isUndeclared) {
            if isOwner { try refuse(row, [fault], number, output) }
            return
        }
        let key = checks[check].key
        let step = checks[check].layout == .directives ? FrameworkSteps.Act(read, key: key) : nil
        if let step, let fault = frameworkSteps.fault(of: step) {
            if isOwner { try refuse(row, [fault], number, output) }
            return
        }
        let outcome = accepted.take(
            read,
            key: key.span,
            submission: UInt32(truncatingIfNeeded: number),
            line: UInt32(clamping: row.line)
        )
        declare(read, checks[check].layout, outcome)
        if let step { frameworkSteps.take(step, outcome) }
        guard isOwner else { return }
        if case .refused(let code) = outcome {
            return try refuse(row, [RowFault(code: code, column: nil)], number, output)
        }
        count(outcome, isUndeclared: isUndeclared, number)
        guard output.isLive else { return }
        try publish(read, outcome, row, check, output)
    }

    private func read(_ text: String, _ check: Int) -> CheckedRow? {
        let line = text.utf8.span
        return checks[check].read(line)
    }

    /// Whether the row's year is open and its organization is known.
    private func standing(of row: CheckedRow, _ number: Int, _ isUndeclared: inout Bool) -> RowFault? {
        guard openYears.contains(row.year) else { return RowFault(code: .yearNotOpen, column: RowCheck.yearColumn) }
        let layout = checks[submissions[number].check].layout
        guard layout != .organizations, row.organization != .state,
            !declared.contains(ValidationTask.declaration(row.year, row.organization))
        else { return nil }
        isUndeclared = true
        let isSupplied = layout == .participationCounts || layout == .indicatorValues
        guard isSupplied || submissions[number].allowsUndeclared || row.isDeletion else {
            return RowFault(code: .unknownOrganization, column: RowCheck.organizationColumn)
        }
        return nil
    }

    private func declare(_ row: CheckedRow, _ layout: Layout, _ outcome: AcceptedRows.Outcome) {
        guard layout == .organizations else { return }
        switch outcome {
        case .accepted, .replaced: declared.insert(ValidationTask.declaration(row.year, row.organization))
        case .deleted: declared.remove(ValidationTask.declaration(row.year, row.organization))
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
            try output.publish(index, partition: place, key: key.span, value: value.span, cause: origin.submission)
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

    private func refuse(
        _ row: Accountability_V1_SubmissionRow,
        _ faults: [RowFault],
        _ number: Int,
        _ output: TaskOutput
    ) throws {
        submissions[number].tally.rejected += 1
        guard output.isLive else { return }
        output.refused += 1
        let check = submissions[number].check
        var rejection = Accountability_V1_Rejection()
        rejection.submission = row.submission
        rejection.fileName = submissions[number].fileName
        rejection.line = row.line
        rejection.layout = checks[check].layout.wireName
        if row.unreadable.isEmpty {
            rejection.schoolYear = UInt32(clamping: checks[check].year ?? 0)
            rejection.orgCode = checks[check].organization?.description ?? ""
        }
        for fault in faults {
            let column = fault.column.map { checks[check].columns[$0] }
            rejection.code = fault.code.rawValue
            rejection.column = column?.name ?? ""
            rejection.message = fault.code.message(column: column, year: checks[check].year)
            let place = rejection.column.isEmpty ? "" : "/\(rejection.column)"
            try output.publish(
                ValidationStage.OutputIndex.rejections,
                partition: home(ValidationStage.OutputIndex.rejections, output),
                key: "\(row.submission)/\(row.line)/\(rejection.code)\(place)",
                value: rejection.serializedBytes(),
                cause: row.submission
            )
        }
    }

    /// A student whom a district reports while another one's row stands: the newest row counts, and both districts are
    /// told, each of its own row.
    private func tellBoth(
        _ former: AcceptedRows.Former,
        _ row: CheckedRow,
        _ origin: Accountability_V1_SubmissionRow,
        _ check: Int,
        _ output: TaskOutput
    ) throws {
        let formerSubmission = submissions[Int(former.submission)]
        for isFormer in [true, false] {
            let organization = isFormer ? OrganizationCode(rawValue: former.organization) : row.organization
            let other = isFormer ? row.organization : OrganizationCode(rawValue: former.organization)
            guard let organization, let other else { continue }
            var notice = Accountability_V1_Rejection()
            notice.submission = isFormer ? formerSubmission.id : origin.submission
            notice.fileName = isFormer ? formerSubmission.fileName : submissions[current].fileName
            notice.line = isFormer ? UInt64(former.line) : origin.line
            notice.layout = checks[check].layout.wireName
            notice.schoolYear = UInt32(clamping: row.year)
            notice.orgCode = organization.description
            notice.code = RejectionCode.claimedByTwoDistricts.rawValue
            notice.column = checks[check].columns[RowCheck.organizationColumn].name
            notice.message = RejectionCode.claimMessage(
                other: other.description,
                counts: isFormer ? other.description : organization.description
            )
            try output.publish(
                ValidationStage.OutputIndex.rejections,
                partition: home(ValidationStage.OutputIndex.rejections, output),
                key: "\(notice.submission)/\(notice.line)/\(notice.code)/\(notice.column)",
                value: notice.serializedBytes(),
                cause: origin.submission
            )
        }
    }

    private func district(_ organization: UInt32, _ output: TaskOutput) -> Int32 {
        Pipeline.partition(
            ofDistrictOf: organization,
            partitions: output.partitions[ValidationStage.OutputIndex.records]
        )
    }

    /// The partition of an output that belongs to this task's partition of the ledger.
    private func home(_ index: Int, _ output: TaskOutput) -> Int32 {
        partition % max(1, output.partitions[index])
    }
}
