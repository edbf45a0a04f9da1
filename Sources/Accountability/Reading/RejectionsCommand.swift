internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages

/// Which rejections to list, by what happened to their rows later.
enum RejectionState: String, EnumerableFlag {
    /// The row was not submitted again since.
    case open
    /// A later submission brought the row again.
    case fixed
    /// Both.
    case all

    static func help(for value: RejectionState) -> ArgumentHelp? {
        switch value {
        case .open: "Only rows that no later submission brought again (the default)."
        case .fixed:
            "Only rows that a later submission brought again; one that was refused again is open under its new place."
        case .all: "Both."
        }
    }
}

/// `accountability rejections`: lists rows that were refused, and why.
struct RejectionsCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "rejections",
        abstract: "Lists the rows that were refused: place, column and code, never the content.",
        discussion: """
              accountability rejections
              accountability rejections 2019 --code unknown_organization
              accountability rejections 2019 --org 00350000 --counts
              accountability rejections --fixed
              accountability rejections --submission 20261124T091500Z-1a2b --format csv
              accountability rejections --without-year
              accountability rejections 2019 --claims

            A rejection is open until a later submission brings the same row again: the same key, whatever its file. A row that could not be \
            read has no key and stays open.

            A row whose school year could not be read belongs to no year. It is listed if no year is named; --without-year lists only such \
            rows. If a year is named, standard error says how many such rows there are.

            Students whom two districts claim are not errors, because their rows count: --claims lists them.

            Exit codes: 0 done; 64 usage; 65 there is no such year; 69 no broker answers; 78 the topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @OptionGroup var schoolYear: OptionalYearArgument
    var year: Int? { schoolYear.year }

    @Flag(help: "Only rows whose school year could not be read.")
    var withoutYear = false

    @Flag(exclusivity: .exclusive)
    var state: RejectionState = .open

    @Flag(help: "List the students whom two districts claim, instead of errors.")
    var claims = false

    @Flag(help: "Count rows by code, file and organization instead of listing them.")
    var counts = false

    @OptionGroup var organization: OrganizationOption

    @Option(help: ArgumentHelp("One submission.", valueName: "id"))
    var submission: String?

    @Option(help: ArgumentHelp("One code.", valueName: "code"))
    var code: String?

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    static let columns = [
        "submission", "file", "line", "layout", "code", "column", "school_year", "org_code", "message", "closed_by",
    ]

    func validate() throws {
        guard year == nil || !withoutYear else {
            throw ValidationError("--without-year lists rows of no school year: leave the year out")
        }
    }

    func operate() throws {
        let connection = try broker.connection()
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let chosen = try viewer.chosen()
        let everyone = try reader.table(TableTopics.rejections) { submission == nil || $0.submission == submission }
            .map(\.message)
        let all =
            chosen == .department
            ? everyone : try shown(everyone, submissions: InstallationReader.seenSubmissions(by: chosen, connection))
        for note in [note(on: all), claimNote(on: all)] { if let note { Standard.error(note) } }
        let rejections = all.filter(isMeant)
            .sorted { ($0.submission, $0.line, $0.code, $0.column) < ($1.submission, $1.line, $1.code, $1.column) }
        if rejections.isEmpty, let year {
            let years = Set(all.map { Int($0.schoolYear) }).subtracting([0]).sorted()
            try AbsentYear.settle("rejections", year: year, years: years, connection)
        }
        let format = output.chosen
        if counts {
            let listing = RejectionCounts.listing(rejections)
            return try format == .json ? Standard.output(RejectionCounts.json(rejections)) : listing.write(format)
        }
        if format == .json { return Standard.output(try MessageJSON.array(rejections)) }
        try Listing(Self.columns, rejections.map(Self.fields)).write(format)
    }

    /// The rejections that the viewer sees: those of its own organizations.
    ///
    /// A file that somebody else submitted is not named.
    ///
    /// - `submissions`: those that the viewer sees.
    func shown(
        _ all: [Accountability_V1_Rejection],
        submissions: Set<String>
    ) throws -> [Accountability_V1_Rejection] {
        try all.filter { try viewer.isOwn($0.orgCode) }
            .map { rejection in
                var shown = rejection
                if !submissions.contains(rejection.submission) { shown.fileName = "" }
                return shown
            }
    }

    /// Whether a rejection is selected.
    func isMeant(_ rejection: Accountability_V1_Rejection) -> Bool {
        isOfPlace(rejection) && isClaim(rejection) == asksForClaims && isOfState(rejection)
    }

    /// Whether to list claims, which are not errors.
    private var asksForClaims: Bool { claims || code.flatMap { RejectionCode(rawValue: $0) }?.isNote == true }

    private func isClaim(_ rejection: Accountability_V1_Rejection) -> Bool {
        RejectionCode(rawValue: rejection.code)?.isNote == true
    }

    private func isOfState(_ rejection: Accountability_V1_Rejection) -> Bool {
        switch state {
        case .open: rejection.closedBy.isEmpty
        case .fixed: !rejection.closedBy.isEmpty
        case .all: true
        }
    }

    private func isOfPlace(_ rejection: Accountability_V1_Rejection) -> Bool {
        if let year, Int(rejection.schoolYear) != year { return false }
        if withoutYear, rejection.schoolYear != 0 { return false }
        if let code, rejection.code != code { return false }
        return organization.selection.contains(rejection.orgCode)
    }

    /// The note about rows that a year leaves out because their year could not be read; nil if there are none.
    func note(on all: [Accountability_V1_Rejection]) -> String? {
        guard year != nil else { return nil }
        let rows = Set(
            all.filter { $0.schoolYear == 0 && (self.code == nil || $0.code == self.code) && isOfState($0) }
                .map { "\($0.submission)/\($0.line)" }
        )
        .count
        guard rows > 0 else { return nil }
        let submission = self.submission.map { " --submission \($0)" } ?? ""
        let code = self.code.map { " --code \($0)" } ?? ""
        return
            "rejections: \(rows) row\(rows == 1 ? "" : "s") whose school year could not be read \(rows == 1 ? "is" : "are") not among these: "
            + "`accountability rejections --without-year\(submission)\(code)` lists \(rows == 1 ? "it" : "them")"
    }

    /// The note about claims beside the errors; nil if there are none.
    func claimNote(on all: [Accountability_V1_Rejection]) -> String? {
        guard !asksForClaims, code == nil else { return nil }
        let count = all.count { isOfPlace($0) && isClaim($0) && isOfState($0) }
        guard count > 0 else { return nil }
        return
            "rejections: \(count) row\(count == 1 ? "" : "s") of students whom two districts claim \(count == 1 ? "is" : "are") not among these, because "
            + "\(count == 1 ? "it counts" : "they count"): `accountability rejections --claims` lists \(count == 1 ? "it" : "them")"
    }

    static func fields(_ rejection: Accountability_V1_Rejection) -> [String] {
        [
            rejection.submission, rejection.fileName, String(rejection.line), rejection.layout, rejection.code,
            rejection.column,
            rejection.schoolYear == 0 ? "" : String(rejection.schoolYear), rejection.orgCode, rejection.message,
            rejection.closedBy,
        ]
    }
}

/// Rows by code, file and organization.
enum RejectionCounts {
    private struct Place: Hashable, Comparable {
        var code, file, organization: String
        static func < (left: Place, right: Place) -> Bool {
            (left.code, left.file, left.organization) < (right.code, right.file, right.organization)
        }
    }

    private struct Count: Encodable {
        var code, file, orgCode: String
        var rows: Int
    }

    private static func counts(_ rejections: [Accountability_V1_Rejection]) -> [Count] {
        var rows: [Place: Set<String>] = [:]
        for rejection in rejections {
            let place = Place(code: rejection.code, file: rejection.fileName, organization: rejection.orgCode)
            rows[place, default: []].insert("\(rejection.submission)/\(rejection.line)")
        }
        return rows.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
            .map { Count(code: $0.key.code, file: $0.key.file, orgCode: $0.key.organization, rows: $0.value.count) }
    }

    /// The most frequent first.
    static func listing(_ rejections: [Accountability_V1_Rejection]) -> Listing {
        Listing(
            ["code", "file", "org_code", "rows"],
            counts(rejections).map { [$0.code, $0.file, $0.orgCode, String($0.rows)] }
        )
    }

    /// One array of objects.
    static func json(_ rejections: [Accountability_V1_Rejection]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(counts(rejections)) else { return "[]\n" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}

/// Rows that wait for their organization: refused because it was never declared, or was deleted, and not submitted
/// again since.
struct WaitingRows: Hashable {
    let schoolYear: Int
    let orgCode: String
    let rows: Int

    /// The rows that wait, by organization and year.
    static func found(in rejections: some Sequence<Accountability_V1_Rejection>) -> [WaitingRows] {
        var rows: [String: (year: Int, org: String, rows: Set<String>)] = [:]
        for rejection in rejections
        where rejection.code == RejectionCode.unknownOrganization.rawValue && rejection.closedBy.isEmpty {
            let key = "\(rejection.schoolYear)/\(rejection.orgCode)"
            rows[key, default: (Int(rejection.schoolYear), rejection.orgCode, [])].rows
                .insert("\(rejection.submission)/\(rejection.line)")
        }
        return rows.values.map { WaitingRows(schoolYear: $0.year, orgCode: $0.org, rows: $0.rows.count) }
            .sorted { ($0.schoolYear, $0.orgCode) < ($1.schoolYear, $1.orgCode) }
    }

    /// The finding of `doctor`; nil if no rows wait.
    static func finding(_ waiting: [WaitingRows]) -> Finding? {
        guard !waiting.isEmpty else { return nil }
        let shown = waiting.prefix(5).map { "\($0.rows) of \($0.orgCode) in \($0.schoolYear)" }.joined(separator: ", ")
        return .warning(
            "unknown organizations",
            "",
            "\(waiting.reduce(0) { $0 + $1.rows }) rows are not counted, because their organizations were never declared or were deleted: \(shown)"
                + (waiting.count > 5 ? ", and of \(waiting.count - 5) others" : ""),
            "declare the organizations, and the rows count by themselves; or correct their org_code: `accountability rejections --code unknown_organization`"
        )
    }
}
