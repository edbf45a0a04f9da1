internal import Messages
internal import Operating
internal import Rules
internal import Stages

/// How far a published determination is from each cut, from the installation's topics.
struct ExplainMargins {
    let connection: Connection
    let determination: Accountability_V1_Determination

    /// Every cut, the nearest first.
    func margins() throws -> [DeterminationMargin] {
        let year = Int(determination.schoolYear)
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let acts = try reader.table(TableTopics.directives)
        let tables = try MarginTables(year: year, Connection.frameworks(onRecord: acts.map(\.message)))
        let organization = OrganizationCode(determination.orgCode)
        let participation = try reader.table(TableTopics.participation) { key in
            key.schoolYear == year && key.organization == organization && key.grade == ParticipationKey.allGrades
        }
        for row in participation { tables.take(row.message) }
        let percentiles = try reader.table(TableTopics.percentiles) { key in
            guard key.schoolYear == year else { return false }
            return if case .percentile = key.entry { false } else { true }
        }
        for row in percentiles { tables.take(row.message, key: row.key) }
        guard determination.type == .school else { return try tables.margins(of: determination) }
        for row in try reader.table(TableTopics.standings) { tables.take(row.message) }
        for row in acts { tables.take(row.message) }
        return try tables.margins(of: determination)
    }

    /// For people.
    func text() throws -> String {
        let margins = try margins()
        let title = "\(determination.name) (\(determination.orgCode)), \(determination.schoolYear)"
        guard !margins.isEmpty else { return "\(title): no cut is near, as no determination was issued\n" }
        return "\(title): \(SweepText.outcome(DeterminationOutcome(of: determination)))\n\n" + SweepText.lines(margins)
            + "\nAt least this many results would have to differ: `accountability help sweep` explains how they are counted.\n"
    }
}
