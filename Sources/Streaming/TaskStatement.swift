package import Kafka

/// What a task states with each commit, and how its next run compares it with what it finds.
extension TaskRunner {
    /// What a task states at a commit: what it has published, and how far it has checked the logs that it watches.
    struct Statement: Equatable {
        var published: [TopicPartition: PublishedSum] = [:]
        var watched: [TopicPartition: WatchMark] = [:]
    }

    /// What this task states at its next commit.
    var statement: Statement { Statement(published: published, watched: watchMarks) }

    /// The account of this task's publications to store with the next commit.
    package var published: [TopicPartition: PublishedSum] {
        var places: [TopicPartition: PublishedSum] = [:]
        for (index, output) in stage.outputs.enumerated() where output.isAccounted {
            for (partition, sum) in self.output.sums[index] where sum.count != 0 || sum.from != 0 {
                places[TopicPartition(topic: output.topic, partition: partition)] = sum
            }
        }
        return places
    }

    /// The table partitions whose content differs from what this task has published.
    package func strange(_ committed: [TopicPartition: PublishedSum]) -> [TopicPartition] {
        let tables = Set(stage.outputs.filter { $0.account == .table }.map(\.topic))
        let found = published
        return Set(found.keys).union(committed.keys)
            .filter { tables.contains($0.topic) && found[$0] ?? PublishedSum() != committed[$0] ?? PublishedSum() }
            .sorted()
    }
}
