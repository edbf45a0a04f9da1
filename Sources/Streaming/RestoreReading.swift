import Kafka

/// What a restore reads, and how far it has come.
extension Restore {
    /// Why a partition is read.
    struct Reading {
        enum Role {
            case source(Int)
            /// The second reading of a rebuild.
            case again(Int)
            case output(Int)
            /// Read again to find the records that a task published under certain keys.
            case back(Int)
            case progress
        }
        var role: Role
        var runners: [TaskRunner]
        /// The restore stops before this offset; nil reads to the end.
        var end: Int64?
        var remaining: Int64
        /// The end of the partition, including open transactions, when the restore began.
        ///
        /// Everything that this instance or an earlier owner of its partitions published lies before it. Transactions
        /// of other instances may still hide some of it.
        var highest: Int64 = 0

        /// Whether the reading is complete when everything up to this offset was read.
        func isRead(at offset: Int64) -> Bool {
            switch role {
            // Committed records exist. If the partition ends earlier, a new leader does not know all of them yet.
            case .source, .again: offset >= min(end ?? 0, highest)
            case .output, .back: offset >= highest
            // A marker that is not seen is sent again, which changes nothing. So do not wait for open transactions of
            // others.
            case .progress: true
            }
        }

        /// Whether the reading is complete with the record at this offset.
        ///
        /// In a busy partition the client may never report an end.
        func isRead(with record: Int64) -> Bool {
            switch role {
            case .source, .again: end.map { record >= $0 - 1 } ?? false
            case .output, .back: record >= highest - 1
            case .progress: false
            }
        }
    }

    /// The progress of the restore.
    struct Progress: CustomStringConvertible {
        /// Records still to be read.
        var remaining = 0
        /// Partitions whose last records are hidden by open transactions.
        var hidden: [TopicPartition] = []

        var description: String {
            guard !hidden.isEmpty else { return "restoring" }
            let listed = hidden.sorted().map { "\($0)" }.joined(separator: ", ")
            return "restoring: waiting for open transactions of other instances to end in \(listed)"
        }
    }
}

extension Restore {
    /// Which partitions are still to be read, and how long nothing has come from them.
    struct Course {
        private var open: [TopicPartition: Reading]
        /// Partitions that were read to the end for a committed reader, although they contain more records.
        private var hidden: Set<TopicPartition> = []
        private var lastProgress = ContinuousClock.now
        private var lastAnswer = ContinuousClock.now
        private var lastError: KafkaError?

        init(_ readings: [TopicPartition: Reading]) { open = readings }

        /// Whether every partition was read to its end.
        var isOver: Bool { open.isEmpty }

        /// The brokers have sent records.
        mutating func brokersAnswered() { lastAnswer = .now }

        /// A poll has failed; the next may succeed.
        mutating func failed(_ error: KafkaError) { lastError = error }

        /// The reading that a record belongs to; nil if the record is no longer wanted.
        mutating func reading(of place: TopicPartition, at offset: Int64) -> Reading? {
            guard let reading = open[place] else { return nil }
            if let end = reading.end, offset >= end {
                open[place] = nil
                return nil
            }
            return reading
        }

        /// A record was read.
        mutating func read(_ place: TopicPartition, _ offset: Int64) {
            open[place]?.remaining -= 1
            if hidden.remove(place) != nil { lastProgress = .now }
            if open[place]?.isRead(with: offset) == true { open[place] = nil }
        }

        /// The client has reported that a partition ends here for it.
        ///
        /// If it contains more records, open transactions hide them.
        mutating func ended(_ end: TopicPartitionOffset) {
            let place = end.topicPartition
            lastAnswer = .now
            guard let reading = open[place] else { return }
            if reading.isRead(at: end.offset.value ?? .max) {
                open[place] = nil
                hidden.remove(place)
            } else if hidden.insert(place).inserted {
                lastProgress = .now
            }
        }

        /// How much is left.
        ///
        /// Hidden partitions are named when there are no others.
        var progress: Progress {
            Progress(
                remaining: Int(open.values.reduce(Int64(0)) { $0 + max(0, $1.remaining) }),
                hidden: hidden.count == open.count ? Array(hidden) : []
            )
        }

        /// Gives up after a time.
        ///
        /// - Parameters:
        ///   - limit: how long the brokers may send nothing.
        ///   - openTransactions: how long open transactions may hide records.
        /// - Throws: ``RuntimeError`` if that time is over.
        func checkPatience(_ limit: Duration, forOpenTransactions openTransactions: Duration) throws {
            // Hidden partitions deliver nothing. The others must deliver something.
            if hidden.count < open.count, ContinuousClock.now - lastAnswer > limit {
                throw RuntimeError(
                    .brokerUnavailable,
                    "restoring: no record arrived for \(limit)",
                    cause: lastError
                )
            }
            // Do not wait for ever. All readers of these partitions wait too, and only the other instance or its
            // time-out can end the transaction.
            let progress = progress
            guard progress.hidden.isEmpty || ContinuousClock.now - lastProgress < openTransactions else {
                throw RuntimeError(
                    .fatal,
                    "\(progress) for \(openTransactions). Restart the instance that died, so that it ends its transaction"
                )
            }
        }
    }
}
