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
        /// The name of the command's type: the table is below the commands that ask it.
        let command: String
        let district: CommandView
        let everybody: CommandView

        init(_ command: String, _ district: CommandView, _ everybody: CommandView) {
            self.command = command
            self.district = district
            self.everybody = everybody
        }
    }

    /// The rows.
    static var table: [Row] {
        [
            // Results.
            Row("DeterminationsCommand", .own, .publications),
            Row("ExplainCommand", .own, .nothing),
            Row("ParticipationCommand", .own, .publications),
            Row("PercentilesCommand", .own, .publications),
            Row("NoticesCommand", .own, .own),
            Row("CandidatesCommand", .ownAndPublications, .publications),
            // Only a district's own organizations can be compared, because similarity tells of others' students.
            Row("SimilarCommand", .ownAndPublications, .nothing),
            // Without the place, which tells of other districts.
            Row("PriorityCommand", .own, .nothing),
            Row("ReportCommand", .everything, .everything),
            Row("ProductsCommand", .everything, .everything),
            // Acts of the Department.
            Row("DirectiveCommand", .own, .nothing),
            Row("ReviewsCommand", .own, .nothing),
            Row("PlansCommand", .own, .nothing),
            Row("AppealsCommand", .own, .nothing),
            // What was submitted.
            Row("ReceiptsCommand", .own, .nothing),
            Row("RejectionsCommand", .own, .nothing),
            Row("CompletenessCommand", .own, .nothing),
            // How the installation runs, and results that nobody released.
            Row("StatusCommand", .nothing, .nothing),
            Row("DoctorCommand", .nothing, .nothing),
            Row("DeliveriesCommand", .nothing, .nothing),
            Row("AuditCommand", .nothing, .nothing),
            Row("AuditTrailCommand", .nothing, .nothing),
            Row("QuarantineCommand", .nothing, .nothing),
            Row("PreviewCommand", .nothing, .nothing),
            Row("SweepCommand", .nothing, .nothing),
            Row("Compare", .nothing, .nothing),
            Row("FrameworkReport", .nothing, .nothing),
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

    private static func row(of command: any ReadingCommand.Type) -> Row? {
        table.first { $0.command == String(describing: command) }
    }
}
