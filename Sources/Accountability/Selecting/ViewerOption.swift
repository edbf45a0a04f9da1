internal import ArgumentParser
internal import Messages
internal import Operating
internal import Rules

/// The option that says for whom a command prints.
struct ViewerOption: ParsableArguments {
    @Option(
        name: .customLong("as"),
        parsing: .upToNextOption,
        help: ArgumentHelp("Show this view: department (the default), district CODE or public.", valueName: "viewer")
    )
    var words: [String] = []

    func validate() throws { _ = try chosen() }

    /// The viewer.
    ///
    /// - Throws: `ValidationError` if there is no such viewer.
    func chosen() throws -> ResultsViewer {
        switch words {
        case [], ["department"]: return .department
        case ["public"]: return .everybody
        default:
            guard words.count == 2, words[0] == "district", let code = OrganizationCode(words[1]),
                code.type == .district
            else {
                throw ValidationError(
                    "--as takes department, district and its code of eight digits, or public; put it after the arguments"
                )
            }
            return .district(code)
        }
    }

    /// The organizations whose figures of a year are shown whole, by the stage that their determinations have reached.
    ///
    /// - Returns: their codes; nil for all organizations, as the Department sees them.
    /// - Throws: what reading the determinations throws.
    func organizations(of selection: YearSelection, _ connection: Connection) throws -> Set<String>? {
        guard try chosen() != .department else { return nil }
        let (determinations, _) = try selection.read(TableTopics.determinations, from: connection)
        return Set(try determinations.filter(shows).map(\.orgCode))
    }

    /// Whether an organization is the viewer's own.
    ///
    /// All are the Department's, and none is everybody's.
    func isOwn(_ organization: OrganizationCode) throws -> Bool {
        switch try chosen() {
        case .department: true
        case .district(let district): organization.district == district
        case .everybody: false
        }
    }

    /// The same, for the code in a message, which may be missing.
    func isOwn(_ organization: String) throws -> Bool {
        guard let code = OrganizationCode(organization) else { return try chosen() == .department }
        return try isOwn(code)
    }

    /// Whether a determination is shown with everything in it.
    func shows(_ determination: Accountability_V1_Determination) throws -> Bool {
        guard let code = OrganizationCode(determination.orgCode) else { return false }
        return try (determination.stage ?? .preliminary).view(of: code, for: chosen()) == .everything
    }
}
