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
        abstract: "Lists and checks the topics of the pipeline, and creates missing ones.",
        discussion: """
              accountability topics                         what there is, and what differs from the catalogue
              accountability topics --create --partitions 12 --replication 3
              accountability topics --asyncapi > asyncapi.yaml
              accountability topics --acls --principal-prefix accountability- > acls.sh
              accountability topics --recreate NAME --yes   a table with a wrong number of partitions; its stage fills it again
              accountability topics --delete --yes          all records of this namespace, the ledger included

            Topics with three replicas are created with min.insync.replicas=2. If existing topics differ from this, a note on standard error \
            says so. If fewer than three brokers answer, even if one is down only for a moment, topics are created only with --replication, \
            because topics keep the replication that they are created with. For each wrong property, the output names the command of Kafka's \
            kafka-configs.sh that corrects it.

            Exit codes: 0 done; 69 no broker answers; 78 a topic is missing, or has wrong partitions or properties.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Flag(help: "Create the topics that are missing.")
    var create = false

    @Option(help: ArgumentHelp("Partitions of each table that is created.", valueName: "count"))
    var partitions: Int32 = 12

    @Option(
        help: ArgumentHelp(
            "The number of replicas of each partition; default: 3 if that many brokers answer, otherwise required.",
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

    @Option(help: ArgumentHelp("The beginning of the names of the principals that --acls prints.", valueName: "text"))
    var principalPrefix = ""

    @Flag(help: "Print the output of --acls as JSON.")
    var json = false

    @Flag(help: "Delete the topics of the namespace with everything in them; needs --yes.")
    var delete = false

    @Option(
        help: ArgumentHelp(
            "Delete this topic and create it with the required settings; needs --yes. Its stage fills it again. Not for the ledger.",
            valueName: "name"
        )
    )
    var recreate: String?

    @Flag(help: "Delete without asking.")
    var yes = false

    func validate() throws {
        guard (1...10_000).contains(partitions) else { throw ValidationError("--partitions takes 1 to 10000") }
        guard !delete || yes else {
            throw ValidationError(
                "--delete removes the ledger too, from which everything is computed; add --yes"
            )
        }
        guard acls || (!json && principalPrefix.isEmpty) else {
            throw ValidationError("--json and --principal-prefix go with --acls")
        }
        guard principalPrefix.allSatisfy({ $0.isASCII && !$0.isWhitespace && !"'\"\\".contains($0) }) else {
            throw ValidationError("--principal-prefix takes visible ASCII without quotation marks")
        }
        guard recreate == nil || yes else { throw ValidationError("--recreate deletes the topic; add --yes") }
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
        if let recreate { Standard.line("recreated \(try topics.recreate(recreate, replication: replication))") }
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
