import ArgumentParser
import Foundation
import Stages
import Testing

@testable import Reading
@testable import accountability

/// The reference pages in Documentation.docc are what the code says.
///
/// `Deploy/documentation --reference` writes them anew.
@Suite struct ReferenceTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/Accountability/Documentation.docc")

    @Test("Commands.md holds the help of every command")
    func commands() throws {
        var page = """
            # Commands

            What `accountability` and each of its commands print for `--help`. This page is generated: see `ReferenceTests`.

            """
        Self.append(AccountabilityCommand.self, path: [], to: &page)
        try Self.compare(page, with: "Commands.md")
    }

    @Test("RejectionCodes.md holds every code with its rule")
    func rejectionCodes() throws {
        var page = """
            # Rejection codes

            Why a row is refused. This page is generated: see `ReferenceTests`.

            ## Overview

            A rejection names the file, the line, the column and the code, never the value. The names of the codes are stable.

            | Code | About | The rule that the row breaks |
            |---|---|---|

            """
        for code in RejectionCode.allCases {
            let rule = code.rule.replacing("|", with: "\\|")
            page += "| `\(code.rawValue)` | \(code.columns) | \(rule) |\n"
        }
        try Self.compare(page, with: "RejectionCodes.md")
    }

    /// Appends the help of a command and of those below it, those that nobody calls by hand left out.
    private static func append(_ command: any ParsableCommand.Type, path: [String], to page: inout String) {
        guard command.configuration.shouldDisplay else { return }
        let path = path + [command.configuration.commandName ?? "\(command)".lowercased()]
        let help = HelpText.arranged(AccountabilityCommand.helpMessage(for: command, columns: 100))
            .split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.replacing(/\ +$/, with: "") }.joined(separator: "\n")
            .trimmingCharacters(in: .newlines)
        page += "\n## \(path.joined(separator: " "))\n\n```\n\(help)\n```\n"
        for next in command.configuration.subcommands { append(next, path: path, to: &page) }
    }

    private static func compare(_ page: String, with name: String) throws {
        let file = folder.appending(path: name)
        if ProcessInfo.processInfo.environment["ACCOUNTABILITY_WRITE_REFERENCE"] != nil {
            try Data(page.utf8).write(to: file)
        }
        let written = try String(contentsOf: file, encoding: .utf8)
        let differs = zip(written.split(separator: "\n"), page.split(separator: "\n")).first { $0 != $1 }
        #expect(
            written == page,
            "\(name) is not what the code says, first at: \(differs.map { "\($0)" } ?? "its end"); write it anew with Deploy/documentation --reference"
        )
    }
}
