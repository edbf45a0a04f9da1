internal import CRdKafka
public import Logging

/// Administers topics, their properties, the cluster and its groups.
///
/// Every call has a time limit. It may be used from several threads.
public final class Admin: Sendable {
    let client: ClientHandle

    /// Creates an admin client.
    public init(_ configuration: KafkaConfiguration, logger: Logger) throws(KafkaError) {
        let conf = try configuration.makeConfiguration(defaults: [:])
        client = try unsafe ClientHandle(RD_KAFKA_PRODUCER, conf, logger: logger)
    }

    // MARK: - Topics

    /// Creates topics, and waits until each partition has a leader that serves it.
    ///
    /// A cluster confirms the creation of a topic before every broker knows the topic.
    ///
    /// - Parameters:
    ///   - topics: the topics.
    ///   - timeout: the limit of the call, and of the cluster's work.
    /// - Returns: an error for each topic that was not created (``KafkaError/Code/topicAlreadyExists``), by its name.
    /// - Throws: when the request as a whole failed.
    public func createTopics(_ topics: [NewTopic], timeout: Duration) throws(KafkaError) -> [String: KafkaError] {
        if topics.isEmpty { return [:] }
        let deadline = ContinuousClock.now + timeout
        var news = unsafe OwnerArray<NewTopicResource>()
        for topic in topics {
            var text = [CChar](repeating: 0, count: 512)
            guard
                let new = unsafe rd_kafka_NewTopic_new(
                    topic.name,
                    topic.partitions,
                    Int32(topic.replication),
                    &text,
                    text.count
                )
            else {
                throw KafkaError(failure: RD_KAFKA_RESP_ERR__INVALID_ARG, "\(topic.name): \(String(cText: text))")
            }
            unsafe news.append(new)
            for (name, value) in topic.configuration {
                try client.check(unsafe rd_kafka_NewTopic_set_config(new, name, value), "\(topic.name): \(name)")
            }
        }
        var pointers = unsafe news.pointers
        let event = try unsafe request(RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout) { options, queue in
            unsafe rd_kafka_CreateTopics(client.pointer, &pointers, pointers.count, options, queue)
        }
        var count = 0
        let result = unsafe rd_kafka_event_CreateTopics_result(event.pointer)
        let errors = unsafe Self.errors(rd_kafka_CreateTopics_result_topics(result, &count), count)
        let created = topics.filter { errors[$0.name] == nil }
        try awaitLeaders(
            of: Dictionary(created.map { ($0.name, Int($0.partitions)) }) { first, _ in first },
            timeout: deadline - ContinuousClock.now
        )
        return errors
    }

    /// Waits until each partition of some topics has a leader that serves it.
    ///
    /// - Parameters:
    ///   - topics: the partition count of each topic, by name.
    ///   - timeout: the limit of the call.
    /// - Throws: ``KafkaError/Code/timedOut``, naming the topic or partition that is not ready.
    public func awaitLeaders(of topics: [String: Int], timeout: Duration) throws(KafkaError) {
        let deadline = ContinuousClock.now + timeout
        let places = topics.sorted { $0.key < $1.key }
            .flatMap { topic in
                (0..<Int32(topic.value)).map { TopicPartitionOffset(topic: topic.key, partition: $0, offset: .end) }
            }
        var missing = ""
        while true {
            do throws(KafkaError) {
                let found = try describeTopics(Array(topics.keys), timeout: deadline - ContinuousClock.now)
                let leaderless = places.first { place in
                    found[place.topic]?.partitions
                        .contains { $0.partition == place.partition && $0.leader >= 0 } != true
                }
                if let leaderless {
                    missing = "\(leaderless.topicPartition) has no leader"
                } else {
                    // The leader itself must know that it is the leader.
                    _ = try client.offsets(for: places, timeout: deadline - ContinuousClock.now)
                    return
                }
            } catch {
                guard !error.isFatal, error.isRetriable || error.isOfMetadata else { throw error }
                // Keep the last known reason: it says more than a time-out of the last check.
                if missing.isEmpty || error.code != .timedOut { missing = "\(error)" }
            }
            guard ContinuousClock.now < deadline else { throw .timeout("the topics are not ready: \(missing)") }
            pause(.milliseconds(50), until: deadline)
        }
    }

    /// Deletes topics with all their records.
    ///
    /// - Parameters:
    ///   - topics: the topics' names.
    ///   - timeout: the limit of the call, and of the cluster's work.
    /// - Returns: an error for each topic that was not deleted, by its name.
    /// - Throws: when the request as a whole failed.
    public func deleteTopics(_ topics: [String], timeout: Duration) throws(KafkaError) -> [String: KafkaError] {
        if topics.isEmpty { return [:] }
        var deletions = unsafe OwnerArray<DeleteTopicResource>()
        for topic in topics { unsafe deletions.append(rd_kafka_DeleteTopic_new(topic)) }
        var pointers = unsafe deletions.pointers
        let event = try unsafe request(RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout) { options, queue in
            unsafe rd_kafka_DeleteTopics(client.pointer, &pointers, pointers.count, options, queue)
        }
        var count = 0
        let result = unsafe rd_kafka_event_DeleteTopics_result(event.pointer)
        return unsafe Self.errors(rd_kafka_DeleteTopics_result_topics(result, &count), count)
    }

    /// The topics with these names, or all topics.
    ///
    /// A topic that the cluster does not know is not in the result.
    ///
    /// It always requests all topics, because requesting one could create it on a broker with automatic topic creation.
    public func describeTopics(
        _ names: [String]? = nil,
        timeout: Duration
    ) throws(KafkaError) -> [String: TopicDescription] {
        let metadata = try metadata(timeout)
        let wanted = names.map { Set($0) }
        var result: [String: TopicDescription] = [:]
        for index in unsafe 0..<Int(metadata.pointer.pointee.topic_cnt) {
            let topic = unsafe metadata.pointer.pointee.topics[index]
            let name = unsafe String(cString: topic.topic)
            guard wanted?.contains(name) != false, unsafe topic.err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART else {
                continue
            }
            let partitions = unsafe (0..<Int(topic.partition_cnt))
                .map { number in
                    let partition = unsafe topic.partitions[number]
                    return unsafe TopicDescription.Partition(
                        partition: partition.id,
                        leader: partition.leader,
                        replicas: (0..<Int(partition.replica_cnt)).map { unsafe partition.replicas[$0] },
                        inSyncReplicas: (0..<Int(partition.isr_cnt)).map { unsafe partition.isrs[$0] }
                    )
                }
            result[name] = TopicDescription(
                name: name,
                partitions: partitions.sorted { $0.partition < $1.partition }
            )
        }
        return result
    }

    /// The cluster and its brokers.
    public func describeCluster(timeout: Duration) throws(KafkaError) -> ClusterDescription {
        let deadline = ContinuousClock.now + timeout
        let metadata = try metadata(timeout)
        var clusterID: String?
        var left = deadline - ContinuousClock.now
        if let text = unsafe rd_kafka_clusterid(client.pointer, left.milliseconds) {
            clusterID = unsafe String(cString: text)
            unsafe rd_kafka_mem_free(client.pointer, text)
        }
        left = deadline - ContinuousClock.now
        let controller = unsafe rd_kafka_controllerid(client.pointer, left.milliseconds)
        let brokers = unsafe (0..<Int(metadata.pointer.pointee.broker_cnt))
            .map { index in
                let broker = unsafe metadata.pointer.pointee.brokers[index]
                return unsafe ClusterDescription.Broker(
                    id: broker.id,
                    host: String(cString: broker.host),
                    port: broker.port
                )
            }
        return ClusterDescription(
            clusterID: clusterID,
            controllerID: controller >= 0 ? controller : nil,
            brokers: brokers.sorted { $0.id < $1.id }
        )
    }

    // MARK: - Properties of topics

    /// The properties of a topic, sorted by name.
    public func describeConfigs(topic: String, timeout: Duration) throws(KafkaError) -> [TopicProperty] {
        var resources = unsafe OwnerArray<ConfigResourceResource>()
        guard let resource = unsafe rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic) else {
            throw KafkaError(failure: RD_KAFKA_RESP_ERR__INVALID_ARG, "topic '\(topic)'")
        }
        unsafe resources.append(resource)
        var pointers = unsafe resources.pointers
        let event = try unsafe request(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout) { options, queue in
            unsafe rd_kafka_DescribeConfigs(client.pointer, &pointers, pointers.count, options, queue)
        }
        var count = 0
        let result = unsafe rd_kafka_event_DescribeConfigs_result(event.pointer)
        let described = unsafe rd_kafka_DescribeConfigs_result_resources(result, &count)
        guard count == 1, let resource = unsafe described?[0] else {
            throw KafkaError(failure: RD_KAFKA_RESP_ERR__BAD_MSG, "\(topic): no properties in the answer")
        }
        try unsafe check(resource)
        var entryCount = 0
        let entries = unsafe rd_kafka_ConfigResource_configs(resource, &entryCount)
        var properties: [TopicProperty] = []
        for index in 0..<entryCount {
            guard let entry = unsafe entries?[index] else { continue }
            let source = unsafe rd_kafka_ConfigEntry_source(entry)
            unsafe properties.append(
                TopicProperty(
                    name: String(cString: rd_kafka_ConfigEntry_name(entry)),
                    value: rd_kafka_ConfigEntry_value(entry).map { unsafe String(cString: $0) },
                    isDefault: rd_kafka_ConfigEntry_is_default(entry) == 1
                        || source != RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG,
                    isReadOnly: rd_kafka_ConfigEntry_is_read_only(entry) == 1
                )
            )
        }
        return properties.sorted { $0.name < $1.name }
    }

    /// Sets properties of a topic and keeps the others.
    ///
    /// librdkafka 2.0.2 supports only the request that replaces all properties. So the existing ones are read first and
    /// sent along. Two callers at the same time can undo each other's changes.
    public func alterConfigs(
        topic: String,
        _ properties: [String: String],
        timeout: Duration
    ) throws(KafkaError) {
        let deadline = ContinuousClock.now + timeout
        var merged = properties
        for property in try describeConfigs(topic: topic, timeout: timeout) {
            guard !property.isDefault, !property.isReadOnly, let value = property.value else { continue }
            if merged[property.name] == nil { merged[property.name] = value }
        }
        var resources = unsafe OwnerArray<ConfigResourceResource>()
        guard let resource = unsafe rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic) else {
            throw KafkaError(failure: RD_KAFKA_RESP_ERR__INVALID_ARG, "topic '\(topic)'")
        }
        unsafe resources.append(resource)
        for (name, value) in merged {
            try client.check(unsafe rd_kafka_ConfigResource_set_config(resource, name, value), "\(topic): \(name)")
        }
        var pointers = unsafe resources.pointers
        let left = deadline - ContinuousClock.now
        let event = try unsafe request(RD_KAFKA_ADMIN_OP_ALTERCONFIGS, left) { options, queue in
            unsafe rd_kafka_AlterConfigs(client.pointer, &pointers, pointers.count, options, queue)
        }
        var count = 0
        let result = unsafe rd_kafka_event_AlterConfigs_result(event.pointer)
        let altered = unsafe rd_kafka_AlterConfigs_result_resources(result, &count)
        for index in 0..<count {
            if let resource = unsafe altered?[index] { try unsafe check(resource) }
        }
    }
}
