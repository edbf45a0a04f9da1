import Foundation
import Rules
import Testing
@testable import Reading
@testable import accountability

@Suite struct ParagraphCoverageTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardizedFileURL

    private static func sources(below folder: String) throws -> [(name: String, text: String)] {
        let base = root.appendingPathComponent(folder)
        let names = FileManager.default.enumerator(atPath: base.path)?.allObjects as? [String] ?? []
        return try names.filter { $0.hasSuffix(".swift") }.sorted()
            .map { ($0, try String(contentsOf: base.appendingPathComponent($0), encoding: .utf8)) }
    }

    private static func scanned() throws -> [TestCitation] {
        Set(try sources(below: "Tests").flatMap { TestCitation.scan($0.text) }).sorted()
    }

    /// `REGENERATE_CITATIONS=1 swift test --filter ParagraphCoverageTests` writes the file anew.
    @Test func theTableOfTestsIsInStepWithTheirCitations() throws {
        let citations = try Self.scanned()
        let lines = citations.map { "        TestCitation(paragraph: \"\($0.paragraph)\", test: \"\($0.test)\"),\n" }
            .joined()
        let text = """
            // Generated from the citations in Tests: ParagraphCoverageTests writes it anew where REGENERATE_CITATIONS=1.
            // swift-format-ignore-file
            extension TestCitation {
                /// Every citation of a test, in order.
                static let all: [TestCitation] = [
            \(lines)    ]
            }

            """
        let file = Self.root.appendingPathComponent("Sources/Accountability/Paragraphs/TestCitations.swift")
        if ProcessInfo.processInfo.environment["REGENERATE_CITATIONS"] == "1" {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    @Test func everyCitationIsOfAParagraph() throws {
        let paragraphs = Set(Paragraph.all.map(\.citation))
        for citation in try Self.scanned() {
            #expect(paragraphs.contains(citation.paragraph), "\(citation.test) cites \(citation.paragraph)")
        }
    }

    @Test(arguments: ParagraphCoverage.all(tests: (try? scanned()) ?? []))
    func everyParagraphHasARuleACommandAndATest(_ coverage: ParagraphCoverage) {
        #expect(!coverage.rules.isEmpty, "\(coverage.paragraph) has no rule")
        #expect(!coverage.commands.isEmpty, "\(coverage.paragraph) has no command")
        #expect(!coverage.tests.isEmpty, "\(coverage.paragraph) has no test")
    }

    /// The paragraphs of the code are those of the regulation, where its text is at hand.
    @Test func theParagraphsAreThoseOfTheRegulation() {
        let citations = Paragraph.all.map(\.citation)
        #expect(Set(citations).count == citations.count)
        #expect(Paragraph.all == Paragraph.all.sorted())
        for number in 1...11 { #expect(citations.contains { $0.hasPrefix("603 CMR 2.03(\(number))") }) }
    }

    @Test func everyRuleThatNamesItsParagraphsIsListed() throws {
        let listed = Set(RuleCitations.rules.map { String(describing: $0) })
        var declared: Set<String> = []
        for (_, text) in try Self.sources(below: "Sources/Rules") {
            for match in text.matches(of: /extension (\w+): CarriesOut/) { declared.insert(String(match.1)) }
        }
        #expect(declared == listed)
    }

    @Test func readsCitations() {
        // Not spelled out here, or this file would cite them.
        let source = """
            @Suite struct SomeTests {
                /// LAW(2)(a)
                /// LAW(2)(c): like subgroups
                @Test(arguments: [1, 2])
                func ranks(value: Int) {}

                /// LAW(4)
                @Test(arguments: [false, true], [(1, 2)]) func schedules(isOn: Bool, value: (Int, Int)) {}

                @Test func other() {}
                /// LAW(9)
                @Test func reports() throws {}
            }
            """
            .replacing("LAW", with: "603 CMR 2.03")
        #expect(
            TestCitation.scan(source) == [
                TestCitation(paragraph: "603 CMR 2.03(2)(a)", test: "SomeTests.ranks"),
                TestCitation(paragraph: "603 CMR 2.03(2)(c)", test: "SomeTests.ranks"),
                TestCitation(paragraph: "603 CMR 2.03(4)", test: "SomeTests.schedules"),
                TestCitation(paragraph: "603 CMR 2.03(9)", test: "SomeTests.reports"),
            ]
        )
    }
}
