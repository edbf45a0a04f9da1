/// What a task has published into one partition of an output, in one figure: it does not depend on the order of the
/// records, and a record more, less or different changes it.
///
/// Of a table it counts what stands under each key; of a log every record.
package struct PublishedSum: Hashable, Sendable {
    /// Of a log: records before this offset are not counted.
    package var from: Int64 = 0
    /// How many records are counted.
    package private(set) var count: Int64 = 0
    /// The sum over a digest of each.
    package private(set) var sum: UInt64 = 0

    /// Of nothing.
    package init(from: Int64 = 0, count: Int64 = 0, sum: UInt64 = 0) {
        self.from = from
        self.count = count
        self.sum = sum
    }

    /// Counts a record.
    package mutating func add(key: Digest, value: Digest) {
        count &+= 1
        sum &+= Self.mixed(key, value)
    }

    /// Counts a record no more.
    package mutating func remove(key: Digest, value: Digest) {
        count &-= 1
        sum &-= Self.mixed(key, value)
    }

    /// One figure of a record in which every bit of both digests has its say.
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
    /// How it is kept account of what a task has published.
    enum Account {
        case none
        /// By what stands under each key.
        case table
        /// By every record.
        case log
    }

    var account: Account {
        switch memory {
        case .none: .none
        case .ownPartition, .everyPartition: isTable ? .table : isChangeLog ? .log : .none
        case .whileRebuilding: isChangeLog ? .log : .none
        }
    }

    /// Whether tasks keep account of what they publish, so that it can be compared with what stands.
    package var isAccounted: Bool { account != .none }
}

extension Digest {
    /// In the place of a value that is not there.
    static let ofNothing: Digest = {
        let none: [UInt8] = []
        return Digest(none.span)
    }()
}

/// Counts what stands in one partition of an output, to be held against what the tasks state to have published there.
package struct PublishedRecount {
    private let output: Output
    private let partition: Int32
    private let partitions: Int32
    private var stated: [Int32: PublishedSum] = [:]
    private var found: [Int32: PublishedSum] = [:]
    private var standing: [Digest: (task: Int32?, value: Digest)] = [:]

    /// Of an empty partition.
    ///
    /// - `partitions`: tasks of the stage.
    package init(_ output: Output, partition: Int32, partitions: Int32) {
        self.output = output
        self.partition = partition
        self.partitions = partitions
    }

    /// Takes what a task states.
    package mutating func expect(_ sum: PublishedSum, of task: Int32) { stated[task] = sum }

    /// Takes the next record of the partition.
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

    /// The tasks whose records are not what they state to have published.
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
