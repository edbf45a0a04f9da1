internal import Messages
internal import Operating
internal import Reading
internal import Rules

extension DepartmentRecords {
    /// The records of an installation.
    init(_ connection: Connection) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        self.init(try reader.table(TableTopics.directives).map(\.message))
    }
}

/// The declared districts and schools of a school year.
struct DeclaredOrganizations {
    /// By code.
    let organizations: [(code: OrganizationCode, facts: Accountability_V1_Organization)]

    /// Those of an installation.
    init(_ connection: Connection, year: Int) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let entries = try reader.table(TableTopics.indicators) { $0.schoolYear == year && $0.entry == .organization }
        organizations = entries.map { ($0.key.organization, $0.message.organization) }
    }

    /// The school years for which organizations are declared.
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
