internal import Reading

/// The tables of a page as files: what the page shows, with all parts of a list that is shown in parts.
///
/// The links stand below each table. The files are made from the page itself, so they have exactly its figures.
struct TableFiles: Sendable {
    /// The forms of a file.
    enum Form: String, CaseIterable, Sendable {
        case csv
        case xlsx

        /// The form in words.
        var title: String { self == .csv ? "as CSV" : "as a workbook" }
    }

    static let parameter = QueryParameter(
        "table",
        "The table, by its name in the page's links; not needed if the page has only one.",
        .text(100)
    )

    /// The path of a page's files.
    static func path(_ page: String, _ form: Form) -> String { "\(page)/tables.\(form.rawValue)" }

    /// The parameters of a page's files: those of the page, but a file has all parts of a list.
    static func parameters(_ page: [QueryParameter]) -> [QueryParameter] {
        page.filter { parameter in !ListParts.parameters.contains { $0.name == parameter.name } } + [parameter]
    }

    /// The path of the page that is shown.
    let path: String
    /// What it was asked for.
    let query: [String: String]

    init(_ path: String, _ query: [String: String] = [:]) {
        self.path = path
        self.query = query
    }

    /// The beginnings of the links' addresses; the name of a table completes each.
    var context: [String: Any] {
        Form.allCases.reduce(into: [:]) { context, form in
            let address = Address.of(Self.path(path, form), query, with: ["limit": nil, "next": nil])
            context[form.rawValue] = "\(address)\(address.contains("?") ? "&" : "?")\(Self.parameter.name)="
        }
    }
}

/// What a page or one of its files is made from.
protocol PageCall {
    /// The data.
    var tables: ConsoleTables { get }
    /// The parameters of the request.
    var query: [String: String] { get set }
    /// Whether a list is shown whole, for a file, and not in parts.
    var isWhole: Bool { get set }
}

extension ConsoleCall: PageCall {}

extension PageCall {
    /// The call for the page that a file is made from, with all parts of a list.
    var whole: Self {
        var whole = self
        whole.isWhole = true
        whole.query[TableFiles.parameter.name] = nil
        return whole
    }

    /// The file that this call is for.
    ///
    /// - Parameters:
    ///   - form: of the file.
    ///   - content: of the page.
    /// - Returns: the file.
    /// - Throws: ``Problem`` if the page does not have the table.
    func file(_ form: TableFiles.Form, of content: ConsoleContent) throws -> ConsoleContent {
        try content.table(query[TableFiles.parameter.name], form, issued: tables.lastIssued)
    }
}

extension ConsoleContent {
    /// A table of this page as a file.
    ///
    /// - Parameters:
    ///   - name: the table's name; nil if the page has only one.
    ///   - form: of the file.
    ///   - issued: when the newest figures were issued, in milliseconds since 1970.
    /// - Returns: the file.
    /// - Throws: ``Problem`` if the page does not have the table.
    func table(_ name: String?, _ form: TableFiles.Form, issued: Int64) throws -> ConsoleContent {
        let found = tables.first { $0.name == name } ?? (name == nil && tables.count == 1 ? tables.first : nil)
        guard let table = found else {
            let names = Set(tables.map(\.name)).sorted().joined(separator: ", ")
            throw Problem(
                404,
                names.isEmpty
                    ? "the page has no table now"
                    : "name a table of the page with '\(TableFiles.parameter.name)'; there are \(names)"
            )
        }
        switch form {
        case .csv: return .csv(table.listing, table.name)
        case .xlsx:
            return try .workbook(
                table.listing,
                table.name,
                title: table.caption,
                numbers: table.numberNames,
                issued: issued
            )
        }
    }
}

extension TablePart {
    /// The tables in the content of a page.
    static func all(in content: Any) -> [TablePart] {
        guard let context = content as? [String: Any] else {
            return (content as? [Any])?.flatMap { all(in: $0) } ?? []
        }
        if let table = context["part"] as? TablePart { return [table] }
        return context.sorted { $0.key < $1.key }.flatMap { all(in: $0.value) }
    }
}
