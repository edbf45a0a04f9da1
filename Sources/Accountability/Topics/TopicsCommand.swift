internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Stages

/// `accountability topics`: the topics of the pipeline, as they should be and as they are.
struct TopicsCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics",
        abstract: "Lists the topics of the pipeline, creates what is missing, checks what is there.",
        discussion: """
              accountability topics                         what there is, and what differs from the catalogue
              accountability topics --create --partitions 12 --replication 3
              accountability topics --asyncapi > asyncapi.yaml
              accountability topics --acls --principal-prefix accountability- > acls.sh
              accountability topics --delete --yes          all records of this namespace, the ledger included

            Topics that are kept on three brokers are made with min.insync.replicas=2. Where topics that are there are kept otherwise, a note \
            on standard error says so.

            Exit codes: 0 done; 69 no broker answers; 78 a topic is missing or has other partitions or properties than it must have.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Flag(help: "Create the topics that are missing.")
    var create = false

    @Option(help: ArgumentHelp("Partitions of each table that is created.", valueName: "count"))
    var partitions: Int32 = 12

    @Option(
        help: ArgumentHelp(
            "On how many brokers each partition is kept; default: 3 where there are as many, otherwise the cluster's own.",
            valueName: "count"
        )
    )
    var replication: Int16 = -1

    @Flag(help: "Print the AsyncAPI document of the topics instead.")
    var asyncapi = false

    @Flag(
        help:
            "Print the least rights of every worker, of subscribers and of this tool instead, as commands of kafka-acls.sh."
    )
    var acls = false

    @Option(help: ArgumentHelp("Begins the names of the principals that --acls prints.", valueName: "text"))
    var principalPrefix = ""

    @Flag(help: "Print what --acls prints as JSON.")
    var json = false

    @Flag(help: "Delete the topics of the namespace with everything in them; needs --yes.")
    var delete = false

    @Flag(help: "Delete without asking.")
    var yes = false

    func validate() throws {
        guard (1...10_000).contains(partitions) else { throw ValidationError("--partitions takes 1 to 10000") }
        guard !delete || yes else {
            throw ValidationError(
                "--delete removes the ledger too, from which everything is computed; say --yes as well"
            )
        }
        guard acls || (!json && principalPrefix.isEmpty) else {
            throw ValidationError("--json and --principal-prefix go with --acls")
        }
        guard principalPrefix.allSatisfy({ $0.isASCII && !$0.isWhitespace && !"'\"\\".contains($0) }) else {
            throw ValidationError("--principal-prefix takes visible ASCII without quotation marks")
        }
        guard !(delete && create) else { throw ValidationError("--create and --delete exclude each other") }
    }

    func operate() throws {
        if asyncapi { return Standard.output(AsyncAPIDocument.yaml) }
        let connection = try broker.connection()
        if acls {
            let list = AccessList(pipeline: connection.pipeline, principalPrefix: principalPrefix)
            return Standard.output(
                json ? try AccessCommands.json(list) : AccessCommands.shell(list, brokers: connection.brokers)
            )
        }
        let topics = try PipelineTopics(connection)
        if delete {
            for name in try topics.deleteAll() { Standard.line("deleted \(name)") }
            return
        }
        if create {
            for name in try topics.createMissing(partitions: partitions, replication: replication) {
                Standard.line("created \(name)")
            }
        }
        let problems = try topics.problems { Standard.line($0) }
        guard problems.isEmpty else {
            for problem in problems { Standard.error("topics: \(problem)") }
            throw ExitStatus.configuration.exitCode
        }
        for note in try topics.notes() { Standard.error("topics: note: \(note)") }
    }
}

/// The topics of an installation on its brokers.
struct PipelineTopics {
    private let connection: Connection
    private let admin: Admin
    private let timeout = BrokerPatience.answer

    init(_ connection: Connection) throws {
        self.connection = connection
        admin = try Admin(connection.kafka, logger: Logger(label: "accountability"))
    }

    /// The partitions of the topics that are there, by name.
    func partitionCounts() throws -> [String: Int32] {
        try admin.describeTopics(Topics.all.map(connection.pipeline.name), timeout: timeout)
            .mapValues { Int32($0.partitions.count) }
    }

    /// The partitions of a topic.
    ///
    /// - Throws: ``Failure`` where it does not exist.
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

    /// Creates what is missing, with the partitions that the tables that are there already have.
    ///
    /// Returns the names.
    func createMissing(partitions: Int32, replication: Int16) throws -> [String] {
        let present = try partitionCounts()
        let existing = Topics.all.filter { $0.partitioning != .single }
            .compactMap { present[connection.pipeline.name($0)] }.max()
        let missing = Topics.all.filter { present[connection.pipeline.name($0)] == nil }
        guard !missing.isEmpty else { return [] }
        let count = try Replication.count(
            asked: replication,
            brokers: admin.describeCluster(timeout: timeout).brokers.count
        )
        let failures = try admin.createTopics(
            missing.map {
                NewTopic(
                    name: connection.pipeline.name($0),
                    partitions: $0.partitionCount(tables: existing ?? partitions),
                    replication: count,
                    configuration: $0.configuration.merging(Replication.configuration(of: count)) { own, _ in own }
                )
            },
            timeout: BrokerPatience.work
        )
        for (name, error) in failures.sorted(by: { $0.key < $1.key }) where error.code != .topicAlreadyExists {
            throw Failure(.configuration, "topic \(name) could not be created: \(error)")
        }
        // A cluster tells its brokers of new topics a moment later.
        let deadline = ContinuousClock.now + BrokerPatience.work
        while try partitionCounts().count < Topics.all.count, ContinuousClock.now < deadline {
            Thread.sleep(forTimeInterval: 0.1)
        }
        return missing.map(connection.pipeline.name)
    }

    /// Deletes the topics that are there.
    ///
    /// Returns their names.
    func deleteAll() throws -> [String] {
        let names = try partitionCounts().keys.sorted()
        for (name, error) in try admin.deleteTopics(names, timeout: BrokerPatience.work).sorted(by: { $0.key < $1.key })
        {
            throw Failure(.internalError, "topic \(name) could not be deleted: \(error)")
        }
        return names
    }

    /// What differs from the catalogue.
    ///
    /// - `report`: takes a line about each topic.
    func problems(_ report: (String) -> Void = { _ in }) throws -> [String] {
        let present = try partitionCounts()
        let tables =
            Topics.all.filter { $0.partitioning != .single }.compactMap { present[connection.pipeline.name($0)] }.max()
            ?? 0
        var problems: [String] = []
        for topic in Topics.all {
            let name = connection.pipeline.name(topic)
            guard let count = present[name] else {
                problems.append("\(name) is missing; --create creates it")
                continue
            }
            report("\(name)  \(count) partition\(count == 1 ? "" : "s")  \(topic.summary)")
            let expected = topic.partitionCount(tables: tables)
            if count != expected {
                problems.append(
                    "\(name) has \(count) partitions and must have \(expected): tables are joined by partition. Delete and create it again; "
                        + "everything but the ledger is derived"
                )
            }
            let properties = Dictionary(
                try admin.describeConfigs(topic: name, timeout: timeout).map { ($0.name, $0.value ?? "") },
                uniquingKeysWith: { $1 }
            )
            for (property, value) in topic.configuration.sorted(by: { $0.key < $1.key }) {
                guard let actual = properties[property], actual != value else { continue }
                problems.append("\(name): \(property) is \(actual) and must be \(value)")
            }
        }
        return problems
    }

    /// What of how the topics are kept is worth knowing.
    func notes() throws -> [String] {
        let found = try admin.describeTopics(Topics.all.map(connection.pipeline.name), timeout: timeout)
        let kept = try found.values.map { topic in
            let minimum = try admin.describeConfigs(topic: topic.name, timeout: timeout)
                .first { $0.name == "min.insync.replicas" }?
                .value
            return Replication.Kept(
                name: topic.name,
                replicas: topic.partitions.map(\.replicas.count).min() ?? 0,
                minimum: minimum.flatMap { Int($0) }
            )
        }
        return Replication.notes(kept, brokers: try admin.describeCluster(timeout: timeout).brokers.count)
    }
}
