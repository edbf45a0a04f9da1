internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming
internal import SwiftProtobuf

/// `accountability deliveries`: shows the states of notice deliveries.
struct DeliveriesCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "Shows the state of notice deliveries, and retries dead ones.",
        discussion: """
            A delivery is dead after its last attempt, or at once if another attempt would fail in the same way: a redirect, a refused \
            address, no recipient. Fix the cause first; then --retry or --all makes the notification worker deliver it.

              accountability deliveries                            how many are in which state
              accountability deliveries --dead
              accountability deliveries --retry 2019/00350012/1
              accountability deliveries --all --channel webhook

            Exit codes: 0 done; 64 usage; 65 there is no such dead delivery; 69 no broker answers; 78 a topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Flag(help: "List the dead deliveries.")
    var dead = false

    @Flag(help: "List the deliveries that wait for another attempt.")
    var waiting = false

    @Option(
        help: ArgumentHelp("Retry the dead deliveries of this notice; may be repeated.", valueName: "notice")
    )
    var retry: [String] = []

    @Flag(help: "Retry every dead delivery.")
    var all = false

    @Option(help: ArgumentHelp("Only this channel: webhook, mail or files.", valueName: "channel"))
    var channel: String?

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    func validate() throws {
        if let channel, DeliveryChannel(rawValue: channel) == nil {
            throw ValidationError("--channel takes webhook, mail or files")
        }
        guard [dead, waiting, !retry.isEmpty, all].filter({ $0 }).count < 2 else {
            throw ValidationError("--dead, --waiting, --retry and --all exclude each other")
        }
    }

    func operate() throws {
        let connection = try broker.connection()
        let entries = try Self.entries(connection).filter { channel == nil || $0.delivery.channel == channel }
        if all || !retry.isEmpty { return try requeue(entries, connection) }
        let format = output.chosen
        if dead || waiting || format == .json {
            let states =
                (dead
                ? [DeliveryState.dead] : waiting ? [.waiting, .requeued] : [.delivered, .dead, .waiting, .requeued])
                .map(\.rawValue)
            let listed = entries.map(\.delivery).filter { states.contains($0.state) }
            if format == .json { return Standard.output(try MessageJSON.array(listed)) }
            return try Listing(
                ["channel", "notice", "state", "attempts", "updated", "next", "error"],
                listed.map {
                    [
                        $0.channel, $0.notice, $0.state, String($0.attempts),
                        SubmissionIdentifier.timestamp($0.updatedUnixMilliseconds),
                        $0.nextUnixMilliseconds == 0 ? "" : SubmissionIdentifier.timestamp($0.nextUnixMilliseconds),
                        $0.error,
                    ]
                }
            )
            .write(format)
        }
        var counts: [String: Int] = [:]
        for entry in entries { counts["\(entry.delivery.channel),\(entry.delivery.state)", default: 0] += 1 }
        try Listing(
            ["channel", "state", "notices"],
            counts.sorted { $0.key < $1.key }.map { $0.key.split(separator: ",").map(String.init) + [String($0.value)] }
        )
        .write(format)
    }

    private func requeue(_ entries: [Entry], _ connection: Connection) throws {
        let chosen = entries.filter {
            $0.delivery.state == DeliveryState.dead.rawValue && (all || retry.contains($0.delivery.notice))
        }
        for notice in retry where !chosen.contains(where: { $0.delivery.notice == notice }) {
            throw Failure(.badInput, "no dead delivery of \(notice); `accountability deliveries --dead` lists them")
        }
        guard !chosen.isEmpty else { return Standard.line("nothing is dead") }
        try OperatorAct.commit(connection) { sink in
            for entry in chosen {
                var delivery = entry.delivery
                delivery.state = DeliveryState.requeued.rawValue
                delivery.attempts = 0
                delivery.error = ""
                delivery.updatedUnixMilliseconds = DeterminationStage.now()
                let key = Array("\(delivery.channel)/\(delivery.notice)".utf8)
                let value: [UInt8] = try delivery.serializedBytes()
                try sink.send(
                    topic: connection.pipeline.name(Topics.deliveries),
                    partition: entry.partition,
                    key: key.span,
                    value: value.span,
                    eventType: Topics.deliveries.eventType,
                    cause: ""
                )
            }
        }
        Standard.line(
            "requeued \(chosen.count); the notification worker delivers \(chosen.count == 1 ? "it" : "them") now"
        )
    }

    /// A state with the partition that has it.
    struct Entry {
        let partition: Int32
        let delivery: Accountability_V1_Delivery
    }

    /// The newest state of every delivery, by key.
    static func entries(_ connection: Connection) throws -> [Entry] {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var entries: [DeliveryKey: Entry] = [:]
        try reader.read(Topics.deliveries) { record in
            guard let key = record.key(of: TableTopics.deliveries) else { return }
            let delivery = record.message(of: TableTopics.deliveries, under: key)
            if let delivery, !DeliveryState.counts(delivery.state, after: entries[key]?.delivery.state) { return }
            entries[key] = delivery.map { Entry(partition: record.partition, delivery: $0) }
        }
        return entries.sorted { $0.key.text < $1.key.text }.map(\.value)
    }
}
