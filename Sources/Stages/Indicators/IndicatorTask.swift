internal import Messages
internal import Rules
internal import Streaming
internal import SwiftProtobuf

/// Indicators of the districts of one partition.
final class IndicatorTask: StageTask {
    /// The place where a record's contribution is kept.
    private struct Location {
        enum Kind: UInt8 {
            case organization
            case result
            case attendance
            case outcome
            case supplied
            case target

            /// Whether the contribution came from a student's record.
            var isStudents: Bool { self == .result || self == .attendance || self == .outcome }
        }

        let kind: Kind
        let place: Int32
        /// Among the organization's results or attendance.
        var position: Int32 = 0
    }

    private let rejection: SuppliedRejection
    private var organizations = OrganizationTable { IndicatorState() }
    private var years: FrameworkTable<IndicatorYear>
    private var frameworks: FrameworkTable<Framework>
    private var texts = TextTable()
    private var directives = DirectiveTable()
    /// By the digest of the record's key.
    private var locations: [Digest: Location] = [:]
    /// The block read last, kept for its room.
    private var block = RecordBlock()

    init(_ frameworks: FrameworkSet) {
        years = FrameworkTable(frameworks) { IndicatorYear($0) }
        self.frameworks = FrameworkTable(frameworks) { $0 }
        rejection = SuppliedRejection(output: IndicatorStage.Topic.rejections, layout: .indicatorValues)
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        if record.source == IndicatorStage.Topic.directives {
            return try directives.foldChange(record) { change, cause in
                // Who was in the same organization both years may be others now.
                organizations.touch(districtOf: change.organization, from: change.schoolYear, cause: cause)
            }
        }
        if let value = record.value, RecordBlock.isRecord(value) { return try fold(block: value, output: output) }
        // One fact by itself, as there were before there were blocks.
        let key = RowKey.digest(of: record.key)
        guard record.value != nil else { return try retract(key, cause: record.cause, output: output) }
        do {
            if let block = try record.foreignBlock() { return try fold(block: block.span, output: output) }
            try take(record, key: key, output: output)
        } catch let error as UnusableRecord {
            // The key's previous value no longer counts, because a restore may not see it.
            try retract(key, cause: record.cause, output: output)
            throw error
        }
    }

    /// The rows that make no sense are as if they had been retracted, and the block is refused for them.
    private func fold(block value: Span<UInt8>, output: TaskOutput) throws {
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
                    let fact = Fact(key: key, organization: try block.organizationYear(row), cause: cause)
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
    }

    func complete(scope: String) throws {
        guard let year = SchoolYear.named(scope).map({ UInt16($0) }) else { return }
        organizations.complete(year: year)
    }

    func flush(output: TaskOutput) throws {
        for (place, cause) in organizations.takeDirty() {
            try publish(place, cause: cause, output: output)
        }
    }

    // MARK: Records

    /// The common parts of every fact.
    private struct Fact {
        let key: Digest
        let organization: OrganizationYear
        let cause: String
    }

    private func take(_ record: InputRecord, key: Digest, output: TaskOutput) throws {
        let message = try record.message(Accountability_V1_Record.self)
        guard let content = message.content, let layout = Layout(of: content), layout != .participationCounts else {
            return
        }
        // The header's cause is read only if needed. The record always names its submission.
        let named = record.cause
        let cause = named.isEmpty ? message.submission : named
        let fact = Fact(key: key, organization: try message.organizationYear(), cause: cause)
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
    private func take(_ student: StudentFact, of layout: Layout, _ fact: Fact, _ output: TaskOutput) throws {
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
        case .englishProficiency: outcome = year.contribution(progress: student, record: key)
        case .graduationCohort:
            outcome = year.contribution(member: student, in: Int(organization.year), record: key)
        case .advancedCoursework: outcome = year.contribution(coursework: student, record: key)
        case .enrollmentOutcomes: outcome = year.contribution(outcome: student, record: key)
        case .organizations, .participationCounts, .indicatorValues, .targets, .directives, .organizationChanges: return
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
        _ fact: Fact,
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
            let row = SubmittedLine(submission: texts.number(of: submission), line: line)
            let supplied = try SuppliedIndicator(value, record: fact.key, row: row)
            try replace(fact, .supplied, output: output) { state in
                state.add(supplied)
                return 0
            }
            let place = organizations.place(of: fact.organization)
            if try isShadowed(supplied, at: place) {
                try rejection.publish(row, of: fact.organization, texts: texts, cause: fact.cause, to: output)
            }
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

    /// Replaces the contribution of a record's key.
    private func replace(
        _ fact: Fact,
        _ kind: Location.Kind,
        reported: OutcomeSet = [],
        output: TaskOutput,
        _ add: (inout IndicatorState) -> Int
    ) throws {
        let (key, cause) = (fact.key, fact.cause)
        let place = enter(fact.organization)
        let district = organizations.districts[Int(place)]
        let sources = Self.sources(kind, reported)
        let new = sources.filter { organizations.states[Int(place)].count($0) == 0 }
        let newInDistrict =
            district == place ? [] : sources.filter { organizations.states[Int(district)].count($0) == 0 }
        let ended = try remove(key, cause: cause, output: output)
        let position = add(&organizations.states[Int(place)])
        locations[key] = Location(kind: kind, place: place, position: Int32(truncatingIfNeeded: position))
        count(kind, reported, at: place, district: district, by: 1)
        touch(kind, at: place, district: district, cause: cause)
        for source in new { try tell(source, at: place, cause: cause, output: output) }
        for source in newInDistrict { try tell(source, at: district, cause: cause, output: output) }
        if let ended { try endShadows(of: ended, cause: cause, output: output) }
    }

    /// Removes the contribution of a key, and closes the notes on what counts again.
    private func retract(_ key: Digest, cause: String, output: TaskOutput) throws {
        if let removed = try remove(key, cause: cause, output: output) {
            try endShadows(of: removed, cause: cause, output: output)
        }
    }

    /// What a removed student record was counted for.
    private struct Removed {
        let sources: [StudentSource]
        let place: Int32
    }

    /// Removes the contribution of a key.
    ///
    /// Returns what it was counted for, if it came from a student's record.
    private func remove(_ key: Digest, cause: String, output: TaskOutput) throws -> Removed? {
        guard let location = locations.removeValue(forKey: key) else { return nil }
        let place = Int(location.place)
        let district = organizations.districts[place]
        var reported: OutcomeSet = []
        switch location.kind {
        case .organization: organizations.states[place].organization = nil
        case .supplied: try removeSupplied(key, at: location.place, cause: cause, output: output)
        case .target: organizations.states[place].removeTarget(key)
        case .result:
            let position = Int(location.position)
            let last = organizations.states[place].results.count - 1
            organizations.states[place].results.swapAt(position, last)
            organizations.states[place].results.removeLast()
            if position < last {
                locations[organizations.states[place].results[position].record]?.position = location.position
            }
        case .attendance:
            let position = Int(location.position)
            let last = organizations.states[place].attendance.count - 1
            organizations.states[place].attendance.swapAt(position, last)
            organizations.states[place].attendance.removeLast()
            if position < last {
                locations[organizations.states[place].attendance[position].record]?.position = location.position
            }
        case .outcome:
            let position = Int(location.position)
            let last = organizations.states[place].outcomes.count - 1
            reported = organizations.states[place].outcomes[position].reported
            organizations.states[place].outcomes.swapAt(position, last)
            organizations.states[place].outcomes.removeLast()
            if position < last {
                locations[organizations.states[place].outcomes[position].record]?.position = location.position
            }
        }
        count(location.kind, reported, at: location.place, district: district, by: -1)
        touch(location.kind, at: location.place, district: district, cause: cause)
        let sources = Self.sources(location.kind, reported)
        return sources.isEmpty ? nil : Removed(sources: sources, place: location.place)
    }

    /// Removes a supplied value, and closes the note that student records stood in for it.
    private func removeSupplied(_ key: Digest, at place: Int32, cause: String, output: TaskOutput) throws {
        guard let removed = organizations.states[Int(place)].removeSupplied(key),
            try isShadowed(removed, at: place)
        else { return }
        let organization = organizations.organizations[Int(place)]
        try rejection.publish(removed.row, of: organization, texts: texts, closedBy: cause, cause: cause, to: output)
    }

    /// The place of an organization, entered among its district's when it is new.
    private func enter(_ organization: OrganizationYear) -> Int32 {
        if let place = organizations.find(organization) { return place }
        let place = organizations.place(of: organization)
        let district = organizations.districts[Int(place)]
        if district != place { organizations.states[Int(district)].schools.append(place) }
        return place
    }

    private func touch(_ kind: Location.Kind, at place: Int32, district: Int32, cause: String) {
        organizations.touch(place, cause: cause)
        if kind.isStudents, district != place { organizations.touch(district, cause: cause) }
    }

    // MARK: Student records shadow supplied values

    /// How a kind of record is counted.
    private static func sources(_ kind: Location.Kind, _ reported: OutcomeSet) -> [StudentSource] {
        switch kind {
        case .result: tests
        case .attendance: attendance
        case .outcome: Int(reported.rawValue) < outcomes.count ? outcomes[Int(reported.rawValue)] : []
        case .organization, .supplied, .target: []
        }
    }

    // Made once: they are asked for with every record.
    private static let tests: [StudentSource] = [.tests]
    private static let attendance: [StudentSource] = [.attendance]
    private static let outcomes: [[StudentSource]] = (0..<(1 << StudentMeasure.outcomes.count))
        .map { bits in
            StudentMeasure.outcomes.indices.filter { bits & (1 << $0) != 0 }
                .map { .outcome(StudentMeasure.outcomes[$0]) }
        }

    private func count(_ kind: Location.Kind, _ reported: OutcomeSet, at place: Int32, district: Int32, by step: Int) {
        guard kind.isStudents else { return }
        count(kind, reported, at: Int(place), by: step)
        if district != place { count(kind, reported, at: Int(district), by: step) }
    }

    private func count(_ kind: Location.Kind, _ reported: OutcomeSet, at place: Int, by step: Int) {
        switch kind {
        case .result: organizations.states[place].resultCount &+= step
        case .attendance: organizations.states[place].attendanceCount &+= step
        case .outcome: reported.forEachIndex { organizations.states[place].outcomeCounts[$0] &+= step }
        case .organization, .supplied, .target: break
        }
    }

    private func isShadowed(_ supplied: SuppliedIndicator, at place: Int32) throws -> Bool {
        guard try years.of(organizations.organizations[Int(place)].year) != nil else { return false }
        return organizations.states[Int(place)].shadows(supplied.cell.indicator)
    }

    /// Closes the notes on the supplied values that nothing shadows since a student record was removed.
    private func endShadows(of removed: Removed, cause: String, output: TaskOutput) throws {
        let district = organizations.districts[Int(removed.place)]
        for place in district == removed.place ? [district] : [removed.place, district] {
            for source in removed.sources where organizations.states[Int(place)].count(source) == 0 {
                try tell(source, at: place, closedBy: cause, cause: cause, output: output)
            }
        }
    }

    /// Tells that the supplied values of a place do not count, because it has its first student record of a source, or
    /// that they count again.
    private func tell(
        _ source: StudentSource,
        at place: Int32,
        closedBy: String = "",
        cause: String,
        output: TaskOutput
    ) throws {
        for supplied in organizations.states[Int(place)].supplied
        where StudentSource(of: supplied.cell.indicator) == source {
            try rejection.publish(
                supplied.row,
                of: organizations.organizations[Int(place)],
                texts: texts,
                closedBy: closedBy,
                cause: cause,
                to: output
            )
        }
    }

    // MARK: Publication

    private func publish(_ place: Int32, cause: String, output: TaskOutput) throws {
        let organization = organizations.organizations[Int(place)]
        let state = organizations.states[Int(place)]
        var tallies: StudentTallies?
        if let year = try years.of(organization.year), state.hasStudents {
            let parts = [state] + state.schools.map { organizations.states[Int($0)] }
            tallies = try StudentTallies(
                parts,
                isDistrict: organization.code.district == organization.code,
                formers: formers(of: organization, year.framework),
                year: year
            )
        }
        let framework = try frameworks.of(organization.year)
        let rows = try IndicatorRows(organization, state, tallies, framework: framework)
        let publication = IndicatorPublication(organization, cause: cause, output: output)
        try publication.publish(state.organization)
        try publication.publish(rows)
    }

    /// The codes whose students of the year before were the organization's own.
    private func formers(of organization: OrganizationYear, _ framework: Framework) -> Set<UInt32> {
        Set(
            directives.changes
                .formers(of: organization.code, in: Int(organization.year), framework.organizationChanges)
                .map(\.rawValue)
        )
    }
}
