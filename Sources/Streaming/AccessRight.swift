/// An access right on a cluster: an operation on a topic, a consumer group or a transactional id, in the terms of
/// Apache Kafka's authorizer.
public struct AccessRight: Sendable, Hashable, Comparable, Codable {
    /// What the right is on.
    public enum Resource: String, Sendable, Hashable, Codable, CaseIterable {
        /// A topic.
        case topic
        /// A consumer group.
        case group
        /// A transactional id.
        case transactionalID = "transactional-id"
    }

    /// An operation, by its Kafka name.
    public enum Operation: String, Sendable, Hashable, Codable {
        case read = "Read"
        case write = "Write"
        case create = "Create"
        case delete = "Delete"
        case describe = "Describe"
        case describeConfigs = "DescribeConfigs"
    }

    /// What the right is on.
    public let resource: Resource
    /// The resource's name, or a prefix of it.
    public let name: String
    /// Whether ``name`` is a prefix that covers several resources.
    public let isPrefix: Bool
    /// The permitted operation.
    public let operation: Operation

    /// A right.
    public init(_ operation: Operation, _ resource: Resource, _ name: String, isPrefix: Bool = false) {
        self.operation = operation
        self.resource = resource
        self.name = name
        self.isPrefix = isPrefix
    }

    /// In the order of resources, names and operations.
    public static func < (one: AccessRight, other: AccessRight) -> Bool {
        (one.resource.rawValue, one.name, one.operation.rawValue) < (
            other.resource.rawValue, other.name, other.operation.rawValue
        )
    }
}

extension WorkerConfiguration {
    /// The least rights that the worker of a stage needs, derived from the stage's declaration and from the topics that
    /// the runtime uses for it.
    ///
    /// On Apache Kafka, `Read` and `Write` include `Describe`. It is listed anyway, for brokers where they do not.
    /// `IdempotentWrite` on the cluster is not needed, because a worker publishes only through its transactional id.
    ///
    /// - `group`: the stage's consumer group; transactional ids of its instances begin with it and a dot.
    /// - `progressTopic`: the topic of completion markers.
    /// - `quarantine`: the topic for records that the stage cannot use.
    /// - `positions`: the topic with a second copy of the committed offsets.
    public static func rights(
        of stage: any Stage,
        group: String,
        progressTopic: String,
        quarantine: QuarantineTopic? = nil,
        positions: PositionsTopic? = nil
    ) -> Set<AccessRight> {
        var rights: Set<AccessRight> = [
            // The worker writes markers to it and reads them back during a restore.
            AccessRight(.write, .topic, progressTopic), AccessRight(.read, .topic, progressTopic),
            // A restore reads without a group, but its consumer still asks for the coordinator of this group name.
            AccessRight(.describe, .group, "\(group).restore"),
            AccessRight(.read, .group, group), AccessRight(.write, .transactionalID, "\(group).", isPrefix: true),
        ]
        if let positions {
            rights.formUnion([AccessRight(.write, .topic, positions.name), AccessRight(.read, .topic, positions.name)])
        }
        if let quarantine { rights.insert(AccessRight(.write, .topic, quarantine.name)) }
        for source in stage.sources { rights.insert(AccessRight(.read, .topic, source.topic)) }
        for output in stage.outputs {
            rights.insert(AccessRight(.write, .topic, output.topic))
            if case .none = output.memory { continue }
            rights.insert(AccessRight(.read, .topic, output.topic))
        }
        return rights.describing
    }
}

extension Set<AccessRight> {
    /// These rights, plus `Describe` on each of their resources.
    public var describing: Set<AccessRight> {
        union(map { AccessRight(.describe, $0.resource, $0.name, isPrefix: $0.isPrefix) })
    }
}
