internal import ArgumentParser
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages

/// `accountability completeness`: shows which rows of a school year have arrived and which are missing.
struct CompletenessCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "completeness",
        abstract: "Shows which rows of a school year have arrived and which are missing.",
        discussion: """
              accountability completeness 2019
              accountability completeness 2019 --missing
              accountability completeness 2019 --org 00350000 --format csv

            Each line is a district and a layout: how many rows were expected, how many have arrived and are valid, and how many were \
            refused and not submitted again. The expected number is the number of valid rows of the year before. If there are none, it is \
            the declared enrolment for attendance. Findings:

            \(Completeness.Finding.list)

            The rows that a closed organization had the year before are not expected again.

            If fewer rows were expected than the minimum size, nothing counts as missing.

            `close-year` asks for a reason if a district that had student rows the year before is silent.

            Exit codes: 0 nothing is missing; 64 usage; 65 something is missing, or there is no such year; 69 no broker answers; 78 a topic is \
            missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: YearArgument
    var year: Int { schoolYear.year }

    @Flag(help: "Only lines with a finding.")
    var missing = false

    @OptionGroup var organization: OrganizationOption

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    func operate() throws {
        let connection = try broker.connection()
        let completeness = try Completeness(connection, year: year)
        if completeness.lines.isEmpty {
            try AbsentYear.settle("rows", year: year, years: completeness.years, connection)
        }
        // A file that waits may be another district's.
        if try viewer.chosen() == .department {
            for held in try InstallationReader.held(connection) where held.years.contains(year) {
                Standard.error("completeness: \(held.text); waiting rows are not counted")
            }
        }
        let selection = organization.selection
        let meant = try completeness.lines.filter { try selection.contains($0.orgCode) && viewer.isOwn($0.orgCode) }
        let found = meant.filter { $0.finding != nil }
        let shown = missing ? found : meant
        let format = output.chosen
        if format == .json { try JSONOutput.write(shown) } else { try Self.listing(shown).write(format) }
        guard !found.isEmpty else { return Standard.error("completeness: nothing of \(year) is missing") }
        throw Failure(.badInput, "\(year): \(Completeness.summary(found))")
    }

    /// The lines as a table.
    static func listing(_ lines: [Completeness.Line]) -> Listing {
        Listing(
            ["school_year", "org_code", "name", "layout", "expected", "basis", "arrived", "rejected", "finding"],
            lines.map { line in
                [
                    String(line.schoolYear), line.orgCode, line.name, line.layout,
                    line.expected.map(String.init) ?? "", line.basis?.rawValue ?? "", String(line.arrived),
                    String(line.rejected), line.finding?.rawValue ?? "",
                ]
            }
        )
    }
}

extension Completeness {
    /// What is missing of a school year in an installation.
    init(_ connection: Connection, year: Int) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var changes = OrganizationChanges()
        for act in try reader.table(TableTopics.directives).map(\.message) {
            guard let change = act.organizationChange else { continue }
            changes.set(change, schoolYear: change.schoolYear, of: change.organization, former: change.former)
        }
        let rows = try StandingRows(of: [year - 1, year], connection) { code, of in
            of < year && changes.isClosed(code, in: year)
        }
        let facts = Facts(
            rows: rows.counts,
            organizations: rows.organizations(of: year),
            declaredBefore: Set(rows.organizations(of: year - 1).keys),
            withTargets: rows.withTargets(in: year),
            withEnrollment: rows.withEnrollment(in: year),
            withGradesOnly: rows.withGradesOnly(in: year),
            rejections: try reader.table(TableTopics.rejections).map(\.message).filter { Int($0.schoolYear) == year },
            years: rows.met,
            changes: changes
        )
        self.init(facts, year: year, try connection.frameworks().ifCovered(schoolYear: year))
    }

    /// How many lines have each finding, and the first few lines.
    static func summary(_ found: [Line]) -> String {
        var counts: [Finding: Int] = [:]
        for line in found { if let finding = line.finding { counts[finding, default: 0] += 1 } }
        let parts = counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
            .map { "\($0.value) \($0.key.rawValue)" }
        let shown = found.prefix(3).map { "\($0.orgCode) \($0.layout)" }.joined(separator: ", ")
        return "\(parts.joined(separator: ", ")) (\(shown)\(found.count > 3 ? ", …" : ""))"
    }
}
