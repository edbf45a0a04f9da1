internal import Kafka
internal import Stages
internal import Streaming

/// The consumer group of each stage and the topics it commits offsets of, in the order of the flow.
struct StageGroup {
    let stage: String
    let group: String
    let topics: [String]

    /// The groups of an installation; ingestion reads files and has none.
    static func all(_ pipeline: Pipeline) -> [StageGroup] {
        pipeline.stages.map { stage in
            StageGroup(
                stage: stage.name, group: pipeline.group(stage.name), topics: stage.sources.filter { !$0.isBroadcast }.map(\.topic)
            )
        }
    }
}

/// Reads how far groups are behind.
struct LagReader {
    let admin: Admin
    let consumer: Consumer
    let timeout: Duration

    /// Records behind the end of a group's topics. What ends a transaction takes an offset too and is nobody's to consume, so one offset of each
    /// partition does not count.
    ///
    /// - Parameter counts: partitions of each topic.
    func lag(of group: StageGroup, _ counts: [String: Int32]) throws -> Int64 {
        let partitions = group.topics.flatMap { topic in
            (0..<(counts[topic] ?? 0)).map { TopicPartition(topic: topic, partition: $0) }
        }
        var committed: [TopicPartition: Int64] = [:]
        for offset in try admin.groupOffsets(group.group, partitions: partitions, timeout: timeout) {
            committed[offset.topicPartition] = offset.offset.value
        }
        var lag: Int64 = 0
        for partition in partitions {
            let (low, high) = try consumer.watermarks(partition, timeout: timeout)
            lag += max(0, high - max(low, committed[partition] ?? low) - 1)
        }
        return lag
    }
}
