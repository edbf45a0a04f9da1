internal import Mustache
internal import Reading

/// A page made for print: a heading, figures, and sections with plots and tables.
struct PrintedPage {
    /// A part of a section: a plot, a table, or both.
    struct Part {
        var subheading: String?
        /// Markup that this program made.
        var plot: String?
        var table: TablePart?

        fileprivate var context: [String: Any] {
            // A name that is absent here would be looked for further out.
            [
                "subheading": subheading ?? false as Any, "plot": plot ?? false as Any,
                "table": table.map { $0.context as Any } ?? false,
            ]
        }
    }

    /// A section with its heading.
    struct Section {
        let heading: String
        var words: [String] = []
        var parts: [Part] = []
    }

    let title: String
    var above = ""
    var lead = ""
    /// What is most important, by name.
    var figures: [(name: String, figure: String)] = []
    var sections: [Section] = []
    let foot: String

    /// The document; whatever is put into it is escaped.
    func html() throws -> String {
        var context: [String: Any] = [
            "title": title, "foot": foot, "style": Self.style,
            "sections": sections.map { section in
                [
                    "heading": section.heading, "words": section.words,
                    "parts": section.parts.map(\.context),
                ] as [String: Any]
            },
        ]
        if !above.isEmpty { context["above"] = above }
        if !lead.isEmpty { context["lead"] = lead }
        if !figures.isEmpty {
            context["figures"] = ["each": figures.map { ["name": $0.name, "figure": $0.figure] }]
        }
        guard let text = try Self.library.get().render(context, withTemplate: "page") else {
            throw PageError("there is no template of a page")
        }
        return text
    }

    private static let style = String(decoding: PackageResources.print_css, as: UTF8.self)

    private static let library: Result<MustacheLibrary, any Error> = Result {
        var library = MustacheLibrary()
        try library.register(String(decoding: PackageResources.page_mustache, as: UTF8.self), named: "page")
        try library.register(TablePart.template, named: "table")
        return library
    }
}

/// Why a page cannot be made.
struct PageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
