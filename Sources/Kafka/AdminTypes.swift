/// A topic to create.
public struct NewTopic: Sendable, Hashable {
    /// The topic's name.
    public var name: String
    /// Its number of partitions.
    public var partitions: Int32
    /// The number of replicas of each partition; -1 for the cluster's default.
    public var replication: Int16
    /// The topic's properties, such as `cleanup.policy`.
    public var configuration: [String: String]

    /// A topic to create.
    public init(name: String, partitions: Int32, replication: Int16 = -1, configuration: [String: String] = [:]) {
        self.name = name
        self.partitions = partitions
        self.replication = replication
        self.configuration = configuration
    }
}

/// A topic as the cluster knows it.
public struct TopicDescription: Sendable, Hashable {
    /// One of the topic's partitions.
    public struct Partition: Sendable, Hashable {
        /// The partition's number.
        public let partition: Int32
        /// The broker that leads it; -1 if there is none.
        public let leader: Int32
        /// The brokers with a replica.
        public let replicas: [Int32]
        /// The replicas that are in sync.
        public let inSyncReplicas: [Int32]
    }

    /// The topic's name.
    public let name: String
    /// The partitions in order of their numbers.
    public let partitions: [Partition]
}

/// A property of a topic.
public struct TopicProperty: Sendable, Hashable {
    /// The property's name.
    public let name: String
    /// The property's value; nil if the cluster hides it.
    public let value: String?
    /// Whether it is a default and not set on the topic.
    public let isDefault: Bool
    /// Whether it cannot be set.
    public let isReadOnly: Bool
}

/// The cluster.
public struct ClusterDescription: Sendable, Hashable {
    /// A broker of the cluster.
    public struct Broker: Sendable, Hashable {
        /// The broker's number.
        public let id: Int32
        /// Where it listens.
        public let host: String
        /// Where it listens.
        public let port: Int32
    }

    /// The cluster's id; nil if it has none.
    public let clusterID: String?
    /// The controller's broker number; nil if unknown.
    public let controllerID: Int32?
    /// The brokers in order of their numbers.
    public let brokers: [Broker]
}

/// The state of a consumer group.
public enum GroupState: String, Sendable, Hashable {
    /// The broker returned another state or none.
    case unknown
    /// Members are asked to join again.
    case preparingRebalance
    /// Members wait for their partitions.
    case completingRebalance
    /// Members consume.
    case stable
    /// The group is gone.
    case dead
    /// The group has offsets and no members.
    case empty
}

/// A consumer group with its members.
public struct GroupDescription: Sendable, Hashable {
    /// A member of a group.
    public struct Member: Sendable, Hashable {
        /// The member id from the broker.
        public let memberID: String
        /// Its `client.id`.
        public let clientID: String
        /// The host that it connects from.
        public let host: String
        /// Its assigned partitions.
        public let assignment: [TopicPartition]
    }

    /// The group's name.
    public let groupID: String
    /// The group's state.
    public let state: GroupState
    /// The assignment strategy, such as `range`.
    public let assignor: String
    /// The members.
    public let members: [Member]
}
