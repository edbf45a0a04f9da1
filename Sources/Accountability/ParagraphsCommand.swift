internal import ArgumentParser
internal import Operating
internal import Reading
internal import Rules

/// `accountability paragraphs`: lists where each paragraph of 603 CMR 2.03 is implemented.
struct ParagraphsCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "paragraphs",
        abstract: "Lists every paragraph of 603 CMR 2.03 with the rules, commands and tests that answer it.",
        discussion: """
            The list is made from the code: each rule and each command names the paragraphs it carries out, and each test cites its own. A \
            test of the project fails if a paragraph has no rule, no command or no test.

              accountability paragraphs
              accountability paragraphs --format csv

            Exit codes: 0 done; 64 usage.
            """
    )

    @OptionGroup var output: FormatOption

    func operate() throws {
        let rows = ParagraphCoverage.all()
        switch output.chosen {
        case .json: try JSONOutput.write(rows)
        case .csv: try ParagraphCoverage.listing(rows).writeCSV()
        case .table:
            for row in rows {
                Standard.output(
                    "\(row.paragraph)\n  rules     \(row.rules.joined(separator: ", "))\n  commands  \(row.commands.joined(separator: ", "))\n"
                        + "  tests     \(row.tests.joined(separator: ", "))\n"
                )
            }
        }
    }
}

/// A paragraph with its implementation.
struct ParagraphCoverage: Encodable, Equatable {
    let paragraph: String
    let rules: [String]
    let commands: [String]
    let tests: [String]

    /// Every paragraph of the regulation.
    static func all(tests: [TestCitation] = TestCitation.all) -> [ParagraphCoverage] {
        let commands = commands(below: AccountabilityCommand.self, path: "")
        return Paragraph.all.map { paragraph in
            ParagraphCoverage(
                paragraph: paragraph.citation,
                rules: RuleCitations.rules(of: paragraph),
                commands: commands.filter { $0.type.paragraphs.contains(paragraph) }.map(\.path),
                tests: tests.filter { $0.paragraph == paragraph.citation }.map(\.test)
            )
        }
    }

    /// Every command of the tree that cites, with the words that call it.
    private static func commands(below command: any ParsableCommand.Type, path: String) -> [(
        path: String, type: any CitesParagraphs.Type
    )] {
        var found: [(path: String, type: any CitesParagraphs.Type)] = []
        if let citing = command as? any CitesParagraphs.Type { found.append((path, citing)) }
        // Commands of groups are among them.
        for child in command.configuration.subcommands {
            let name = child.configuration.commandName ?? child._commandName
            found += commands(below: child, path: path.isEmpty ? name : "\(path) \(name)")
        }
        return found
    }

    /// The coverage as a table.
    static func listing(_ rows: [ParagraphCoverage]) -> Listing {
        Listing(
            ["paragraph", "rules", "commands", "tests"],
            rows.map {
                [
                    $0.paragraph, $0.rules.joined(separator: ";"), $0.commands.joined(separator: ";"),
                    $0.tests.joined(separator: ";"),
                ]
            }
        )
    }
}
