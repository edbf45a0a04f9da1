import Messages
public import Rules
public import Streaming

/// Checks every row of the ledger and keeps the facts of the accepted ones.
///
/// A task holds the keys it has accepted, with a digest of their content: what is submitted again unchanged publishes
/// nothing, what differs replaces, and a student who moves to another district is retracted there. Rows that are
/// refused are told by place, column and rule.
public struct ValidationStage: Stage {
    /// Places of the outputs.
    enum OutputIndex {
        static let records = 0
        static let rejections = 1
        static let receipts = 2
        static let directives = 3
    }

    /// The stage's name.
    public let name = "validation"
    /// The ledger.
    public let sources: [Source]
    /// Records, rejections, receipts and directives.
    public let outputs: [Output]

    private let frameworks: FrameworkSet

    /// The stage in an installation, checking each year's rows against its framework of these.
    public init(pipeline: Pipeline, frameworks: FrameworkSet = .builtIn) {
        self.frameworks = frameworks
        sources = [pipeline.source(Topics.submissions)]
        outputs = [
            pipeline.output(Topics.records, memory: .none),
            pipeline.output(Topics.rejections, memory: .none),
            pipeline.output(Topics.receipts, memory: .none),
            pipeline.output(Topics.directives, memory: .none),
        ]
    }

    /// A task with an empty ledger.
    public func makeTask(_ context: TaskContext) throws -> any StageTask {
        ValidationTask(context, frameworks)
    }
}
