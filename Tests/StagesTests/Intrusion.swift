import Messages
import Stages
import Streaming
import StreamingTesting

/// Strangers' records in the topics of a settled year, and what stood there before them.
struct Intrusion {
    private struct Place: Hashable {
        let topic: String
        let partition: Int32
        let key: [UInt8]
    }

    /// The tables whose records stages read, but for those of students' records.
    static let tables = [
        Topics.participation, Topics.indicators, Topics.standings, Topics.percentiles, Topics.directives,
        Topics.determinations,
    ]

    let year: SmallYear
    let driver: InMemoryDriver
    private var former: [Place: [UInt8]?] = [:]

    init(_ year: SmallYear, _ driver: InMemoryDriver) {
        self.year = year
        self.driver = driver
    }

    /// The records of a topic that stand, markers left out, each with its partition.
    func standing(_ topic: TopicDefinition) -> [(partition: Int32, key: [UInt8], value: [UInt8])] {
        var result: [(Int32, [UInt8], [UInt8])] = []
        for (partition, records) in (driver.topics[year.pipeline.name(topic)] ?? []).enumerated() {
            var newest: [[UInt8]: [UInt8]] = [:]
            for record in records where !CompletionMarker.isMarker(key: record.key.span) {
                newest[record.key] = record.value
            }
            for (key, value) in newest.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                result.append((Int32(partition), key, value))
            }
        }
        return result
    }

    /// Puts a record into a topic.
    mutating func put(_ topic: TopicDefinition, _ partition: Int32, key: [UInt8], value: [UInt8]?) {
        let name = year.pipeline.name(topic)
        let place = Place(topic: name, partition: partition, key: key)
        if former[place] == nil {
            let newest = driver.topics[name]?[Int(partition)].last { $0.key == key }
            former[place] = .some(newest?.value)
        }
        driver.append(
            StoredRecord(key: key, value: value, eventType: topic.eventType),
            topic: name,
            partition: partition
        )
    }

    /// Puts back what stood before.
    mutating func repair() {
        for topic in Topics.all {
            for (place, value) in former where place.topic == year.pipeline.name(topic) {
                driver.append(
                    StoredRecord(key: place.key, value: value, eventType: topic.eventType),
                    topic: place.topic,
                    partition: place.partition
                )
            }
        }
        former = [:]
    }

    /// The tables but for norms, which outlive the release that they were taken at.
    func tables() throws -> [String: [[UInt8]: [UInt8]]] {
        var tables = try year.tables(driver)
        tables[Topics.percentiles.entity] = tables[Topics.percentiles.entity]?
            .filter { key, _ in
                if case .norm = PercentileKey(utf8: Array(key.dropFirst()).span)?.entry { false } else { true }
            }
        return tables
    }
}
