internal import Foundation
internal import Kafka
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Stages

/// Whether what was submitted can be read.
///
/// Rows that are accepted stand behind every transaction that began before them: where another's is left open, nobody
/// who comes after validation sees them.
struct Readability {
    let connection: Connection
    private let logger = Logger(label: "accountability")

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Waits until readers of committed records have passed everything that is written now.
    ///
    /// - Parameters:
    ///   - topics: where what was submitted goes.
    ///   - timeout: how long.
    /// - Throws: `Failure` with 75, naming whose transaction is in the way and since when.
    func wait(for topics: [TopicDefinition], timeout: Duration) throws {
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
                    "the submitted rows are in the ledger, but cannot be read yet: \(open.isEmpty ? "\(behind)" : open). \(OpenTransaction.remedy)"
                )
            }
            Thread.sleep(forTimeInterval: 0.1)
            let now = try reader.ends(behind).stable
            behind = behind.filter { (now[$0] ?? 0) < written[$0] ?? 0 }
        }
    }
}
