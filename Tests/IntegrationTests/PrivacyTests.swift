import Foundation
import Testing

/// Feeds known identifiers and a known secret to a whole installation and looks for them in everything that the run
/// wrote.
@Suite(
    .serialized,
    .enabled(
        if: TestEnvironment.canRun,
        "ACCOUNTABILITY_BIN and ACCOUNTABILITY_TEST_BROKERS are not set; Deploy/test sets them"
    ),
    .timeLimit(.minutes(30))
)
struct PrivacyTests {
    /// Hexadecimal and base64 of a text, wherever it begins in what was encoded.
    static func spellings(_ text: String) -> [String] {
        let bytes = Data(text.utf8)
        let hexadecimal = bytes.map { String(format: "%02x", $0) }.joined()
        var result = [text, text.lowercased(), hexadecimal, hexadecimal.uppercased()]
        for offset in 0...2 {
            // The characters at either end depend on what stands beside the text.
            let encoded = (Data(repeating: 0x20, count: offset) + bytes).base64EncodedString()
                .trimmingCharacters(in: ["="])
            let from = (offset * 8 + 5) / 6
            let whole = (offset + bytes.count) * 8 / 6
            result.append(String(encoded.prefix(whole).dropFirst(from)))
        }
        return result
    }

    /// Files below the folders that hold one of the needles: grep as everybody has it.
    private static func found(_ needles: String, in folders: [String]) throws -> [String] {
        let outcome = try run("/usr/bin/env", ["grep", "-r", "-a", "-l", "-F", "-f", needles, "--"] + folders)
        try #require(outcome.code < 2, "grep: \(outcome.errors)")
        return outcome.lines.sorted()
    }

    @Test func nothingThatARunWritesHoldsAnIdentifierOrASecret() throws {
        let secret = "swordfish\(UInt64.random(in: .min ... .max))"
        let state = try SyntheticState(students: 900, seed: 31)
        let installation = try Installation(
            partitions: 2,
            environment: ["ACCOUNTABILITY_LOG_LEVEL": "trace", "ACCOUNTABILITY_KAFKA_SASL_PASSWORD": secret]
        )
        let work = FileManager.default.temporaryDirectory.appending(path: "privacy-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: work) }

        let (broken, identifiers) = try Self.broken(besides: state, in: work)
        let needles = "\(work)/needles"
        try (identifiers + [secret]).flatMap(Self.spellings).joined(separator: "\n").appending("\n")
            .write(toFile: needles, atomically: true, encoding: .utf8)

        // The run: healthy and broken files, corrections, every command that tells of rows.
        let written = "\(work)/written"
        try FileManager.default.createDirectory(atPath: written, withIntermediateDirectories: true)
        var number = 0
        func note(_ arguments: [String]) throws {
            let outcome = try installation.call(arguments)
            number += 1
            try (outcome.output + outcome.errors)
                .write(toFile: "\(written)/\(number)-\(arguments[0])", atomically: true, encoding: .utf8)
        }
        for year in ["2018", "2019"] { try note(["open-year", year]) }
        try note(["submit"] + state.files)
        try note(["submit"] + broken)
        for year in ["2018", "2019"] { try note(["close-year", year, "--timeout", "120"]) }
        try note(["submit"] + state.corrections)
        for command in [
            ["receipts"], ["rejections", "--format", "json"], ["determinations", "2019", "--format", "json"],
            ["status", "--once", "--json"], ["doctor"],
            ["participation", "2019"],
        ] { try note(command) }
        let rejected = try installation.must(["rejections", "--format", "csv"]).lines
        #expect(rejected.count > 50)

        // Metrics, and the bytes of every topic: keys, values and headers.
        let run = URL(filePath: installation.home).appending(path: "run")
        for name in try FileManager.default.contentsOfDirectory(atPath: run.path) where name.hasSuffix(".address") {
            let address = try String(contentsOf: run.appending(path: name), encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let metrics = try IntegrationTests.run(
                "/usr/bin/env",
                ["curl", "-sS", "http://\(address)/metrics", "http://\(address)/ready", "http://\(address)/health"]
            )
            try #require(metrics.code == 0 && metrics.output.contains("accountability_"))
            try metrics.output.write(toFile: "\(written)/\(name)", atomically: true, encoding: .utf8)
        }
        let topics = [
            "submissions", "receipts", "rejections", "records", "directives", "participation", "indicators",
            "standings", "percentiles", "determinations",
            "notices", "progress", "quarantine",
        ]
        for topic in topics {
            try Self.dump("\(installation.namespace).accountability.\(topic).v1", to: "\(written)/\(topic).topic")
        }
        let ledger =
            try FileManager.default.attributesOfItem(atPath: "\(written)/submissions.topic")[.size] as? NSNumber
        #expect((ledger?.intValue ?? 0) > 50_000)

        let leaks = try Self.found(needles, in: [installation.home, written])
        let shown = try IntegrationTests.run(
            "/usr/bin/env",
            ["grep", "-r", "-a", "-o", "-F", "-m", "3", "-f", needles, "--", installation.home, written]
        )
        #expect(leaks == [], "\(shown.output.prefix(1500))")
        // Nothing waits that would: the files themselves are gone.
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(installation.home)/inbox")
            .filter { !$0.hasPrefix(".") }
        #expect(left == ["archive"])

        // The search finds what is there: the same in a log, a topic, and encoded.
        let identifier = try #require(identifiers.first)
        for (index, spelling) in Self.spellings(identifier).enumerated() {
            try "a line with \(spelling) in it\n"
                .write(toFile: "\(installation.home)/logs/control-\(index)", atomically: true, encoding: .utf8)
        }
        let control = "\(installation.namespace).control"
        let produced = try IntegrationTests.run(
            "/bin/bash",
            [
                "-c", "printf '%s' \"$3\" | kcat -b \"$1\" -P -t \"$2\" -z lz4", "kcat", TestEnvironment.brokers ?? "",
                control, identifier,
            ]
        )
        #expect(produced.code == 0, "\(produced.errors)")
        try Self.dump(control, to: "\(written)/control.topic")
        let expected =
            (0..<Self.spellings(identifier).count).map { "\(installation.home)/logs/control-\($0)" } + [
                "\(written)/control.topic"
            ]
        #expect(try Self.found(needles, in: [installation.home, written]) == expected.sorted())
    }

    /// A topic as kcat prints it, byte by byte.
    private static func dump(_ topic: String, to path: String) throws {
        let outcome = try run(
            "/bin/bash",
            [
                "-c",
                "timeout 60 kcat -b \"$1\" -C -t \"$2\" -o beginning -e -q -X receive.message.max.bytes=2000000000 -f '%k %h %s\\n' > \"$3\"",
                "kcat",
                TestEnvironment.brokers ?? "", topic, path,
            ]
        )
        try #require(outcome.code == 0, "kcat: \(outcome.errors)")
    }

    /// Files that are wrong in all the ways in which a row may be quoted by mistake, with their identifiers and some of
    /// the state's.
    private static func broken(besides state: SyntheticState, in folder: String) throws -> (
        files: [String], identifiers: [String]
    ) {
        let header =
            "school_year,org_code,student_id,grade,race,low_income,el_status,swd,enrolled_since_october,days_enrolled,days_absent"
        let file = try #require(state.files.first { $0.contains("attendance") })
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        let student = try #require(lines[0].firstIndex(of: "student_id"))
        var identifiers = stride(from: 1, to: lines.count, by: max(1, lines.count / 200)).map { lines[$0][student] }
        try #require(identifiers.allSatisfy { $0.count >= 6 })
        var rows: [String] = [header]
        func row(_ shape: (String) -> String) {
            let identifier = "SASID\(100_000 + identifiers.count)QK"
            identifiers.append(identifier)
            rows.append(shape(identifier))
        }
        for _ in 0..<10 {
            row { "2019,99990505,\($0),5,white,N,N,N,Y,180,18" }
            row { "1999,00010505,\($0),5,white,N,N,N,Y,180,18" }
            row { "2019,00010505,\($0),5,\($0),N,N,N,Y,\($0),18" }
            row { "2019,\($0),\($0),5,white,N,N,N,Y,180,18" }
            row { "2019,00010505,\($0)" }
            row { "2019,00010505,\($0),5,white,N,N,N,Y,180,18,\($0)" }
            row { "2019,00010505,\"\($0)\"x,5,white,N,N,N,Y,180,18" }
            row { "2019,00010505,\($0)@mail,5,white,N,N,N,Y,180,18" }
            row { "2019,00010505,\u{0}\($0),5,white,N,N,N,Y,180,18" }
        }
        let path = "\(folder)/broken-attendance.csv"
        try rows.joined(separator: "\n").appending("\n").write(toFile: path, atomically: true, encoding: .utf8)
        // A header that is none: the first row of a file without one.
        let headless = "\(folder)/headless.csv"
        try rows.dropFirst().joined(separator: "\n").appending("\n")
            .write(toFile: headless, atomically: true, encoding: .utf8)
        return ([path, headless], identifiers)
    }
}
