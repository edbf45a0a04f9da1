internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Stages
internal import Streaming

/// An operator's act on the ledger: a transaction of its own.
enum OperatorAct {
    /// The name of an act in the home's archive of the ledger.
    static let archiveName = "act"
    /// How often an act is tried if other commands of this host take its identity.
    private static let attempts = 4

    /// Commits everything that the closure sends, or nothing.
    ///
    /// Commands on one host share a transactional id, so the next command ends the transaction of a killed one. Two
    /// concurrent commands fence each other. The fenced one waits until the other is probably done, and then repeats
    /// everything.
    ///
    /// - `archives`: whether records for the ledger are also archived in the home, for a broker that may lose them.
    /// - `body`: called again if the act is retried. Records sent twice must have the same effect as records sent once.
    static func commit(
        _ connection: Connection,
        archives: Bool = true,
        _ body: (any RecordSink) throws -> Void
    ) throws {
        var attempt = 1
        while true {
            do {
                return try commitOnce(connection, archives ? LedgerArchive(connection) : nil, body)
            } catch  where attempt < attempts && isLost(error) {
                attempt += 1
                Standard.error("another command of this host is at work at the same time; trying again in a moment")
                // A first transaction takes about a second. The wait is random, so that the two commands do not meet
                // again.
                Thread.sleep(forTimeInterval: .random(in: 1.2...3.6))
            }
        }
    }

    private static func commitOnce(
        _ connection: Connection,
        _ archive: LedgerArchive?,
        _ body: (any RecordSink) throws -> Void
    ) throws {
        let group = connection.pipeline.group("operator")
        // Fencing is expected here, so do not log the client's alarming messages. Other errors are thrown.
        let logger = Logger(label: "accountability") { _ in SwiftLogNoOpLogHandler() }
        let sink = try TransactionalSink(
            kafka: properties(connection.kafka),
            transactionalID: "\(group).\(ProcessInfo.processInfo.hostName)",
            memoryTopic: connection.pipeline.name(Topics.progress),
            source: "/\(group.replacing(".", with: "/"))",
            logger: logger
        )
        defer { sink.close(timeout: .seconds(5)) }
        guard let archive else {
            try body(sink)
            return try sink.commit(offsets: [], group: nil)
        }
        let writer = try LedgerArchive.Writer(archive, connection.pipeline, name: archiveName, into: sink)
        do {
            try body(writer)
            try writer.prepare()
        } catch {
            writer.discard()
            throw error
        }
        do {
            try sink.commit(offsets: [], group: nil)
        } catch {
            // Otherwise it is unknown whether it was committed, and the draft stays.
            if isLost(error) { writer.discard() }
            throw error
        }
        try writer.keep()
    }

    /// The properties of an act's producer.
    ///
    /// Its transaction time-out is short, because readers wait for the open transaction of a killed command.
    static func properties(_ kafka: KafkaConfiguration) -> KafkaConfiguration {
        var kafka = kafka
        guard kafka["transaction.timeout.ms"] == nil else { return kafka }
        // The client refuses a transaction that is shorter than these.
        let others = ["message.timeout.ms", "delivery.timeout.ms", "socket.timeout.ms"]
            .compactMap { kafka[$0].flatMap { Int($0) } }
        kafka["transaction.timeout.ms"] = "\(max(60_000, others.max() ?? 0))"
        return kafka
    }

    /// Whether nothing of the act was committed, because another command took the identity or the transaction was
    /// aborted.
    private static func isLost(_ error: any Error) -> Bool {
        switch error {
        case let error as RuntimeError: error.code == .fenced || (error.cause as? KafkaError)?.isFence == true
        case is TransactionAborted: true
        case let error as KafkaError: error.isFence
        default: false
        }
    }
}
