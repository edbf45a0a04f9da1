internal import Messages
internal import Operating
internal import Reading

/// What waits for an approval.
enum HeldCheck {
    /// Submissions with rows that wait.
    static func held(_ connection: Connection) throws -> [HeldSubmission] {
        let reader = try InstallationReader(connection, topics: [Topics.submissions, Topics.receipts])
        defer { reader.close() }
        try reader.catchUp()
        return reader.view.held
    }

    /// A warning for each; none where the topics cannot be read, which other checks say.
    static func findings(_ connection: Connection) -> [Finding] {
        guard let held = try? held(connection) else { return [] }
        return held.map { .warning("held", $0.id, $0.text, HeldSubmission.remedy($0.id)) }
    }
}
