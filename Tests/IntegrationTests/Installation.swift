import Foundation
import Testing

/// What the integration tests run with, from the environment that `Deploy/test` sets.
enum TestEnvironment {
    private static let environment = ProcessInfo.processInfo.environment
    /// Where the built programs are.
    static let programs = environment["ACCOUNTABILITY_BIN"]
    /// A broker with transactions.
    static let brokers = environment["ACCOUNTABILITY_TEST_BROKERS"]
    /// A Python with confluent-kafka and grpcio-tools.
    static let python = environment["ACCOUNTABILITY_PYTHON"]
    /// The published figures, nil where they are not.
    static let data: String? = {
        let path = environment["ACCOUNTABILITY_DATA"] ?? "../shared/data"
        return FileManager.default.fileExists(atPath: "\(path)/README.md") ? path : nil
    }()
    /// The top of the repository.
    static let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        .standardizedFileURL.path
    static var canRun: Bool { programs != nil && brokers != nil }
}

/// What a program printed and how it ended.
struct Outcome {
    let code: Int32
    let output: String
    let errors: String
    var lines: [String] { output.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) }
}

/// Runs a program to its end.
func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let folder = FileManager.default.temporaryDirectory
    let out = folder.appending(path: "outcome-\(UUID().uuidString).out")
    let err = folder.appending(path: "outcome-\(UUID().uuidString).err")
    for file in [out, err] { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    defer { for file in [out, err] { try? FileManager.default.removeItem(at: file) } }
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = try FileHandle(forWritingTo: err)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return Outcome(
        code: process.terminationStatus,
        output: String(decoding: try Data(contentsOf: out), as: UTF8.self),
        errors: String(decoding: try Data(contentsOf: err), as: UTF8.self)
    )
}

/// Waits for the first line that a program writes, without its end; what it wrote of a line if it ended before.
///
/// A program may write a line in parts: those that have arrived are not always the whole.
func firstLine(of output: Pipe) -> String {
    var line = Data()
    while true {
        let part = output.fileHandleForReading.availableData
        line += part
        if part.isEmpty || line.contains(UInt8(ascii: "\n")) {
            return String(decoding: line.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        }
    }
}

/// The seven workers under a namespace of their own on the tests' broker, with a home in a temporary folder.
final class Installation: CommandLineHome {
    let home: String
    let namespace: String
    let environment: [String: String]
    private var isUp = false

    init(
        partitions: Int,
        instances: Int = 1,
        namespace: String = "it\(UInt32.random(in: .min ... .max))",
        key: Installation? = nil,
        options: [String] = [],
        environment extra: [String: String] = [:]
    ) throws {
        self.namespace = namespace
        home = FileManager.default.temporaryDirectory.appending(path: "accountability-\(namespace)").path
        environment = extra.merging(["ACCOUNTABILITY_HOME": home]) { $1 }
        if let key {
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: "\(key.home)/pseudonym.key", toPath: "\(home)/pseudonym.key")
        }
        let up = try call(
            [
                "up", "--brokers", TestEnvironment.brokers ?? "", "--namespace", namespace, "--local-broker",
                "--partitions", "\(partitions)", "--instances", "\(instances)", "--timeout", "120",
            ] + options
        )
        isUp = true
        try #require(up.code == 0, "up failed: \(up.errors)\n\(up.output)")
    }

    deinit {
        if isUp { _ = try? call(["down"]) }
        try? FileManager.default.removeItem(atPath: home)
    }

    /// Opens the years, submits the files in order, closes the years.
    func runYears(_ years: [Int], files: [String], options: [String] = []) throws {
        for year in years { try must(["open-year", "\(year)"]) }
        try must(["submit"] + options + files)
        for year in years { try must(["close-year", "\(year)", "--timeout", "300"]) }
    }

    /// The determinations of a year without revision, cause and time, one a line, sorted.
    func canonicalDeterminations(_ year: Int) throws -> [String] {
        try must(["determinations", "\(year)", "--canonical"]).lines
    }

    /// The process of a worker, from the pid file that `up` keeps.
    func processIdentifier(of stage: String, instance: Int = 1) throws -> Int32 {
        let folder = URL(filePath: home).appending(path: "run")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasPrefix("\(stage)") && $0.hasSuffix(".pid") }
        let name = try #require(names.sorted().dropFirst(instance - 1).first, "no pid of \(stage) in \(folder.path)")
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        return try #require(Int32(text.split(whereSeparator: \.isWhitespace).first ?? ""))
    }
}

/// A synthetic state in a temporary folder.
final class SyntheticState {
    let folder: String
    let files: [String]
    let corrections: [String]

    init(students: Int, seed: Int) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "state-\(UUID().uuidString)").path
        let made = try run(
            "\(TestEnvironment.programs ?? "")/statewide",
            ["--students", "\(students)", "--seed", "\(seed)", "--out", folder]
        )
        try #require(made.code == 0, "statewide: \(made.errors)")
        struct Manifest: Decodable {
            struct File: Decodable { var name: String }
            var files: [String]
            var corrections: [String]
        }
        let data = try Data(contentsOf: URL(filePath: folder).appending(path: "manifest.json"))
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        let folder = folder
        func paths(_ key: String) -> [String] {
            (object[key] as? [Any] ?? [])
                .compactMap { entry in
                    ((entry as? String) ?? (entry as? [String: Any])?["name"] as? String ?? (entry as? [String: Any])?[
                        "file"
                    ] as? String)
                    .map { "\(folder)/\($0)" }
                }
        }
        files = paths("files")
        corrections = paths("corrections")
        try #require(!files.isEmpty && !corrections.isEmpty)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// The same rows in many files: the organizations first, then pieces of all other files in an order of their own.
    func shuffled(pieces: Int, seed: UInt64) throws -> [String] {
        var random = SeededOrder(state: seed)
        var result: [String] = []
        for file in files {
            let name = URL(filePath: file).lastPathComponent
            if name.hasPrefix("organizations") {
                result.insert(file, at: 0)
                continue
            }
            var lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
            let header = lines.removeFirst()
            lines.shuffle(using: &random)
            let size = max(1, (lines.count + pieces - 1) / pieces)
            for piece in 0..<pieces {
                let rows = lines.dropFirst(piece * size).prefix(size)
                guard !rows.isEmpty else { continue }
                let path = "\(folder)/piece-\(piece)-\(name)"
                try ([header] + rows).joined(separator: "\n").appending("\n")
                    .write(toFile: path, atomically: true, encoding: .utf8)
                result.append(path)
            }
        }
        let organizations = result.prefix { URL(filePath: $0).lastPathComponent.hasPrefix("organizations") }
        return organizations + result.dropFirst(organizations.count).shuffled(using: &random)
    }

    /// The files as they would be if the corrections had been known from the start.
    func corrected() throws -> [String] {
        var replacements: [String: [(key: String, line: String?)]] = [:]
        for file in corrections {
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
            let header = lines[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let layout = URL(filePath: file).lastPathComponent.replacing("corrections-", with: "")
                .replacing(".csv", with: "")
            let action = header.firstIndex(of: "action")
            for line in lines.dropFirst() {
                var fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                var names = header
                var isDelete = false
                if let action {
                    isDelete = fields[action] == "delete"
                    fields.remove(at: action)
                    names.remove(at: action)
                }
                let row = Dictionary(uniqueKeysWithValues: zip(names, fields))
                let key = "\(row["school_year"] ?? "")/\(row["student_id"] ?? "")"
                replacements[layout, default: []]
                    .append((key, isDelete ? nil : names.joined(separator: ",") + "\n" + fields.joined(separator: ",")))
            }
        }
        var result: [String] = []
        for file in files {
            let name = URL(filePath: file).lastPathComponent
            guard let layout = replacements.keys.first(where: { name.hasPrefix($0) }),
                let changes = replacements[layout]
            else {
                result.append(file)
                continue
            }
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
            let header = lines[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let year = try #require(header.firstIndex(of: "school_year"))
            let student = try #require(header.firstIndex(of: "student_id"))
            let action = header.firstIndex(of: "action")
            var byKey: [String: String?] = [:]
            for change in changes { byKey[change.key] = .some(change.line) }
            var kept = [lines[0]]
            for line in lines.dropFirst() {
                let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                let key = "\(fields[year])/\(fields[student])"
                guard let change = byKey[key] else {
                    kept.append(line)
                    continue
                }
                guard let change else { continue }
                let parts = change.split(separator: "\n").map(String.init)
                let row = Dictionary(
                    uniqueKeysWithValues: zip(
                        parts[0].split(separator: ",").map(String.init),
                        parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
                    )
                )
                kept.append(
                    header.enumerated().map { $0.offset == action ? "" : row[$0.element] ?? "" }.joined(separator: ",")
                )
            }
            let path = "\(folder)/corrected-\(name)"
            try kept.joined(separator: "\n").appending("\n").write(toFile: path, atomically: true, encoding: .utf8)
            result.append(path)
        }
        return result
    }
}

/// A seeded order for shuffles.
struct SeededOrder: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
