internal import Reading

/// A report as a page made for print, complete in one file.
struct PrintedPage {
    private let report: ReportDocument

    init(_ report: ReportDocument) { self.report = report }

    /// The document; whatever is put into it is escaped.
    func html() throws -> String {
        var context: [String: Any] = [
            "title": report.title, "foot": report.foot, "style": Self.style, "sections": report.sectionContexts,
        ]
        if !report.above.isEmpty { context["above"] = report.above }
        if !report.lead.isEmpty { context["lead"] = report.lead }
        if !report.figures.isEmpty { context["figures"] = ["each": report.figureContexts] }
        guard let text = try Self.templates.get().render("page", context) else {
            throw PageError("there is no template of a page")
        }
        return text
    }

    private static let style = String(decoding: PackageResources.print_css, as: UTF8.self)

    private static let templates = Result {
        try MarkupTemplates([
            ("page", String(decoding: PackageResources.page_mustache, as: UTF8.self)), ("table", TablePart.template),
        ])
    }
}

/// Why a page cannot be made.
struct PageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
