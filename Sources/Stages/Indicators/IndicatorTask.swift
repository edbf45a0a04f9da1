internal import Messages
internal import Rules
internal import Streaming
internal import SwiftProtobuf

/// Indicators of the districts of one partition.
final class IndicatorTask: StageTask {
    private var contributions = IndicatorContributions()
    private var shadow = SuppliedShadow()
    private var years: FrameworkTable<IndicatorYear>
    private var frameworks: FrameworkTable<Framework>
    private var directives = DirectiveTable()
    /// The block read last, kept for its room.
    private var block = RecordBlock()
    private var blockNames = BlockNames()

    init(_ frameworks: FrameworkSet) {
        years = FrameworkTable(frameworks) { IndicatorYear($0) }
        self.frameworks = FrameworkTable(frameworks) { $0 }
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        if record.source == IndicatorStage.Topic.directives {
            return try directives.foldChange(record) { change, cause in
                // Who was in the same organization both years may be others now.
                contributions.organizations.touch(
                    districtOf: change.organization,
                    from: change.schoolYear,
                    cause: cause
                )
            }
        }
        if let value = record.value, RecordBlock.isRecord(value) { return try fold(block: value, of: record, output) }
        // One fact by itself, as there were before there were blocks.
        let key = RowKey.digest(of: record.key)
        guard record.value != nil else { return try retract(key, cause: record.cause, output: output) }
        do {
            if let block = try record.foreignBlock() { return try fold(block: block.span, of: record, output) }
            try take(record, key: key, output: output)
        } catch let error as UnusableRecord {
            // The key's previous value no longer counts, because a restore may not see it.
            try retract(key, cause: record.cause, output: output)
            throw error
        }
    }

    /// The rows that make no sense are as if they had been retracted, and the block is refused for them.
    private func fold(block value: Span<UInt8>, of record: InputRecord, _ output: TaskOutput) throws {
        try blockNames.check(record.key)
        // Out of the way of the task, which changes while its rows are taken.
        var block = RecordBlock()
        swap(&block, &self.block)
        defer { swap(&block, &self.block) }
        try block.take(value) { $0 != .participationCounts }
        guard block.layout != .participationCounts else { return }
        var fault: UnusableRecord?
        for row in 0..<block.rows {
            let key = block.name(row)
            let cause = block.cause(row)
            do {
                if block.retracts(row) {
                    try retract(key, cause: cause, output: output)
                } else {
                    let fact = IndicatorContributions.Fact(
                        key: key,
                        organization: try block.organizationYear(row),
                        cause: cause
                    )
                    if let content = block.isAboutStudents ? nil : block.content(row) {
                        try take(content, fact, submission: block.submission(row), line: block.line(row), output)
                    } else {
                        try take(block.fact(row), of: block.layout, fact, output)
                    }
                }
            } catch let error as UnusableRecord {
                try retract(key, cause: cause, output: output)
                fault = fault ?? error
            }
        }
        if let fault { throw fault }
        blockNames.note(record.key)
    }

    func complete(scope: String) throws {
        guard let year = SchoolYear.named(scope).map({ UInt16($0) }) else { return }
        contributions.organizations.complete(year: year)
    }

    func flush(output: TaskOutput) throws {
        for (place, cause) in contributions.organizations.takeDirty() {
            try publish(place, cause: cause, output: output)
        }
    }

    // MARK: Records

    private func take(_ record: InputRecord, key: Digest, output: TaskOutput) throws {
        let message = try record.message(Accountability_V1_Record.self)
        guard let content = message.content, let layout = Layout(of: content), layout != .participationCounts else {
            return
        }
        // The header's cause is read only if needed. The record always names its submission.
        let named = record.cause
        let cause = named.isEmpty ? message.submission : named
        let fact = IndicatorContributions.Fact(key: key, organization: try message.organizationYear(), cause: cause)
        guard let student = StudentFact(content) else {
            return try take(content, fact, submission: message.submission, line: message.line, output)
        }
        switch content {
        case .assessmentResult(let row): try Self.check(pseudonym: row.student)
        case .attendance(let row): try Self.check(pseudonym: row.student)
        default: break
        }
        try take(student, of: layout, fact, output)
    }

    private static func check(pseudonym bytes: some Collection<UInt8>) throws {
        guard bytes.count == 16 else { throw UnusableRecord("a student pseudonym that is not 16 bytes") }
    }

    /// Takes a student's row.
    private func take(
        _ student: StudentFact,
        of layout: Layout,
        _ fact: IndicatorContributions.Fact,
        _ output: TaskOutput
    ) throws {
        let (key, organization) = (fact.key, fact.organization)
        guard let year = try years.of(organization.year) else {
            return try retract(key, cause: fact.cause, output: output)
        }
        let outcome: OutcomeContribution?
        switch layout {
        case .assessmentResults:
            guard let contribution = try year.contribution(student, at: organization.code, record: key) else {
                return try retract(key, cause: fact.cause, output: output)
            }
            return try replace(fact, .result, output: output) { state in
                state.results.append(contribution)
                return state.results.count - 1
            }
        case .attendance:
            guard let contribution = try year.contribution(attendance: student, record: key) else {
                return try retract(key, cause: fact.cause, output: output)
            }
            return try replace(fact, .attendance, output: output) { state in
                state.attendance.append(contribution)
                return state.attendance.count - 1
            }
        default:
            outcome = year.contribution(outcome: student, of: layout, in: Int(organization.year), record: key)
        }
        guard let outcome else {
            return try retract(key, cause: fact.cause, output: output)
        }
        try replace(fact, .outcome, reported: outcome.reported, output: output) { state in
            state.outcomes.append(outcome)
            return state.outcomes.count - 1
        }
    }

    /// Takes a row of another layout.
    private func take(
        _ content: Accountability_V1_Record.OneOf_Content,
        _ fact: IndicatorContributions.Fact,
        submission: String,
        line: UInt64,
        _ output: TaskOutput
    ) throws {
        switch content {
        case .organization(let declared):
            try replace(fact, .organization, output: output) { state in
                state.organization = declared
                return 0
            }
        case .suppliedValue(let value):
            let row = SubmittedLine(submission: shadow.texts.number(of: submission), line: line)
            let supplied = try SuppliedIndicator(value, record: fact.key, row: row)
            try replace(fact, .supplied, output: output) { state in
                state.add(supplied)
                return 0
            }
            try shadow.tell(supplied, of: fact.organization, in: contributions, cause: fact.cause, to: output)
        case .target(let target):
            let set = try SetTarget(target, record: fact.key)
            try replace(fact, .target, output: output) { state in
                state.add(set)
                return 0
            }
        case .assessmentResult, .attendance, .participationCounts, .englishProficiency, .cohortMember,
            .advancedCoursework, .enrollmentOutcome, .block:
            break
        }
    }

    /// Replaces the contribution of a record's key, and tells what this changed for supplied values.
    private func replace(
        _ fact: IndicatorContributions.Fact,
        _ kind: IndicatorContributions.Kind,
        reported: OutcomeSet = [],
        output: TaskOutput,
        _ add: (inout IndicatorState) -> Int
    ) throws {
        let change = contributions.replace(fact, kind, reported: reported, add)
        try shadow.tell(change, in: contributions, cause: fact.cause, to: output)
    }

    /// Removes the contribution of a key, and closes the notes on what counts again.
    private func retract(_ key: Digest, cause: String, output: TaskOutput) throws {
        guard let removed = contributions.remove(key, cause: cause) else { return }
        try shadow.tell(removed, in: contributions, cause: cause, to: output)
    }

    // MARK: Publication

    private func publish(_ place: Int32, cause: String, output: TaskOutput) throws {
        let organization = contributions.organizations.organizations[Int(place)]
        let state = contributions.state(place)
        var tallies: StudentTallies?
        if let year = try years.of(organization.year), state.hasStudents {
            let parts = [state] + state.schools.map { contributions.state($0) }
            tallies = try StudentTallies(
                parts,
                isDistrict: organization.code.district == organization.code,
                codes: codesBefore(organization, year.framework),
                year: year
            )
        }
        let framework = try frameworks.of(organization.year)
        let rows = try IndicatorRows(organization, state, tallies, framework: framework)
        let publication = IndicatorPublication(organization, cause: cause, output: output)
        try publication.publish(state.organization)
        try publication.publish(rows)
    }

    /// The codes whose students of the year before were the organization's own: its former codes, or else its own.
    private func codesBefore(_ organization: OrganizationYear, _ framework: Framework) -> Set<UInt32> {
        let formers = directives.changes
            .formers(of: organization.code, in: Int(organization.year), framework.organizationChanges)
        return Set((formers.isEmpty ? [organization.code] : formers).map(\.rawValue))
    }
}
