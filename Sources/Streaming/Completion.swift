import SwiftProtobuf

/// The names and bytes of completion markers.
public enum CompletionMarker {
    /// The stage name under which an operator closes a scope.
    public static let operatorStage = "operator"

    /// Keys of markers begin with this byte, `~`.
    ///
    /// No key of a table does.
    package static let prefix = UInt8(ascii: "~")

    /// A marker's key and value: `partition` of `partitions` of `stage` has published everything of `scope`, under a
    /// configuration if there is one.
    public static func encode(
        scope: String,
        stage: String,
        partition: Int32,
        partitions: Int32,
        configuration: UInt64? = nil
    ) throws -> (key: String, value: [UInt8]) {
        var marker = Streaming_V1_Completion()
        marker.scope = scope
        marker.stage = stage
        marker.sourcePartition = partition
        marker.sourcePartitions = partitions
        if let configuration { marker.configuration = configuration }
        return (key(scope: scope, stage: stage, partition: partition), try marker.serializedBytes())
    }

    /// The key of a marker.
    static func key(scope: String, stage: String, partition: Int32) -> String { "~\(scope)/\(stage)/\(partition)" }

    /// A decoded marker.
    public struct Reading: Sendable, Hashable {
        /// The scope that is complete.
        public let scope: String
        /// The stage that completed it.
        public let stage: String
        /// The partition of that stage's sources.
        public let partition: Int32
        /// The number of partitions.
        public let partitions: Int32
        /// The configuration under which the stage published; nil if there is none.
        public var configuration: UInt64?
    }

    /// More partitions than any topic has.
    private static let largestCount: Int32 = 100_000

    /// Reads a marker from a record of a source, and checks it against the record's key.
    ///
    /// A reader outside of a stage does not know the number of `partitions` and passes nil.
    ///
    /// - Throws: ``UnusableRecord`` if it is not a marker, has another key, or comes from another stage.
    static func decode(_ record: InputRecord, of source: Source, partitions: Int32?) throws -> Reading {
        guard let value = record.value else {
            throw UnusableRecord("a tombstone where a marker was expected", code: .tombstone)
        }
        let marker = try decode(value)
        guard
            key(scope: marker.scope, stage: marker.stage, partition: marker.partition)
                == String(decoding: [UInt8](copying: record.key), as: UTF8.self)
        else { throw UnusableRecord("a marker under the key of another marker", code: .notMarker) }
        if let publisher = source.publisher {
            guard marker.stage == publisher else {
                throw UnusableRecord("a marker from a stage that does not publish this topic", code: .notMarker)
            }
            // An operator closes a scope with one marker in every partition; a stage has one task for each.
            let expected = publisher == operatorStage ? 1 : partitions
            if let expected, marker.partitions != expected {
                throw UnusableRecord(
                    "a marker of \(marker.partitions) partitions where there are \(expected)",
                    code: .notMarker
                )
            }
        }
        return marker
    }

    /// Whether a key is the key of a marker.
    public static func isMarker(key: Span<UInt8>) -> Bool {
        key.count > 0 && key[0] == prefix
    }

    /// The partition that the key of a marker names; nil if it names none.
    static func partition(ofKey key: Span<UInt8>) -> Int32? {
        String(decoding: [UInt8](copying: key), as: UTF8.self).split(separator: "/").last.flatMap { Int32($0) }
    }

    /// Reads a marker's value.
    ///
    /// - Throws: ``UnusableRecord`` if the bytes are not a marker.
    public static func decode(_ value: Span<UInt8>) throws -> Reading {
        guard let marker = try? Streaming_V1_Completion(serializedBytes: value.raw),
            !marker.scope.isEmpty, (1...largestCount).contains(marker.sourcePartitions), marker.sourcePartition >= 0,
            marker.sourcePartition < marker.sourcePartitions
        else { throw UnusableRecord("not a completion marker", code: .notMarker) }
        return Reading(
            scope: marker.scope,
            stage: marker.stage,
            partition: marker.sourcePartition,
            partitions: marker.sourcePartitions,
            configuration: marker.hasConfiguration ? marker.configuration : nil
        )
    }
}

/// Tracks the scopes that are complete for a task: every source has delivered the markers of all its partitions.
struct CompletionTracker {
    private struct Arrivals {
        var partitions: Set<Int32> = []
        var expected: Int32 = .max
        var isComplete: Bool { partitions.count >= Int(expected) }
    }

    private let sources: Int
    /// scope → source → stage → arrivals.
    private var arrivals: [String: [[String: Arrivals]]] = [:]
    private(set) var complete: Set<String> = []

    init(sources: Int) {
        self.sources = sources
    }

    /// Takes a marker.
    ///
    /// - Parameters:
    ///   - marker: the newest of its stage's partition.
    ///   - source: the source that it is from.
    ///   - counts: whether it was published under the reader's configuration. Otherwise the partition has to complete
    ///     the scope again.
    /// - Returns: its scope if this marker completes it.
    mutating func take(_ marker: CompletionMarker.Reading, source: Int, counts: Bool = true) -> String? {
        guard counts else {
            arrivals[marker.scope]?[source][marker.stage]?.partitions.remove(marker.partition)
            complete.remove(marker.scope)
            return nil
        }
        guard !complete.contains(marker.scope) else { return nil }
        var bySource = arrivals[marker.scope] ?? Array(repeating: [:], count: sources)
        bySource[source][marker.stage, default: Arrivals()].partitions.insert(marker.partition)
        bySource[source][marker.stage]?.expected = marker.partitions
        arrivals[marker.scope] = bySource
        guard bySource.allSatisfy({ stages in !stages.isEmpty && stages.values.allSatisfy(\.isComplete) }) else {
            return nil
        }
        complete.insert(marker.scope)
        return marker.scope
    }

    /// Whether a table's key belongs to a complete scope.
    ///
    /// Keys begin with their scope and a slash.
    func covers(key: Span<UInt8>) -> Bool {
        guard !complete.isEmpty else { return false }
        scopes: for scope in complete {
            let bytes = scope.utf8
            guard key.count > bytes.count, key[bytes.count] == UInt8(ascii: "/") else { continue }
            var at = 0
            for byte in bytes {
                if key[at] != byte { continue scopes }
                at += 1
            }
            return true
        }
        return false
    }
}
