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
