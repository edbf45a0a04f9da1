import Foundation
import FuzzTargets
import Streaming
import Testing

/// Mutations of the kept corpus, from a seed, for a given time; `Deploy/fuzz` runs the same targets under libFuzzer.
///
/// `ACCOUNTABILITY_FUZZ_SECONDS` says how long for each target (3), `ACCOUNTABILITY_FUZZ_SEED` where the seeds begin.
@Suite("Fuzzing", .serialized, .timeLimit(.minutes(60)))
struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = environment["ACCOUNTABILITY_FUZZ_SECONDS"].flatMap { Double($0) } ?? 3
    private static let firstSeed = environment["ACCOUNTABILITY_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
    private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Fuzzing/Corpus").standardizedFileURL

    private static func inputs(_ target: FuzzTarget) throws -> [[UInt8]] {
        let folder = corpus.appending(path: target.rawValue)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .map { [UInt8](try Data(contentsOf: folder.appending(path: $0))) }
    }

    @Test("The corpus holds", arguments: FuzzTarget.allCases)
    func corpusHolds(_ target: FuzzTarget) throws {
        let inputs = try Self.inputs(target)
        #expect(inputs.count >= 5)
        for input in inputs { #expect(throws: Never.self) { try target.run(input) } }
    }

    @Test("Mutations of the corpus do no harm", arguments: FuzzTarget.allCases)
    func mutations(_ target: FuzzTarget) throws {
        let mutator = Mutator(corpus: try Self.inputs(target))
        let journal = try Journal("\(target.rawValue)")
        defer { journal.remove() }
        let deadline = ContinuousClock.now + .seconds(Self.seconds)
        var seed = Self.firstSeed
        while ContinuousClock.now < deadline {
            // Should the process trap, the file says at which seed.
            journal.note(seed)
            let input = mutator.input(seed)
            do {
                try target.run(input)
            } catch {
                Issue.record(
                    "\(target) at seed \(seed) (ACCOUNTABILITY_FUZZ_SEED=\(seed) replays it): \(error); \(Data(input).base64EncodedString())"
                )
                return
            }
            seed += 1
        }
        print(
            "fuzzing \(target.rawValue): \(seed - Self.firstSeed) inputs from seed \(Self.firstSeed) in \(Self.seconds) s"
        )
    }
}

/// The seed that is being tried, in a file that outlives a trap.
struct Journal {
    private let file: URL
    private let handle: FileHandle

    init(_ name: String) throws {
        file = FileManager.default.temporaryDirectory.appending(
            path: "fuzzing-\(name)-\(ProcessInfo.processInfo.processIdentifier)"
        )
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        handle = try FileHandle(forWritingTo: file)
    }

    func note(_ seed: UInt64) {
        try? handle.seek(toOffset: 0)
        try? handle.write(contentsOf: Data("\(seed)\n".utf8))
    }

    func remove() {
        try? handle.close()
        try? FileManager.default.removeItem(at: file)
    }
}

/// Inputs out of a corpus and a seed.
private struct Mutator {
    let corpus: [[UInt8]]

    private static let tokens: [[UInt8]] =
        [
            [0x00], [0xFF], [0x80], [0x0A], [0x0D], [0x0D, 0x0A], [0x22], [0x22, 0x22], [0x2C], [0xEF, 0xBB, 0xBF],
            [0xC3, 0x28], [0xED, 0xA0, 0x80],
            // Lengths and numbers that protobuf cannot mean.
            [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], [0x0B],
            [0x0A, 0x7F],
        ]
        + [
            "-1", "0", "99999999999999999999", "1e999", "NaN", "-0", "2019", "2100", "00010505", "99999999", "/",
            "~2019/x/0", "value", "status", "assumed", "source", "- ", ": ",
            "&a [*a]", "!!binary", "null", "true", "all_students", "high", "EXF", "delete", "2019-02-29", "/threshold/",
            "{", "}", "|", ">",
        ]
        .map { Array($0.utf8) }

    func input(_ seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        func below(_ bound: Int) -> Int { Int(random.next() % UInt64(max(1, bound))) }
        guard !corpus.isEmpty else { return [] }
        var bytes = corpus[below(corpus.count)]
        for _ in 0...below(6) {
            let at = below(bytes.count + 1)
            switch below(9) {
            case 0 where at < bytes.count: bytes[at] = UInt8(truncatingIfNeeded: random.next())
            case 1 where at < bytes.count: bytes[at] ^= 1 << UInt8(below(8))
            case 2 where at < bytes.count: bytes.removeSubrange(at..<min(bytes.count, at + 1 + below(1 << below(10))))
            case 3: bytes.insert(contentsOf: Self.tokens[below(Self.tokens.count)], at: at)
            case 4 where at < bytes.count:
                let token = Self.tokens[below(Self.tokens.count)]
                bytes.replaceSubrange(at..<min(bytes.count, at + token.count), with: token)
            case 5:
                let other = corpus[below(corpus.count)]
                let from = below(other.count)
                bytes.insert(contentsOf: other[from..<min(other.count, from + below(200))], at: at)
            case 6 where at < bytes.count:
                let part = Array(bytes[at..<min(bytes.count, at + 1 + below(40))])
                for _ in 0...below(8) { bytes.insert(contentsOf: part, at: at) }
            case 7: bytes = Array(bytes.prefix(at))
            default:
                let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) }
                if let digit = digits.isEmpty ? nil : digits[below(digits.count)] {
                    bytes[digit] = UInt8(0x30 + below(10))
                }
            }
            if bytes.count > 20_000 { bytes.removeLast(bytes.count - 20_000) }
        }
        return bytes
    }
}
