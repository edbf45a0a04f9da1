internal import Mustache
internal import Reading

/// Templates of pages.
///
/// Values are escaped, except markup that this program made; a template marks those places.
package struct MarkupTemplates: Sendable {
    /// Escapes every scalar that could be markup.
    ///
    /// The library's own way looks at characters: it leaves a quotation mark that an accent follows as it is, and with
    /// it somebody's text could end an attribute.
    private struct Markup: MustacheContentType {
        static let name = "MARKUP"

        func escapeText(_ text: String) -> String { MarkupText.escaped(text) }
    }

    private let library: MustacheLibrary

    /// - Throws: if a template cannot be read. A test detects that.
    package init(_ sources: [(name: String, text: String)]) throws {
        MustacheContentTypes.register(Markup(), named: Markup.name)
        var library = MustacheLibrary()
        for source in sources {
            try library.register("{{% CONTENT_TYPE: \(Markup.name)}}\(source.text)", named: source.name)
        }
        self.library = library
    }

    /// Fills a template; nil if there is none of this name.
    package func render(_ name: String, _ context: [String: Any]) -> String? {
        library.render(context, withTemplate: name)
    }
}
