import Foundation
public import Messages
public import Rules
public import Streaming

/// Issues the annual performance determinations of districts and schools, 603 CMR 2.03(3), and revises them when a fact
/// changes.
public struct DeterminationStage: Stage {
    /// The stage's name.
    public let name = PipelineStage.determination.name
    /// Participation, indicators and percentiles by district, and all directives.
    public let sources: [Source]
    /// Determinations, the stage's confirmations of them, and the publications of official ones.
    public let outputs: [Output]

    static let participation = 0
    static let indicators = 1
    static let percentiles = 2
    static let directives = 3
    static let determinations = TableOutput(TableTopics.determinations, at: 0)
    static let confirmations = TableOutput(TableTopics.confirmations, at: 1)
    static let publications = TableOutput(TableTopics.publications, at: 2)

    private let clock: @Sendable () -> Int64
    private let frameworks: FrameworkSet
    private let framing: SchemaFraming?
    private let isRestarted: Bool

    /// The stage of an installation.
    ///
    /// - Parameters:
    ///   - pipeline: the installation.
    ///   - frameworks: under which each year is computed.
    ///   - framing: how publications name their schema in a registry; nil without a registry.
    ///   - isRestarted: whether its worker starts again when an act puts other frameworks in force. Its tasks then
    ///     publish nothing until that, so that the act revises each determination once.
    ///   - clock: the time of an issue, milliseconds since 1970.
    public init(
        pipeline: Pipeline,
        frameworks: FrameworkSet = .builtIn,
        framing: SchemaFraming? = nil,
        isRestarted: Bool = false,
        clock: @escaping @Sendable () -> Int64 = Self.now
    ) {
        self.clock = clock
        self.frameworks = frameworks
        self.framing = framing
        self.isRestarted = isRestarted
        sources = [
            pipeline.source(Topics.participation), pipeline.source(Topics.indicators),
            pipeline.source(Topics.percentiles), pipeline.source(Topics.directives),
        ]
        outputs = [
            Self.determinations.declared(in: pipeline), Self.confirmations.declared(in: pipeline),
            Self.publications.declared(in: pipeline),
        ]
    }

    /// The documents on record under which it computes.
    public var configuration: UInt64? { frameworks.identity }
    /// The stages before it compute under the same documents.
    public var sharesConfiguration: Bool { true }

    /// A task that knows no organization.
    public func makeTask(_ context: TaskContext) -> any StageTask {
        DeterminationTask(frameworks: frameworks, framing: framing, isRestarted: isRestarted, clock: clock)
    }

    /// The machine's time, milliseconds since 1970.
    @Sendable public static func now() -> Int64 {
        Int64(Date().timeIntervalSince1970 * 1000)
    }
}
