package import Kafka

/// The ends that partitions had at some moment, and which of them a reader has not reached yet.
///
/// The client reports an end only after a fetch that found nothing new. In a partition that other programs write to all
/// the time this may never happen, so the records count too.
package struct ReadingEnds: Sendable {
    /// Only partitions that are not read to their end are kept.
    private var open: [TopicPartition: ReadingEnd] = [:]

    /// No ends: there is nothing to read.
    package init() {}

    /// The ends of partitions, as ``Consumer/ends(of:timeout:)`` tells them.
    package init(_ ends: [TopicPartition: (low: Int64, high: Int64)]) {
        for (place, end) in ends where end.high > end.low { expect(place, to: end.high) }
    }

    /// Waits for a partition to be read to this offset.
    package mutating func expect(_ place: TopicPartition, to end: Int64) {
        open[place] = end > 0 ? ReadingEnd(end) : nil
    }

    /// Whether every partition has been read to its end.
    package var areReached: Bool { open.isEmpty }

    /// The ends that are not reached.
    var awaited: [TopicPartition: Int64] { open.mapValues(\.offset) }

    /// A record of a partition was read.
    package mutating func read(_ place: TopicPartition, _ record: Int64) {
        guard !open.isEmpty else { return }
        open[place]?.read(record)
        if open[place]?.isReached == true { open[place] = nil }
    }

    /// The client has reported that a partition ends here for it.
    package mutating func reached(_ end: TopicPartitionOffset) {
        let place = end.topicPartition
        open[place]?.ended(at: end.offset.value ?? .max)
        if open[place]?.isReached == true { open[place] = nil }
    }

    /// The partitions that are not read to their end, and how far they were read.
    package var missing: String {
        open.sorted { $0.key < $1.key }
            .map { place, end in
                let last = end.last.map { "read to offset \($0)" } ?? "nothing was read"
                return "\(place) (\(last), its end is \(end.offset))"
            }
            .joined(separator: ", ")
    }
}

/// Whether a partition was read to the end that it had at some moment.
struct ReadingEnd {
    /// The offset after the last record of that moment.
    let offset: Int64
    /// The last record that was read.
    private(set) var last: Int64?
    private(set) var isReached: Bool

    init(_ offset: Int64) {
        self.offset = offset
        isReached = offset <= 0
    }

    /// A record was read.
    ///
    /// The last one of that moment may be the mark of a transaction, which no reader sees. Then the next record or the
    /// end of the partition shows that everything was read.
    mutating func read(_ record: Int64) {
        last = record
        if record >= offset - 1 { isReached = true }
    }

    /// The partition ended here for this reader.
    mutating func ended(at end: Int64) {
        if end >= offset { isReached = true }
    }
}
