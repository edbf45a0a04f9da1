internal import Reading
internal import Rules

/// A page: everything around its content.
struct Page {
    let title: String
    var place: PagePlace?
    /// The small line above the title.
    var above: String?
    var lead: String?
    /// The address of the same content in the API.
    var api: String?
    /// The page's address, if its tables are files too.
    var files: TableFiles?
    /// Whether the page renews itself.
    var isLive = false
    /// The address that the browser opens next by itself.
    var next: String?
    /// A script that makes the page more convenient.
    ///
    /// The page also works without it.
    var script: String?
    /// The years of the same page, each with its address and whether it is the current one.
    var years: [(year: Int, address: String, isCurrent: Bool)] = []

    /// Puts the page around a template's content.
    func html(_ tables: ConsoleTables, year: Int? = nil, _ template: String, _ content: [String: Any]) throws
        -> ConsoleContent
    {
        var content = content
        content["table_files"] = files?.context
        return ConsoleContent(
            PageLayout(
                page: self,
                content: try Templates.render(template, content),
                year: year ?? tables.determinedYears.first,
                area: tables.area,
                isPublished: !tables.publishedYears.isEmpty,
                embargoes: tables.ownEmbargoes,
                revision: tables.revision,
                silence: tables.silence?.text
            ),
            tables: files == nil ? [] : TablePart.all(in: content)
        )
    }

    /// The page for a problem.
    static func problem(_ problem: Problem, _ tables: ConsoleTables, in frame: PageFrame) -> String {
        let page = Page(title: problem.title)
        let context: [String: Any] = ["sentence": Words.sentence(problem.detail)]
        let bytes = try? page.html(tables, "problem", context).bytes(in: frame)
        return bytes.map { String(decoding: $0, as: UTF8.self) } ?? problem.title
    }
}
