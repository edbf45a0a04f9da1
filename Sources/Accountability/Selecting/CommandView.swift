internal import ArgumentParser
internal import Rules

/// What a reading command shows to somebody who is not the Department.
enum CommandView: Equatable {
    /// All of it, because it is made only from what is public.
    case everything
    /// The publications of official results.
    case publications
    /// The released results of the district's organizations, whole; of all others the publications.
    case ownAndPublications
    /// Only what is about the viewer's own organizations or is addressed to the viewer.
    case own
    /// Nothing.
    case nothing
}

/// A command that reads an installation, and takes `--as`.
protocol ReadingCommand: ParsableCommand {
    /// For whom it prints.
    var viewer: ViewerOption { get }
    /// Whether its options ask only for rules, which are everyone's.
    var asksForRules: Bool { get }
}

extension ReadingCommand {
    var asksForRules: Bool { false }

    /// Refuses viewers to whom the command shows nothing.
    ///
    /// - Throws: `ValidationError` that says who sees it.
    func checkViewer() throws {
        let viewer = try viewer.chosen()
        guard !asksForRules, CommandViews.view(of: Self.self, for: viewer) == .nothing else { return }
        throw ValidationError(CommandViews.refusal(of: Self.self))
    }
}

/// The one table of what each reading command shows to whom.
///
/// The Department sees everything. The rows follow the console where it has a page of the same kind: what
/// `ConsoleTables.seen(in:)` leaves a district there, the command leaves it here, and what its route keeps from
/// everyone else, the command does too. ``ResultsStage`` decides which results are released to whom.
enum CommandViews {
    /// A row of the table.
    struct Row {
        let command: any ReadingCommand.Type
        let district: CommandView
        let everybody: CommandView

        init(_ command: any ReadingCommand.Type, _ district: CommandView, _ everybody: CommandView) {
            self.command = command
            self.district = district
            self.everybody = everybody
        }
    }

    /// The rows.
    static var table: [Row] {
        [
            // Results.
            Row(DeterminationsCommand.self, .own, .publications),
            Row(ExplainCommand.self, .own, .nothing),
            Row(ParticipationCommand.self, .own, .publications),
            Row(PercentilesCommand.self, .own, .publications),
            Row(NoticesCommand.self, .own, .own),
            Row(CandidatesCommand.self, .ownAndPublications, .publications),
            // Only a district's own organizations can be compared, because similarity tells of others' students.
            Row(SimilarCommand.self, .ownAndPublications, .nothing),
            // Without the place, which tells of other districts.
            Row(PriorityCommand.self, .own, .nothing),
            Row(ReportCommand.self, .everything, .everything),
            Row(ProductsCommand.self, .everything, .everything),
            // Acts of the Department.
            Row(DirectiveCommand.self, .own, .nothing),
            Row(ReviewsCommand.self, .own, .nothing),
            Row(PlansCommand.self, .own, .nothing),
            Row(AppealsCommand.self, .own, .nothing),
            // What was submitted.
            Row(ReceiptsCommand.self, .own, .nothing),
            Row(RejectionsCommand.self, .own, .nothing),
            Row(CompletenessCommand.self, .own, .nothing),
            // How the installation runs, and results that nobody released.
            Row(StatusCommand.self, .nothing, .nothing),
            Row(DoctorCommand.self, .nothing, .nothing),
            Row(DeliveriesCommand.self, .nothing, .nothing),
            Row(AuditCommand.self, .nothing, .nothing),
            Row(AuditTrailCommand.self, .nothing, .nothing),
            Row(QuarantineCommand.self, .nothing, .nothing),
            Row(PreviewCommand.self, .nothing, .nothing),
            Row(SweepCommand.self, .nothing, .nothing),
            Row(Compare.self, .nothing, .nothing),
            Row(FrameworkReport.self, .nothing, .nothing),
        ]
    }

    /// What a command shows to a viewer; nothing if the table lacks it.
    static func view(of command: any ReadingCommand.Type, for viewer: ResultsViewer) -> CommandView {
        switch viewer {
        case .department: .everything
        case .district: row(of: command)?.district ?? .nothing
        case .everybody: row(of: command)?.everybody ?? .nothing
        }
    }

    /// Why a command shows nothing, in one sentence.
    static func refusal(of command: any ReadingCommand.Type) -> String {
        let name = command.configuration.commandName ?? ""
        return view(of: command, for: .district(.state)) == .nothing
            ? "only the Department sees what `\(name)` prints: leave --as out"
            : "the public does not see what `\(name)` prints: only the Department does, and a district what is its own"
    }

    private static func row(of command: any ReadingCommand.Type) -> Row? { table.first { $0.command == command } }
}
