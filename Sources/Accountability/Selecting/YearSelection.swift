internal import ArgumentParser
internal import Messages
internal import Operating
internal import Products
internal import Rules

/// The selected organizations: all, one, or a district with its schools.
struct OrganizationSelection: Equatable {
    /// The code that was named; nil for all.
    let code: OrganizationCode?

    /// All of them.
    static let all = OrganizationSelection(code: nil)

    private init(code: OrganizationCode?) { self.code = code }

    /// The selection of a code.
    ///
    /// - Throws: `ValidationError` if it is not eight digits.
    init(_ text: String) throws {
        guard let code = OrganizationCode(text) else {
            throw ValidationError("--org takes eight digits, leading zeros included")
        }
        self.code = code
    }

    /// Whether an organization is selected: the state's code selects all, a district's code its schools too.
    func contains(_ organization: OrganizationCode) -> Bool {
        guard let code else { return true }
        switch code.type {
        case .state: return true
        case .district: return organization.district == code
        case .school: return organization == code
        }
    }

    /// Whether the organization of a message is selected.
    ///
    /// Its code is not always there.
    func contains(_ organization: String) -> Bool {
        code.map { $0.type == .state } ?? true || OrganizationCode(organization).map(contains) ?? false
    }
}

/// The option that selects the organizations of a command.
struct OrganizationOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("One organization; a district's code takes its schools too.", valueName: "code"),
        transform: { try OrganizationSelection($0) }
    )
    var org: OrganizationSelection?

    /// The selection; all organizations without the option.
    var selection: OrganizationSelection { org ?? .all }
}

/// The records of one school year in a table of the pipeline, whose keys begin with the year and the organization.
struct YearSelection {
    let year: Int
    let organizations: OrganizationSelection

    /// A year.
    ///
    /// - Throws: `ValidationError` if it is not a year.
    init(_ year: Int, _ organizations: OrganizationSelection) throws {
        try SchoolYear.validate(year)
        self.year = year
        self.organizations = organizations
    }

    /// Whether a key is of the year and of a selected organization.
    ///
    /// Other keys of the year, such as thresholds, count as well.
    func contains(_ key: some SchoolYearKey) -> Bool {
        key.schoolYear == year && key.subject.map(organizations.contains) ?? true
    }

    /// The newest messages of the year in a topic, in the order of their keys, and every year that the topic has.
    func read<Key: SchoolYearKey, Message>(_ table: Topic<Key, Message>, from connection: Connection) throws -> (
        messages: [Message], years: [Int]
    ) {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var years: Set<Int> = []
        let entries = try reader.table(table) { key in
            years.insert(key.schoolYear)
            return contains(key)
        }
        return (entries.map(\.message), years.sorted())
    }

    /// The official results of the year as the public sees them, in the order of their keys.
    ///
    /// - Throws: `Failure` if nobody ever opened the year. If nothing of the year is public, standard error says so.
    func readPublications(
        _ connection: Connection,
        where isWanted: (Accountability_V1_Publication) -> Bool = { _ in true }
    ) throws -> [Accountability_V1_Publication] {
        let (all, years) = try read(TableTopics.publications, from: connection)
        let publications = all.filter { $0.isOfficial && isWanted($0) }
        try note("publications", isEmpty: publications.isEmpty, years: years, connection)
        return publications
    }

    /// Says what there is, if there is nothing of the year.
    ///
    /// Throws `Failure` if nobody ever opened the year.
    func note(_ what: String, isEmpty: Bool, years: [Int], _ connection: Connection) throws {
        guard isEmpty else { return }
        try AbsentYear.settle(what, year: year, years: years, connection)
    }

    /// What there is instead of a missing year.
    static func absence(_ what: String, year: Int, years: [Int]) -> String {
        if years.contains(year) { return "no \(what) of \(year) match the options" }
        let others =
            years.isEmpty
            ? "there are none of any year" : "there are those of \(years.map(String.init).joined(separator: ", "))"
        return "no \(what) of \(year); \(others)"
    }
}
