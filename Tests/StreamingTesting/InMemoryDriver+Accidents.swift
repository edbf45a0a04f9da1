internal import Kafka
package import Streaming

/// Accidents that tests cause in topics, and the checks of the tasks' outputs.
extension InMemoryDriver {
    /// Deletes a topic and creates it again, empty.
    ///
    /// Every task that reads it or publishes to it restarts, as on a broker.
    package func recreate(_ topic: String) {
        topics[topic] = Array(repeating: [], count: topics[topic]?.count ?? 0)
        for slot in slots {
            let stage = stages[slot.stage]
            let read = stage.sources.indices.filter { stage.sources[$0].topic == topic }
            for source in read { slot.committed[source] = 0 }
            guard !read.isEmpty || stage.outputs.contains(where: { $0.topic == topic }) else { continue }
            slot.runner = nil
            slot.isRebuilding = true
        }
    }

    /// Cuts off the ends of a topic's partitions and rebuilds everything, as an operator would request.
    ///
    /// - `ends`: how many records to keep in each partition.
    package func rebuildAll(_ topic: String, cutTo ends: [Int]) {
        for (partition, end) in ends.enumerated() { topics[topic]?[partition].removeSubrange(end...) }
        for slot in slots {
            let sources = stages[slot.stage].sources
            for source in sources.indices where sources[source].topic == topic {
                slot.committed[source] = min(slot.committed[source], ends[Int(slot.partition)])
            }
            slot.runner = nil
            slot.isRebuilding = true
        }
    }

    /// Restarts every task under other stages of the same names.
    ///
    /// Those with another configuration rebuild.
    package func reconfigure(_ others: [any Stage]) {
        let before = stages
        stages = others
        for slot in slots {
            slot.runner = nil
            let isOther = before[slot.stage].configuration != others[slot.stage].configuration
            slot.isRebuilding = slot.isRebuilding || isOther
        }
    }

    /// Removes the newest record of a key from a topic, as if it had been lost.
    ///
    /// Returns whether there was one.
    package func lose(_ key: [UInt8], topic: String) -> Bool {
        for (partition, log) in (topics[topic] ?? []).enumerated() {
            guard let index = log.lastIndex(where: { $0.key == key }) else { continue }
            // Offsets do not move: it is as if the record had never had this key.
            topics[topic]?[partition][index].value = nil
            topics[topic]?[partition][index].key = Array("lost/".utf8) + key
            return true
        }
        return false
    }

    /// The partitions of outputs whose content differs from the tasks' own accounts of what they published.
    package func unaccounted() throws -> [String] {
        var found: Set<String> = []
        for (stage, definition) in stages.enumerated() {
            let partitions = try partitionCount(of: definition)
            for output in definition.outputs where output.isAccounted {
                for (partition, log) in (topics[output.topic] ?? []).enumerated() {
                    let place = TopicPartition(topic: output.topic, partition: Int32(partition))
                    var recount = PublishedRecount(output, partition: place.partition, partitions: partitions)
                    for slot in slots where slot.stage == stage {
                        recount.expect(slot.published?[place] ?? PublishedSum(), of: slot.partition)
                    }
                    for (offset, record) in log.enumerated() {
                        let value = record.value ?? []
                        recount.take(
                            key: record.key.span,
                            value: record.value == nil ? nil : value.span,
                            offset: Int64(offset)
                        )
                    }
                    if !recount.differing.isEmpty || recount.strangers > 0 { found.insert("\(place)") }
                }
            }
        }
        return found.sorted()
    }
}
