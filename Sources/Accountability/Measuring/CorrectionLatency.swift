internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Messages
internal import Operating
internal import Stages
internal import Streaming

/// `accountability measure`: for Deploy/bench.
struct Measure: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure",
        abstract: "Measures a running installation (for Deploy/bench).",
        shouldDisplay: false,
        subcommands: [MeasureFloor.self, MeasureCorrections.self, MeasureBurst.self, MeasureFile.self]
    )
}

/// `accountability measure corrections`: times from the submission of one row to the revised determination.
struct MeasureCorrections: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "corrections",
        abstract:
            "Submits the rows of a file one by one and times each until a determination that names it is published.",
        discussion: "Rows that change no determination are counted separately."
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions
    @Argument(help: "A file of corrections.") var file: String
    @Option(help: ArgumentHelp("At most this many rows.", valueName: "count")) var count = 30

    func operate() throws {
        let connection = try broker.connection()
        let inbox = try Inbox(directory: connection.home.inbox.path)
        let corrections = try CorrectionRows(file)
        let tail = try TopicTail(connection, [Topics.determinations])
        defer { tail.close() }
        var first: [Double] = []
        var last: [Double] = []
        var silent = 0
        try corrections.withFolder { folder in
            for (number, row) in corrections.rows.prefix(count).enumerated() {
                let start = ContinuousClock.now
                let id = try corrections.drop([row], as: "row-\(number).csv", in: folder, inbox)
                let seen = try determinations(of: id, since: start, tail)
                if let earliest = seen.first, let latest = seen.last {
                    first.append(earliest)
                    last.append(latest)
                } else {
                    silent += 1
                }
            }
        }
        Standard.line(
            "{\"corrections\": \(first.count), \"without_change\": \(silent), \"first_determination_ms\": \(Latencies(first).json), "
                + "\"last_determination_ms\": \(Latencies(last).json)}"
        )
    }

    /// When determinations came that name a submission, in milliseconds.
    private func determinations(
        of id: String,
        since start: ContinuousClock.Instant,
        _ tail: TopicTail
    ) throws -> [Double] {
        var seen: [Double] = []
        // Long enough to tell a row that changes nothing from a slow one, and to see the last of several revisions.
        let wait = Duration.milliseconds(2500)
        while ContinuousClock.now - start < wait {
            try tail.poll(.milliseconds(5)) { record in
                if record.isCaused(by: id) { seen.append((ContinuousClock.now - start) / .milliseconds(1)) }
            }
            if let newest = seen.last, (ContinuousClock.now - start) / .milliseconds(1) > newest + 700 { break }
        }
        return seen
    }
}

extension Record {
    /// Whether a submission is among the causes of the record.
    borrowing func isCaused(by id: String) -> Bool {
        guard let cause = header("ce_cause").value else { return false }
        return CauseSet(String(decoding: [UInt8](copying: cause), as: UTF8.self)).names.contains(id)
    }
}
