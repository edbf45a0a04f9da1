internal import Messages
internal import Rules
internal import Streaming
internal import SwiftProtobuf

/// Participation of the districts of one partition.
final class ParticipationTask: StageTask {
    /// The contribution of a record, kept so that exactly this can be subtracted again.
    private struct Contribution {
        let place: Int32
        let groups: StudentGroupSet
        let tests: TestContribution
    }

    private let rejection: SuppliedRejection
    private var organizations = OrganizationTable { ParticipationState() }
    private var years: FrameworkTable<ParticipationYear>
    private var texts = TextTable()
    private var directives = DirectiveTable()
    /// Student records by the digest of their key.
    private var contributions = FlatTable<Contribution>()
    /// The places of supplied counts, by the digest of their record's key.
    private var suppliedPlaces: [Digest: Int32] = [:]
    /// The block read last, kept for its room.
    private var block = RecordBlock()
    private var blockNames = BlockNames()

    init(_ frameworks: FrameworkSet) {
        years = FrameworkTable(frameworks) { ParticipationYear($0) }
        rejection = SuppliedRejection(output: ParticipationStage.Topic.rejections, layout: .participationCounts)
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        if record.source == ParticipationStage.Topic.directives {
            return try directives.foldChange(record) { change, cause in
                // The prior year of an organization may stand under another code now.
                organizations.touch(districtOf: change.organization, from: change.schoolYear, cause: cause)
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
        try block.take(value) { $0 == .assessmentResults || $0 == .participationCounts }
        guard block.layout == .assessmentResults || block.layout == .participationCounts else { return }
        var fault: UnusableRecord?
        for row in 0..<block.rows {
            let key = block.name(row)
            let cause = block.cause(row)
            do {
                if block.retracts(row) {
                    try retract(key, cause: cause, output: output)
                } else {
                    try take(block, row, key: key, cause: cause, output: output)
                }
            } catch let error as UnusableRecord {
                try retract(key, cause: cause, output: output)
                fault = fault ?? error
            }
        }
        if let fault { throw fault }
        blockNames.note(record.key)
    }

    private func take(_ block: RecordBlock, _ row: Int, key: Digest, cause: String, output: TaskOutput) throws {
        let organization = try block.organizationYear(row)
        guard let content = block.isAboutStudents ? nil : block.content(row) else {
            let flags = StudentFact.Flags(rawValue: block.value(.flags, row))
            let tests = TestContribution(
                ela: block.value(.elaStatus, row),
                math: block.value(.mathStatus, row),
                science: block.value(.scienceStatus, row),
                enrolledSinceOctober: flags.contains(.enrolledSinceOctober)
            )
            let groups = StudentGroupSet(recorded: block.value(.groups, row))
            return try take(tests, groups, of: organization, key: key, cause: cause, output: output)
        }
        guard case .participationCounts(let counts) = content else { return }
        let place = SubmittedLine(submission: texts.number(of: block.submission(row)), line: block.line(row))
        try take(counts, place, of: organization, key: key, cause: cause, output: output)
    }

    private func take(_ record: InputRecord, key: Digest, output: TaskOutput) throws {
        let message = try record.message(Accountability_V1_Record.self)
        // The header's cause is read only if needed. The record always names its submission.
        let named = record.cause
        let cause = named.isEmpty ? message.submission : named
        switch message.content {
        case .assessmentResult(let result):
            let tests = TestContribution(
                ela: UInt32(clamping: result.ela.status.rawValue),
                math: UInt32(clamping: result.math.status.rawValue),
                science: UInt32(clamping: result.science.status.rawValue),
                enrolledSinceOctober: result.enrolledSinceOctober
            )
            let groups = StudentGroupSet(recorded: result.groups)
            let organization = try message.organizationYear()
            try take(tests, groups, of: organization, key: key, cause: cause, output: output)
        case .participationCounts(let counts):
            let place = SubmittedLine(submission: texts.number(of: message.submission), line: message.line)
            try take(counts, place, of: try message.organizationYear(), key: key, cause: cause, output: output)
        case .organization, .attendance, .suppliedValue, .target, .englishProficiency, .cohortMember,
            .advancedCoursework, .enrollmentOutcome, .block, nil:
            break
        }
    }

    private func take(
        _ counts: Accountability_V1_ParticipationCounts,
        _ row: SubmittedLine,
        of organization: OrganizationYear,
        key: Digest,
        cause: String,
        output: TaskOutput
    ) throws {
        let label = texts.number(of: counts.groupLabel)
        let supplied = try SuppliedCounts(counts, record: key, row: row, label: label)
        try take(supplied, of: organization, cause: cause, output: output)
    }

    func complete(scope: String) throws {
        guard let year = SchoolYear.named(scope).map({ UInt16($0) }) else { return }
        // The year after looks back on this one.
        organizations.complete(year: year, dependents: year < .max ? [year + 1] : [])
    }

    func flush(output: TaskOutput) throws {
        for (place, cause) in organizations.takeDirty() {
            try publish(place, cause: cause, output: output)
        }
    }

    // MARK: Student records

    private func take(
        _ tests: TestContribution,
        _ groups: StudentGroupSet,
        of organization: OrganizationYear,
        key: Digest,
        cause: String,
        output: TaskOutput
    ) throws {
        // A year without framework has no participation to count.
        guard let year = try years.of(organization.year) else { return }
        let place = organizations.place(of: organization)
        let contribution = Contribution(place: place, groups: groups, tests: tests)
        let district = organizations.districts[Int(place)]
        let shadowed = (
            place: organizations.states[Int(place)].shadowsSupplied,
            district: organizations.states[Int(district)].shadowsSupplied
        )
        let before = contributions.updateValue(contribution, forKey: key.value)
        if let before { try subtract(before, cause: cause) }
        let tallies = year.tallies(of: contribution.tests)
        organizations.states[Int(place)].add(tallies, groups: contribution.groups)
        touch(place, cause: cause)
        if !shadowed.place { try tell(place, cause: cause, output: output) }
        if district != place {
            organizations.states[Int(district)].add(tallies, groups: contribution.groups)
            touch(district, cause: cause)
            if !shadowed.district { try tell(district, cause: cause, output: output) }
        }
        if let before, before.place != place { try endShadows(of: before, cause: cause, output: output) }
    }

    /// Closes the notes on the supplied counts of the places where a removed contribution was the last one.
    private func endShadows(of removed: Contribution, cause: String, output: TaskOutput) throws {
        let district = organizations.districts[Int(removed.place)]
        for place in district == removed.place ? [district] : [removed.place, district]
        where !organizations.states[Int(place)].shadowsSupplied {
            try tell(place, closedBy: cause, cause: cause, output: output)
        }
    }

    private func subtract(_ contribution: Contribution, cause: String) throws {
        let place = contribution.place
        guard let year = try years.of(organizations.organizations[Int(place)].year) else { return }
        let tallies = year.tallies(of: contribution.tests)
        organizations.states[Int(place)].subtract(tallies, groups: contribution.groups)
        touch(place, cause: cause)
        let district = organizations.districts[Int(place)]
        guard district != place else { return }
        organizations.states[Int(district)].subtract(tallies, groups: contribution.groups)
        touch(district, cause: cause)
    }

    // MARK: Counts made elsewhere

    private func take(
        _ counts: SuppliedCounts,
        of organization: OrganizationYear,
        cause: String,
        output: TaskOutput
    ) throws {
        let place = organizations.place(of: organization)
        if let before = suppliedPlaces.updateValue(place, forKey: counts.record) {
            try withdraw(counts.record, at: before, cause: cause, output: output)
        }
        organizations.states[Int(place)].supply(counts)
        touch(place, cause: cause)
        if organizations.states[Int(place)].shadowsSupplied {
            try rejection.publish(counts.row, of: organization, texts: texts, cause: cause, to: output)
        }
    }

    /// Withdraws supplied counts, and closes the note that student records stood in for them.
    private func withdraw(_ record: Digest, at place: Int32, cause: String, output: TaskOutput) throws {
        let counts = organizations.states[Int(place)].withdraw(record)
        touch(place, cause: cause)
        guard let counts, organizations.states[Int(place)].shadowsSupplied else { return }
        let organization = organizations.organizations[Int(place)]
        try rejection.publish(counts.row, of: organization, texts: texts, closedBy: cause, cause: cause, to: output)
    }

    /// Tells that the supplied counts of an organization and year do not count, because it just got its first student
    /// record, or that they count again.
    private func tell(_ place: Int32, closedBy: String = "", cause: String, output: TaskOutput) throws {
        for counts in organizations.states[Int(place)].supplied {
            try rejection.publish(
                counts.row,
                of: organizations.organizations[Int(place)],
                texts: texts,
                closedBy: closedBy,
                cause: cause,
                to: output
            )
        }
    }

    private func retract(_ key: Digest, cause: String, output: TaskOutput) throws {
        if let before = contributions.removeValue(forKey: key.value) {
            try subtract(before, cause: cause)
            try endShadows(of: before, cause: cause, output: output)
        } else if let place = suppliedPlaces.removeValue(forKey: key) {
            try withdraw(key, at: place, cause: cause, output: output)
        }
    }

    /// A place changed, and with it the year after, which looks back on it.
    private func touch(_ place: Int32, cause: String) {
        organizations.touch(place, cause: cause)
        let organization = organizations.organizations[Int(place)]
        guard organizations.completeYears.contains(organization.year), organization.year < .max else { return }
        let takers = directives.changes.takers(of: organization.code, in: Int(organization.year) + 1)
        for code in [organization.code] + takers {
            let next = OrganizationYear(year: organization.year + 1, code: code)
            if let place = organizations.find(next) { organizations.touch(place, cause: cause) }
        }
    }

    // MARK: Publication

    private func publish(_ place: Int32, cause: String, output: TaskOutput) throws {
        let organization = organizations.organizations[Int(place)]
        guard let year = try years.of(organization.year) else { return }
        let rows = try ParticipationRows(
            organizations.states[Int(place)],
            prior: priorFigures(of: organization),
            framework: year.framework
        )
        let table = ParticipationStage.Topic.participation
        for row in rows.rows {
            var message = row.message
            message.schoolYear = UInt32(organization.year)
            message.orgCode = organization.code.description
            if let label = row.label { message.groupLabel = texts[label] }
            try table.publish(message, row.name.key(of: organization), cause: cause, to: output)
        }
        for name in rows.absent {
            try table.publish(nil, name.key(of: organization), cause: cause, to: output)
        }
        organizations.states[Int(place)].forgetWithdrawn()
    }

    /// The figures of the year before, once that year is complete; under a former code if the organization had one.
    private func priorFigures(of organization: OrganizationYear) throws -> ParticipationFigures? {
        let year = organization.year &- 1
        guard organizations.completeYears.contains(year), let framework = try years.of(year)?.framework,
            let current = try years.of(organization.year)?.framework
        else { return nil }
        let history = directives.history(of: organization.code, in: Int(organization.year), back: 1, current)
        guard let place = organizations.find(OrganizationYear(year: year, code: history.code(1))) else { return nil }
        return organizations.states[Int(place)].figures(framework.participation)
    }
}
