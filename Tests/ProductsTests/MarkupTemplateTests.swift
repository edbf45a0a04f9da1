import Testing

@testable import Products

/// What is put into the templates of pages.
@Suite struct MarkupTemplateTests {
    @Test("Everything that could be markup is escaped, whatever accent follows it, in parts of a page too")
    func escaping() throws {
        let templates = try MarkupTemplates([
            ("page", "<p title=\"{{value}}\">{{#list}}{{> part}}{{/list}}{{{made}}}</p>"), ("part", "<i>{{.}}</i>"),
        ])
        for (mark, entity) in [("\"", "&quot;"), ("'", "&#39;"), ("<", "&lt;"), (">", "&gt;"), ("&", "&amp;")] {
            for accent in ["", "\u{301}", "\u{200D}", "\u{FE0F}"] {
                let text = mark + accent
                let context: [String: Any] = ["value": text, "list": [text], "made": "<b>"]
                let page = try #require(templates.render("page", context))
                let expected = "<p title=\"\(entity)\(accent)\"><i>\(entity)\(accent)</i><b></p>"
                // Compare bytes: for Swift, a mark with its accent is one character.
                #expect(Array(page.utf8) == Array(expected.utf8), "\(page)")
            }
        }
        #expect(templates.render("none", [:]) == nil)
    }
}
