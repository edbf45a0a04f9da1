internal import Foundation
internal import Kafka
package import Logging
package import Operating
internal import Stages

/// Reads the lag of groups.
///
/// The distance from a committed offset to the end of a partition is not a number of records: transaction markers and
/// aborted records also take offsets. So if the distance is small, the reader checks whether it contains any record.
package final class LagReader {
    /// The position of a stage in a partition of its topics.
    package struct Position: Hashable, Sendable {
        package let stage: String
        package let topic: String
        package let partition: Int32
        /// The place that is read next.
        package let position: Int64
        /// The offset after the last one.
        package let end: Int64
        /// Records that the stage has not processed, without transaction markers where known.
        package let behind: Int64

        package init(stage: String, topic: String, partition: Int32, position: Int64, end: Int64, behind: Int64) {
            self.stage = stage
            self.topic = topic
            self.partition = partition
            self.position = position
            self.end = end
            self.behind = behind
        }
    }

    /// The unprocessed part of a partition for a group.
    private struct Gap: Hashable {
        let partition: TopicPartition
        let start: Int64
        let end: Int64
        var distance: Int64 { end - start }
    }

    /// The beginnings and ends of the partitions of a group's topics, as read from the brokers.
    private typealias Watermarks = [TopicPartition: (low: Int64, high: Int64)]

    /// Up to this distance it is read whether there is a record.
    private static let readable: Int64 = 5000
    /// How long the reading of all of them may take.
    private static let patience = Duration.seconds(5)

    private let kafka: KafkaConfiguration
    private let logger: Logger
    private let consumer: Consumer
    /// Each group's offsets are read by a client of that group.
    private var groups: [String: GroupOffsets] = [:]
    private let timeout = BrokerPatience.answer
    private var tolerance: Tolerance
    /// Gaps that were found to hold no record: they stay so, as a partition's end moves with whatever is committed.
    private var empty: Set<Gap> = []

    package init(_ connection: Connection, logger: Logger, tolerance: Tolerance = Tolerance()) throws {
        self.tolerance = tolerance
        self.kafka = connection.kafka
        self.logger = logger
        var kafka = connection.kafka
        kafka["group.id"] = connection.pipeline.group("reader")
        kafka["enable.partition.eof"] = "true"
        kafka["fetch.wait.max.ms"] = "20"
        // One record is enough to know; the local broker's own bounds stay as they are.
        if !kafka.isLocalBroker { kafka["fetch.message.max.bytes"] = "65536" }
        consumer = try Consumer(kafka, logger: logger)
    }

    /// The lag of each group: 0 if it has processed every record, otherwise the distance minus one offset for each
    /// partition.
    ///
    /// - `counts`: partitions of each topic.
    package func lags(of groups: [StageGroup], _ counts: [String: Int32]) throws -> [Int64] {
        try positions(of: groups, counts).map { $0.reduce(0) { $0 + $1.behind } }
    }

    /// The position and lag of each group in each partition of its topics.
    ///
    /// Counted as ``lags(of:_:)`` counts.
    ///
    /// - `counts`: partitions of each topic.
    package func positions(of groups: [StageGroup], _ counts: [String: Int32]) throws -> [[Position]] {
        let watermarks = try watermarks(Set(groups.flatMap { Self.partitions(of: $0.topics, counts) }))
        let places = try groups.map { try gaps(of: $0, counts, watermarks) }
        let small = Set(places.joined().filter { $0.distance > 0 && $0.distance <= Self.readable })
        empty.formIntersection(small)
        let filled = try filled(small.subtracting(empty))
        return zip(groups, places)
            .map { group, gaps in
                gaps.map { gap in
                    let behind = empty.contains(gap) ? 0 : max(filled.contains(gap) ? 1 : 0, gap.distance - 1)
                    return Position(
                        stage: group.stage,
                        topic: gap.partition.topic,
                        partition: gap.partition.partition,
                        position: gap.start,
                        end: gap.end,
                        behind: behind
                    )
                }
            }
    }

    /// Whether the committed offsets of a group are gone: its topics hold something, the stage has published, and no
    /// offset says how far it came.
    package func hasLostOffsets(_ group: StageGroup, _ counts: [String: Int32]) throws -> Bool {
        guard try committed(group, Self.partitions(of: group.topics, counts)).isEmpty else { return false }
        return try [group.topics, group.outputs]
            .allSatisfy { topics in
                try watermarks(Set(Self.partitions(of: topics, counts))).values.contains { $0.high > $0.low }
            }
    }

    private static func partitions(of topics: [String], _ counts: [String: Int32]) -> [TopicPartition] {
        topics.flatMap { topic in (0..<(counts[topic] ?? 0)).map { TopicPartition(topic: topic, partition: $0) } }
    }

    private func committed(_ group: StageGroup, _ partitions: [TopicPartition]) throws -> [TopicPartition: Int64] {
        var committed: [TopicPartition: Int64] = [:]
        let reader = try offsets(of: group.group)
        let offsets = try tolerance.call { () throws(KafkaError) in
            try reader.committed(partitions, timeout: timeout)
        }
        for offset in offsets { committed[offset.topicPartition] = offset.offset.value }
        return committed
    }

    private func offsets(of group: String) throws -> GroupOffsets {
        if let known = groups[group] { return known }
        let reader = try GroupOffsets(kafka, group: group, logger: logger)
        groups[group] = reader
        return reader
    }

    private func watermarks(_ partitions: Set<TopicPartition>) throws -> Watermarks {
        try tolerance.call { () throws(KafkaError) in try consumer.ends(of: partitions.sorted(), timeout: timeout) }
    }

    private func gaps(
        of group: StageGroup,
        _ counts: [String: Int32],
        _ watermarks: Watermarks
    ) throws -> [Gap] {
        let partitions = Self.partitions(of: group.topics, counts)
        let committed = try committed(group, partitions)
        return partitions.compactMap { partition in
            guard let (low, high) = watermarks[partition] else { return nil }
            let start = min(max(low, committed[partition] ?? low), high)
            return Gap(partition: partition, start: start, end: high)
        }
    }

    /// Returns the gaps that contain a record, and notes those that contain none.
    ///
    /// A gap that could not be read in time is neither.
    private func filled(_ gaps: Set<Gap>) throws -> Set<Gap> {
        var filled: Set<Gap> = []
        // Groups may be at different offsets of the same partition. Start with the group that is furthest behind.
        var waiting = Dictionary(grouping: gaps, by: \.partition).mapValues { $0.sorted { $0.start > $1.start } }
        let deadline = ContinuousClock.now + Self.patience
        while !waiting.isEmpty, ContinuousClock.now < deadline {
            var open = waiting.compactMapValues(\.last)
            try consumer.assign(open.values.map { TopicPartitionOffset($0.partition, .at($0.start)) })
            while consumer.nextPartitionEnd() != nil {}
            var batch = RecordBatch(capacity: 1024)
            while !open.isEmpty, ContinuousClock.now < deadline {
                do {
                    try consumer.poll(&batch, timeout: .milliseconds(50))
                } catch {
                    try tolerance.bear(error)
                    continue
                }
                for index in 0..<batch.count {
                    let record = batch[index]
                    let partition = TopicPartition(topic: record.topic, partition: record.partition)
                    guard let gap = open[partition], record.offset >= gap.start else { continue }
                    filled.insert(gap)
                    open[partition] = nil
                }
                while let end = consumer.nextPartitionEnd() {
                    guard let gap = open.removeValue(forKey: end.topicPartition) else { continue }
                    // The groups ahead of it have no earlier record either.
                    for other in waiting[gap.partition] ?? [] where other.end == gap.end { empty.insert(other) }
                }
            }
            batch.removeAll()
            waiting = waiting.compactMapValues { gaps in
                let left = gaps.dropLast().filter { !empty.contains($0) }
                return left.isEmpty ? nil : Array(left)
            }
        }
        try consumer.unassign()
        return filled
    }

    /// Ends the consumer.
    package func close() {
        for reader in groups.values { reader.close() }
        consumer.close(timeout: .seconds(2))
    }
}
