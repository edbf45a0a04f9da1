import Foundation
import Kafka
import Logging

/// Looks at a stage's topics before it runs: they must exist, and what is joined by partition must have equal partition counts.
struct TopicCheck {
    let kafka: KafkaConfiguration
    let logger: Logger
    let patience: Patience

    /// Partitions of the stage's sources, and of each output.
    func partitions(of stage: any Stage, progressTopic: String, quarantine: QuarantineTopic?) throws -> (sources: Int32, outputs: [Int32]) {
        let names = Set(stage.sources.map(\.topic) + stage.outputs.map(\.topic) + [progressTopic] + (quarantine.map { [$0.name] } ?? []))
        let admin = try Admin(kafka, logger: logger)
        let found = try patience.call("looking for the topics") { (share) throws(KafkaError) in
            try admin.describeTopics(names.sorted(), timeout: share)
        }
        func count(_ topic: String) throws -> Int32 {
            guard let description = found[topic] else {
                throw RuntimeError(
                    .topicMissing, "topic \(topic) does not exist; `accountability topics --create` creates what is missing"
                )
            }
            return Int32(description.partitions.count)
        }
        _ = try count(progressTopic)
        if let quarantine { _ = try count(quarantine.name) }
        let sources = try stage.sources.filter { !$0.isBroadcast }.map { (topic: $0.topic, count: try count($0.topic)) }
        for source in stage.sources where source.isBroadcast {
            guard try count(source.topic) == 1 else {
                throw RuntimeError(.notCopartitioned, "topic \(source.topic) is read whole by every task and must have one partition")
            }
        }
        guard let first = sources.first, sources.allSatisfy({ $0.count == first.count }) else {
            let listed = sources.map { "\($0.topic): \($0.count)" }.joined(separator: ", ")
            throw RuntimeError(
                .notCopartitioned,
                "\(stage.name) joins its sources by partition, so they must have equal partition counts, but have \(listed)"
            )
        }
        return (first.count, try stage.outputs.map { try count($0.topic) })
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
