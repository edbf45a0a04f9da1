import Messages
import Rules
import Streaming
import SwiftProtobuf

/// A table that a stage publishes: its place among the stage's outputs, with the types of its keys and messages.
struct TableOutput<Key: TopicKey, Message: TableMessage>: Sendable where Message.Key == Key {
    /// Which task of the stage publishes a key, and so remembers it when it starts.
    enum Publisher: Sendable {
        /// The task of the partition that the record is in.
        case ofPartition
        /// The task that this decides.
        case of(@Sendable (Key) -> KeyPlacement)
        /// The task of the partition, which does not remember it.
        ///
        /// Other stages publish there too. The function returns whether only this one may have published a record; nil
        /// if the record does not say it.
        case forgets(isOwn: @Sendable (_ key: Span<UInt8>, _ value: Span<UInt8>?) -> Bool?)
    }

    let table: Topic<Key, Message>
    /// The place in ``Stage/outputs``.
    let index: Int
    let publisher: Publisher

    /// A table at a place among the outputs.
    init(_ table: Topic<Key, Message>, at index: Int, publisher: Publisher = .ofPartition) {
        self.table = table
        self.index = index
        self.publisher = publisher
    }

    /// The output as a stage declares it.
    func declared(in pipeline: Pipeline) -> Output {
        switch publisher {
        case .ofPartition: pipeline.output(table.definition, memory: .ownPartition)
        case .forgets(let isOwn): pipeline.output(table.definition, memory: .watchOnly(isOwn: isOwn))
        case .of(let placement):
            pipeline.output(
                table.definition,
                memory: .everyPartition { key, partitions in
                    Key(key).flatMap { placement($0).partition(of: partitions) }
                }
            )
        }
    }

    /// Publishes the newest message of a key; without one retracts it.
    ///
    /// `framing` names the schema of the message; none is written without it.
    func publish(
        _ message: Message?,
        _ key: Key,
        framing: SchemaFraming? = nil,
        cause: String,
        to output: TaskOutput
    ) throws {
        // A task that is being restored publishes nothing.
        guard output.isLive else { return }
        let bytes = key.utf8
        guard let partition = partition(of: key, output) else {
            guard let message else { return try output.retractEverywhere(index, key: bytes.span, cause: cause) }
            let value: [UInt8] = try message.serializedBytes()
            return try output.publishEverywhere(index, key: bytes.span, value: value.span, cause: cause)
        }
        guard let message else {
            return try output.retract(index, partition: partition, key: bytes.span, cause: cause)
        }
        let body: [UInt8] = try message.serializedBytes()
        let value = (framing?.prefix ?? []) + body
        try output.publish(index, partition: partition, key: bytes.span, value: value.span, cause: cause)
    }

    /// Whether this key has a published message.
    func hasPublished(_ key: Key, in output: TaskOutput) -> Bool {
        output.hasPublished(index, partition: partition(of: key, output) ?? 0, key: key.utf8.span)
    }

    /// The partition of a key; nil if every partition gets it.
    private func partition(of key: Key, _ output: TaskOutput) -> Int32? {
        let partitions = max(output.partitions[index], 1)
        switch publisher {
        case .ofPartition, .forgets: return output.partition % partitions
        case .of:
            if key.placement == .everywhere { return nil }
            return key.placement.partition(of: partitions) ?? output.partition % partitions
        }
    }
}

extension KeyPlacement {
    /// The partition for a partition count; nil if the key does not determine it.
    func partition(of partitions: Int32) -> Int32? {
        switch self {
        case .district(let organization): Pipeline.partition(ofDistrictOf: organization, partitions: partitions)
        case .group(let group): Int32(group.rawValue) % max(partitions, 1)
        case .single: 0
        case .everywhere, .writer: nil
        }
    }
}
