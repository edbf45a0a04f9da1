internal import Messages
public import Rules
public import Streaming

/// Indicators: from accepted records to every indicator value of every organization, span and group, 603 CMR
/// 2.03(2)(b), and to each organization's entry for the statewide ranks, 603 CMR 2.03(2)(a) and (c).
///
/// Achievement, growth and chronic absenteeism are computed from student records, also for the lowest performing group.
/// Supplied values are used if an organization has no student records of the measure in the year; otherwise they are
/// refused. Targets and organizations are passed on.
public struct IndicatorStage: Stage {
    /// The places of the topics in ``sources`` and ``outputs``.
    enum Topic {
        static let records = 0
        static let directives = 1
        static let indicators = TableOutput(TableTopics.indicators, at: 0)
        /// What a task brings into the ranks lies with the group.
        static let standings = TableOutput(
            TableTopics.standings,
            at: 1,
            publisher: .of { .district(of: $0.organization) }
        )
        static let rejections = TableOutput(
            TableTopics.rejections,
            at: 2,
            publisher: .forgets { SuppliedRejection.rejects($0, $1, indicator: true) }
        )
    }

    private let pipeline: Pipeline
    private let frameworks: FrameworkSet

    /// The stage of an installation, computing each year under its framework of these.
    public init(pipeline: Pipeline, frameworks: FrameworkSet = .builtIn) {
        self.pipeline = pipeline
        self.frameworks = frameworks
    }

    /// `indicator`.
    public var name: String { PipelineStage.indicator.name }

    /// The accepted records, and all directives: changes of organizations are among them.
    public var sources: [Source] { [pipeline.source(Topics.records), pipeline.source(Topics.directives)] }

    /// Values with targets and organizations, the standings, and the supplied values that are refused.
    public var outputs: [Output] {
        [
            Topic.indicators.declared(in: pipeline), Topic.standings.declared(in: pipeline),
            Topic.rejections.declared(in: pipeline),
        ]
    }

    /// The documents on record under which it computes.
    public var configuration: UInt64? { frameworks.identity }
    /// The stages before it compute under the same documents.
    public var sharesConfiguration: Bool { true }

    /// A task that has seen nothing.
    public func makeTask(_ context: TaskContext) throws -> any StageTask {
        IndicatorTask(frameworks)
    }
}
