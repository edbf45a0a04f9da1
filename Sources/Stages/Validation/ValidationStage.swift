import Messages
public import Rules
public import Streaming

/// Checks every row of the ledger and keeps the facts of the accepted ones.
///
/// A task holds the keys of accepted rows with a digest of their content. An unchanged row publishes nothing, and a
/// changed one replaces the old one. If a student moves to another district, the row is retracted from the old
/// district. Rejections name the place, column and rule of refused rows.
public struct ValidationStage: Stage {
    /// Places of the outputs.
    enum OutputIndex {
        static let records = 0
        static let rejections = 1
        static let receipts = 2
        static let directives = 3
    }

    /// The stage's name.
    public let name = PipelineStage.validation.name
    /// The ledger.
    public let sources: [Source]
    /// Records, rejections, receipts and directives.
    public let outputs: [Output]

    private let frameworks: FrameworkSet
    private let limits: BlockLimits

    /// The stage in an installation, checking each year's rows against its framework of these.
    public init(pipeline: Pipeline, frameworks: FrameworkSet = .builtIn) {
        self.frameworks = frameworks
        limits = pipeline.blocks
        sources = [pipeline.source(Topics.submissions)]
        outputs = [
            pipeline.output(Topics.records, memory: .whileRebuilding(publisher: Self.publisherOfRecord)),
            pipeline.output(Topics.rejections, memory: .watchOnly(isOwn: Self.isOwnRejection)),
            pipeline.output(Topics.receipts, memory: .everyPartition(publisher: Self.publisherOfReceipt)),
            pipeline.output(Topics.directives, memory: .everyPartition(publisher: Self.publisherOfDirective)),
        ]
    }

    /// Yes: the published rows are too many to keep in memory a second time.
    public let rebuildsFromSources = true

    /// The task that published a record: a block names it; of a fact by itself that of the student, otherwise that of
    /// the district.
    @Sendable static func publisherOfRecord(key: String, partitions: Int32) -> Int32? {
        let parts = key.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, let layout = Layout(wireName: String(parts[1])) else { return nil }
        let names = parts[2].split(separator: "-")
        if parts.count == 3, names.count == 3, let home = Int32(names[0]) { return home }
        return layout.isAboutStudents
            ? Partitioner.partition(of: Array(parts[2].utf8).span, partitions: partitions)
            : Pipeline.partition(ofDistrictOf: String(parts[2]), partitions: partitions)
    }

    /// The task that published a receipt: the key contains its partition.
    @Sendable static func publisherOfReceipt(key: String, partitions: Int32) -> Int32? {
        ReceiptKey(key)?.partition
    }

    /// Whether no other stage publishes a rejection.
    ///
    /// Two others publish the rejections of supplied figures, and nothing else.
    @Sendable static func isOwnRejection(_ key: Span<UInt8>, _ value: Span<UInt8>?) -> Bool {
        RejectionKey(utf8: key)?.code != RejectionCode.suppliedShadowed.rawValue
    }

    /// The one task that sees all of the Department's acts.
    @Sendable static func publisherOfDirective(key: String, partitions: Int32) -> Int32? {
        Pipeline.partition(ofDistrictOf: OrganizationCode.state.description, partitions: partitions)
    }

    /// The documents on record under which it computes.
    public var configuration: UInt64? { frameworks.identity }

    /// A task with an empty ledger.
    public func makeTask(_ context: TaskContext) throws -> any StageTask {
        ValidationTask(context, frameworks, limits)
    }
}
