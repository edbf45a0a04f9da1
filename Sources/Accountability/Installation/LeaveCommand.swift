internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Stages
internal import Streaming

/// `accountability leave`: gives up the place of a worker that is gone for good.
struct LeaveCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave",
        abstract:
            "Gives up the place of a worker that will not come back, so that the others take its partitions at once.",
        discussion: """
              accountability leave indicator indicator-worker-2

            A worker that stops keeps its place in its group until it starts again. The others take its partitions only when its session \
            ends, after 45 seconds. After a scale-down, or if a machine is gone, this command takes over the place and leaves it. If a \
            worker does run under that name, it is fenced, ends with 75, and takes its place again when it is started. On a cluster with \
            access rights, name the properties file of that stage's worker: the tool's own principal may describe groups, but not join them.

            Exit codes: 0 the place is given up; 64 there is no such stage; 69 no broker answers; 75 the group did not answer in time.
            """
    )

    /// The stages, as a sentence names them.
    private static let stages =
        PipelineStage.allCases.dropLast().map(\.name).joined(separator: ", ") + " or \(PipelineStage.last)"

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Argument(help: "The stage: \(Self.stages).")
    var stage: String

    @Argument(help: "The worker's --instance.")
    var instance: String

    func operate() throws {
        let connection = try broker.connection()
        guard let stage = connection.pipeline.stages.first(where: { $0.name == stage }) else {
            let names = connection.pipeline.stages.map(\.name).joined(separator: ", ")
            throw Failure(.usage, "there is no stage \(stage): \(names)")
        }
        let group = connection.pipeline.group(stage.name)
        var kafka = connection.kafka
        kafka["group.id"] = group
        kafka["group.instance.id"] = "\(group).\(instance)"
        let consumer = try Consumer(kafka, logger: Logger(label: "accountability"))
        defer { consumer.close(timeout: .seconds(5)) }
        // Report brokers that do not answer before the place is taken.
        let place = TopicPartition(topic: stage.sources.first { !$0.isBroadcast }?.topic ?? "", partition: 0)
        _ = try consumer.committed([place], timeout: BrokerPatience.answer)
        try consumer.subscribe(stage.sources.filter { !$0.isBroadcast }.map(\.topic))
        var batch = RecordBatch(capacity: 1)
        let deadline = ContinuousClock.now + BrokerPatience.work
        while !consumer.hasRebalance, ContinuousClock.now < deadline {
            try consumer.poll(&batch, timeout: .milliseconds(100))
        }
        guard case .assigned? = consumer.nextRebalance() else {
            throw Failure(.tryAgain, "the group \(group) did not give the place in time; try again")
        }
        try consumer.assign([])
        guard consumer.leave(timeout: BrokerPatience.answer) else {
            throw Failure(.tryAgain, "the group \(group) did not let the place go in time; try again")
        }
        Standard.line("\(group): the place of \(instance) is given up")
    }
}
