internal import ArgumentParser
internal import Operating

/// `accountability`: the operators' tool.
@main
struct AccountabilityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accountability",
        abstract: "Runs a state's school accountability year under 603 CMR 2.03.",
        discussion: """
            A school year, from files to determinations:

              accountability up
              accountability open-year 2019
              accountability submit organizations.csv assessment_results.csv attendance.csv targets.csv
              accountability close-year 2019
              accountability determinations 2019
              accountability explain 2019 00350010
              accountability down

            Exit codes: 0 done, 64 usage, 65 bad input, 69 broker unavailable, 70 internal error, 75 try again, 78 configuration.
            """,
        version: Version.text,
        subcommands: [Supervise.self, RestoreLedger.self, HangingTransaction.self, Measure.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Installation",
                subcommands: [
                    Up.self, Down.self, LeaveCommand.self, StatusCommand.self, DoctorCommand.self, AccountCommand.self,
                    TopicsCommand.self, KafkaOptionsCommand.self,
                ]
            ),
            CommandGroup(
                name: "School year",
                subcommands: [
                    OpenYear.self, Submit.self, ReceiptsCommand.self, RejectionsCommand.self, CompletenessCommand.self,
                    Withdraw.self, Approve.self, Reject.self, CloseYear.self,
                ]
            ),
            CommandGroup(
                name: "Without a broker",
                subcommands: [ComputeCommand.self, PreviewCommand.self, SweepCommand.self]
            ),
            CommandGroup(
                name: "Results",
                subcommands: [
                    DeterminationsCommand.self, ExplainCommand.self, ParticipationCommand.self, PercentilesCommand.self,
                    NoticesCommand.self,
                    DeliveriesCommand.self,
                ]
            ),
            CommandGroup(
                name: "Department",
                subcommands: [
                    DirectiveCommand.self, CandidatesCommand.self, PriorityCommand.self, SimilarCommand.self,
                    ReviewsCommand.self, PlansCommand.self,
                    AppealsCommand.self,
                    ReportCommand.self, ProductsCommand.self, PackageCommand.self,
                ]
            ),
            CommandGroup(
                name: "Audit",
                subcommands: [
                    AuditCommand.self, AuditTrailCommand.self, RebuildCommand.self, QuarantineCommand.self, Replay.self,
                    Compare.self, VerifyCommand.self,
                ]
            ),
            CommandGroup(name: "Rules", subcommands: [Evaluate.self, FrameworkCommand.self, ParagraphsCommand.self]),
        ]
    )

    /// Runs the command that was asked for.
    ///
    /// An argument that proves wrong only while the command runs ends like any other wrong argument: with that
    /// command's usage, not with this one's.
    static func main() async {
        if let refusal = CommandNames.refusal(Array(CommandLine.arguments.dropFirst())) {
            Standard.error(refusal)
            exit(withError: ExitStatus.usage.exitCode)
        }
        var asked: (any ParsableCommand.Type)?
        do {
            var command = try await asyncParseAsRoot()
            asked = type(of: command)
            try check(command)
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch {
            guard let asked, let error = error as? ValidationError else {
                guard exitCode(for: error).isSuccess else { exit(withError: error) }
                // Help, or the version.
                Standard.output(HelpText.arranged(fullMessage(for: error)) + "\n")
                exit(withError: ExitCode.success)
            }
            Standard.error(usageError(error, of: asked))
            exit(withError: ExitStatus.usage.exitCode)
        }
    }

    /// Refuses a command that shows nothing to the viewer who is named with `--as`.
    static func check(_ command: any ParsableCommand) throws { try (command as? any ReadingCommand)?.checkViewer() }

    /// An error with the usage of a command.
    static func usageError(_ error: ValidationError, of command: any ParsableCommand.Type) -> String {
        "Error: \(error.message)\nUsage: \(usageString(for: command))"
    }
}
