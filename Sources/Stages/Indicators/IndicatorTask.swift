internal import Messages
internal import Rules
internal import Streaming
internal import SwiftProtobuf

/// Indicators of the districts of one partition.
final class IndicatorTask: StageTask {
    /// Where what a record brought is kept.
    private struct Location {
        enum Kind: UInt8 {
            case organization
            case result
            case attendance
            case outcome
            case supplied
            case target

            /// Whether what was kept came from a student's record.
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
    /// By the digest of the record's key.
    private var locations: [Digest: Location] = [:]

    init(_ frameworks: FrameworkSet) {
        years = FrameworkTable(frameworks) { IndicatorYear($0) }
        self.frameworks = FrameworkTable(frameworks) { $0 }
        rejection = SuppliedRejection(output: IndicatorStage.Topic.rejections, layout: "indicator_values")
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        let key = Digest(record.key)
        guard record.value != nil else { return remove(key, cause: record.cause) }
        do {
            try take(record, key: key, output: output)
        } catch let error as UnusableRecord {
            // What the key held before does not stand any more: a restore may never see it.
            remove(key, cause: record.cause)
            throw error
        }
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

    private func take(_ record: InputRecord, key: Digest, output: TaskOutput) throws {
        let message = try record.message(Accountability_V1_Record.self)
        // The header's cause is read only where it matters; the record always names its submission.
        let named = record.cause
        let cause = named.isEmpty ? message.submission : named
        switch message.content {
        case .assessmentResult(let result):
            let organization = try message.organizationYear()
            guard let year = try years.of(organization.year),
                let contribution = try year.contribution(result, at: organization.code, record: key)
            else { return remove(key, cause: cause) }
            try replace(key, at: organization, .result, cause: cause, output: output) { state in
                state.results.append(contribution)
                return state.results.count - 1
            }
        case .attendance(let attendance):
            let organization = try message.organizationYear()
            guard let year = try years.of(organization.year),
                let contribution = try year.contribution(attendance, record: key)
            else { return remove(key, cause: cause) }
            try replace(key, at: organization, .attendance, cause: cause, output: output) { state in
                state.attendance.append(contribution)
                return state.attendance.count - 1
            }
        case .englishProficiency(let progress):
            try replaceOutcome(key, message, cause, output) { year, _ in year.contribution(progress, record: key) }
        case .cohortMember(let member):
            try replaceOutcome(key, message, cause, output) { year, schoolYear in
                year.contribution(member, in: schoolYear, record: key)
            }
        case .advancedCoursework(let coursework):
            try replaceOutcome(key, message, cause, output) { year, _ in year.contribution(coursework, record: key) }
        case .enrollmentOutcome(let outcome):
            try replaceOutcome(key, message, cause, output) { year, _ in year.contribution(outcome, record: key) }
        case .organization(let declared):
            try replace(key, at: try message.organizationYear(), .organization, cause: cause, output: output) { state in
                state.organization = declared
                return 0
            }
        case .suppliedValue(let value):
            let organization = try message.organizationYear()
            let row = SubmittedLine(submission: texts.number(of: message.submission), line: message.line)
            let supplied = try SuppliedIndicator(value, record: key, row: row)
            try replace(key, at: organization, .supplied, cause: cause, output: output) { state in
                state.add(supplied)
                return 0
            }
            let place = organizations.place(of: organization)
            if try isShadowed(supplied, at: place) {
                try rejection.publish(row, of: organization, texts: texts, cause: cause, to: output)
            }
        case .target(let target):
            let set = try SetTarget(target, record: key)
            try replace(key, at: try message.organizationYear(), .target, cause: cause, output: output) { state in
                state.add(set)
                return 0
            }
        case .participationCounts, nil:
            break
        }
    }

    private func replaceOutcome(
        _ key: Digest,
        _ message: Accountability_V1_Record,
        _ cause: String,
        _ output: TaskOutput,
        _ contribution: (IndicatorYear, Int) -> OutcomeContribution?
    ) throws {
        let organization = try message.organizationYear()
        guard let year = try years.of(organization.year), let outcome = contribution(year, Int(organization.year))
        else {
            return remove(key, cause: cause)
        }
        try replace(key, at: organization, .outcome, reported: outcome.reported, cause: cause, output: output) {
            state in
            state.outcomes.append(outcome)
            return state.outcomes.count - 1
        }
    }

    /// Puts what a record brought in the place of what its key held before.
    private func replace(
        _ key: Digest,
        at organization: OrganizationYear,
        _ kind: Location.Kind,
        reported: OutcomeSet = [],
        cause: String,
        output: TaskOutput,
        _ add: (inout IndicatorState) -> Int
    ) throws {
        let place = enter(organization)
        let district = organizations.districts[Int(place)]
        let sources = Self.sources(kind, reported)
        let new = sources.filter { organizations.states[Int(place)].count($0) == 0 }
        let newInDistrict =
            district == place ? [] : sources.filter { organizations.states[Int(district)].count($0) == 0 }
        remove(key, cause: cause)
        let position = add(&organizations.states[Int(place)])
        locations[key] = Location(kind: kind, place: place, position: Int32(truncatingIfNeeded: position))
        count(kind, reported, at: place, district: district, by: 1)
        touch(kind, at: place, district: district, cause: cause)
        for source in new { try reject(source, at: place, cause: cause, output: output) }
        for source in newInDistrict { try reject(source, at: district, cause: cause, output: output) }
    }

    /// Removes what a key held.
    private func remove(_ key: Digest, cause: String) {
        guard let location = locations.removeValue(forKey: key) else { return }
        let place = Int(location.place)
        let district = organizations.districts[place]
        var reported: OutcomeSet = []
        switch location.kind {
        case .organization: organizations.states[place].organization = nil
        case .supplied: organizations.states[place].removeSupplied(key)
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

    /// What a kind of record is counted as.
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

    /// Refuses the supplied values of a place that has its first student record of a source.
    private func reject(_ source: StudentSource, at place: Int32, cause: String, output: TaskOutput) throws {
        for supplied in organizations.states[Int(place)].supplied
        where StudentSource(of: supplied.cell.indicator) == source {
            try rejection.publish(
                supplied.row,
                of: organizations.organizations[Int(place)],
                texts: texts,
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
            tallies = try StudentTallies(parts, isDistrict: organization.code.district == organization.code, year: year)
        }
        let framework = try frameworks.of(organization.year)
        let rows = try IndicatorRows(organization, state, tallies, framework: framework)
        let publication = IndicatorPublication(organization, cause: cause, output: output)
        try publication.publish(state.organization)
        try publication.publish(rows)
    }
}
