import Streaming
import Testing

/// Stages in one process.
@Suite struct ProcessDriverTests {
    private struct Published: Hashable {
        var partition: Int32
        var key: String
        var value: String?
    }

    /// The records of the topic `all` that a run publishes, after its tasks were given records of an earlier run.
    private func run(remembering earlier: [Published] = []) throws -> [Published] {
        var found: [Published] = []
        let driver = try ProcessDriver(
            stages: TallyTopology.stages,
            topics: TallyTopology.topics(4),
            progressTopic: TallyTopology.progress,
            completionType: TallyTopology.completionType,
            threads: 2,
            watched: ["all"]
        ) { _, partition, batch in
            batch.visit { record in
                guard !record.isMarker else { return }
                let value: String? = if let bytes = record.value { TallyTopology.text(bytes) } else { nil }
                found.append(Published(partition: partition, key: TallyTopology.text(record.key), value: value))
            }
        }
        for record in earlier {
            let (key, value) = (Array(record.key.utf8), Array((record.value ?? "").utf8))
            try driver.recall(topic: "all", partition: record.partition, key: key.span, value: value.span)
        }
        for number in 0..<40 {
            let (key, value) = (Array("id\(number)".utf8), Array("s1 word\(number) \(number)".utf8))
            var batch = MemoryBatch()
            batch.append(key: key.span, value: value.span)
            driver.feed(batch, topic: "entries", partition: Int32(number % 4))
        }
        try driver.close(scope: "s1", topic: "entries")
        try driver.settle()
        return found
    }

    @Test func whatATaskPublishedBeforeIsRememberedInThePartitionOfTheRecord() throws {
        let first = try run()
        let scope = TallyTopology.partition("s1", 4)
        #expect(first.map(\.key).sorted() == ["s1/0", "s1/1", "s1/2", "s1/3"])
        #expect(first.allSatisfy { $0.partition == scope })
        #expect(try run(remembering: first).isEmpty)
        var other = first
        other[0].value = "other"
        #expect(try run(remembering: other) == [first[0]])
    }
}
