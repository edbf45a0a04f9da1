internal import Messages
public import Rules
public import Streaming

/// Participation: from accepted records to rates and whether the requirement was met, 603 CMR 2.03(2)(d).
///
/// A task counts the tests of every organization, group and subject of its districts. Supplied counts are used if an
/// organization has no student records in the year; otherwise they are refused. The framework of the year determines
/// the rates and whether the requirement was met.
public struct ParticipationStage: Stage {
    /// The places of the topics in ``sources`` and ``outputs``.
    enum Topic {
        static let records = 0
        static let directives = 1
        static let participation = TableOutput(TableTopics.participation, at: 0)
        static let rejections = TableOutput(
            TableTopics.rejections,
            at: 1,
            publisher: .forgets { SuppliedRejection.rejects($0, $1, indicator: false) }
        )
    }

    private let pipeline: Pipeline
    private let frameworks: FrameworkSet

    /// The stage of an installation, computing each year under its framework of these.
    public init(pipeline: Pipeline, frameworks: FrameworkSet = .builtIn) {
        self.pipeline = pipeline
        self.frameworks = frameworks
    }

    /// `participation`.
    public var name: String { PipelineStage.participation.name }

    /// The accepted records, and all directives: changes of organizations are among them.
    public var sources: [Source] { [pipeline.source(Topics.records), pipeline.source(Topics.directives)] }

    /// The participation rows, and the supplied counts that are refused.
    public var outputs: [Output] {
        [Topic.participation.declared(in: pipeline), Topic.rejections.declared(in: pipeline)]
    }

    /// The documents on record under which it computes.
    public var configuration: UInt64? { frameworks.identity }
    /// The stages before it compute under the same documents.
    public var sharesConfiguration: Bool { true }

    /// A task that has seen nothing.
    public func makeTask(_ context: TaskContext) throws -> any StageTask {
        ParticipationTask(frameworks)
    }
}
