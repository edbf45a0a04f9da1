internal import Foundation
internal import Logging
internal import Messages
internal import Operating
internal import Reading
internal import Rules

/// Keeps an `InstallationView` up to date from the brokers.
final class InstallationReader {
    private(set) var view = InstallationView()
    private let topics: FollowedTopics
    private let status: StatusReader

    /// A reader of topics from their beginning.
    ///
    /// - Throws: `Failure` if a topic is missing.
    init(_ connection: Connection, topics wanted: [TopicDefinition] = InstallationView.topics) throws {
        let logger = Logger(label: "accountability")
        topics = try FollowedTopics(connection, wanted, logger: logger)
        status = try StatusReader(connection, logger: logger)
    }

    /// Reads up to the current ends.
    func catchUp() throws {
        let line = Standard.errorIsTerminal ? ProgressLine() : nil
        defer {
            line?.clear()
            topics.passedOver.report()
        }
        var total = 0
        while !topics.isAtEnd {
            total += try poll(.milliseconds(100))
            line?.show("reading: \(total) records")
        }
    }

    /// Takes what has come.
    ///
    /// Waits for brokers that restart.
    @discardableResult
    func poll(_ timeout: Duration) throws -> Int {
        let count = try topics.poll(timeout) { topic, key, value in
            view.fold(topic, key: String(decoding: key, as: UTF8.self), value: value)
        }
        guard !topics.hasBegunAnew else {
            throw Failure(
                .tryAgain,
                "a topic was deleted and created again while it was read; run the command once more"
            )
        }
        return count
    }

    /// The report of what was read so far.
    ///
    /// - `years`: the years wanted; all when empty.
    func report(_ years: [Int]) throws -> StatusReport { try status.look(view, years: years).1 }

    /// Whether validation has passed every row of the ledger, so that the receipts have to add up.
    func isValidationDone() throws -> Bool { try status.isValidationDone() }

    /// Ends the consumers.
    func close() {
        status.close()
        topics.close()
    }
}

extension InstallationReader {
    /// Whether a viewer sees a submission: a district sees those that its accounts submitted through the console.
    static func isSeen(by viewer: ResultsViewer, _ connection: Connection) throws -> (
        Accountability_V1_SubmissionHeader
    ) -> Bool {
        switch viewer {
        case .department: return { _ in true }
        case .everybody: return { _ in false }
        case .district(let district):
            let accounts = try AccountFile(connection.home).read().filter { $0.district == district }
            return { $0.isSubmitted(by: accounts) }
        }
    }

    /// The submissions that a viewer sees.
    static func seenSubmissions(by viewer: ResultsViewer, _ connection: Connection) throws -> Set<String> {
        let isSeen = try Self.isSeen(by: viewer, connection)
        let reader = try InstallationReader(connection, topics: [Topics.submissions])
        defer { reader.close() }
        try reader.catchUp()
        return Set(reader.view.submissions.filter(isSeen).map(\.submission))
    }

    /// Submissions with rows that wait for an approval.
    static func held(_ connection: Connection) throws -> [HeldSubmission] {
        let reader = try InstallationReader(connection, topics: [Topics.submissions, Topics.receipts])
        defer { reader.close() }
        try reader.catchUp()
        return reader.view.held
    }
}
