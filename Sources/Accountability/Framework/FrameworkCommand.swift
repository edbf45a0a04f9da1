internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Reading
internal import Rules

/// `accountability framework`: the frameworks that are built in, 603 CMR 2.03(1).
struct FrameworkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "framework",
        abstract: "Lists, shows, compares, checks and tries frameworks: every parameter with value, status and source.",
        discussion: """
              accountability framework list
              accountability framework show 2019 --under points
              accountability framework diff 2018 2019
              accountability framework assumed 2019 --json
              accountability framework template 2026 --based-on 2025 > draft.yaml
              accountability framework validate draft.yaml
              accountability framework diff 2025 draft.yaml
              accountability framework report draft.yaml --files folder --out report
              accountability framework propose draft.yaml

            Exit codes: 0 done; 64 usage, or a year without a framework; 65 a document is not valid (the error names its line, parameter and \
            reason).
            """,
        subcommands: [
            FrameworkList.self, FrameworkShow.self, FrameworkDiff.self, FrameworkAssumed.self, FrameworkTemplate.self,
            FrameworkValidate.self, FrameworkReport.self, FrameworkPropose.self, FrameworkProposed.self,
        ]
    )

    /// A framework by its school year, or in a file.
    static func named(_ name: String) throws -> Framework {
        if let year = Int(name), name.utf8.count <= 4 { return try of(year) }
        return try FrameworkFile.load(name)
    }

    /// The framework of a year that is given as an argument.
    static func of(_ year: Int) throws -> Framework {
        do {
            return try Framework.of(schoolYear: year)
        } catch {
            throw ValidationError(error.description)
        }
    }
}

/// `accountability framework list`.
struct FrameworkList: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the frameworks, their school years, and how much of each is published, derived or assumed."
    )

    @Flag(help: "JSON instead of text.")
    var json = false

    func operate() throws {
        let summaries = try Framework.all().map { FrameworkSummary($0) }
        guard !json else { return try JSONOutput.write(summaries) }
        Standard.output(FrameworkSummary.listing(summaries).text(limit: 90))
    }
}

/// `accountability framework show`.
struct FrameworkShow: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows every parameter of a school year's framework."
    )

    @Argument(help: "The school year, by its spring.")
    var year: Int

    @Option(help: ArgumentHelp("Only the parameters of this path.", valueName: "path"))
    var under: String?

    @Flag(help: "JSON instead of text.")
    var json = false

    func operate() throws {
        let framework = try FrameworkCommand.of(year)
        let parameters = FrameworkParameter.of(framework, under: under)
        if let under, parameters.isEmpty {
            throw ValidationError("the framework of \(year) has no parameter under '\(under)'")
        }
        guard !json else { return try JSONOutput.write(parameters) }
        Standard.output("\(framework.title)\n\n" + FrameworkParameter.text(parameters))
    }
}

/// `accountability framework diff`.
struct FrameworkDiff: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Shows the parameters that differ between two frameworks: of school years, or in files."
    )

    @Argument(help: ArgumentHelp("The earlier one.", valueName: "year|file"))
    var from: String

    @Argument(help: ArgumentHelp("The later one.", valueName: "year|file"))
    var to: String

    @Flag(help: "JSON instead of text.")
    var json = false

    func operate() throws {
        let changes = FrameworkChange.between(try FrameworkCommand.named(from), try FrameworkCommand.named(to))
        guard !json else { return try JSONOutput.write(changes) }
        Standard.output(changes.isEmpty ? "No parameter differs.\n" : changes.map(\.text).joined())
    }
}

/// `accountability framework assumed`.
struct FrameworkAssumed: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "assumed",
        abstract: "Lists the parameters that no public source decides."
    )

    @Argument(help: "The school year, by its spring.")
    var year: Int

    @Flag(help: "JSON instead of text.")
    var json = false

    func operate() throws {
        let parameters = FrameworkParameter.assumed(try FrameworkCommand.of(year))
        guard !json else { return try JSONOutput.write(parameters) }
        Standard.output(parameters.isEmpty ? "Nothing is assumed.\n" : FrameworkParameter.text(parameters))
    }
}
