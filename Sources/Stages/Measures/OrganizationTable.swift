internal import Rules
internal import Streaming

/// An organization in a school year.
struct OrganizationYear: Hashable, Comparable {
    let year: UInt16
    let code: OrganizationCode

    /// By year, then by code.
    static func < (left: OrganizationYear, right: OrganizationYear) -> Bool {
        (left.year, left.code) < (right.year, right.code)
    }
}

/// A task's state for every organization and school year, with the changes since the last flush.
///
/// Organizations have a fixed place in the table, so that a record can name the one it belongs to in four bytes. The
/// district of an organization is entered with it.
struct OrganizationTable<State> {
    /// The organization of each place.
    private(set) var organizations: [OrganizationYear] = []
    /// The state of each organization and year.
    var states: [State] = []
    /// The place of each place's district; its own for a district.
    private(set) var districts: [Int32] = []
    /// The school years whose figures are published.
    private(set) var completeYears: Set<UInt16> = []

    private var places: [OrganizationYear: Int32] = [:]
    /// Changed places of complete years, each with the causes of its changes.
    private var dirty: [Int32: CauseSet] = [:]
    /// The causes of changes in years that are not complete.
    ///
    /// They are needed when such a year completes, because a later, complete year may depend on it.
    private var causes: [CauseSet] = []
    private let makeState: () -> State

    init(_ makeState: @escaping () -> State) {
        self.makeState = makeState
    }

    /// The place of an organization, if it was ever seen.
    func find(_ organization: OrganizationYear) -> Int32? {
        places[organization]
    }

    /// The place of an organization, which is entered with its district when it is new.
    mutating func place(of organization: OrganizationYear) -> Int32 {
        if let place = places[organization] { return place }
        let code = organization.code
        let district =
            code.district == code
            ? nil : place(of: OrganizationYear(year: organization.year, code: code.district))
        let place = Int32(truncatingIfNeeded: organizations.count)
        organizations.append(organization)
        states.append(makeState())
        districts.append(district ?? place)
        causes.append(CauseSet())
        places[organization] = place
        return place
    }

    /// Takes note that the figures of a place changed.
    mutating func touch(_ place: Int32, cause: String) {
        guard completeYears.contains(organizations[Int(place)].year) else {
            return causes[Int(place)].insert(cause)
        }
        dirty[place, default: CauseSet()].insert(cause)
    }

    /// Takes note that everything of a district may have changed, from a school year on.
    mutating func touch(districtOf code: OrganizationCode, from year: Int, cause: String) {
        for (place, organization) in organizations.enumerated()
        where Int(organization.year) >= year && organization.code.district == code.district {
            touch(Int32(truncatingIfNeeded: place), cause: cause)
        }
    }

    /// From now on a year is published: everything of it counts as changed, and so does everything of the complete
    /// years among `dependents`, which look back on it.
    mutating func complete(year: UInt16, dependents: [UInt16] = []) {
        completeYears.insert(year)
        // A year that is published first of all revises nothing, so nothing caused it; one that a later year looks back
        // on does.
        let revises = completeYears.contains { $0 > year }
        for (place, organization) in organizations.enumerated() {
            guard organization.year == year || dependents.contains(organization.year),
                completeYears.contains(organization.year)
            else { continue }
            let origin =
                organization.year == year
                ? place : places[OrganizationYear(year: year, code: organization.code)].map { Int($0) }
            let number = Int32(truncatingIfNeeded: place)
            dirty[number, default: CauseSet()].formUnion(revises ? origin.map { causes[$0] } ?? CauseSet() : CauseSet())
        }
        for (place, organization) in organizations.enumerated() where organization.year == year {
            causes[place] = CauseSet()
        }
    }

    /// The changed places with their causes as text, in the order of years and codes; none is left.
    mutating func takeDirty() -> [(place: Int32, cause: String)] {
        guard !dirty.isEmpty else { return [] }
        let taken = dirty.map { (place: $0.key, cause: $0.value.text) }
        dirty = [:]
        return taken.sorted { organizations[Int($0.place)] < organizations[Int($1.place)] }
    }
}
