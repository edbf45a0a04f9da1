public import Foundation
public import Streaming

/// Compares a broker's ledger with the archive of a home.
///
/// Records are matched by content. If the missing records are all at the end, they are appended again. If a record is
/// missing before an existing one, the whole ledger is written again, because a correction must not come before the
/// record that it corrects.
public struct LedgerComparison {
    /// The records that are missing, by the file that has them, in order.
    public private(set) var missing: [(file: URL, entries: [LedgerArchive.Entry])] = []
    /// Whether a record is missing before an existing one.
    public private(set) var isOutOfOrder = false
    /// Records of the ledger that the archive lacks: the archived record of their partition that they follow, and their
    /// place in the ledger.
    private var foreign: [Int32: [(after: Int, place: Int)]] = [:]
    private var archived: [Int32: [LedgerArchive.Entry]] = [:]

    /// Compares.
    ///
    /// - `files`: the archive's files with their records, in order.
    /// - `standing`: the records on the broker, by partition, in order.
    public init(
        _ files: [(file: URL, entries: [LedgerArchive.Entry])],
        standing: [Int32: [Digest]]
    ) {
        var places: [Int32: [Digest: [Int]]] = [:]
        for entry in files.flatMap(\.entries) {
            let place = archived[entry.partition, default: []].count
            archived[entry.partition, default: []].append(entry)
            places[entry.partition, default: [:]][entry.digest, default: []].append(place)
        }
        // Reverse the places of equal records, so that the first one is taken first.
        for partition in places.keys { places[partition] = places[partition]?.mapValues { $0.reversed() } }
        var found: [Int32: Set<Int>] = [:]
        for (partition, records) in standing {
            var last = -1
            for (place, digest) in records.enumerated() {
                if let match = places[partition]?[digest]?.popLast() {
                    found[partition, default: []].insert(match)
                    last = max(last, match)
                } else {
                    foreign[partition, default: []].append((last, place))
                }
            }
        }
        var counts: [Int32: Int] = [:]
        for (file, entries) in files {
            var lacking: [LedgerArchive.Entry] = []
            for entry in entries {
                let place = counts[entry.partition, default: 0]
                counts[entry.partition] = place + 1
                if found[entry.partition]?.contains(place) != true { lacking.append(entry) }
            }
            if !lacking.isEmpty { missing.append((file, lacking)) }
        }
        for (partition, entries) in archived {
            let standing = found[partition] ?? []
            guard let first = entries.indices.first(where: { !standing.contains($0) }) else { continue }
            if (standing.max() ?? -1) > first { isOutOfOrder = true }
        }
    }

    /// All records in their correct order.
    ///
    /// - `record`: returns a record of the ledger by partition and place.
    public func whole(_ record: (Int32, Int) throws -> LedgerArchive.Entry) rethrows -> [LedgerArchive.Entry] {
        var all: [LedgerArchive.Entry] = []
        for partition in Set(archived.keys).union(foreign.keys).sorted() {
            var others = (foreign[partition] ?? [])[...]
            func takeOthers(upTo place: Int) throws {
                while let next = others.first, next.after < place {
                    all.append(try record(partition, next.place))
                    others.removeFirst()
                }
            }
            let entries = archived[partition] ?? []
            for (place, entry) in entries.enumerated() {
                try takeOthers(upTo: place)
                all.append(entry)
            }
            try takeOthers(upTo: .max)
        }
        return all
    }
}
