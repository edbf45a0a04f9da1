/// A checksum of the records that a task has published to one partition of an output.
///
/// It does not depend on their order. Any added, missing or different record changes it.
///
/// For a table it counts the newest record of each key; for a log it counts every record.
package struct PublishedSum: Hashable, Sendable {
    /// For a log: records before this offset are not counted.
    package var from: Int64 = 0
    /// The number of records counted.
    package private(set) var count: Int64 = 0
    /// The sum of the records' digests.
    package private(set) var sum: UInt64 = 0

    /// The sum of no records.
    package init(from: Int64 = 0, count: Int64 = 0, sum: UInt64 = 0) {
        self.from = from
        self.count = count
        self.sum = sum
    }

    /// Adds a record.
    package mutating func add(key: Digest, value: Digest) {
        count &+= 1
        sum &+= Self.mixed(key, value)
    }

    /// Removes a record.
    package mutating func remove(key: Digest, value: Digest) {
        count &-= 1
        sum &-= Self.mixed(key, value)
    }

    /// Combines the digests of key and value into one number that depends on every bit of both.
    private static func mixed(_ key: Digest, _ value: Digest) -> UInt64 {
        var word: UInt64 = 0
        for part in [key.value, value.value] {
            for half in [UInt64(truncatingIfNeeded: part), UInt64(truncatingIfNeeded: part >> 64)] {
                word = (word ^ half) &* 0xBF58_476D_1CE4_E5B9
                word ^= word >> 29
            }
        }
        word = (word ^ (word >> 32)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// A key in one partition.
struct PublishedKey: Hashable {
    let partition: Int32
    let key: Digest

    init(_ partition: Int32, _ key: Span<UInt8>) {
        self.partition = partition
        self.key = Digest(key)
    }
}

extension Output {
    /// How a task's publications to an output are counted.
    package enum Account {
        case none
        /// By the newest record of each key.
        case table
        /// By every record.
        case log
    }

    package var account: Account {
        switch memory {
        case .none, .watchOnly: .none
        case .ownPartition, .everyPartition: isTable ? .table : isChangeLog ? .log : .none
        case .whileRebuilding: isChangeLog ? .log : .none
        }
    }

    /// Whether tasks count what they publish, so that it can be compared with the topic's content.
    package var isAccounted: Bool { account != .none }
}

extension Digest {
    /// Stands for a missing value.
    static let ofNothing: Digest = {
        let none: [UInt8] = []
        return Digest(none.span)
    }()
}

/// Counts the records of one partition of an output, and compares them with the tasks' own accounts of what they
/// published.
package struct PublishedRecount {
    private let output: Output
    private let partition: Int32
    private let partitions: Int32
    private var stated: [Int32: PublishedSum] = [:]
    private var found: [Int32: PublishedSum] = [:]
    private var standing: [Digest: (task: Int32?, value: Digest)] = [:]

    /// A count of an empty partition.
    ///
    /// - `partitions`: the number of tasks of the stage.
    package init(_ output: Output, partition: Int32, partitions: Int32) {
        self.output = output
        self.partition = partition
        self.partitions = partitions
    }

    /// Sets the sum that a task states.
    package mutating func expect(_ sum: PublishedSum, of task: Int32) { stated[task] = sum }

    /// Counts the next record of the partition.
    package mutating func take(key: Span<UInt8>, value: Span<UInt8>?, offset: Int64) {
        guard !CompletionMarker.isMarker(key: key) else { return }
        let name = Digest(key)
        let digest = if let value { Digest(value) } else { Digest.ofNothing }
        let task = output.owner(of: key, in: partition, of: partitions)
        if output.account == .table {
            standing[name] = value == nil ? nil : (task, digest)
        } else if let task, offset >= stated[task]?.from ?? 0 {
            found[task, default: PublishedSum(from: stated[task]?.from ?? 0)].add(key: name, value: digest)
        } else if task == nil {
            standing[name] = (nil, digest)
        }
    }

    /// Records that no task can have published.
    package var strangers: Int { standing.values.count { $0.task == nil } }

    /// The tasks whose records differ from their stated sums.
    package var differing: [Int32] {
        var found = found
        for (name, record) in standing {
            if let task = record.task { found[task, default: PublishedSum()].add(key: name, value: record.value) }
        }
        return Set(found.keys).union(stated.keys)
            .filter { task in
                let known = stated[task] ?? PublishedSum()
                return found[task] ?? PublishedSum(from: known.from) != known
            }
            .sorted()
    }
}
