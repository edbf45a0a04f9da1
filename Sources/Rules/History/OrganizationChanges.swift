/// The changes of organizations that stand, with the acts by which the Department declared an organization
/// reconfigured.
///
/// Results depend only on what stands, and not on the order in which it came. Rows of a school year that contradict
/// each other carry nothing over:
///
/// - an organization has several changes, or was recoded or split from several codes;
/// - a code is taken over by several organizations that are not all parts of it.
///
/// Codes that move on within a year contradict nothing, nor do codes that go in a circle, as of two schools that swap
/// theirs: a former code is always that of the year before, so each organization has the history of the one before it.
/// What a contradiction does not carry over stays where it is: the organizations have no earlier years, and acts of the
/// Department and federal identifications stay with the code under which they were made.
public struct OrganizationChanges: Sendable {
    private struct Place: Hashable {
        let year: Int
        let organization: OrganizationCode
    }

    private var rows: [Place: [OrganizationChange]] = [:]
    /// The years with rows of an organization.
    private var years: [OrganizationCode: Set<Int>] = [:]
    /// The rows that name a former code.
    private var takers: [Place: [OrganizationChange]] = [:]
    private var reconfigurations: [OrganizationCode: Set<Int>] = [:]

    /// No changes.
    public init() {}

    /// Whether nothing ever changed.
    public var isEmpty: Bool { rows.isEmpty && reconfigurations.isEmpty }

    /// Sets the change under a key, or removes it.
    public mutating func set(
        _ change: OrganizationChange?,
        schoolYear: Int,
        of organization: OrganizationCode,
        former: OrganizationCode?
    ) {
        let place = Place(year: schoolYear, organization: organization)
        if let old = rows[place]?.first(where: { $0.former == former }) {
            rows[place] = Self.without(old, rows[place])
            if let former {
                let taken = Place(year: schoolYear, organization: former)
                takers[taken] = Self.without(old, takers[taken])
            }
        }
        if let change {
            rows[place, default: []].append(change)
            if let former { takers[Place(year: schoolYear, organization: former), default: []].append(change) }
        }
        if rows[place] == nil {
            years[organization]?.remove(schoolYear)
            if years[organization]?.isEmpty == true { years[organization] = nil }
        } else {
            years[organization, default: []].insert(schoolYear)
        }
    }

    /// Sets the school years in which the Department declared an organization reconfigured.
    public mutating func set(reconfigurations years: Set<Int>, of organization: OrganizationCode) {
        reconfigurations[organization] = years.isEmpty ? nil : years
    }

    private static func without(_ row: OrganizationChange, _ rows: [OrganizationChange]?) -> [OrganizationChange]? {
        let others = (rows ?? []).filter { $0 != row }
        return others.isEmpty ? nil : others
    }

    // MARK: Reading

    /// The rows of an organization in a school year, by their former codes.
    public func changes(of organization: OrganizationCode, in year: Int) -> [OrganizationChange] {
        (rows[Place(year: year, organization: organization)] ?? [])
            .sorted { ($0.former ?? .state, $0.kind) < ($1.former ?? .state, $1.kind) }
    }

    /// All rows of a school year, by organization.
    public func changes(in year: Int) -> [OrganizationChange] {
        rows.keys.filter { $0.year == year }.map(\.organization).sorted().flatMap { changes(of: $0, in: year) }
    }

    /// The organizations that name a code as their former one in a school year.
    public func takers(of former: OrganizationCode, in year: Int) -> [OrganizationCode] {
        (takers[Place(year: year, organization: former)] ?? []).map(\.organization).sorted()
    }

    /// Every organization that takes, or may take, the history of a code in a later year, directly or through others.
    public func heirs(of code: OrganizationCode) -> Set<OrganizationCode> {
        guard !takers.isEmpty else { return [] }
        var direct: [OrganizationCode: Set<OrganizationCode>] = [:]
        for (place, changes) in takers {
            direct[place.organization, default: []].formUnion(changes.map(\.organization))
        }
        var found: Set<OrganizationCode> = []
        var open = [code]
        while let next = open.popLast() {
            for heir in direct[next] ?? [] where heir != code && found.insert(heir).inserted { open.append(heir) }
        }
        return found
    }

    /// Whether rows of an organization in a school year contradict each other or those of others.
    public func isContradicted(_ organization: OrganizationCode, in year: Int) -> Bool {
        let own = rows[Place(year: year, organization: organization)] ?? []
        // Other grades go with every other change but the end of the organization.
        let kinds = Set(own.map(\.kind).filter { $0 != .gradesChanged })
        guard let kind = kinds.first else { return false }
        guard kinds.count == 1, kind == .merged || own.count(where: { $0.kind == kind }) == 1 else { return true }
        guard kind.namesFormerCode else { return false }
        return own.contains { row in
            guard let former = row.former else { return false }
            let rivals = takers[Place(year: year, organization: former)] ?? []
            return rivals.count > 1 && rivals.contains { $0.kind != .split }
        }
    }

    /// Whether the organization that had a code in a school year lost it until a later one: it was closed, or another
    /// organization took its history.
    public func wasGivenUp(_ code: OrganizationCode, after year: Int, by later: Int) -> Bool {
        guard year < later else { return false }
        return (year + 1...later)
            .contains { at in
                changes(of: code, in: at).contains { $0.kind == .closed }
                    || takers(of: code, in: at).contains { $0 != code }
            }
    }

    /// Whether an organization no longer exists in a school year: its latest change is its end.
    public func isClosed(_ organization: OrganizationCode, in year: Int) -> Bool {
        guard let latest = years[organization]?.filter({ $0 <= year }).max() else { return false }
        return changes(of: organization, in: latest).contains { $0.kind == .closed }
            && !isContradicted(organization, in: latest)
    }

    /// The former codes of an organization whose students of the year before were its own students.
    public func formers(
        of organization: OrganizationCode,
        in year: Int,
        _ parameters: OrganizationChangeParameters?
    ) -> [OrganizationCode] {
        guard !rows.isEmpty, !isContradicted(organization, in: year) else { return [] }
        return changes(of: organization, in: year).filter { parameters?.carries($0.kind) ?? false }.compactMap(\.former)
    }

    /// The history of an organization under a framework.
    ///
    /// A change is followed to the code whose history it takes; through several years one after the other.
    ///
    /// - Parameters:
    ///   - organization: the organization.
    ///   - year: the year that looks back.
    ///   - back: how many years.
    ///   - parameters: the rules of that year; without them nothing is carried over.
    /// - Returns: the codes of these years, and the changes on the way.
    public func history(
        of organization: OrganizationCode,
        in year: Int,
        back: Int,
        _ parameters: OrganizationChangeParameters?
    ) -> OrganizationHistory {
        var codes = [organization]
        var reconfigured: Int?
        var steps: [OrganizationHistory.Step] = []
        guard !isEmpty else {
            return OrganizationHistory(codes: codes, reconfigured: reconfigured, steps: steps)
        }
        var current = organization
        for before in 0..<max(0, back) {
            let at = year - before
            var isAnother = reconfigurations[current]?.contains(at) ?? false
            let made = self.steps(of: current, in: at, parameters)
            for step in made where step.kind != .closed && step.taken == nil { isAnother = true }
            if isAnother { reconfigured = reconfigured ?? before }
            steps += made
            current = made.lazy.compactMap(\.taken).first ?? current
            codes.append(current)
        }
        return OrganizationHistory(codes: codes, reconfigured: reconfigured, steps: steps)
    }

    /// The changes of an organization in a year: at most one that names former codes, and other grades.
    private func steps(
        of organization: OrganizationCode,
        in year: Int,
        _ parameters: OrganizationChangeParameters?
    ) -> [OrganizationHistory.Step] {
        let own = changes(of: organization, in: year)
        guard !own.isEmpty else { return [] }
        let isContradicted = isContradicted(organization, in: year)
        return Set(own.map(\.kind)).sorted()
            .compactMap { kind in
                let rows = own.filter { $0.kind == kind }
                var taken: OrganizationCode?
                if !isContradicted, parameters?.carries(kind) ?? false {
                    // Other grades that do not matter change nothing.
                    guard kind != .gradesChanged else { return nil }
                    taken = Self.largest(rows)
                }
                return OrganizationHistory.Step(
                    schoolYear: year,
                    kind: kind,
                    formers: rows.compactMap(\.former),
                    taken: taken,
                    isContradicted: isContradicted
                )
            }
    }

    /// The former code with the largest enrollment; of equals the lowest code.
    private static func largest(_ rows: [OrganizationChange]) -> OrganizationCode? {
        rows.max { left, right in
            let (less, more) = (left.formerEnrollment ?? 0, right.formerEnrollment ?? 0)
            return less == more ? (left.former ?? .state) > (right.former ?? .state) : less < more
        }?
        .former
    }
}

extension OrganizationChanges: CarriesOut {
    /// What is compared with earlier years: percentiles, the criterion-referenced measure, and for whom determinations
    /// are made.
    public static let paragraphs: [Paragraph] = [
        .accountabilityPercentile, .criterionReferenced, .subgroupPercentile, .determinations,
    ]
}
