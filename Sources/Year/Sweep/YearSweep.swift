import Messages
public import Rules
public import Stages
import Streaming

/// Which determinations of a school year hang on which assumed parameter, and how far each is from another outcome.
///
/// The year is computed as it is, and once more for each stated alternative of each parameter that nothing public
/// decides, everything else as it is.
public struct YearSweep {
    /// The changes of one alternative.
    public struct Trial: Sendable {
        /// The parameter.
        public let parameter: ParameterRecord
        /// The other value, as the framework would write it.
        public let alternative: String
        /// The determinations of the year that would change.
        public let changes: [PreviewChange]

        /// Those of them whose classification or level would.
        public var decided: [PreviewChange] { changes.filter(\.isHeadline) }
    }

    /// One determination of the year.
    public struct Row: Sendable {
        /// The organization.
        public let orgCode: String
        /// Its name.
        public let name: String
        /// `school` or `district`.
        public let type: String
        /// The outcome.
        public let outcome: PreviewChange.Outcome
        /// The parameters of which an alternative would change the outcome.
        public let decidedBy: [String]
        /// The parameters with an alternative that would change only figures.
        public let movedBy: [String]
        /// How far it is from each cut, the nearest first.
        public let margins: [DeterminationMargin]

        /// The nearest cut that can be counted.
        public var nearest: DeterminationMargin? { margins.first { $0.results != nil } }
        /// The nearest cut-off with a different outcome on its other side.
        public var deciding: DeterminationMargin? { margins.first { $0.results != nil && $0.decides } }
    }

    /// The school year.
    public let year: Int
    /// Its framework.
    public let framework: Framework
    /// Each alternative, those that decide most first.
    public let trials: [Trial]
    /// Assumed parameters that were not tried, with the reason.
    public let untried: [ParameterAlternatives]
    /// The determinations, the nearest to a cut first.
    public let rows: [Row]

    /// Computes everything.
    ///
    /// - Parameters:
    ///   - year: the school year.
    ///   - ledger: of the year and those before it.
    ///   - path: only parameters of this path; nil for all.
    ///   - progress: called before each computation.
    /// - Throws: ``YearFault`` for a year without determinations, and errors of the stages.
    public init(
        _ year: Int,
        of ledger: HeldLedger,
        under path: String? = nil,
        progress: (_ trial: Int, _ trials: Int, _ parameter: String) -> Void = { _, _, _ in }
    ) throws {
        let frameworks = ledger.settings.frameworks
        guard let framework = try frameworks.ifCovered(schoolYear: year) else {
            throw YearFault(
                .noFiles,
                "no framework covers \(year): `accountability framework list` shows which there are"
            )
        }
        let assumed = framework.parameters.filter { record in
            record.status == .assumed && (path.map { record.path == $0 || record.path.hasPrefix($0 + ".") } ?? true)
        }
        let alternatives = assumed.map { framework.alternatives(to: $0.path) }
        let count = alternatives.reduce(0) { $0 + $1.values.count }
        progress(0, count, "")
        let present = try ledger.computed(
            watching: [Topics.standings, Topics.directives]
        )
        let before = try present.tables.determinations(year: year)
        guard !before.isEmpty else {
            throw YearFault(
                .noFiles,
                "\(year) has no determinations, so there is nothing to sweep: is it closed, and are its files there?"
            )
        }
        var trials: [Trial] = []
        for (parameter, alternatives) in zip(assumed, alternatives) {
            for (index, value) in alternatives.values.enumerated() {
                progress(trials.count + 1, count, parameter.path)
                guard let other = try framework.assuming(alternative: index, to: parameter.path) else { continue }
                let tables = try ledger.computed(under: frameworks.with(other, in: year)).tables
                let changes = YearPreview.changes(before, try tables.determinations(year: year))
                trials.append(Trial(parameter: parameter, alternative: value, changes: changes))
            }
        }
        self.year = year
        self.framework = framework
        self.trials = trials.sorted { left, right in
            (right.decided.count, right.changes.count, left.parameter.path, left.alternative)
                < (left.decided.count, left.changes.count, right.parameter.path, right.alternative)
        }
        untried = alternatives.filter(\.values.isEmpty)
        let tables = try MarginTables(year: year, frameworks, of: present.tables)
        rows = try before.map { try Self.row($0.message, trials, tables) }
            .sorted { left, right in
                (left.nearest?.results ?? .max, left.orgCode) < (right.nearest?.results ?? .max, right.orgCode)
            }
    }

    private static func row(
        _ message: Accountability_V1_Determination,
        _ trials: [Trial],
        _ tables: MarginTables
    ) throws -> Row {
        var decided: Set<String> = []
        var moved: Set<String> = []
        for trial in trials {
            guard let change = trial.changes.first(where: { $0.orgCode == message.orgCode }) else { continue }
            if change.isHeadline { decided.insert(trial.parameter.path) } else { moved.insert(trial.parameter.path) }
        }
        return Row(
            orgCode: message.orgCode,
            name: message.name,
            type: message.type == .district ? "district" : "school",
            outcome: PreviewChange.Outcome(of: message),
            decidedBy: decided.sorted(),
            movedBy: moved.subtracting(decided).sorted(),
            margins: try tables.margins(of: message)
        )
    }
}

extension MarginTables {
    /// The tables of a process that watched standings and directives.
    convenience init(year: Int, _ frameworks: FrameworkSet, of tables: YearTables) throws {
        try self.init(year: year, frameworks)
        for row in try tables.messages(TableTopics.participation, year: year) { take(row.message) }
        for row in try tables.messages(TableTopics.percentiles, year: year) { take(row.message, key: row.key) }
        for row in try tables.messages(TableTopics.standings) { take(row.message) }
        for row in try tables.messages(TableTopics.directives) { take(row.message) }
    }
}

extension YearComputation {
    /// Takes files into a ledger that is held in memory, to be computed several times.
    ///
    /// - Parameters:
    ///   - files: of the years.
    ///   - corrections: taken behind them.
    ///   - years: years whose files are taken although no framework covers them yet.
    ///   - progress: called now and then.
    /// - Returns: the ledger, and the result of ingesting each file.
    /// - Throws: ``YearFault`` if a file changes while it is read.
    public func held(
        _ files: [InputFile],
        corrections: [InputFile] = [],
        opening years: [Int] = [],
        progress: @escaping (YearProgress) -> Void = { _ in }
    ) throws -> (ledger: HeldLedger, files: [TakenFile]) {
        let pipeline = Pipeline()
        let ledger = HeldLedger(pipeline: pipeline, settings: settings, openYears: try openYears(with: years))
        let all = files + corrections
        let taken = try LedgerWriting(
            files: all,
            submissions: Self.submissions(all),
            options: options,
            key: try key ?? Self.passingKey(),
            pipeline: pipeline,
            partitions: settings.partitions,
            received: settings.clock()
        )
        .run { batches, state in
            progress(state)
            ledger.append(batches)
        }
        return (ledger, taken)
    }
}
