import Foundation
package import Kafka
package import Logging

/// Checks the topics of a worker before it runs.
///
/// They must exist, and topics that are joined by partition must have equal partition counts.
package struct TopicCheck {
    let kafka: KafkaConfiguration
    let logger: Logger
    let patience: Patience

    /// Waits for the topics of a worker that is no stage.
    ///
    /// - Parameters:
    ///   - names: the topics.
    ///   - kafka: the cluster.
    ///   - logger: is told once that topics are waited for.
    ///   - limit: how long to wait.
    ///   - shouldStop: is asked between the calls.
    ///   - check: throws a ``RuntimeError`` if their partition counts, by topic, do not fit.
    /// - Returns: the partition counts; nil if it was asked to stop.
    /// - Throws: ``RuntimeError`` when the time is over, or an error of the brokers.
    package static func await(
        _ names: Set<String>,
        _ kafka: KafkaConfiguration,
        _ logger: Logger,
        limit: Duration = .seconds(60),
        shouldStop: @escaping () -> Bool,
        check: ([String: Int32]) throws -> Void = { _ in }
    ) throws -> [String: Int32]? {
        let patience = Patience(limit: limit, shouldStop: shouldStop, logger: logger)
        do {
            return try TopicCheck(kafka: kafka, logger: logger, patience: patience)
                .awaiting(names) { counts in
                    try check(counts)
                    return counts
                }
        } catch is Stopped {
            return nil
        }
    }

    /// The partition count of the stage's sources, and of each output.
    func partitions(of stage: any Stage, beside: [String]) throws -> (sources: Int32, outputs: [Int32]) {
        let names = Set(stage.sources.map(\.topic) + stage.outputs.map(\.topic) + beside)
        return try awaiting(names) { found in try Self.check(stage, found) }
    }

    /// Checks the partition counts of a stage's topics.
    private static func check(_ stage: any Stage, _ found: [String: Int32]) throws -> (sources: Int32, outputs: [Int32])
    {
        func count(_ topic: String) -> Int32 { found[topic] ?? 0 }
        let sources = stage.sources.filter { !$0.isBroadcast }.map { (topic: $0.topic, count: count($0.topic)) }
        for source in stage.sources where source.isBroadcast {
            guard count(source.topic) == 1 else {
                throw RuntimeError(
                    .notCopartitioned,
                    "topic \(source.topic) is read completely by every task and must have one partition"
                )
            }
        }
        guard let first = sources.first, sources.allSatisfy({ $0.count == first.count }) else {
            let listed = sources.map { "\($0.topic): \($0.count)" }.joined(separator: ", ")
            throw RuntimeError(
                .notCopartitioned,
                "\(stage.name) joins its sources by partition, so they must have equal partition counts, but have \(listed)"
                    + remedy(odd(sources))
            )
        }
        for output in stage.outputs {
            guard output.isCopartitioned || output.isOwnPartition else { continue }
            let own = count(output.topic)
            guard own == first.count else {
                throw RuntimeError(
                    .notCopartitioned,
                    "\(stage.name) publishes to \(output.topic) by the partitions of its sources, so it must have \(first.count) partitions, but has \(own)"
                        + remedy(nil)
                )
            }
        }
        return (first.count, stage.outputs.map { count($0.topic) })
    }

    /// The topic whose count differs from that of most others; nil if there is none.
    private static func odd(_ topics: [(topic: String, count: Int32)]) -> String? {
        let byCount = Dictionary(grouping: topics, by: \.count)
        guard byCount.count == 2, let few = byCount.values.min(by: { $0.count < $1.count }), few.count == 1,
            topics.count > 2
        else { return nil }
        return few[0].topic
    }

    /// The remedy for a topic with a different count.
    ///
    /// The ledger must not be recreated.
    private static func remedy(_ topic: String?) -> String {
        let which = topic.map { ". \($0) differs: `accountability topics --recreate \($0) --yes` recreates it" }
        return which ?? ". `accountability topics` says which one to recreate, and how"
    }

    /// What to say of a topic that is not there.
    ///
    /// Brokers hide the topics that a client may not see.
    package static func absence(of topic: String) -> String {
        "topic \(topic) does not exist, or this program may not see it. \(remedy)"
    }

    /// What to say if it is not known which topic is not there.
    static let absence = "a topic does not exist, or this program may not see it. \(remedy)"

    private static let remedy =
        "`accountability topics --create` creates missing topics; "
        + "`accountability topics --acls` prints the commands that grant the rights of this version"

    /// The partition counts of topics.
    ///
    /// - Throws: ``RuntimeError`` when one of them does not exist.
    func counts(_ names: Set<String>) throws -> [String: Int32] {
        try awaiting(names) { $0 }
    }

    /// Looks topics up until they all exist and pass a check, or the brokers' time is over.
    ///
    /// Somebody may be creating them, and a topic that was just created may not be known to every broker yet.
    private func awaiting<Value>(_ names: Set<String>, _ check: ([String: Int32]) throws -> Value) throws -> Value {
        let admin = try Admin(kafka, logger: logger)
        let deadline = ContinuousClock.now + patience.limit
        var backoff = Backoff()
        var isTold = false
        while true {
            let found = try patience.call("looking for the topics") { (share) throws(KafkaError) in
                try admin.describeTopics(names.sorted(), timeout: share)
            }
            do {
                if let missing = names.sorted().first(where: { found[$0] == nil }) {
                    throw RuntimeError(
                        .topicMissing,
                        Self.absence(of: missing)
                    )
                }
                return try check(found.mapValues { Int32($0.partitions.count) })
            } catch let error as RuntimeError {
                guard ContinuousClock.now < deadline else { throw error }
                if !isTold { logger.warning("waiting for the topics: \(error.message)") }
                isTold = true
                backoff.pause(until: deadline)
            }
        }
    }
}

extension Output {
    /// Whether a task reads back the partition with its own number.
    fileprivate var isOwnPartition: Bool {
        if case .ownPartition = memory { true } else { false }
    }
}

/// Wall-clock time in milliseconds since 1970.
enum Milliseconds {
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
