internal import Messages
internal import Rules
internal import Streaming

/// What the records of a task contribute to the indicators of its organizations.
///
/// Each contribution is found again by the key of its record, so that exactly this can be replaced or removed.
struct IndicatorContributions {
    /// What a record contributes.
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

    /// The common parts of every fact.
    struct Fact {
        let key: Digest
        let organization: OrganizationYear
        let cause: String
    }

    /// What was removed.
    struct Removed {
        let place: Int32
        /// What a student's record was counted for; empty for other records.
        let sources: [StudentSource]
        /// The supplied value.
        let supplied: SuppliedIndicator?
    }

    /// What a new contribution changed.
    struct Change {
        /// The sources of which a place, or its district, has its first student record.
        let begun: [(source: StudentSource, place: Int32)]
        /// The contribution that it replaced.
        let replaced: Removed?
    }

    /// The place where a record's contribution is kept.
    private struct Location {
        let kind: Kind
        let place: Int32
        /// Among the organization's results, attendance or outcomes.
        var position: Int32 = 0
    }

    /// The state of every organization and year.
    var organizations = OrganizationTable { IndicatorState() }
    /// By the digest of the record's key.
    private var locations = FlatTable<Location>()

    /// The organization's state of a place.
    func state(_ place: Int32) -> IndicatorState { organizations.states[Int(place)] }

    /// The organization itself and its district, or only the district.
    func owners(of place: Int32) -> [Int32] {
        let district = organizations.districts[Int(place)]
        return district == place ? [place] : [place, district]
    }

    // MARK: Records come and go

    /// Replaces the contribution of a record's key.
    ///
    /// - `reported`: of an outcome, the measures that it says something about.
    /// - `add`: adds the contribution to its organization's state, and returns its position there.
    mutating func replace(
        _ fact: Fact,
        _ kind: Kind,
        reported: OutcomeSet = [],
        _ add: (inout IndicatorState) -> Int
    ) -> Change {
        let place = enter(fact.organization)
        let district = organizations.districts[Int(place)]
        let sources = Self.sources(kind, reported)
        var begun = sources.filter { organizations.states[Int(place)].count($0) == 0 }.map { ($0, place) }
        if district != place {
            begun += sources.filter { organizations.states[Int(district)].count($0) == 0 }.map { ($0, district) }
        }
        let replaced = remove(fact.key, cause: fact.cause)
        let position = add(&organizations.states[Int(place)])
        locations[fact.key.value] = Location(kind: kind, place: place, position: Int32(truncatingIfNeeded: position))
        count(kind, reported, at: place, district: district, by: 1)
        touch(kind, at: place, district: district, cause: fact.cause)
        return Change(begun: begun, replaced: replaced)
    }

    /// Removes the contribution of a key.
    ///
    /// Returns what was removed; nil if there was none.
    mutating func remove(_ key: Digest, cause: String) -> Removed? {
        guard let location = locations.removeValue(forKey: key.value) else { return nil }
        let place = Int(location.place)
        let district = organizations.districts[place]
        var reported: OutcomeSet = []
        var supplied: SuppliedIndicator?
        let position = Int(location.position)
        var moved: Digest?
        switch location.kind {
        case .organization: organizations.states[place].organization = nil
        case .supplied: supplied = organizations.states[place].removeSupplied(key)
        case .target: organizations.states[place].removeTarget(key)
        case .result: moved = organizations.states[place].results.removeSwapping(at: position).moved?.record
        case .attendance: moved = organizations.states[place].attendance.removeSwapping(at: position).moved?.record
        case .outcome:
            let outcome = organizations.states[place].outcomes.removeSwapping(at: position)
            reported = outcome.removed.reported
            moved = outcome.moved?.record
        }
        if let moved { locations.change(moved.value) { $0.position = location.position } }
        count(location.kind, reported, at: location.place, district: district, by: -1)
        touch(location.kind, at: location.place, district: district, cause: cause)
        return Removed(place: location.place, sources: Self.sources(location.kind, reported), supplied: supplied)
    }

    /// The place of an organization, entered among its district's when it is new.
    private mutating func enter(_ organization: OrganizationYear) -> Int32 {
        if let place = organizations.find(organization) { return place }
        let place = organizations.place(of: organization)
        let district = organizations.districts[Int(place)]
        if district != place { organizations.states[Int(district)].schools.append(place) }
        return place
    }

    private mutating func touch(_ kind: Kind, at place: Int32, district: Int32, cause: String) {
        organizations.touch(place, cause: cause)
        if kind.isStudents, district != place { organizations.touch(district, cause: cause) }
    }

    // MARK: Student records are counted

    /// How a kind of record is counted.
    private static func sources(_ kind: Kind, _ reported: OutcomeSet) -> [StudentSource] {
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
    private static let outcomes: [[StudentSource]] = (0..<(1 << StudentSource.outcomes.count))
        .map { bits in
            StudentSource.outcomes.indices.filter { bits & (1 << $0) != 0 }
                .map { .outcome(StudentSource.outcomes[$0]) }
        }

    private mutating func count(
        _ kind: Kind,
        _ reported: OutcomeSet,
        at place: Int32,
        district: Int32,
        by step: Int
    ) {
        guard kind.isStudents else { return }
        count(kind, reported, at: Int(place), by: step)
        if district != place { count(kind, reported, at: Int(district), by: step) }
    }

    private mutating func count(_ kind: Kind, _ reported: OutcomeSet, at place: Int, by step: Int) {
        switch kind {
        case .result: organizations.states[place].resultCount &+= step
        case .attendance: organizations.states[place].attendanceCount &+= step
        case .outcome: reported.forEachIndex { organizations.states[place].outcomeCounts[$0] &+= step }
        case .organization, .supplied, .target: break
        }
    }
}
