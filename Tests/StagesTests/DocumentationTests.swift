import Foundation
import Testing

/// What the written pages name exists.
@Suite struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let sources = files("Sources")
    private static let tests = files("Tests")

    private static func files(_ folder: String) -> [String] {
        let files = FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: nil)
        return files?.compactMap { ($0 as? URL)?.path() } ?? []
    }

    /// README.md and every page beside the code.
    static let pages: [String] =
        ["README.md"]
        + sources.filter { $0.hasSuffix(".md") && $0.contains(".docc/") }
        .map { String($0.dropFirst(root.path().count)) }
        .sorted()

    @Test("Every file that a page names is there", arguments: pages)
    func namesExist(page: String) throws {
        let text = try String(contentsOf: Self.root.appending(path: page), encoding: .utf8)
        for match in text.matches(of: /(?:Sources|Schemas|Tests|Deploy)\/[A-Za-z0-9._\/+-]*[A-Za-z0-9]/) {
            let path = String(text[match.range])
            #expect(FileManager.default.fileExists(atPath: Self.root.appending(path: path).path()), "\(path)")
        }
        for match in text.matches(of: /`([A-Za-z0-9+]+\.swift)`/) {
            let name = "/" + match.output.1
            let places = Self.sources.filter { $0.hasSuffix(name) }
            #expect(places.count == 1, "\(match.output.1) is \(places.isEmpty ? "nowhere" : "at \(places)")")
        }
        for match in text.matches(of: /`([A-Z][A-Za-z]+Tests)`/) {
            let name = String(match.output.1)
            let isThere = Self.tests.contains { $0.hasSuffix("/\(name).swift") || $0.hasSuffix("/\(name)/") }
            #expect(isThere, "\(name)")
        }
    }

    @Test("There are pages to look at")
    func thereArePages() {
        #expect(Self.pages.count > 8)
    }
}
