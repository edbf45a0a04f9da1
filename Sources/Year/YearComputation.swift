import Messages
public import Rules
public import Stages
public import Streaming

/// Computes school years from files, in one process and without a broker: the same figures as an installation gives.
public struct YearComputation: Sendable {
    /// How files are read.
    public var options: FileIngestion.Options
    /// How the process computes.
    public var settings: YearProcess.Settings
    /// Under which key students become pseudonyms; nil makes one for the run and forgets it.
    public var key: PseudonymKey?
    /// Additional tables to keep.
    var watching: [TopicDefinition] = []

    /// A computation.
    ///
    /// - Parameters:
    ///   - options: how files are read.
    ///   - settings: how the process computes.
    ///   - key: under which students become pseudonyms; nil makes one for the run.
    public init(
        options: FileIngestion.Options = FileIngestion.Options(),
        settings: YearProcess.Settings = YearProcess.Settings(),
        key: PseudonymKey? = nil
    ) {
        self.options = options
        self.settings = settings
        self.key = key
    }

    /// Takes files, closes their years, and then takes the files submitted afterwards.
    ///
    /// Every school year from the first framework to the last is open. Files are taken in the order given: see
    /// ``InputFile/inOrder(_:)``. If their acts put a framework in force, everything is computed once more under it.
    ///
    /// - Parameters:
    ///   - files: of the years, before their close.
    ///   - corrections: taken after the close, each as a correction of its own.
    ///   - progress: called now and then.
    /// - Returns: the publications, and the outcome of each file.
    /// - Throws: ``YearFault`` if the process cannot continue, or the system's error.
    public func run(
        _ files: [InputFile],
        corrections: [InputFile] = [],
        progress: @escaping (YearProgress) -> Void = { _ in }
    ) throws -> YearResult {
        let first = try once(files, corrections, progress)
        let acts = try first.tables.messages(TableTopics.directives).map(\.message)
        let frameworks = try FrameworkSet(onRecord: acts, over: settings.frameworks)
        guard frameworks.identity != settings.frameworks.identity else { return first }
        var again = self
        again.settings.frameworks = frameworks
        return try again.once(files, corrections, progress)
    }

    private func once(
        _ files: [InputFile],
        _ corrections: [InputFile],
        _ progress: @escaping (YearProgress) -> Void
    ) throws -> YearResult {
        let process = try YearProcess(settings: settings, watching: watching + [Topics.directives])
        try process.open(try openYears())
        let names = Self.submissions(files + corrections)
        let key = try key ?? Self.passingKey()
        var taken = try take(files, names: Array(names.prefix(files.count)), key, into: process, progress)
        try process.closeYears()
        for (file, name) in zip(corrections, names.suffix(corrections.count)) {
            taken += try take([file], names: [name], key, into: process, progress)
            try process.closeYears()
        }
        return YearResult(
            tables: process.tables,
            files: taken,
            unusable: process.unusable,
            frameworks: settings.frameworks
        )
    }

    private func take(
        _ files: [InputFile],
        names: [String],
        _ key: PseudonymKey,
        into process: YearProcess,
        _ progress: @escaping (YearProgress) -> Void
    ) throws -> [TakenFile] {
        let writing = LedgerWriting(
            files: files,
            submissions: names,
            options: options,
            key: key,
            pipeline: process.pipeline,
            partitions: settings.partitions,
            received: settings.clock()
        )
        func hand(_ batches: [MemoryBatch], _ state: YearProgress) throws {
            progress(state)
            try process.feed(batches)
        }
        return settings.threads > 1 ? try writing.runAhead(hand) : try writing.run(hand)
    }

    /// The years between the first framework and the last: those without one of their own can be looked back on.
    ///
    /// - `others`: years that are open, too.
    func openYears(with others: [Int] = []) throws -> ClosedRange<Int> {
        let years = try settings.frameworks.schoolYears().union(others)
        return (years.min() ?? 0)...(years.max() ?? 0)
    }

    /// The submission names of the files: their file names, with a number if several are the same.
    static func submissions(_ files: [InputFile]) -> [String] {
        var seen: [String: Int] = [:]
        return files.map { file in
            let count = (seen[file.name] ?? 0) + 1
            seen[file.name] = count
            return count == 1 ? file.name : "\(file.name)#\(count)"
        }
    }

    static func passingKey() throws -> PseudonymKey {
        var random = SystemRandomNumberGenerator()
        return try PseudonymKey(bytes: (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    }
}

/// The result of a computation.
public struct YearResult {
    /// The publications.
    public let tables: YearTables
    /// The outcome of each file, in the order of ingestion.
    public let files: [TakenFile]
    /// Records that no stage could use.
    ///
    /// If there are any, the program has a defect.
    public let unusable: [ProcessDriver.Unusable]
    /// The frameworks under which everything was computed, with those that the files put in force.
    public let frameworks: FrameworkSet

    /// Whether every file was taken and no row was rejected.
    public var isClean: Bool {
        files.allSatisfy { file in
            guard case .success = file.outcome else { return false }
            return tables.receipt(of: file.submission).rejected == 0 && !tables.rejections.hasRefused(file.submission)
        }
    }
}
