import Foundation
import Messages
import Rules
import Testing

/// Acts and results are cases of an enum; their names are read in one place.
@Suite struct VocabularyUseTests {
    /// The names of acts, of their kinds and of results.
    private static let names: Set<String> =
        Set(DepartmentAct.allCases.map(\.wireName)).union(DepartmentAct.allCases.flatMap(\.kinds))
        .union(Classification.allCases.map(\.wireName)).union(DeterminationLevel.allCases.map(\.wireName))
        .union(DeterminationReason.allCases.map(\.wireName))

    /// Texts that are the same as such a name, and mean something else.
    private static let others: Set<String> = [
        // The filter of a page, a measure of a publication, a folder of a package.
        "DeterminationsView.swift: revised", "PublicationVocabulary.swift: participation",
        "ComparedResults.swift: participation", "PackageCheck.swift: determinations",
    ]

    /// The names that a line compares as text.
    private static func compared(in line: Substring.UTF8View) -> [String] {
        // Every other part is a text between quotation marks.
        let parts = line.split(separator: UInt8(ascii: "\""), omittingEmptySubsequences: false)
        guard parts.count > 2 else { return [] }
        let found = stride(from: 1, to: parts.count, by: 2)
            .filter { place in
                let before = parts[place - 1].reversed().drop { $0 == UInt8(ascii: " ") }
                return ["==", "=!", "esac", ","].contains { before.starts(with: $0.utf8) }
            }
            .map { String(decoding: parts[$0], as: UTF8.self) }.filter(names.contains)
        guard !found.isEmpty else { return [] }
        let text = String(line) ?? ""
        let isComment = text.drop(while: \.isWhitespace).starts(with: "//")
        return !isComment && text.contains(/case "|== "|!= "/) ? found : []
    }

    @Test(
        "The search finds a comparison",
        arguments: [
            #"if act.directive == "framework_step", isOpen {"#, #"case "low_subgroup": title"#,
            #"guard kind != "appeal" else { return }"#, #"case "withdrawn", "release": nil"#,
        ]
    )
    func comparisonsAreFound(line: String) {
        #expect(!Self.compared(in: line[...].utf8).isEmpty)
    }

    @Test("No source compares the name of an act or of a result as text")
    func namesAreNotCompared() throws {
        let sources = URL(filePath: #filePath).appending(path: "../../../Sources").standardized
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var read = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            read += 1
            let text = try String(contentsOf: file, encoding: .utf8)
            for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
                for name in Self.compared(in: line)
                where !Self.others.contains("\(file.lastPathComponent): \(name)") {
                    Issue.record("\(file.lastPathComponent): \(name)")
                }
            }
        }
        #expect(read > 100)
    }
}
