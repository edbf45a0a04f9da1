package import Kafka
import Logging
import SwiftProtobuf

/// The topic with a second copy of a stage's committed offsets.
///
/// Brokers delete the offsets of a group that had no members for a week (`offsets.retention.minutes`). A stage without
/// offsets would publish its whole history again. So each transaction that commits the group's offsets also writes them
/// to this compacted topic.
public struct PositionsTopic: Sendable, Hashable {
    /// The topic's name on the broker; it has one partition and is compacted.
    public let name: String
    /// The `ce_type` of its records.
    public let eventType: String

    /// Describes the topic of positions.
    public init(name: String, eventType: String) {
        self.name = name
        self.eventType = eventType
    }

    static func key(_ group: String, _ place: TopicPartition) -> String { "\(group)/\(place.topic)/\(place.partition)" }

    /// Asks a group to rebuild the publications of its stage.
    ///
    /// The stage does so at its next start.
    public func askForRebuild(of group: String, partitions: Int32, into sink: any RecordSink) throws {
        var position = Streaming_V1_Position()
        position.offset = 1
        let value: [UInt8] = try position.serializedBytes()
        for partition in 0..<partitions {
            let place = TopicPartition(topic: Positions.rebuild, partition: partition)
            let key = Array(Self.key(group, place).utf8)
            try sink.send(topic: name, partition: 0, key: key.span, value: value.span, eventType: eventType, cause: "")
        }
    }

    /// Reads the accounts in which the tasks of a group state what they have published: by task, topic and partition.
    ///
    /// - `value`: the value of a record of this topic.
    ///
    /// Returns nil for a record of another kind. A result without a sum means that the account was removed.
    package static func published(_ key: String, _ value: [UInt8]?, of group: String) -> (
        task: Int32, sums: [TopicPartition: PublishedSum]?
    )? {
        let prefix = "\(group)/\(Positions.published)/"
        guard key.hasPrefix(prefix), let task = Int32(key.dropFirst(prefix.count)) else { return nil }
        return (task, value.flatMap { Positions.memory($0) }?.published)
    }

    /// Whether a key of the topic asks a group for a rebuild.
    public static func asksForRebuild(_ key: String, of group: String) -> Bool {
        key.hasPrefix("\(group)/\(Positions.rebuild)/")
    }
}

/// What a group stored about a partition in its last commit.
struct PlaceMemory: Hashable {
    /// For a source, the offset of the next record.
    ///
    /// For an output, its last known end.
    var offset: Int64
    /// The first record of the partition; nil if it was never read.
    var first: FirstRecord?
    /// For a log: a digest over every record before ``offset``.
    ///
    /// For a task: the configuration of its stage.
    var digest: UInt64?
    /// For a task: the sums of its publications.
    var published: [TopicPartition: PublishedSum] = [:]
    /// For a task: how far it has checked the logs that it watches.
    var watched: [TopicPartition: WatchMark] = [:]
}

/// The first record of a partition.
///
/// It shows whether the partition was recreated.
///
/// If compaction removed the first record, the partition begins later than before. It never begins with a different
/// record at the same offset. Each broker compacts its own copy, so after a change of the leader the partition may
/// begin earlier again. Therefore the earliest record that was ever seen is kept.
struct FirstRecord: Hashable {
    var offset: Int64
    /// Milliseconds since 1970.
    var timestamp: Int64

    /// Whether a partition that now begins with `now` is a different one from the partition whose earliest record this
    /// is.
    func isOtherThan(_ now: FirstRecord) -> Bool {
        now.offset < offset || now.offset == offset && now.timestamp != timestamp
    }
}

/// Writes a group's stored positions when they change, and reads them back.
final class Positions {
    private let topic: PositionsTopic
    private let group: String
    private var written: [TopicPartition: PlaceMemory] = [:]

    /// Used in place of a topic name: requests a rebuild.
    static let rebuild = "~rebuild"
    /// Used in place of a topic name: the account of what a task has published.
    static let published = "~published"
    /// Used in place of a topic name: notes that a task is rebuilding everything.
    static let renewing = "~renewing"

    init(_ topic: PositionsTopic, group: String) {
        self.topic = topic
        self.group = group
    }

    /// Writes the positions that are about to be committed into the open transaction.
    func write(_ places: [TopicPartition: PlaceMemory], to sink: TransactionalSink) throws {
        for (place, memory) in places.sorted(by: { $0.key < $1.key }) where written[place] != memory {
            var position = Streaming_V1_Position()
            position.offset = memory.offset
            if let first = memory.first {
                position.firstOffset = first.offset
                position.firstUnixMilliseconds = first.timestamp
            }
            if let digest = memory.digest { position.digest = digest }
            position.published = memory.published.sorted { $0.key < $1.key }
                .map { place, sum in
                    var published = Streaming_V1_Published()
                    published.topic = place.topic
                    published.partition = place.partition
                    published.from = sum.from
                    published.count = sum.count
                    published.sum = sum.sum
                    return published
                }
            position.watched = memory.watched.sorted { $0.key < $1.key }
                .map { place, mark in
                    var watched = Streaming_V1_Watched()
                    watched.topic = place.topic
                    watched.partition = place.partition
                    watched.from = mark.from
                    watched.awaited = mark.awaited
                    return watched
                }
            try send(place, try position.serializedBytes(), to: sink)
            written[place] = memory
        }
    }

    /// Removes a request or a stored position.
    func remove(_ place: TopicPartition, from sink: TransactionalSink) throws {
        try send(place, nil, to: sink)
        written[place] = nil
    }

    private func send(_ place: TopicPartition, _ value: [UInt8]?, to sink: TransactionalSink) throws {
        let key = Array(PositionsTopic.key(group, place).utf8)
        func send(_ bytes: Span<UInt8>?) throws {
            try sink.send(
                topic: topic.name,
                partition: 0,
                key: key.span,
                value: bytes,
                eventType: topic.eventType,
                cause: ""
            )
        }
        if let value { try send(value.span) } else { try send(nil) }
    }

    /// Forgets what was written, because the transaction was aborted or another instance had the partitions meanwhile.
    func forget() {
        written = [:]
    }

    /// Decodes a record of the topic; nil if it is invalid.
    fileprivate static func memory(_ value: [UInt8]) -> PlaceMemory? {
        guard let position = try? Streaming_V1_Position(serializedBytes: value), position.offset >= 0
        else { return nil }
        return PlaceMemory(
            offset: position.offset,
            first: position.hasFirstOffset
                ? FirstRecord(offset: position.firstOffset, timestamp: position.firstUnixMilliseconds) : nil,
            digest: position.hasDigest ? position.digest : nil,
            published: Dictionary(
                position.published.map {
                    (
                        TopicPartition(topic: $0.topic, partition: $0.partition),
                        PublishedSum(from: $0.from, count: $0.count, sum: $0.sum)
                    )
                }
            ) { $1 },
            watched: Dictionary(
                position.watched.map {
                    (
                        TopicPartition(topic: $0.topic, partition: $0.partition),
                        WatchMark(from: $0.from, awaited: $0.awaited)
                    )
                }
            ) { $1 }
        )
    }

    /// Reads the last committed positions of these partitions.
    ///
    /// Partitions without one are left out.
    ///
    /// - `awaited`: those of them whose positions must be the newest. Open transactions that may hold some are awaited;
    ///   those of other stages hide nothing that matters.
    /// - `limit`: how long to wait.
    /// - `shouldGoOn`: called often; return false to give up.
    ///
    /// Returns nil if `shouldGoOn` returned false.
    func read(
        _ places: Set<TopicPartition>,
        awaited: Set<TopicPartition>,
        kafka: KafkaConfiguration,
        patience: Patience,
        limit: Duration,
        logger: Logger,
        shouldGoOn: () throws -> Bool
    ) throws -> [TopicPartition: PlaceMemory]? {
        let name = "\(group).restore"
        let consumer = try Consumer(kafka.readingToEnds(as: name), logger: logger)
        defer { consumer.close(timeout: .seconds(5)) }
        let surveyor = try Consumer(kafka.readingToEnds(as: name, isCommitted: false), logger: logger)
        defer { surveyor.close(timeout: .seconds(5)) }
        let place = TopicPartition(topic: topic.name, partition: 0)
        let (_, high) = try patience.call("asking for the end of \(place)") { (share) throws(KafkaError) in
            try surveyor.watermarks(place, timeout: share)
        }
        let keys = Dictionary(places.map { (Array(PositionsTopic.key(group, $0).utf8), $0) }) { first, _ in first }
        try patience.call("asking for the beginning of \(place)") { (share) throws(KafkaError) in
            try consumer.assignFromBeginning([place], timeout: share)
        }
        let deadline = ContinuousClock.now + limit
        func goOn() throws -> Bool {
            guard ContinuousClock.now < deadline else {
                throw RuntimeError(
                    .brokerUnavailable,
                    "\(place) was not read to its end within \(limit): an instance of this stage left a transaction open there, or no broker answers"
                )
            }
            return try shouldGoOn()
        }
        var found: [TopicPartition: PlaceMemory] = [:]
        var end = ReadingEnd(high)
        while true {
            let scan = try Self.scan(consumer, &end, goOn, logger) { record in
                guard let key = record.key, let place = keys[[UInt8](copying: key)] else { return }
                guard let value = record.value else {
                    found[place] = nil
                    return
                }
                if let memory = Self.memory([UInt8](copying: value)) { found[place] = memory }
            }
            switch scan {
            case .whole: return found
            case .givenUp: return nil
            case .hidden(let from):
                var isAwaited = false
                try surveyor.assign([TopicPartitionOffset(place, .at(from))])
                var uncommitted = ReadingEnd(high)
                let hidden = try Self.scan(surveyor, &uncommitted, goOn, logger) { record in
                    guard let key = record.key, let place = keys[[UInt8](copying: key)] else { return }
                    isAwaited = isAwaited || awaited.contains(place)
                }
                if case .givenUp = hidden { return nil }
                if case .whole = hidden, !isAwaited { return found }
            }
        }
    }

    /// How reading to an end went.
    private enum Scan {
        /// Everything was read.
        case whole
        /// The consumer sees nothing more: open transactions hide the records from this offset.
        case hidden(from: Int64)
        /// The caller gave up.
        case givenUp
    }

    /// Reads on until the end, or until the consumer sees nothing more.
    private static func scan(
        _ consumer: Consumer,
        _ end: inout ReadingEnd,
        _ shouldGoOn: () throws -> Bool,
        _ logger: Logger,
        _ take: (borrowing Record) -> Void
    ) throws -> Scan {
        var batch = RecordBatch(capacity: 4096)
        while true {
            guard try shouldGoOn() else { return .givenUp }
            do {
                try consumer.poll(&batch, timeout: .milliseconds(100))
            } catch {
                guard !error.isFatal, !error.isMisconfiguration || error.isOfConnection else {
                    throw RuntimeError.final(error, "reading the positions")
                }
                logger.warning("positions: \(error)")
            }
            for index in 0..<batch.count {
                end.read(batch[index].offset)
                take(batch[index])
            }
            var visible: Int64?
            while let place = consumer.nextPartitionEnd() {
                end.ended(at: place.offset.value ?? .max)
                visible = place.offset.value
            }
            if end.isReached { return .whole }
            if let visible { return .hidden(from: visible) }
        }
    }
}
