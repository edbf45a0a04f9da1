internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Streaming

/// `accountability quarantine`: records that no stage could use.
struct QuarantineCommand: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine",
        abstract: "Lists the records that a stage could not use, and puts them back on their topics after a fix.",
        discussion: """
              accountability quarantine
              accountability quarantine --code foreign_type --format csv
              accountability quarantine --replay accountability.records.v1/3/1402
              accountability quarantine --replay --all

            A replayed record goes to the topic and partition it came from, with its key, value and headers. In a topic of which only the \
            newest record of a key counts, a record whose key has a newer record is left, unless --force is given. A record that still \
            cannot be used comes back under its new offset.

            Exit codes: 0 done; 64 usage; 65 a record is not in quarantine, or was left; 69 no broker answers; 78 a topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Argument(help: ArgumentHelp("Records to replay, as in the column origin.", valueName: "origin"))
    var origins: [String] = []

    @Option(help: ArgumentHelp("One topic, by its name on the broker.", valueName: "topic"))
    var topic: String?

    @Option(help: ArgumentHelp("One code.", valueName: "code"))
    var code: String?

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    @Flag(help: "With --format json: keys, values and headers too. They may contain anything.")
    var content = false

    @Flag(help: "Put records back on their topics: those named, or --all that are listed.")
    var replay = false

    @Flag(help: "With --replay: everything that the other options select.")
    var all = false

    @Flag(help: "With --replay: also replay a record if its key has a newer record.")
    var force = false

    static let columns = ["origin", "stage", "code", "bytes", "produced", "sha256", "reason"]

    func validate() throws {
        guard replay || (origins.isEmpty && !all && !force) else {
            throw ValidationError("origins, --all and --force go with --replay")
        }
        guard !replay || origins.isEmpty == all else { throw ValidationError("--replay takes origins, or --all") }
        guard !content || output.format == .json else { throw ValidationError("--content goes with --format json") }
    }

    func operate() throws {
        let connection = try broker.connection()
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let entries = try reader.quarantine().filter(isMeant)
            .sorted(by: Self.precedes)
        if replay {
            let chosen = try Self.choose(entries, origins)
            let outcome = try QuarantineReplay(connection: connection, force: force).run(chosen, reader: reader)
            for (origin, reason) in outcome.left { Standard.error("\(origin) was left: \(reason)") }
            Standard.line("put \(outcome.replayed) record\(outcome.replayed == 1 ? "" : "s") back")
            guard outcome.left.isEmpty else { throw ExitStatus.badInput.exitCode }
            return
        }
        let format = output.chosen
        if format == .json {
            return Standard.output(try MessageJSON.array(content ? entries : entries.map(Self.withoutContent)))
        }
        try Listing(Self.columns, entries.map(Self.fields)).write(format)
    }

    /// Whether a record is selected.
    func isMeant(_ entry: Streaming_V1_Quarantined) -> Bool {
        (topic == nil || topic == entry.topic) && (code == nil || code == entry.code)
    }

    static func precedes(_ left: Streaming_V1_Quarantined, _ right: Streaming_V1_Quarantined) -> Bool {
        (left.topic, left.partition, left.offset, left.stage) < (
            right.topic, right.partition, right.offset, right.stage
        )
    }

    /// Each record once, even if several stages found it; all records if none is named.
    static func choose(_ entries: [Streaming_V1_Quarantined], _ origins: [String]) throws -> [Streaming_V1_Quarantined]
    {
        var byOrigin: [String: Streaming_V1_Quarantined] = [:]
        var order: [String] = []
        for entry in entries where byOrigin.updateValue(entry, forKey: entry.origin) == nil {
            order.append(entry.origin)
        }
        if let missing = origins.first(where: { byOrigin[$0] == nil }) {
            throw Failure(.badInput, "\(missing) is not in quarantine; `accountability quarantine` lists what is")
        }
        let wanted = Set(origins)
        return order.filter { origins.isEmpty || wanted.contains($0) }.compactMap { byOrigin[$0] }
    }

    static func withoutContent(_ entry: Streaming_V1_Quarantined) -> Streaming_V1_Quarantined {
        var entry = entry
        entry.clearKey()
        entry.clearValue()
        entry.headers = []
        return entry
    }

    static func fields(_ entry: Streaming_V1_Quarantined) -> [String] {
        let time = Date(timeIntervalSince1970: Double(entry.producedUnixMilliseconds) / 1000)
        let digest = entry.sha256.hexadecimal
        return [
            entry.origin, entry.stage, entry.code, String(entry.size),
            entry.producedUnixMilliseconds > 0 ? time.ISO8601Format() : "", digest,
            entry.reason,
        ]
    }
}

extension Streaming_V1_Quarantined {
    /// Where the record is: `<topic>/<partition>/<offset>`.
    var origin: String { "\(topic)/\(partition)/\(offset)" }
}
