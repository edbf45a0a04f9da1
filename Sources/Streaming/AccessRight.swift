/// A right on a cluster: an operation on a topic, a consumer group or a transactional id, as Apache Kafka's authorizer
/// knows them.
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

    /// What may be done with it, in Kafka's words.
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
    /// Its name, or the beginning of its name.
    public let name: String
    /// Whether ``name`` is the beginning of the names that are meant.
    public let isPrefix: Bool
    /// What may be done.
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
    /// The least rights that the worker of a stage needs, from what the stage declares and what the runtime opens for
    /// it.
    ///
    /// `Read` and `Write` include `Describe` on Apache Kafka; it is stated for brokers that see it otherwise.
    /// `IdempotentWrite` on the cluster is not among them: all that a worker publishes goes through its transactional
    /// id.
    ///
    /// - `group`: the stage's consumer group; transactional ids of its instances begin with it and a dot.
    /// - `progressTopic`: the topic of completion markers.
    /// - `quarantine`: where records go that the stage can't use.
    /// - `positions`: where committed offsets stand a second time.
    public static func rights(
        of stage: any Stage,
        group: String,
        progressTopic: String,
        quarantine: QuarantineTopic? = nil,
        positions: PositionsTopic? = nil
    ) -> Set<AccessRight> {
        var rights: Set<AccessRight> = [
            // Markers are written to it and read back in a restore.
            AccessRight(.write, .topic, progressTopic), AccessRight(.read, .topic, progressTopic),
            // A restore reads outside of any group, but its consumer looks for the coordinator of its name.
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
    /// These rights, and to describe whatever they are on.
    public var describing: Set<AccessRight> {
        union(map { AccessRight(.describe, $0.resource, $0.name, isPrefix: $0.isPrefix) })
    }
}
