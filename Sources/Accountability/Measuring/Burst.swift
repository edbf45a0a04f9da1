internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Messages
internal import Operating
internal import Stages
internal import Streaming
internal import SwiftProtobuf

/// `accountability measure burst`: submits files of one row at a steady pace.
struct MeasureBurst: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "burst",
        abstract: "Submits files of one row at a steady pace, and times each until its row is validated.",
        discussion: "After the file's last row, it starts again with the first."
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions
    @Argument(help: "A file of corrections.") var file: String
    @Option(help: ArgumentHelp("Files per second.", valueName: "count")) var rate = 200
    @Option(help: ArgumentHelp("How long to submit.", valueName: "seconds")) var seconds = 60

    func validate() throws {
        guard (1...10_000).contains(rate), (1...86_400).contains(seconds) else {
            throw ValidationError("--rate takes 1 to 10000, and --seconds 1 to 86400")
        }
    }

    func operate() throws {
        let connection = try broker.connection()
        let inbox = try Inbox(directory: connection.home.inbox.path)
        let rows = try CorrectionRows(file)
        let tail = try TopicTail(connection, [Topics.receipts])
        defer { tail.close() }
        var dropped: [String: ContinuousClock.Instant] = [:]
        var times: [Double] = []
        func look(_ wait: Duration) throws {
            try tail.poll(wait) { record in
                guard let value = record.value else { return }
                let receipt = try Accountability_V1_Receipt(serializedBytes: [UInt8](copying: value))
                guard receipt.rows > 0, let start = dropped.removeValue(forKey: receipt.submission) else { return }
                times.append((ContinuousClock.now - start) / .milliseconds(1))
            }
        }
        let start = ContinuousClock.now
        var late: Duration = .zero
        try rows.withFolder { folder in
            for number in 0..<(rate * seconds) {
                let moment = start + .nanoseconds(1_000_000_000 * number / rate)
                while ContinuousClock.now < moment { try look(.milliseconds(1)) }
                late = max(late, ContinuousClock.now - moment)
                let row = rows.rows[number % rows.rows.count]
                // Count from the moment at which it should come, so that a late submission does not shorten the time.
                dropped[try rows.drop([row], as: "row-\(number).csv", in: folder, inbox)] = moment
                try look(.zero)
            }
            let end = ContinuousClock.now + .seconds(120)
            while !dropped.isEmpty, ContinuousClock.now < end { try look(.milliseconds(20)) }
        }
        let last = (ContinuousClock.now - start) / .seconds(1)
        Standard.line(
            "{\"rate\": \(rate), \"files\": \(times.count + dropped.count), \"without_receipt\": \(dropped.count), "
                + "\"receipt_ms\": \(Latencies(times).json), \"seconds_until_last_receipt\": \(String(format: "%.1f", last)), "
                + "\"submitted_late_by_ms\": \(String(format: "%.0f", late / .milliseconds(1)))}"
        )
    }
}

/// `accountability measure file`: submits many corrections in one file.
struct MeasureFile: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "file",
        abstract: "Submits rows of a file in one file, and follows the determinations that name it."
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions
    @Argument(help: "A file of corrections.") var file: String
    @Option(help: ArgumentHelp("At most this many rows.", valueName: "count")) var rows = 1000

    func operate() throws {
        let connection = try broker.connection()
        let inbox = try Inbox(directory: connection.home.inbox.path)
        let corrections = try CorrectionRows(file)
        let tail = try TopicTail(connection, [Topics.determinations])
        defer { tail.close() }
        var keys: [String: Int] = [:]
        var last: Double = 0
        let chosen = corrections.rows.prefix(rows)
        try corrections.withFolder { folder in
            let start = ContinuousClock.now
            let id = try corrections.drop(chosen, as: "corrections.csv", in: folder, inbox)
            var quietSince = start
            let patience = start + .seconds(120)
            // If two seconds pass without one, the last was seen.
            while ContinuousClock.now < patience,
                keys.isEmpty && ContinuousClock.now - start < .seconds(20)
                    || !keys.isEmpty && ContinuousClock.now - quietSince < .seconds(2)
            {
                try tail.poll(.milliseconds(5)) { record in
                    guard let key = record.key, record.isCaused(by: id) else { return }
                    keys[String(decoding: [UInt8](copying: key), as: UTF8.self), default: 0] += 1
                    quietSince = .now
                    last = (quietSince - start) / .milliseconds(1)
                }
            }
        }
        let published = keys.values.reduce(0, +)
        let share = keys.isEmpty ? 0 : Double(published) / Double(keys.count)
        Standard.line(
            "{\"rows\": \(chosen.count), \"determinations\": \(keys.count), \"publications\": \(published), "
                + "\"publications_a_key\": \(String(format: "%.2f", share)), \"last_determination_ms\": \(String(format: "%.0f", last))}"
        )
    }
}
