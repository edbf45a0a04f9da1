internal import Foundation
internal import Kafka
package import Logging
internal import Messages
package import Operating
internal import Stages

/// Asks the brokers for facts that the topics do not contain: the progress of each group, and open transactions.
package final class StatusReader {
    package let connection: Connection
    package let counts: [String: Int32]
    private let consumer: Consumer
    private let lagReader: LagReader
    private let transactions: OpenTransactionReader
    private var tolerance: Tolerance

    /// A reader of an installation.
    ///
    /// - `tolerance`: how long brokers may be away before a look fails.
    package init(_ connection: Connection, logger: Logger, tolerance: Tolerance = Tolerance()) throws {
        self.tolerance = tolerance
        self.connection = connection
        counts = try Admin(connection.kafka, logger: logger).describeTopics(timeout: BrokerPatience.answer)
            .mapValues { Int32($0.partitions.count) }
        var kafka = connection.kafka
        kafka["group.id"] = connection.pipeline.group("reader")
        consumer = try Consumer(kafka, logger: logger)
        lagReader = try LagReader(connection, logger: logger, tolerance: tolerance)
        transactions = try OpenTransactionReader(connection, logger: logger, tolerance: tolerance)
    }

    /// The position of each stage in each partition of its topics.
    package func positions() throws -> [[LagReader.Position]] {
        try lagReader.positions(of: StageGroup.all(connection.pipeline), counts)
    }

    /// Whether validation has come past every row of the ledger, so that receipts have to add up.
    package func isValidationDone() throws -> Bool {
        try positions().joined().allSatisfy { $0.stage != PipelineStage.validation.name || $0.behind == 0 }
    }

    /// Transactions that have been open for longer than a commit takes.
    package func openTransactions() throws -> [OpenTransaction] {
        let now = Date()
        return try transactions.find(in: OpenTransactionReader.places(connection.pipeline, counts))
            .filter { $0.isOld(at: now) }
    }

    /// Records of the ledger.
    package func ledgerRecords() throws -> Int64 {
        let name = connection.pipeline.name(Topics.submissions)
        let consumer = consumer
        let places = (0..<(counts[name] ?? 0)).map { TopicPartition(topic: name, partition: $0) }
        return
            try tolerance.call { () throws(KafkaError) in
                try consumer.ends(of: places, timeout: BrokerPatience.answer)
            }
            .values.reduce(0) { $0 + $1.high - $1.low }
    }

    /// Reads once: the positions of the stages, and the report of a view.
    ///
    /// - `years`: the years wanted; all when empty.
    package func look(_ view: InstallationView, years: [Int] = []) throws -> ([LagReader.Position], StatusReport) {
        let positions = try positions()
        let lags = zip(StageGroup.all(connection.pipeline), positions)
            .map { (stage: $0.stage, lag: $1.reduce(0) { $0 + $1.behind }) }
        var report = StatusReport(
            view,
            years: years,
            brokers: connection.brokers,
            namespace: connection.pipeline.namespace,
            ledgerRecords: try ledgerRecords(),
            lags: lags
        )
        report.openTransactions = try openTransactions()
        if report.isValidationDone { report.problems = ReceiptCheck.problems(view.totals(), connection) }
        return (positions.flatMap { $0 }, report)
    }

    /// Ends the consumers.
    package func close() {
        lagReader.close()
        transactions.close()
        consumer.close(timeout: .seconds(2))
    }
}
