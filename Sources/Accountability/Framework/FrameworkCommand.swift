internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Rules

/// `accountability framework`: the frameworks that are built in, 603 CMR 2.03(1).
struct FrameworkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "framework",
        abstract: "Lists, shows and compares the frameworks: every parameter with its value, status and source.",
        discussion: """
              accountability framework list
              accountability framework show 2019 --under points
              accountability framework diff 2018 2019
              accountability framework assumed 2019 --json

            Exit codes: 0 done; 64 usage, among them a year without a framework.
            """,
        subcommands: [FrameworkList.self, FrameworkShow.self, FrameworkDiff.self, FrameworkAssumed.self]
    )

    /// The framework of a year that somebody typed.
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
        abstract: "Tells which parameters differ between the frameworks of two school years."
    )

    @Argument(help: "The earlier school year.")
    var from: Int

    @Argument(help: "The later school year.")
    var to: Int

    @Flag(help: "JSON instead of text.")
    var json = false

    func operate() throws {
        let changes = FrameworkChange.between(try FrameworkCommand.of(from), try FrameworkCommand.of(to))
        guard !json else { return try JSONOutput.write(changes) }
        Standard.output(changes.isEmpty ? "No parameter differs.\n" : changes.map(\.text).joined())
    }
}

/// `accountability framework assumed`.
struct FrameworkAssumed: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "assumed",
        abstract: "Lists the parameters that nothing public decides."
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
