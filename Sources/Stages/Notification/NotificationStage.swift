import Messages
public import Streaming

/// Publishes notices for districts and schools about new and changed determinations, low participation, low performing
/// groups, acts of the Department, comment periods, and plans that are due or overdue.
public struct NotificationStage: Stage {
    /// The stage's name.
    public let name = PipelineStage.notification.name
    /// Determinations and their confirmations by district, and all directives.
    public let sources: [Source]
    /// Notices.
    public let outputs: [Output]
    /// Due dates pass without a record.
    public let idleFlush: Duration? = .seconds(60)

    private let leadDays: Int
    private let clock: @Sendable () -> Int64

    static let directives = 1
    static let confirmations = 2
    /// A notice is an event.
    ///
    /// The notices published before decide whether a new one is needed.
    static let notices = TableOutput(TableTopics.notices, at: 0)

    /// The stage of an installation.
    ///
    /// - Parameters:
    ///   - pipeline: the installation.
    ///   - leadDays: how many days before its due date an organization is reminded of a plan that is not filed.
    ///   - clock: the time by which plans are due and comment periods end, milliseconds since 1970.
    public init(
        pipeline: Pipeline,
        leadDays: Int = 30,
        clock: @escaping @Sendable () -> Int64 = DeterminationStage.now
    ) {
        self.leadDays = leadDays
        self.clock = clock
        sources = [
            pipeline.source(Topics.determinations), pipeline.source(Topics.directives),
            pipeline.source(Topics.confirmations),
        ]
        outputs = [Self.notices.declared(in: pipeline)]
    }

    /// A task without published notices.
    public func makeTask(_ context: TaskContext) -> any StageTask {
        NotificationTask(context: context, leadDays: leadDays, clock: clock)
    }
}
