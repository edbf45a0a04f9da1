import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import Testing

/// Mutated copies of true records of every topic, keys too, through the whole pipeline in memory, with restarts.
///
/// Every stage lives, and once the true records are back every figure is that of before. `ACCOUNTABILITY_FUZZ_SECONDS`
/// says for how long (3), `ACCOUNTABILITY_FUZZ_SEED` where the seeds begin.
@Suite("Strangers in the topics", .serialized, .timeLimit(.minutes(60)))
struct StrangerFuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = environment["ACCOUNTABILITY_FUZZ_SECONDS"].flatMap { Double($0) } ?? 3
    private static let firstSeed = environment["ACCOUNTABILITY_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1

    @Test func tablesAreAsBeforeOnceTheTrueRecordsAreBack() throws {
        let year = try SmallYear()
        let driver = try year.settled(seed: 1)
        var intrusion = Intrusion(year, driver)
        let before = try intrusion.tables()
        let journal = try Journal("strangers")
        defer { journal.remove() }
        try Self.rounds(journal) { random in
            for _ in 0...random.below(12) {
                let topic = Intrusion.tables[random.below(Intrusion.tables.count)]
                let standing = intrusion.standing(topic)
                let victim = standing[random.below(standing.count)]
                let (key, value) = RecordMutation.of(victim.key, victim.value, &random)
                intrusion.put(topic, victim.partition, key: key, value: value)
                if random.below(4) == 0 { driver.restartAll() }
                try driver.run()
            }
            intrusion.repair()
            // A stage finds what others wrote into its own tables when it starts.
            driver.restartAll()
            try driver.run()
            let after = try intrusion.tables()
            for (entity, table) in before where after[entity] != table {
                let differing = Set(table.keys).union((after[entity] ?? [:]).keys)
                    .filter { table[$0] != after[entity]?[$0] }
                    .map { String(decoding: $0.dropFirst(), as: UTF8.self) }
                return "\(entity) differs: \(differing.sorted().prefix(5))"
            }
            return nil
        }
    }

    /// Rows and records of students are facts whatever they say; here it counts that no stage stops.
    @Test(arguments: [Topics.submissions, Topics.records])
    func everyStageLives(_ topic: TopicDefinition) throws {
        let year = try SmallYear()
        let journal = try Journal("strangers-\(topic.entity)")
        defer { journal.remove() }
        var driver = try year.settled(seed: 1)
        var count = 0
        try Self.rounds(journal) { random in
            // A log that grows takes longer to read with each restart.
            if count > 400 { (driver, count) = (try year.settled(seed: 1), 0) }
            let name = year.pipeline.name(topic)
            for _ in 0...random.below(24) {
                let partition = random.below(driver.topics[name]?.count ?? 1)
                let records = driver.topics[name]?[partition].filter { $0.value != nil } ?? []
                guard !records.isEmpty else { continue }
                let victim = records[random.below(records.count)]
                let (key, value) = RecordMutation.of(victim.key, victim.value ?? [], &random)
                driver.append(
                    StoredRecord(key: key, value: value, eventType: victim.eventType),
                    topic: name,
                    partition: Int32(partition)
                )
                count += 1
            }
            if random.below(4) == 0 { driver.restartAll() }
            try driver.run()
            return nil
        }
    }

    /// Runs rounds until the time is over; each says what is wrong after it.
    private static func rounds(
        _ journal: Journal,
        _ round: (inout SplitMix64) throws -> String?
    ) throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        var seed = firstSeed
        repeat {
            // Should the process trap, the file says at which seed.
            journal.note(seed)
            var random = SplitMix64(seed: seed)
            do {
                if let fault = try round(&random) {
                    Issue.record("seed \(seed): \(fault)")
                    return
                }
            } catch {
                Issue.record("seed \(seed): a stage stopped: \(error)")
                return
            }
            seed += 1
        } while ContinuousClock.now < deadline
        print("strangers: \(seed - firstSeed) rounds from seed \(firstSeed) in \(seconds) s")
    }
}

/// A stranger's copy of a record: of the right type, mostly, and wrong.
enum RecordMutation {
    private static let texts = [
        "", "0", "-1", "100", "101", "999.999999999999999999", "-1000", "900000000000000000", "-900000000000000000",
        "0.000000000000000001", "nan", "1e9", "00010505", "00000000", "99999999", "all_students", "lowest_performing",
        "high", "non_high", "middle_high", "official", "2019-02-29", "9999-12-31", "state", "\u{0}", "~", "/", "é",
        "four_year_graduation", "framework_step", "approved", "release",
    ]
    private static let numbers: [UInt64] = [
        0, 1, 2, 4, 5, 99, 100, 101, 1999, 2000, 2018, 2019, 2100, 2101, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
        0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xffff_ffff_ffff_ffff, 900_000_000_000_000_000,
    ]
    private static let names = [
        "2018", "2019", "2020", "9223372036854775807", "-9223372036854775808", "02019", "", "00010505", "00020000",
        "99990000", "all", "norm", "threshold", "all_students", "high_needs", "non_high", "high", "ela_achievement",
        "combined", "ELA", "5", "release", "official", "value", "target", "organization",
    ]

    static func of(_ key: [UInt8], _ value: [UInt8], _ random: inout SplitMix64) -> (key: [UInt8], value: [UInt8]?) {
        var key = key
        if random.below(3) == 0 { key = mutated(key: key, &random) }
        if random.below(16) == 0 { return (key, nil) }
        var value = value
        for _ in 0...random.below(3) { value = mutated(message: value, depth: 0, &random) }
        return (key, value)
    }

    private static func mutated(key: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var names = key.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) }
        let place = random.below(names.count)
        switch random.below(5) {
        case 0: names.swapAt(place, random.below(names.count))
        case 1: names.insert(Array(Self.names[random.below(Self.names.count)].utf8), at: place)
        case 2 where names.count > 1: names.remove(at: place)
        case 3 where !names[place].isEmpty:
            names[place][random.below(names[place].count)] = UInt8(truncatingIfNeeded: random.next())
        default: names[place] = Array(Self.names[random.below(Self.names.count)].utf8)
        }
        return Array(names.joined(separator: [UInt8(ascii: "/")]))
    }

    /// A message with one field changed, left out or doubled; bytes where it is none.
    private static func mutated(message: [UInt8], depth: Int, _ random: inout SplitMix64) -> [UInt8] {
        guard var fields = WireField.all(message), !fields.isEmpty, random.below(12) > 0 else {
            return mutated(bytes: message, &random)
        }
        let place = random.below(fields.count)
        switch random.below(8) {
        case 0: fields.remove(at: place)
        case 1: fields.insert(fields[place], at: random.below(fields.count))
        default:
            switch fields[place].content {
            case .number: fields[place].content = .number(numbers[random.below(numbers.count)])
            case .bytes(let bytes):
                let isNested = depth < 4 && random.below(4) > 0 && WireField.all(bytes).map { !$0.isEmpty } ?? false
                fields[place].content = .bytes(
                    isNested
                        ? mutated(message: bytes, depth: depth + 1, &random)
                        : Array(texts[random.below(texts.count)].utf8)
                )
            case .other: fields.remove(at: place)
            }
        }
        return fields.flatMap(\.wire)
    }

    private static func mutated(bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        guard !bytes.isEmpty else { return [UInt8(truncatingIfNeeded: random.next())] }
        var bytes = bytes
        let place = random.below(bytes.count)
        switch random.below(3) {
        case 0: bytes[place] ^= 1 << UInt8(random.below(8))
        case 1: bytes.remove(at: place)
        default: bytes = Array(bytes.prefix(place))
        }
        return bytes
    }
}

/// A field of a protobuf message as it travels.
private struct WireField {
    enum Content {
        case number(UInt64)
        case bytes([UInt8])
        /// Fixed-length fields, with their type.
        case other(UInt64, [UInt8])
    }

    let number: UInt64
    var content: Content

    /// The fields of a message; nil where the bytes are none.
    static func all(_ bytes: [UInt8]) -> [WireField]? {
        var fields: [WireField] = []
        var place = 0
        func varint() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), through: 63, by: 7) {
                guard place < bytes.count else { return nil }
                let byte = bytes[place]
                place += 1
                value |= UInt64(byte & 0x7f) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }
        func take(_ count: Int) -> [UInt8]? {
            guard count >= 0, count <= bytes.count - place else { return nil }
            defer { place += count }
            return Array(bytes[place..<place + count])
        }
        while place < bytes.count {
            guard let tag = varint(), tag >> 3 > 0 else { return nil }
            let content: Content
            switch tag & 7 {
            case 0:
                guard let value = varint() else { return nil }
                content = .number(value)
            case 1:
                guard let value = take(8) else { return nil }
                content = .other(1, value)
            case 2:
                guard let count = varint(), count <= UInt64(bytes.count), let value = take(Int(count)) else {
                    return nil
                }
                content = .bytes(value)
            case 5:
                guard let value = take(4) else { return nil }
                content = .other(5, value)
            default: return nil
            }
            fields.append(WireField(number: tag >> 3, content: content))
        }
        return fields
    }

    /// The field's bytes.
    var wire: [UInt8] {
        switch content {
        case .number(let value): Self.varint(number << 3) + Self.varint(value)
        case .bytes(let bytes): Self.varint(number << 3 | 2) + Self.varint(UInt64(bytes.count)) + bytes
        case .other(let type, let bytes): Self.varint(number << 3 | type) + bytes
        }
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var value = value
        var bytes: [UInt8] = []
        while value >= 0x80 {
            bytes.append(UInt8(value & 0x7f) | 0x80)
            value >>= 7
        }
        return bytes + [UInt8(value)]
    }
}

extension SplitMix64 {
    /// A number from 0 to below a bound.
    fileprivate mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
}
