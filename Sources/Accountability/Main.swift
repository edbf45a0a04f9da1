internal import ArgumentParser

/// `accountability`: the operators' tool.
@main
struct AccountabilityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accountability",
        abstract: "Runs a state's school accountability year under 603 CMR 2.03.",
        subcommands: [TopicsCommand.self, Evaluate.self]
    )
}
