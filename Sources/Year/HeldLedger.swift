public import Messages
public import Rules
public import Stages
import Streaming

/// Receives an installation's ledger, record by record.
public protocol LedgerReceiver: AnyObject {
    /// Takes a norm of official ranks as it was published, before the ledger.
    ///
    /// - Parameters:
    ///   - partition: of the topic of percentiles.
    ///   - key: the record's key.
    ///   - value: its value.
    /// - Throws: what its receiver throws.
    func recallPercentile(partition: Int32, key: Span<UInt8>, value: Span<UInt8>) throws

    /// Takes the next record of a partition of the ledger.
    ///
    /// - Parameters:
    ///   - partition: of the ledger.
    ///   - key: the record's key.
    ///   - value: its value.
    ///   - isMarker: whether it closes a year.
    ///   - submission: the submission that it belongs to; nil for an act.
    /// - Throws: what its receiver throws.
    func feed(partition: Int32, key: Span<UInt8>, value: Span<UInt8>, isMarker: Bool, submission: String?) throws
}

/// A ledger in memory, to be computed several times under other frameworks.
///
/// Used from one thread.
public final class HeldLedger: LedgerReceiver {
    private struct Norm {
        let partition: Int32
        let key: [UInt8]
        let value: [UInt8]
    }

    /// How it is computed.
    public private(set) var settings: YearProcess.Settings
    private let pipeline: Pipeline
    /// The open years, if the ledger does not open and close years itself.
    private let openYears: ClosedRange<Int>?
    private var norms: [Norm] = []
    private var chunks: [[MemoryBatch]] = []
    private let newest: LedgerCollector

    /// A ledger that is still empty.
    ///
    /// - Parameters:
    ///   - pipeline: the installation that it represents.
    ///   - settings: how it is computed; with the partitions of the ledger.
    ///   - openYears: the years that are open from the beginning and closed at the end; nil if the ledger opens and
    ///     closes them.
    public init(pipeline: Pipeline, settings: YearProcess.Settings, openYears: ClosedRange<Int>? = nil) {
        self.pipeline = pipeline
        self.settings = settings
        self.openYears = openYears
        newest = LedgerCollector(partitions: settings.partitions)
    }

    /// Takes a norm of official ranks.
    public func recallPercentile(partition: Int32, key: Span<UInt8>, value: Span<UInt8>) {
        norms.append(Norm(partition: partition, key: [UInt8](copying: key), value: [UInt8](copying: value)))
    }

    /// Takes the next record of a partition.
    public func feed(
        partition: Int32,
        key: Span<UInt8>,
        value: Span<UInt8>,
        isMarker: Bool,
        submission: String?
    ) throws {
        try newest.send(
            topic: "",
            partition: partition,
            key: key,
            value: value,
            eventType: isMarker ? Topics.completionType : Topics.submissions.eventType,
            cause: submission ?? ""
        )
        if newest.byteCount >= LedgerWriting.chunk { append(newest.take()) }
    }

    /// Takes the next records, one batch a partition.
    func append(_ batches: [MemoryBatch]) {
        chunks.append(batches)
    }

    /// Visits every entry of the ledger in order, partition by partition, except the closes of years.
    ///
    /// - Throws: what the closure throws.
    public func visit(_ body: (_ partition: Int32, _ value: Span<UInt8>) throws -> Void) throws {
        close()
        for batches in chunks {
            for (partition, batch) in batches.enumerated() {
                try batch.visit { record in
                    guard !record.isMarker, let value = record.value else { return }
                    try body(Int32(clamping: partition), value)
                }
            }
        }
    }

    /// From here on, computes under the frameworks that the Department's acts in the ledger put in force.
    ///
    /// - Throws: `FrameworkError` if a document in force cannot be read.
    public func takeFrameworksOnRecord() throws {
        close()
        var acts = OfficialReleases(frameworks: settings.frameworks)
        if let openYears { for year in openYears { acts.open(year: year) } }
        let partition = Int(OfficialReleases.partition(of: settings.partitions))
        for batches in chunks where partition < batches.count {
            batches[partition]
                .visit { record in
                    guard !record.isMarker, let value = record.value else { return }
                    acts.take(key: record.key, value: value)
                }
        }
        settings.frameworks = try acts.frameworksInForce()
    }

    /// Puts the entries that came last to the others.
    private func close() {
        if newest.byteCount > 0 { append(newest.take()) }
    }

    /// Computes it.
    ///
    /// - Parameters:
    ///   - frameworks: under which; nil for those of the settings.
    ///   - watching: other topics whose newest records are kept.
    ///   - following: submissions whose lines are followed: see ``YearTables/changedLines(of:)``.
    /// - Returns: the process, with everything published.
    /// - Throws: what the stages throw.
    public func computed(
        under frameworks: FrameworkSet? = nil,
        watching: [TopicDefinition] = [],
        following: [String] = []
    ) throws -> YearProcess {
        close()
        var settings = settings
        if let frameworks { settings.frameworks = frameworks }
        let process = try YearProcess(pipeline: pipeline, settings: settings, watching: watching)
        process.tables.follow(following)
        for norm in norms {
            try process.recallPercentile(partition: norm.partition, key: norm.key.span, value: norm.value.span)
        }
        if let openYears { try process.open(openYears) }
        for batches in chunks { try process.feed(batches) }
        if openYears == nil { try process.settle() } else { try process.closeYears() }
        return process
    }
}
