internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming

/// The topics of an installation on its brokers.
///
/// Waits through the failover of a broker or a controller, as the reading commands do.
struct PipelineTopics {
    private let connection: Connection
    private let admin: Admin
    private let timeout = BrokerPatience.answer

    init(_ connection: Connection) throws {
        self.connection = connection
        admin = try Admin(connection.kafka, logger: Logger(label: "accountability"))
    }

    /// Asks, and asks again while an obstacle may pass by itself.
    private func ask<Value>(_ question: (Admin) throws(KafkaError) -> Value) throws -> Value {
        var tolerance = Tolerance()
        let admin = admin
        return try tolerance.call { () throws(KafkaError) in
            do throws(KafkaError) { return try question(admin) } catch { throw error.isRefused ? error.lasting : error }
        }
    }

    /// The partitions of the topics that are there, by name.
    func partitionCounts() throws -> [String: Int32] {
        let names = Topics.all.map(connection.pipeline.name)
        return try ask { (admin) throws(KafkaError) in try admin.describeTopics(names, timeout: timeout) }
            .mapValues { Int32($0.partitions.count) }
    }

    /// The partitions of a topic.
    ///
    /// - Throws: `Failure` if it does not exist.
    func partitions(of topic: TopicDefinition) throws -> Int32 {
        let name = connection.pipeline.name(topic)
        guard let count = try partitionCounts()[name] else {
            throw Failure(
                .configuration,
                "topic \(name) does not exist at \(connection.brokers); `accountability topics --create` creates it"
            )
        }
        return count
    }

    /// The number of brokers that keep a topic, by the partition with the fewest; -1 if it does not exist.
    func replication(of topic: TopicDefinition) throws -> Int16 {
        let name = connection.pipeline.name(topic)
        let found = try ask { (admin) throws(KafkaError) in try admin.describeTopics([name], timeout: timeout) }
        return found[name]?.partitions.map { Int16(clamping: $0.replicas.count) }.min() ?? -1
    }

    /// Creates missing topics, and waits until every partition can be used.
    ///
    /// Tables get as many partitions as the existing tables have. If the publications are missing and the ledger is
    /// not, they are computed from it: they hold the decisions about which numbers of students are shown.
    ///
    /// - `lost`: the publications, if they are computed already.
    ///
    /// Returns the names.
    func createMissing(partitions: Int32, replication: Int16, restoring lost: PublicationRestore? = nil) throws
        -> [String]
    {
        let present = try partitionCounts()
        let tables = TopicDrift.partitions(
            of: Topics.all.filter { $0.partitioning != .single }.compactMap { present[connection.pipeline.name($0)] }
        )
        let existing = tables > 0 ? tables : nil
        let missing = Topics.all.filter { present[connection.pipeline.name($0)] == nil }
        guard !missing.isEmpty else { return [] }
        // Before the topic is there: its stage decides anew as soon as it finds it empty.
        let lost = lost ?? lostPublications(missing)
        let brokers = try ask { (admin) throws(KafkaError) in try admin.describeCluster(timeout: timeout) }.brokers
            .count
        let count = try Replication.count(
            asked: replication,
            brokers: brokers,
            isLocalBroker: connection.kafka.isLocalBroker
        )
        let isLocal = connection.kafka.isLocalBroker
        let topics = missing.map {
            // Everything that is checked later is set: the brokers' defaults may be others.
            let required = isLocal ? $0.configuration : TopicDrift.required($0)
            return NewTopic(
                name: connection.pipeline.name($0),
                partitions: $0.partitionCount(tables: existing ?? partitions),
                replication: count,
                configuration: required.merging(Replication.configuration(of: count)) { own, _ in own }
            )
        }
        // On a further try, a topic that the first try created exists already.
        let failures = try ask { (admin) throws(KafkaError) in
            let failures = try admin.createTopics(topics, timeout: BrokerPatience.work)
            if let passing = failures.values.first(where: { $0.passes && $0.code != .topicAlreadyExists }) {
                throw passing
            }
            return failures
        }
        for (name, error) in failures.sorted(by: { $0.key < $1.key }) where error.code != .topicAlreadyExists {
            throw Failure(.configuration, "topic \(name) could not be created: \(error)")
        }
        let made = Dictionary(topics.map { ($0.name, Int($0.partitions)) }) { first, _ in first }
        try ask { (admin) throws(KafkaError) in try admin.awaitLeaders(of: made, timeout: BrokerPatience.work) }
        if let lost {
            do { try lost.run() } catch { PublicationRestore.tell(error) }
        }
        if missing.count < Topics.all.count { try askToFill(Set(made.keys)) }
        return missing.map(connection.pipeline.name)
    }

    /// The publications that the ledger gives; nil if their topic is not missing, or the ledger is missing too.
    private func lostPublications(_ missing: [TopicDefinition]) -> PublicationRestore? {
        guard missing.contains(Topics.publications), !missing.contains(Topics.submissions) else { return nil }
        do {
            return try PublicationRestore(connection)
        } catch {
            PublicationRestore.tell(error)
            return nil
        }
    }

    /// Asks the stages that publish newly created topics to fill them when they start.
    ///
    /// A stage that has published other topics cannot know that a new version added a topic, or that a topic lost what
    /// the stage remembers of it.
    private func askToFill(_ names: Set<String>) throws {
        let stages = connection.pipeline.stages.filter { $0.outputs.contains { names.contains($0.topic) } }
        guard !stages.isEmpty else { return }
        let counts = try partitionCounts()
        try OperatorAct.commit(connection, archives: false) { sink in
            try connection.pipeline.askForRebuild(of: stages, counts, into: sink)
        }
    }

    /// Deletes a topic that is derived from the ledger, and creates it with the required settings.
    ///
    /// - `text`: its name on the broker, or without namespace.
    ///
    /// Returns its name.
    func recreate(_ text: String, replication: Int16) throws -> String {
        guard let topic = Topics.all.first(where: { [connection.pipeline.name($0), $0.entity].contains(text) }) else {
            throw Failure(.usage, "\(text) is no topic of this namespace; `accountability topics` lists them")
        }
        let name = connection.pipeline.name(topic)
        guard topic != Topics.submissions else {
            throw Failure(
                .configuration,
                "\(name) is the ledger, from which everything else is made: it cannot be deleted by itself. Submit the files into another --namespace"
            )
        }
        try renew(name, replication: replication)
        return name
    }

    /// Deletes the ledger of a local broker and creates it again, empty.
    ///
    /// The home has all of its records.
    func renewLedger() throws {
        try renew(connection.pipeline.name(Topics.submissions), replication: 1)
    }

    /// Recreates the records of a local broker if they are still a table, as before blocks existed.
    ///
    /// Returns whether they were.
    func renewRecordsOfBefore() throws -> Bool {
        let name = connection.pipeline.name(Topics.records)
        guard try properties(of: name)[TopicDrift.policy] == "compact" else { return false }
        try renew(name, replication: 1)
        return true
    }

    private func renew(_ name: String, replication: Int16) throws {
        let ledger = try partitions(of: Topics.submissions)
        // Computed first: if that fails, nothing is lost yet.
        let isOfPublications = name == connection.pipeline.name(Topics.publications)
        let publications = try isOfPublications ? PublicationRestore(connection) : nil
        let failures = try ask { (admin) throws(KafkaError) in
            try admin.deleteTopics([name], timeout: BrokerPatience.work)
        }
        for (_, error) in failures where error.code != .unknownTopicOrPartition {
            throw Failure(.configuration, "topic \(name) could not be deleted: \(error)")
        }
        let deadline = ContinuousClock.now + BrokerPatience.work
        while try partitionCounts()[name] != nil, ContinuousClock.now < deadline {
            Thread.sleep(forTimeInterval: 0.1)
        }
        _ = try createMissing(partitions: ledger, replication: replication, restoring: publications)
    }

    /// Deletes the topics that are there, and returns their names.
    func deleteAll() throws -> [String] {
        let names = try partitionCounts().keys.sorted()
        let failures = try ask { (admin) throws(KafkaError) in
            try admin.deleteTopics(names, timeout: BrokerPatience.work)
        }
        for (name, error) in failures.sorted(by: { $0.key < $1.key }) {
            throw Failure(.internalError, "topic \(name) could not be deleted: \(error)")
        }
        return names
    }

    /// What differs from the catalogue.
    ///
    /// - Parameter report: takes a line about each topic.
    /// - Returns: what is wrong, and how to correct it.
    /// - Throws: `Failure` if the brokers do not answer.
    func problems(_ report: (String) -> Void = { _ in }) throws -> [String] {
        let present = try partitionCounts()
        let tables = TopicDrift.partitions(
            of: Topics.all.filter { $0.partitioning != .single }.compactMap { present[connection.pipeline.name($0)] }
        )
        var problems: [String] = []
        for topic in Topics.all {
            let name = connection.pipeline.name(topic)
            guard let count = present[name] else {
                problems.append("\(name) is missing; --create creates it")
                continue
            }
            report("\(name)  \(count) partition\(count == 1 ? "" : "s")  \(topic.summary)")
            let expected = topic.partitionCount(tables: tables)
            if count != expected { problems.append(TopicDrift.partitions(topic, name, count, expected)) }
            problems += TopicDrift.properties(
                topic,
                name,
                try properties(of: name),
                brokers: connection.brokers,
                isLocalBroker: connection.kafka.isLocalBroker
            )
        }
        return problems
    }

    private func properties(of name: String) throws -> [String: String] {
        let described = try ask { (admin) throws(KafkaError) in try admin.describeConfigs(topic: name, timeout: timeout)
        }
        return Dictionary(described.compactMap { property in property.value.map { (property.name, $0) } }) { $1 }
    }

    /// Notes about how the topics are kept.
    func notes() throws -> [String] {
        let names = Topics.all.map(connection.pipeline.name)
        let found = try ask { (admin) throws(KafkaError) in try admin.describeTopics(names, timeout: timeout) }
        let kept = try found.values.map { topic in
            Replication.Kept(
                name: topic.name,
                replicas: topic.partitions.map(\.replicas.count).min() ?? 0,
                minimum: try properties(of: topic.name)["min.insync.replicas"].flatMap { Int($0) }
            )
        }
        let brokers = try ask { (admin) throws(KafkaError) in try admin.describeCluster(timeout: timeout) }.brokers
            .count
        return Replication.notes(kept, brokers: brokers)
    }
}
