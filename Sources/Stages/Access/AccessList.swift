public import Messages
public import Rules
public import Streaming

/// The access rights on the cluster: a principal for every worker, for subscribers and for the operators' tool, each
/// with the least rights that it needs.
///
/// It is derived from the topic catalogue and the declarations of the stages.
public struct AccessList: Sendable, Hashable {
    /// A principal and its rights.
    public struct Principal: Sendable, Hashable, Codable {
        /// The name, without Kafka's `User:`.
        public let name: String
        /// Its purpose.
        public let purpose: String
        /// Its rights.
        public let rights: [AccessRight]

        init(_ name: String, _ purpose: String, _ rights: Set<AccessRight>) {
            self.name = name
            self.purpose = purpose
            self.rights = rights.sorted()
        }
    }

    /// The principals, in the order of the flow.
    public let principals: [Principal]

    /// The access list of an installation.
    ///
    /// - `prefix`: begins the names of the principals.
    public init(pipeline: Pipeline, principalPrefix prefix: String = "") {
        let progress = pipeline.name(Topics.progress)
        var list = [Principal("\(prefix)ingestion-worker", "writes the ledger", Self.ingestion(pipeline))]
        for stage in pipeline.stages {
            var rights = WorkerConfiguration.rights(
                of: stage,
                group: pipeline.group(stage.name),
                progressTopic: progress,
                quarantine: pipeline.quarantine,
                positions: pipeline.positions
            )
            if !(stage is NotificationStage) {
                // The acts of the Department tell each stage under which frameworks it computes.
                rights.formUnion(Set([AccessRight(.read, .topic, pipeline.name(Topics.directives))]).describing)
            }
            if stage is NotificationStage { rights.formUnion(Self.delivery(pipeline).union(Self.inspection(pipeline))) }
            list.append(Principal("\(prefix)\(stage.name)-worker", "runs the stage \(stage.name)", rights))
        }
        list.append(Principal("\(prefix)subscriber", "reads publications", Self.subscriber(pipeline)))
        list.append(Principal("\(prefix)operator", "runs the tool accountability", Self.operatorTool(pipeline)))
        list.append(
            Principal(
                "\(prefix)repair",
                "puts records from quarantine back: accountability quarantine --replay",
                Self.repair(pipeline)
            )
        )
        principals = list
    }

    /// A file's transaction carries its receipt as an offset on the ledger, which asks for the right to read there.
    private static func ingestion(_ pipeline: Pipeline) -> Set<AccessRight> {
        let identity = "\(pipeline.group("ingestion"))."
        let ledger = pipeline.name(Topics.submissions)
        return Set([
            AccessRight(.write, .topic, ledger), AccessRight(.read, .topic, ledger),
            AccessRight(.write, .topic, pipeline.name(Topics.progress)),
            AccessRight(.read, .group, identity, isPrefix: true),
            AccessRight(.write, .transactionalID, identity, isPrefix: true),
        ])
        .describing
    }

    /// Deliveries run next to the notification stage, with a separate group and transactional id.
    private static func delivery(_ pipeline: Pipeline) -> Set<AccessRight> {
        let group = pipeline.group("delivery")
        let deliveries = pipeline.name(Topics.deliveries)
        return Set([
            AccessRight(.read, .topic, pipeline.name(Topics.notices)), AccessRight(.read, .topic, deliveries),
            AccessRight(.write, .topic, deliveries),
            AccessRight(.read, .group, group), AccessRight(.write, .transactionalID, "\(group).", isPrefix: true),
        ])
        .describing
    }

    /// So does the inspection, which is no member of its group and commits offsets for it.
    private static func inspection(_ pipeline: Pipeline) -> Set<AccessRight> {
        Set(
            pipeline.inspectedTopics.map { AccessRight(.read, .topic, $0.source.topic) }
                + [
                    AccessRight(.read, .group, pipeline.group(Inspection.name)),
                    AccessRight(.write, .topic, pipeline.quarantine.name),
                ]
        )
        .describing
    }

    /// The public topics.
    ///
    /// All other topics contain small groups, or figures from which small groups could be computed.
    ///
    /// Groups of subscribers begin with `<namespace>.subscriber.`.
    private static func subscriber(_ pipeline: Pipeline) -> Set<AccessRight> {
        Set([
            AccessRight(.read, .topic, pipeline.name(Topics.publications)),
            AccessRight(.read, .group, "\(pipeline.group("subscriber")).", isPrefix: true),
        ])
        .describing
    }

    /// Creates the topics, reads all of them, opens and closes years, has deliveries repeated, and looks at the groups.
    private static func operatorTool(_ pipeline: Pipeline) -> Set<AccessRight> {
        var rights: Set<AccessRight> = [
            AccessRight(.write, .topic, pipeline.name(Topics.submissions)),
            AccessRight(.write, .topic, pipeline.name(Topics.deliveries)),
            // Rebuilds that it asks the stages for.
            AccessRight(.write, .topic, pipeline.name(Topics.positions)),
            // Norms, and decisions about disclosure, that a replay carries into another namespace.
            AccessRight(.write, .topic, pipeline.name(Topics.percentiles)),
            AccessRight(.write, .topic, pipeline.name(Topics.publications)),
            AccessRight(.read, .group, pipeline.group("reader")),
            AccessRight(.write, .transactionalID, "\(pipeline.group("operator")).", isPrefix: true),
            AccessRight(.write, .transactionalID, pipeline.group("doctor")),
            AccessRight(.write, .transactionalID, pipeline.group("replay")),
        ]
        for topic in Topics.all {
            for operation in [AccessRight.Operation.read, .create, .delete, .describeConfigs] {
                rights.insert(AccessRight(operation, .topic, pipeline.name(topic)))
            }
        }
        for stage in pipeline.stages { rights.insert(AccessRight(.describe, .group, pipeline.group(stage.name))) }
        return rights.describing
    }

    /// Writes wherever a record may have come from: no everyday right.
    private static func repair(_ pipeline: Pipeline) -> Set<AccessRight> {
        var rights: Set<AccessRight> = [
            AccessRight(.read, .topic, pipeline.quarantine.name),
            AccessRight(.describe, .group, pipeline.group("reader")),
        ]
        for topic in Topics.all {
            rights.insert(AccessRight(.write, .topic, pipeline.name(topic)))
            // If only the newest record of a key counts, the tool checks whether a record was superseded.
            if topic.retention == .compacted || topic == Topics.records {
                rights.insert(AccessRight(.read, .topic, pipeline.name(topic)))
            }
        }
        return rights.describing
    }
}

extension Pipeline {
    /// The stages that run as workers of the runtime, in the order of the flow; ingestion is not one of them.
    public var stages: [any Stage] { stages(under: .builtIn) }

    /// The same stages, computing under these frameworks.
    ///
    /// - Parameters:
    ///   - frameworks: those in force.
    ///   - clock: the time of an issue, milliseconds since 1970.
    /// - Returns: the stages.
    public func stages(
        under frameworks: FrameworkSet,
        clock: @escaping @Sendable () -> Int64 = DeterminationStage.now
    ) -> [any Stage] {
        [
            ValidationStage(pipeline: self, frameworks: frameworks),
            ParticipationStage(pipeline: self, frameworks: frameworks),
            IndicatorStage(pipeline: self, frameworks: frameworks),
            PercentileStage(pipeline: self, frameworks: frameworks),
            DeterminationStage(pipeline: self, frameworks: frameworks, clock: clock),
            NotificationStage(pipeline: self),
        ]
    }

    /// The sources and outputs of each stage, in the order of the flow.
    public var flow: [(stage: String, sources: [TopicDefinition], outputs: [TopicDefinition])] {
        let topics = Dictionary(uniqueKeysWithValues: Topics.all.map { (name($0), $0) })
        return stages.map { stage in
            (stage.name, stage.sources.compactMap { topics[$0.topic] }, stage.outputs.compactMap { topics[$0.topic] })
        }
    }

    /// The consumer group of a stage or another reader: `<namespace>.<name>`, without namespace
    /// `accountability.<name>`.
    public func group(_ name: String) -> String {
        WorkerConfiguration.group(of: name, in: namespace)
    }
}
