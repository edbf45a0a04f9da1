internal import Kafka
internal import Streaming

/// How the driver restores tasks.
extension InMemoryDriver {
    /// Reads the sources a second time during a rebuild.
    func publishAgain(_ runner: TaskRunner, _ stage: any Stage, _ slot: Slot) throws {
        runner.output.replayed = stage.outputsMadeAnew
        for (source, definition) in stage.sources.enumerated() where !definition.isBroadcast {
            let log = topics[definition.topic]?[Int(slot.partition)] ?? []
            for (offset, record) in log[0..<slot.committed[source]].enumerated() {
                let value = record.value ?? []
                try runner.publishAgain(
                    InputRecord(
                        source: source,
                        offset: Int64(offset),
                        timestamp: 0,
                        key: record.key.span,
                        value: record.value == nil ? nil : value.span,
                        cause: nil
                    )
                )
            }
        }
    }

    /// Before a restore: takes over the task's account of what it has published to logs.
    func adoptLogs(_ runner: TaskRunner, _ stage: any Stage, _ slot: Slot) {
        guard !slot.isRebuilding else { return }
        for (index, output) in stage.outputs.enumerated() where output.account == .log {
            for (partition, log) in (topics[output.topic] ?? []).enumerated() {
                let place = TopicPartition(topic: output.topic, partition: Int32(partition))
                let known = slot.published.map { $0[place] ?? PublishedSum() }
                runner.output.adopt(
                    index,
                    partition: Int32(partition),
                    known ?? PublishedSum(from: Int64(log.count))
                )
            }
        }
    }

    /// Before a restore: takes over how far the task had watched the logs.
    func resumeWatches(_ runner: TaskRunner, _ stage: any Stage, _ slot: Slot) {
        for (index, output) in stage.outputs.enumerated() where output.isWatchedLog {
            let partition = Int(slot.partition)
            let place = TopicPartition(topic: output.topic, partition: slot.partition)
            let end = (topics[output.topic] ?? [])[partition].count
            runner.watch(place, from: Int64(end))
            guard let mark = slot.watchMarks[place], mark.from <= end else { continue }
            runner.resume(mark, output: index, place)
            slot.watchedTo[index][partition] = Int(mark.from)
        }
    }

    func restore(_ slot: Slot) throws {
        let stage = stages[slot.stage]
        let context = TaskContext(
            partition: slot.partition,
            partitions: try partitionCount(of: stage),
            outputPartitions: stage.outputs.map { Int32(topics[$0.topic]?.count ?? 0) }
        )
        slot.sink.records = []
        slot.epoch += 1
        let runner = try TaskRunner(
            stage: stage,
            context: context,
            sink: slot.sink,
            progressTopic: progressTopic,
            completionType: completionType,
            quarantine: quarantine,
            isRebuilding: slot.isRebuilding,
            isWatched: true
        )
        adoptLogs(runner, stage, slot)
        runner.onQuarantine = { [weak self] entry in self?.unusable.append((entry.record.topic, entry.refusal.reason)) }
        runner.onUnusable = { [weak self] fault in self?.unusable.append(("output", fault.reason)) }
        for (source, definition) in stage.sources.enumerated() {
            let partition = definition.isBroadcast ? 0 : Int(slot.partition)
            let log = topics[definition.topic]?[partition] ?? []
            let end = definition.isBroadcast ? log.count : slot.committed[source]
            if definition.isBroadcast { runner.wasSeen(source: source, before: Int64(slot.committed[source])) }
            try deliver(log[0..<end], to: runner, stage, source)
        }
        if happens(disturbances.killInRestoreEvery) {
            _ = drop(slot)
            return
        }
        slot.watchedTo = stage.outputs.map { (topics[$0.topic] ?? []).map(\.count) }
        resumeWatches(runner, stage, slot)
        for (index, output) in stage.outputs.enumerated() {
            if case .whileRebuilding = output.memory, !slot.isRebuilding { continue }
            if case .watchOnly = output.memory { continue }
            for (partition, log) in (topics[output.topic] ?? []).enumerated() {
                for (offset, record) in log.enumerated() {
                    guard
                        output.isPublished(
                            by: slot.partition,
                            key: record.key.span,
                            in: Int32(partition),
                            of: context.partitions
                        )
                    else { continue }
                    let value = record.value ?? []
                    try runner.recall(
                        output: index,
                        partition: Int32(partition),
                        offset: Int64(offset),
                        key: record.key.span,
                        value: record.value == nil ? nil : value.span,
                        isOwn: record.eventType == output.eventType
                    )
                }
            }
        }
        for record in topics[progressTopic]?.first ?? [] {
            if let value = record.value { runner.recall(marker: try CompletionMarker.decode(value.span)) }
        }
        if !slot.isRebuilding, let strange = slot.published.map(runner.strange), !strange.isEmpty {
            mended += strange.map(\.topic)
            slot.isRebuilding = true
            return try restore(slot)
        }
        try runner.endRestore()
        if slot.isRebuilding, stage.rebuildsFromSources { try publishAgain(runner, stage, slot) }
        try runner.goLive()
        slot.runner = runner
    }
}
