import Messages
import Rules
import Streaming
import SwiftProtobuf
import Tables

/// Validation of one partition of the ledger.
final class ValidationTask: StageTask {
    let partition: Int32
    private let frameworks: FrameworkSet
    var submissions: [Submission] = []
    var numbers: [String: Int] = [:]
    var ledger = StandingSubmissions()
    /// How many approvals came.
    var approvals = 0
    var current = -1
    // A check for each layout and set of columns that came: as a rule, one a layout.
    var checks: [RowCheck] = []
    private var checkColumns: [[String]] = []
    var accepted = AcceptedRows()
    var refused = RefusedRows()
    /// The rows that came, for the day on which their organization is declared or deleted, or a submission withdrawn.
    var archive = RowArchive()
    /// The organizations, by school year and code, that have rows which need them.
    private var needed: Set<UInt64> = []
    /// How often each organization was declared and deleted; odd while it is declared.
    var generations: [UInt64: UInt32] = [:]
    /// The submission that declared or deleted each organization last.
    var declaredBy: [UInt64: Int] = [:]
    /// Organizations whose rows are to be judged again, each with its generation when they were judged last.
    var flipped: [UInt64: UInt32] = [:]
    private var openYears: Set<Int> = []
    var touched: [Int] = []
    /// Submissions whose receipts do not add up in this partition.
    var unbalanced: Set<Int> = []
    var linkedActs = LinkedActs()
    var records: RecordBlocks
    /// During a rebuild: the rows in the records that this task has published.
    var standing = StandingRecords()
    private let recordPartitions: Int32
    /// The block read last, kept for its room.
    private var block = SubmissionBlock()

    init(_ context: TaskContext, _ frameworks: FrameworkSet, _ limits: BlockLimits) {
        partition = context.partition
        self.frameworks = frameworks
        records = RecordBlocks(home: context.partition, limits: limits)
        recordPartitions = context.outputPartitions[ValidationStage.OutputIndex.records]
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        records.offset = record.offset
        if let value = record.value, SubmissionBlock.isEntry(value) { return try fold(block: value, output) }
        let entry = try record.message(Accountability_V1_SubmissionEntry.self)
        switch entry.entry {
        case .header(let header): try open(header, output)
        case .row(let row):
            let value = try LedgerEntry.block(of: row, checks[submissions[number(of: row.submission)].check])
            try fold(block: value.span, output)
        case .yearOpened(let opened): openYears.insert(Int(opened.schoolYear))
        case .block:
            let value = try LedgerEntry.plain(entry)
            try fold(block: value.span, output)
        // Only the writers of the ledger check this entry. Nothing of it is published.
        case .installation, .yearClosed: break
        case nil: throw UnusableRecord("an entry of the ledger that says nothing")
        }
    }

    /// Records are published as they come: a year's completeness changes nothing here.
    func complete(scope: String) {}

    func flush(output: TaskOutput) throws {
        try revise(output)
        if output.isRebuilding { try retractWhatIsLeft(output) }
        try records.flush(output)
        try publishReceipts(output)
    }

    /// Publishes the valid rows, without rows that were later replaced or retracted.
    func publishAgain(_ record: InputRecord, output: TaskOutput) throws {
        if let value = record.value, SubmissionBlock.isEntry(value) { return try publishAgain(block: value, output) }
        let entry = try record.message(Accountability_V1_SubmissionEntry.self)
        switch entry.entry {
        case .row(let row):
            let value = try LedgerEntry.block(of: row, checks[submissions[number(of: row.submission)].check])
            try publishAgain(block: value.span, output)
        case .block:
            let value = try LedgerEntry.plain(entry)
            try publishAgain(block: value.span, output)
        case .header, .yearOpened, .yearClosed, .installation, nil: return
        }
    }

    private func publishAgain(block value: Span<UInt8>, _ output: TaskOutput) throws {
        var block = SubmissionBlock()
        try read(value, into: &block)
        let number = try number(of: block.submission)
        let check = submissions[number].check
        guard checks[check].fits(block) else { return }
        for index in 0..<block.rows where block.isOwned(index, by: partition) {
            guard let row = checks[check].read(block, row: index, in: value), !row.isDeletion,
                let identity = checks[check].identity, let origin = accepted.origin(identity.name),
                accepted[identity.name]?.digest == row.digest,
                origin.submission == UInt32(truncatingIfNeeded: number),
                origin.line == UInt32(clamping: block.lines[index])
            else { continue }
            let place = RowPlace(submission: number, line: block.lines[index], layout: checks[check].layout)
            // The block in which it was published is still there.
            if try isStanding(row, identity, output) { continue }
            try publish(row, identity, place, cause: submissions[number].id, output)
        }
    }

    /// Takes note of a block that was published before a rebuild.
    func recall(output: Int, key: Span<UInt8>, value: Span<UInt8>) throws {
        guard output == ValidationStage.OutputIndex.records else { return }
        try standing.recall(key, value) { organization in
            Pipeline.partition(ofDistrictOf: organization, partitions: recordPartitions)
        }
    }

    /// Declarations and deletions before the end of a restore were already handled before the commit.
    func endRestore(output: TaskOutput) throws { try revise(output) }

    /// Whether outcomes of rows are published.
    func tells(_ output: TaskOutput) -> Bool {
        output.isLive || output.sends(ValidationStage.OutputIndex.rejections)
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
        guard ledger.take(header) else {
            throw UnusableRecord(
                "a withdrawal, approval or rejection that has rows, or of a submission that the ledger does not have before it or of which nothing "
                    + "can wait: nothing is decided"
            )
        }
        submission.isAct = header.target?.isEmpty != true
        // The acts of the Department never wait, whatever a header says.
        if layout != .directives { submission.official = OfficialScope(header) }
        submission.statesChannel = !header.channel.isEmpty
        submission.isMarked = header.marked
        submission.tally.submission = header.submission
        submission.tally.partition = partition
        numbers[header.submission] = submissions.count
        submissions.append(submission)
        touch(submissions.count - 1, output)
        if !header.withdraws.isEmpty { try withdraw(output) }
        if !header.approves.isEmpty { try decide(header.approves, output) }
        if !header.rejects.isEmpty { try decide(header.rejects, output) }
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

    /// Publish the receipts of submissions that changed since the last flush.
    ///
    /// Receipts before a restore were published then.
    func touch(_ number: Int, _ output: TaskOutput) {
        guard output.isLive || output.isRebuilding, !submissions[number].isTouched else { return }
        submissions[number].isTouched = true
        touched.append(number)
    }

    // MARK: Rows

    /// Reads a block of rows, into the room of another.
    private func read(_ value: Span<UInt8>, into block: inout SubmissionBlock) throws {
        do throws(BlockFault) {
            try block.read(entry: value)
        } catch {
            throw UnusableRecord("not a block of rows: \(error)", code: .notDecodable)
        }
    }

    private func fold(block value: Span<UInt8>, _ output: TaskOutput) throws {
        // Out of the way of the task, which changes while its rows are taken.
        var block = SubmissionBlock()
        swap(&block, &self.block)
        defer { swap(&block, &self.block) }
        try read(value, into: &block)
        let number = try number(of: block.submission)
        guard !submissions[number].isRepeated else { return }
        guard !submissions[number].isAct, submissions[number].withdrawnBy == nil else {
            throw UnusableRecord(
                "rows of a withdrawal, approval or rejection, or of a submission that was withdrawn before they came"
            )
        }
        let check = submissions[number].check
        guard checks[check].fits(block) else {
            throw UnusableRecord("a block that has not the columns of its submission")
        }
        if checks[check].layout != .organizations { try revise(output) }
        for row in block.unreadable { try refuse(unreadable: row, number, output) }
        archive.open(value, rows: block.rows, submission: number)
        defer { archive.close() }
        for row in 0..<block.rows {
            // Every partition gets the organizations, to know them; one of them answers for the row.
            let place = LedgerRow(index: row, line: block.lines[row], isOwner: block.isOwned(row, by: partition))
            try take(checks[check].read(block, row: row, in: value), place, number, output)
        }
    }

    private func refuse(unreadable row: SubmissionBlock.Unreadable, _ number: Int, _ output: TaskOutput) throws {
        touch(number, output)
        submissions[number].tally.rows += 1
        let place = LedgerRow(index: -1, line: row.line, isOwner: true, closingLine: row.closingLine)
        let code = RejectionCode(rawValue: row.code) ?? .fieldCount
        try refuse(place, [RowFault(code: code, column: nil)], number, nil, output)
    }

    /// Takes a checked row: its content, or nil if the check found faults.
    private func take(_ read: CheckedRow?, _ row: LedgerRow, _ number: Int, _ output: TaskOutput) throws {
        let check = submissions[number].check
        let layout = checks[check].layout
        if row.isOwner {
            touch(number, output)
            submissions[number].tally.rows += 1
        }
        guard let read else {
            guard row.isOwner else { return }
            var faults = checks[check].faults
            let cameTooEarly = checks[check].year.map { !openYears.contains($0) } ?? false
            if cameTooEarly { faults.append(.yearNotOpen) }
            let name = name(of: check)
            if name != nil { archive.keep(row: row.index, generation: 0, cameTooEarly: cameTooEarly) }
            return try refuse(row, faults, number, name, output)
        }
        // A row without faults has a name; the check read its key.
        guard let identity = checks[check].identity else {
            let fault = RowFault(code: .malformedStudentIdentifier, column: nil)
            return try refuse(row, [fault], number, nil, output)
        }
        let name = identity.name
        let declaration = ValidationTask.declaration(read.year, read.organization)
        let generation = generations[declaration] ?? 0
        let isUndeclared = layout != .organizations && read.organization != .state && generation & 1 == 0
        let cameTooEarly = !openYears.contains(read.year)
        let act = linkedAct(read, identity, layout)
        let fault =
            cameTooEarly ? .yearNotOpen : faultOfAct(read, number) ?? act.flatMap { linkedActs.fault(of: $0) }
        if row.isOwner || fault == nil {
            archive.keep(row: row.index, generation: generation, cameTooEarly: cameTooEarly)
        }
        if let fault {
            guard row.isOwner else { return }
            return try refuse(row, [fault], number, name, output)
        }
        if needsDeclaration(read, number) {
            needed.insert(declaration)
            if isUndeclared { return try refuse(row, [.undeclared], number, name, output) }
        }
        let place = RowPlace(submission: number, line: row.line, layout: layout)
        let outcome = accepted.take(read, name, place, submissions[number].hold)
        declare(declaration, layout, outcome, by: number)
        if let act { linkedActs.take(act, outcome) }
        guard row.isOwner else { return }
        if case .refused(let fault) = outcome { return try refuse(row, [fault], number, name, output) }
        // A held row has no effect yet.
        if !outcome.isOut { try close(name, by: number, output) }
        submissions[number]
            .count(outcome, of: read.year, isUndeclared: isUndeclared, isWithdrawn: false, times: 1)
        guard tells(output) else { return }
        try publish(read, outcome, identity, place, output)
    }

    /// Whether a row is valid only while its organization is declared.
    func needsDeclaration(_ row: CheckedRow, _ number: Int) -> Bool {
        guard !row.isDeletion else { return false }
        switch checks[submissions[number].check].layout {
        case .organizations, .participationCounts, .indicatorValues: return false
        case .organizationChanges where row.closesOrganization: return false
        default: return !submissions[number].allowsUndeclared && row.organization != .state
        }
    }

    func declare(_ declaration: UInt64, _ layout: Layout, _ outcome: AcceptedRows.Outcome, by number: Int) {
        guard layout == .organizations else { return }
        let generation = generations[declaration] ?? 0
        switch outcome {
        case .accepted, .replaced: guard generation & 1 == 0 else { return }
        case .deleted: guard generation & 1 == 1 else { return }
        case .unchanged, .refused, .withdrawn, .held: return
        }
        generations[declaration] = generation + 1
        declaredBy[declaration] = number
        guard needed.contains(declaration), flipped[declaration] == nil else { return }
        flipped[declaration] = generation
    }

    static func declaration(_ year: Int, _ organization: OrganizationCode) -> UInt64 {
        UInt64(year) << 32 | UInt64(organization.rawValue)
    }
}

extension SubmissionBlock {
    /// Whether a partition answers for a row.
    func isOwned(_ row: Int, by partition: Int32) -> Bool {
        owners.isEmpty || owners[row] == UInt32(clamping: partition)
    }
}
