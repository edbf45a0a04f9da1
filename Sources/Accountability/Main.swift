internal import ArgumentParser

/// `accountability`: the operators' tool.
@main
struct AccountabilityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accountability",
        abstract: "Runs a state's school accountability year under 603 CMR 2.03.",
        subcommands: [
            Up.self, Down.self, Supervise.self, TopicsCommand.self, OpenYear.self, Submit.self, CloseYear.self, Evaluate.self, Measure.self,
            DeterminationsCommand.self, ExplainCommand.self, ParticipationCommand.self, PercentilesCommand.self, StatusCommand.self,
            ReceiptsCommand.self, RejectionsCommand.self, DoctorCommand.self,
        ]
    )
}
