internal import ArgumentParser
internal import Foundation
internal import Kafka
internal import Logging
internal import Operating
internal import Reading
internal import Stages

/// `accountability hanging-transaction`: what the supervisor runs after a worker has died on the local broker.
///
/// The local broker never ends an abandoned transaction. The worker's next run ends it, except when the broker's
/// service stopped in between: the broker has then forgotten whose it was. It ends such a transaction only when it
/// stops itself.
struct HangingTransaction: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "hanging-transaction",
        abstract: "Ends with 75 if a transaction hangs on the local broker (run by the supervisor).",
        shouldDisplay: false
    )

    /// For how long an open transaction is watched.
    ///
    /// Workers commit every second, and a restarted worker ends the transaction of its previous run within a few.
    private static let patience: TimeInterval = 20

    func operate() throws {
        let connection = try BrokerOptions.parse(["--local-broker"]).connection()
        let counts = try PipelineTopics(connection).partitionCounts()
        let logger = Logger(label: "hanging") { _ in SwiftLogNoOpLogHandler() }
        let reader = try OpenTransactionReader(connection, logger: logger)
        defer { reader.close() }
        let places = OpenTransactionReader.places(connection.pipeline, counts)
        let before = try reader.find(in: places)
        guard !before.isEmpty else { return }
        Thread.sleep(forTimeInterval: Self.patience)
        let after = try reader.find(in: places)
        guard let hanging = Self.hanging(before, after) else { return }
        throw Failure(.tryAgain, hanging.text)
    }

    /// A transaction that was open the whole time and that nobody seems to work on; nil if there is none.
    ///
    /// Times are not compared, because a clock may have jumped.
    static func hanging(_ before: [OpenTransaction], _ after: [OpenTransaction]) -> OpenTransaction? {
        after.first { late in
            before.contains { early in
                early.place == late.place && early.offset == late.offset
                    // A file of ingestion is one transaction. It may be long, but then it grows.
                    && (!late.isOfIngestion || early.hidden == late.hidden)
            }
        }
    }
}
