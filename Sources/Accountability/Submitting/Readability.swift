internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages

/// Checks whether the submitted rows can be read.
///
/// Readers of committed records see a record only after all earlier transactions of its partition have ended. If
/// another producer leaves one open, the stages after validation do not see the accepted rows.
struct Readability {
    let connection: Connection
    private let logger = Logger(label: "accountability")

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Waits until everything that is written now can be read as committed.
    ///
    /// - Parameters:
    ///   - topics: the topics of the submitted rows.
    ///   - timeout: how long to wait.
    ///   - what: what was written, for the error.
    /// - Throws: `Failure` with 75, naming the producer whose transaction is open, and since when.
    func wait(
        for topics: [TopicDefinition],
        timeout: Duration,
        what: String = "the submitted rows are in the ledger"
    ) throws {
        let names = topics.map(connection.pipeline.name)
        let counts = try Admin(connection.kafka, logger: logger)
            .describeTopics(names, timeout: BrokerPatience.answer).mapValues { Int32($0.partitions.count) }
        let places = OpenTransactionReader.places(connection.pipeline, counts)
        let reader = try OpenTransactionReader(connection, logger: logger)
        defer { reader.close() }
        let (written, stable) = try reader.ends(places)
        var behind = places.filter { (stable[$0] ?? 0) < written[$0] ?? 0 }
        let deadline = ContinuousClock.now + timeout
        while !behind.isEmpty {
            guard ContinuousClock.now < deadline else {
                let open = try reader.find(in: behind).map(\.text).joined(separator: "; ")
                throw Failure(
                    .tryAgain,
                    "\(what), but cannot be read yet: \(open.isEmpty ? "\(behind)" : open). \(OpenTransaction.remedy)"
                )
            }
            Thread.sleep(forTimeInterval: 0.1)
            let now = try reader.ends(behind).stable
            behind = behind.filter { (now[$0] ?? 0) < written[$0] ?? 0 }
        }
    }
}
