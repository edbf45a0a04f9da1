/// Counts of one measure that belong together, and the sums that everybody can make of them.
public struct DisclosureTable: Sendable {
    /// A count of students.
    public struct Cell: Sendable, Hashable {
        /// What it is of; the same in every measure.
        public let name: String
        /// How many.
        public let count: Int64
        /// Whether nobody publishes it: it is what is left of a sum.
        public let isImplied: Bool
        /// Whether those that it counts are students of whom nothing may be known while they are few.
        public let isPersonal: Bool

        /// Whether it is a group to be protected.
        func isSmall(_ minimum: Int64) -> Bool { isPersonal && count > 0 && count < minimum }

        /// What makes two counts the same in the eyes of an attacker.
        var identity: Identity { Identity(name: name, count: count) }
    }

    /// The name of a count and how many it is.
    struct Identity: Hashable {
        let name: String
        let count: Int64
    }

    /// A sum that holds: the total is that of its parts.
    public struct Sum: Sendable, Hashable {
        /// The place of the total.
        public let total: Int
        /// The places of the parts.
        public let parts: [Int]
    }

    /// The counts.
    public private(set) var cells: [Cell] = []
    /// The sums.
    public private(set) var sums: [Sum] = []
    private var places: [String: Int] = [:]

    /// A table without counts.
    public init() {}

    /// Where a count stands; nil where there is none of the name.
    public func place(of name: String) -> Int? { places[name] }

    /// Adds a count; the first one of a name stays.
    public mutating func add(_ name: String, _ count: Int64) {
        _ = put(name, count, isImplied: false, isPersonal: true)
    }

    private mutating func put(_ name: String, _ count: Int64, isImplied: Bool, isPersonal: Bool) -> Int {
        if let known = places[name] { return known }
        places[name] = cells.count
        cells.append(Cell(name: name, count: count, isImplied: isImplied, isPersonal: isPersonal))
        return cells.count - 1
    }

    /// Adds a sum of counts that are there.
    ///
    /// What the parts lack of the total becomes a count that nobody publishes: students who are in none of the parts.
    /// Where the parts are more than the total they overlap, and no sum can be made of them.
    ///
    /// - Parameters:
    ///   - total: the name of the total.
    ///   - parts: the names of the parts; those that are not there count for nothing.
    ///   - label: what is left is called after it.
    ///   - isPersonal: whether what is left is a group to be protected.
    public mutating func addSum(_ total: String, of parts: [String], rest label: String, isPersonal: Bool = false) {
        guard let place = places[total] else { return }
        var found = parts.compactMap { places[$0] }
        guard !found.isEmpty else { return }
        let rest = found.reduce(cells[place].count) { $0 - cells[$1].count }
        guard rest >= 0 else { return }
        if rest > 0 { found.append(put("\(total) less \(label)", rest, isImplied: true, isPersonal: isPersonal)) }
        sums.append(Sum(total: place, parts: found))
    }

    /// The name of an organization's group.
    public static func name(_ organization: OrganizationCode, _ group: StudentGroup) -> String {
        "\(organization)/\(group.wireName)"
    }

    /// The students of a district and its schools by group, of one measure.
    ///
    /// The sums: the races and ethnicities of an organization make all of its students; those in a group and those who
    /// are not in it, too; the groups that make high needs lie within it; and the schools make the district, in every
    /// group.
    ///
    /// - Parameters:
    ///   - counts: by organization and group.
    ///   - district: the district; every other organization is a school of it.
    ///   - complements: whether those who are not in a group are students to be protected.
    public init(counts: [OrganizationCode: [StudentGroup: Int64]], district: OrganizationCode, complements: Bool) {
        let organizations = counts.keys.sorted()
        for organization in organizations {
            for (group, count) in (counts[organization] ?? [:]).sorted(by: { $0.key < $1.key }) {
                add(Self.name(organization, group), count)
            }
        }
        for organization in organizations {
            func name(_ group: StudentGroup) -> String { Self.name(organization, group) }
            addSum(
                name(.allStudents),
                of: StudentGroup.racialAndEthnic.map(name),
                rest: "races and ethnicities",
                isPersonal: true
            )
            for group in StudentGroup.conditions {
                addSum(name(.allStudents), of: [name(group)], rest: group.wireName, isPersonal: complements)
            }
            for group in StudentGroup.needs {
                addSum(name(.highNeeds), of: [name(group)], rest: group.wireName, isPersonal: complements)
            }
        }
        let schools = organizations.filter { $0 != district }
        for group in StudentGroup.allCases where group != .lowestPerforming {
            // What the schools lack are students of schools without such results, which may be a single small one.
            addSum(
                Self.name(district, group),
                of: schools.map { Self.name($0, group) },
                rest: "schools",
                isPersonal: true
            )
        }
    }
}

extension StudentGroup {
    /// What makes high needs.
    static let needs: [StudentGroup] = [.lowIncome, .elFormerEL, .swd]
    /// What a student can be or not be.
    static let conditions: [StudentGroup] = [.lowestPerforming, .highNeeds] + needs
}
