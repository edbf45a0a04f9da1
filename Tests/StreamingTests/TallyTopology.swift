import Streaming

/// A pipeline for the tests: words with numbers come in, are spread by word, and are added up by scope and word.
///
/// A newer number of the same entry replaces the older one; no number retracts it.
enum TallyTopology {
    static let progress = "progress"
    static let completionType = "completion"

    static func topics(_ partitions: Int32) -> [String: Int32] {
        ["entries": partitions, "words": partitions, "notes": 1, "totals": partitions, "all": partitions, progress: 1]
    }

    static var stages: [any Stage] { [Spread(), Total(), Overall()] }

    static func partition(_ text: String, _ partitions: Int32) -> Int32 {
        let bytes = Array(text.utf8)
        return Partitioner.partition(of: bytes.span, partitions: partitions)
    }

    static func text(_ span: Span<UInt8>) -> String {
        String(decoding: [UInt8](copying: span), as: UTF8.self)
    }
}

/// Entries `id` → `scope word number` become words `scope/word/id` → `number`, in the partition of the word.
struct Spread: Stage {
    let name = "spread"
    let sources = [Source.partitioned("entries")]
    let outputs = [
        Output(topic: "words", eventType: "word", memory: .none),
        Output(topic: "notes", eventType: "note", memory: .none),
    ]

    func makeTask(_ context: TaskContext) -> any StageTask { Task(context) }

    final class Task: StageTask {
        let context: TaskContext
        var known: [String: String] = [:]

        init(_ context: TaskContext) { self.context = context }

        func fold(_ record: InputRecord, output: TaskOutput) throws {
            let id = TallyTopology.text(record.key)
            if let before = known[id] {
                known[id] = nil
                let word = String(before.split(separator: "/")[1])
                if record.value == nil {
                    try output.retract(
                        0,
                        partition: TallyTopology.partition(word, context.outputPartitions[0]),
                        key: before,
                        cause: id
                    )
                }
            }
            guard let value = record.value else { return }
            let parts = TallyTopology.text(value).split(separator: " ").map(String.init)
            guard parts.count == 3, Int(parts[2]) != nil else { throw UnusableRecord("not an entry") }
            let key = "\(parts[0])/\(parts[1])/\(id)"
            known[id] = key
            try output.publish(
                0,
                partition: TallyTopology.partition(parts[1], context.outputPartitions[0]),
                key: key,
                value: Array(parts[2].utf8),
                cause: id
            )
        }

        func complete(scope: String) {}
        func flush(output: TaskOutput) {}
    }
}

/// Words become totals `scope/word` → sum and cause, once the scope is complete, and are kept up to date.
struct Total: Stage {
    let name = "total"
    let sources = [Source.partitioned("words"), Source.broadcast("notes")]
    let outputs = [Output(topic: "totals", eventType: "total", memory: .ownPartition)]

    func makeTask(_ context: TaskContext) -> any StageTask { Task(context) }

    final class Task: StageTask {
        let context: TaskContext
        var numbers: [String: Int] = [:]
        var sums: [String: (sum: Int, count: Int)] = [:]
        var dirty: [String: String] = [:]
        var complete: Set<String> = []

        init(_ context: TaskContext) { self.context = context }

        func fold(_ record: InputRecord, output: TaskOutput) throws {
            let key = TallyTopology.text(record.key)
            let parts = key.split(separator: "/")
            guard parts.count == 3 else { throw UnusableRecord("not a word") }
            let name = "\(parts[0])/\(parts[1])"
            var (sum, count) = sums[name] ?? (0, 0)
            if let before = numbers.removeValue(forKey: key) {
                sum -= before
                count -= 1
            }
            if let value = record.value, let number = Int(TallyTopology.text(value)) {
                numbers[key] = number
                sum += number
                count += 1
            }
            sums[name] = count == 0 ? nil : (sum, count)
            dirty[name] = record.cause
        }

        func complete(scope: String) {
            complete.insert(scope)
            for name in sums.keys where name.hasPrefix("\(scope)/") { dirty[name] = dirty[name] ?? "" }
        }

        func flush(output: TaskOutput) throws {
            for (name, cause) in dirty.sorted(by: { $0.key < $1.key }) {
                guard complete.contains(String(name.split(separator: "/")[0])) else { continue }
                dirty[name] = nil
                if let (sum, _) = sums[name] {
                    try output.publish(
                        0,
                        partition: context.partition,
                        key: name,
                        value: Array("\(sum)".utf8),
                        cause: cause
                    )
                } else {
                    try output.retract(0, partition: context.partition, key: name, cause: cause)
                }
            }
        }
    }
}

/// Totals, gathered by scope: one key a scope and partition of its source, published to the partition of the scope.
struct Overall: Stage {
    let name = "overall"
    let sources = [Source.partitioned("totals")]
    let outputs = [
        Output(
            topic: "all",
            eventType: "all",
            memory: .everyPartition(publisher: { key, _ in key.split(separator: "/").last.flatMap { Int32($0) } })
        )
    ]

    func makeTask(_ context: TaskContext) -> any StageTask { Task(context) }

    final class Task: StageTask {
        let context: TaskContext
        var totals: [String: Int] = [:]
        var complete: Set<String> = []

        init(_ context: TaskContext) { self.context = context }

        func fold(_ record: InputRecord, output: TaskOutput) throws {
            let number: Int? = if let value = record.value { Int(TallyTopology.text(value)) } else { nil }
            totals[TallyTopology.text(record.key)] = number
        }

        func complete(scope: String) { complete.insert(scope) }

        func flush(output: TaskOutput) throws {
            for scope in complete.sorted() {
                let sum = totals.filter { $0.key.hasPrefix("\(scope)/") }.values.reduce(0, +)
                try output.publish(
                    0,
                    partition: TallyTopology.partition(scope, context.outputPartitions[0]),
                    key: "\(scope)/\(context.partition)",
                    value: Array("\(sum)".utf8),
                    cause: ""
                )
            }
        }
    }
}
