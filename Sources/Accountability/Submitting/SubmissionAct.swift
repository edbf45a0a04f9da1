internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Stages
internal import Streaming

/// The arguments of `withdraw`, `approve` and `reject`.
struct SubmissionActOptions: ParsableArguments {
    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Argument(help: "The submission, as `accountability receipts` lists it.")
    var submission: String

    @Option(help: ArgumentHelp("The reason, which the ledger records.", valueName: "text"))
    var reason = ""

    @OptionGroup var person: PersonOption

    @Flag(inversion: .prefixedNo, help: "Wait until validation has taken it.")
    var wait = true

    @Option(help: ArgumentHelp("How long to wait.", valueName: "seconds"))
    var timeout = 120
}

/// A submission without rows that decides about another submission: a withdrawal, an approval or a rejection.
enum SubmissionAct {
    /// Writes the submission, and waits until validation has taken it on every partition.
    ///
    /// - Throws: `Failure` with 75 if validation does not answer in time, and errors of the brokers.
    static func submit(
        _ header: Accountability_V1_SubmissionHeader,
        _ connection: Connection,
        waits: Bool,
        _ timeout: Duration
    ) throws {
        let partitions = try PipelineTopics(connection).partitions(of: Topics.submissions)
        let receipts = waits ? try ReceiptWait(connection, header.submission, partitions) : nil
        defer { receipts?.close() }
        try OperatorAct.commit(connection) { sink in
            try connection.pipeline.submit(header, partitions: partitions, into: sink)
        }
        try receipts?.wait(timeout)
    }
}

/// Waits until every partition's validation has taken a submission.
private final class ReceiptWait {
    private let tail: TopicTail
    private let submission: String
    private var waiting: Set<Int32>

    init(_ connection: Connection, _ submission: String, _ partitions: Int32) throws {
        tail = try TopicTail(connection, [Topics.receipts])
        self.submission = submission
        waiting = Set(0..<partitions)
    }

    func wait(_ timeout: Duration) throws {
        let deadline = ContinuousClock.now + timeout
        while !waiting.isEmpty {
            guard ContinuousClock.now < deadline else {
                throw Failure(
                    .tryAgain,
                    "\(submission) is in the ledger, but validation has not taken it yet on \(waiting.count) partition\(waiting.count == 1 ? "" : "s"); "
                        + "`accountability doctor` shows whether a worker is missing"
                )
            }
            try tail.poll(.milliseconds(50)) { record in
                guard let (key, _) = record.entry(of: TableTopics.receipts), key.submission == submission else {
                    return
                }
                waiting.remove(key.partition)
            }
        }
    }

    func close() { tail.close() }
}
