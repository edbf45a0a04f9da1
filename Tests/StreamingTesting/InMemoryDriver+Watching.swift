internal import Kafka
internal import Streaming

/// How the driver's tasks check the records in their outputs.
extension InMemoryDriver {
    /// Checks the records that have arrived in the outputs since the last time.
    ///
    /// Returns whether another program wrote any of them.
    func watch(_ slot: Slot, _ runner: TaskRunner, _ stage: any Stage) throws -> Bool {
        let partitions = try partitionCount(of: stage)
        var isStrange = false
        for (index, output) in stage.outputs.enumerated() where output.isWatched {
            for (partition, log) in (topics[output.topic] ?? []).enumerated() {
                // A topic that was recreated is shorter.
                let start = min(slot.watchedTo[index][partition], log.count)
                guard start < log.count else { continue }
                slot.watchedTo[index][partition] = log.count
                let place = TopicPartition(topic: output.topic, partition: Int32(partition))
                for (offset, record) in zip(start..., log[start...])
                where output.watcher(of: record.key.span, in: place.partition, of: partitions) == slot.partition {
                    let value = record.value ?? []
                    let refusal = runner.watch(
                        output: index,
                        place,
                        Int64(offset),
                        key: record.key.span,
                        value: record.value == nil ? nil : value.span
                    )
                    guard let refusal else { continue }
                    isStrange = true
                    runner.take(
                        stranger: OwnedRecord(
                            topic: place.topic,
                            partition: place.partition,
                            offset: Int64(offset),
                            key: record.key,
                            value: record.value,
                            headers: [("ce_type", Array(record.eventType.utf8))]
                        ),
                        refusal,
                        output: index
                    )
                }
            }
        }
        return isStrange
    }

    /// Reads again the task's records that other programs have overwritten.
    ///
    /// Returns whether all were found.
    func readOwnAgain(_ runner: TaskRunner) -> Bool {
        for (place, wanted) in runner.toReadAgain {
            for (offset, record) in (topics[place.topic]?[Int(place.partition)] ?? []).enumerated() {
                let value = record.value ?? []
                let cause = Array(record.cause.utf8)
                runner.readAgain(
                    output: wanted.output,
                    place.partition,
                    Int64(offset),
                    key: record.key.span,
                    value: record.value == nil ? nil : value.span,
                    cause: cause.span
                )
            }
        }
        runner.endReadingAgain()
        return runner.toReadAgain.isEmpty
    }
}
