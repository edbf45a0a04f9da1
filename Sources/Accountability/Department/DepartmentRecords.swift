internal import Messages
internal import Operating
internal import Reading
internal import Rules

extension DepartmentRecords {
    /// Reads the records of an installation.
    init(_ connection: Connection) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        self.init(try reader.table(TableTopics.directives).map(\.message))
    }

    /// Reads those records of an installation that a viewer sees.
    init(_ connection: Connection, for viewer: ViewerOption) throws {
        switch try viewer.chosen() {
        case .department: try self.init(connection)
        case .everybody: self.init([])
        case .district(let district):
            let results = try AllDeterminations(connection, for: viewer).messages
            let reader = try TopicReader(connection)
            defer { reader.close() }
            let acts = try reader.table(TableTopics.directives)
            self.init(acts.filter { Self.isShown($0.key, to: district, results) }.map(\.message))
        }
    }

    /// Whether a district sees an act.
    ///
    /// - `results`: the determinations that it sees.
    static func isShown(
        _ key: DirectiveKey,
        to district: OrganizationCode,
        _ results: [Accountability_V1_Determination]
    ) -> Bool {
        let areResultsSeen = results.contains {
            Int($0.schoolYear) == key.schoolYear && OrganizationCode($0.orgCode) == key.organization
        }
        return key.isShown(to: district, areResultsSeen: areResultsSeen)
    }
}

/// The declared districts and schools of a school year.
struct DeclaredOrganizations {
    /// Each organization's code and facts.
    let organizations: [(code: OrganizationCode, facts: Accountability_V1_Organization)]

    /// Reads the organizations of an installation.
    init(_ connection: Connection, year: Int) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let entries = try reader.table(TableTopics.indicators) { $0.schoolYear == year && $0.entry == .organization }
        organizations = entries.map { ($0.key.organization, $0.message.organization) }
    }

    /// The school years that have declared organizations.
    static func years(_ connection: Connection) throws -> [Int] {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var years: Set<Int> = []
        try reader.read(Topics.indicators) { record in
            guard let key = record.key(of: TableTopics.indicators), key.entry == .organization else { return }
            years.insert(key.schoolYear)
        }
        return years.sorted()
    }
}
