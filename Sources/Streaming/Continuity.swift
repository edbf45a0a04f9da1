import Kafka

extension RuntimeError {
    /// A topic was changed while the worker was running.
    ///
    /// The next run finds out what to do.
    static func madeAnew(_ place: TopicPartition, _ what: String) -> RuntimeError {
        RuntimeError(.fatal, "\(place) was recreated or truncated (\(what)). A restart rebuilds its dependents")
    }
}

/// How far each source was read since its assignment.
///
/// A source that ends or begins again before that was recreated or truncated.
struct SourceContinuity {
    private var readTo: [TopicPartition: Int64] = [:]
    /// How many times in a row a source was reported to end before that.
    private var shortReports: [TopicPartition: Int] = [:]
    /// A single report may be old, or that of a new leader that does not know all records yet.
    private static let mostShortReports = 3

    /// - Parameter places: where reading begins.
    init(from places: [TopicPartitionOffset] = []) {
        for place in places {
            if let offset = place.offset.value { readTo[place.topicPartition] = offset }
        }
    }

    /// Notes that a record was read.
    ///
    /// Throws ``RuntimeError`` if the source was read further before, because the client was then sent back to the
    /// beginning.
    mutating func read(_ place: TopicPartition, _ offset: Int64) throws {
        guard offset >= readTo[place] ?? 0 else {
            throw RuntimeError.madeAnew(place, "it was read to \(readTo[place] ?? 0), and begins again at \(offset)")
        }
        readTo[place] = offset + 1
    }

    /// Checks the end of a source that the client has reached.
    func check(_ end: TopicPartitionOffset) throws {
        guard let offset = end.offset.value, let read = readTo[end.topicPartition], offset < read else { return }
        throw RuntimeError.madeAnew(end.topicPartition, "it ends at \(offset), and \(read) was read")
    }

    /// The sources that the client's statistics now report too short for the third time in a row, and how far each was
    /// read.
    mutating func suspects(_ ends: [TopicPartition: Int64]) -> [TopicPartition: Int64] {
        var suspects: [TopicPartition: Int64] = [:]
        for (place, read) in readTo {
            guard let end = ends[place], end < read else {
                shortReports[place] = nil
                continue
            }
            shortReports[place, default: 0] += 1
            guard shortReports[place, default: 0] >= Self.mostShortReports else { continue }
            shortReports[place] = nil
            suspects[place] = read
        }
        return suspects
    }
}

/// What was last seen of the outputs.
///
/// An output that then ends earlier was recreated or truncated, and so was a log that must not lose records and begins
/// later.
struct OutputContinuity {
    /// The last known ends.
    var ends: [TopicPartition: Int64] = [:]
    /// The beginnings of the logs that must not lose records.
    private(set) var begins: [TopicPartition: Int64] = [:]
    /// How far the watched outputs were checked for foreign records.
    private(set) var watchedTo: [TopicPartition: Int64] = [:]
    /// When the ends were read.
    private var read = ContinuousClock.now
    /// How often they are read.
    private static let interval: Duration = .seconds(30)

    /// Whether it is time to read the ends again.
    func isDue(at now: ContinuousClock.Instant = .now) -> Bool { now - read >= Self.interval }

    /// Notes that the ends are read now.
    mutating func noteReading(at now: ContinuousClock.Instant = .now) { read = now }

    /// Takes the state of an output as it is when the worker takes up its partitions.
    mutating func begin(_ place: TopicPartition, at begin: Int64, end: Int64, mustKeepRecords: Bool) {
        ends[place] = end
        if mustKeepRecords { begins[place] = begin }
    }

    /// Compares an output with what was last seen of it.
    mutating func check(_ place: TopicPartition, begin: Int64, end: Int64) throws {
        let seen = ends[place] ?? 0
        guard end >= seen else { throw RuntimeError.madeAnew(place, "it ends at \(end), after \(seen)") }
        if let begun = begins[place], begin > begun {
            throw RuntimeError.madeAnew(place, "it begins at \(begin), and began at \(begun)")
        }
        ends[place] = end
    }

    /// Watches an output for foreign records from this offset on; nil to watch it no longer.
    mutating func watch(_ place: TopicPartition, from offset: Int64?) { watchedTo[place] = offset }

    /// Notes that a record of an output was checked.
    ///
    /// - Returns: whether the output is watched.
    mutating func watched(_ place: TopicPartition, _ offset: Int64) throws -> Bool {
        guard let from = watchedTo[place] else { return false }
        guard offset >= from else {
            throw RuntimeError.madeAnew(place, "it was read to \(from), and begins again at \(offset)")
        }
        watchedTo[place] = offset + 1
        return true
    }
}
