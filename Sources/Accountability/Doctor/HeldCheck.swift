internal import Operating
internal import Reading

/// Checks for submissions that wait for an approval.
enum HeldCheck {
    /// A warning for each; none if the topics cannot be read, which other checks report.
    static func findings(_ connection: Connection) -> [Finding] {
        guard let held = try? InstallationReader.held(connection) else { return [] }
        return held.map { .warning("held", $0.id, $0.text, HeldSubmission.remedy($0.id)) }
    }
}
