import Foundation
import Testing

/// A synthetic state's two years through the real workers: whatever the partitions, instances, files, corrections and
/// crashes, the determinations are the same, byte by byte.
@Suite(
    .serialized,
    .enabled(
        if: TestEnvironment.canRun,
        "ACCOUNTABILITY_BIN and ACCOUNTABILITY_TEST_BROKERS are not set; Deploy/test sets them"
    ),
    .timeLimit(.minutes(30))
)
struct StatewideYearTests {
    private static let years = [2018, 2019]

    /// Kills a worker with SIGKILL again and again while the closure runs; the supervisor starts it again.
    private func killing(_ stages: [String], of installation: Installation, while work: () throws -> Void) throws -> Int
    {
        final class Killer: @unchecked Sendable {
            private let lock = NSLock()
            private var isOver = false
            private var count = 0
            func stop() -> Int {
                lock.withLock {
                    isOver = true
                    return count
                }
            }
            func kill(_ pid: Int32) -> Bool {
                lock.withLock {
                    guard !isOver else { return false }
                    if Foundation.kill(pid, SIGKILL) == 0 { count += 1 }
                    return true
                }
            }
            var over: Bool { lock.withLock { isOver } }
        }
        let killer = Killer()
        let home = installation.home
        let thread = Thread {
            var turn = 0
            while !killer.over {
                Thread.sleep(forTimeInterval: 1.5)
                let stage = stages[turn % stages.count]
                turn += 1
                let folder = URL(filePath: home).appending(path: "run")
                let name = (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?
                    .first { $0.hasPrefix(stage) && $0.hasSuffix(".pid") }
                guard let name, let text = try? String(contentsOf: folder.appending(path: name), encoding: .utf8),
                    let pid = text.split(whereSeparator: \.isWhitespace).first.flatMap({ Int32($0) })
                else { continue }
                if !killer.kill(pid) { return }
            }
        }
        thread.start()
        defer { _ = killer.stop() }
        try work()
        return killer.stop()
    }

    @Test func isTheSameWhateverThePartitionsTheInstancesTheFilesAndTheCrashes() throws {
        let state = try SyntheticState(students: 3000, seed: 11)
        let plain = try Installation(partitions: 1)
        try plain.runYears(Self.years, files: state.files)
        let reference = try plain.canonicalDeterminations(2019)
        #expect(reference.count > 10)
        #expect(try plain.canonicalDeterminations(2018).count > 10)

        let spread = try Installation(partitions: 6, instances: 2)
        try spread.runYears(Self.years, files: try state.shuffled(pieces: 4, seed: 5))
        #expect(try spread.canonicalDeterminations(2019) == reference)

        let beaten = try Installation(partitions: 3)
        let kills = try killing(
            ["validation", "indicator", "percentile", "participation", "determination"],
            of: beaten
        ) {
            try beaten.runYears(Self.years, files: try state.shuffled(pieces: 3, seed: 6))
        }
        #expect(kills > 0)
        #expect(try beaten.canonicalDeterminations(2019) == reference)
    }

    @Test func aCorrectionChangesOnlyWhatItShouldAndNamesItsCause() throws {
        let state = try SyntheticState(students: 3000, seed: 12)
        let live = try Installation(partitions: 4)
        try live.runYears(Self.years, files: state.files)
        let before = try live.canonicalDeterminations(2019)
        try live.must(["submit"] + state.corrections)
        let fresh = try Installation(partitions: 2)
        try fresh.runYears(Self.years, files: try state.corrected())
        let expected = try fresh.canonicalDeterminations(2019)
        #expect(expected != before)

        let deadline = ContinuousClock.now + .seconds(60)
        while try live.canonicalDeterminations(2019) != expected, ContinuousClock.now < deadline {
            Thread.sleep(forTimeInterval: 0.5)
        }
        let after = try live.canonicalDeterminations(2019)
        #expect(after == expected)

        let data = try live.must(["determinations", "2019", "--format", "json"]).output
        let revised = try #require(JSONSerialization.jsonObject(with: Data(data.utf8)) as? [[String: Any]])
        let unchanged = Set(before).intersection(after).count
        let firstRevisions = revised.filter { ($0["revision"] as? Int) == 1 }.count
        #expect(firstRevisions == unchanged, "what did not change must not be published again")
        for determination in revised where ((determination["revision"] as? Int) ?? 0) > 1 {
            #expect((determination["cause"] as? String)?.isEmpty == false)
            #expect((determination["changes"] as? [String])?.isEmpty == false)
        }
    }

    @Test func anEarlierMomentIsRebuiltFromTheLedger() throws {
        let state = try SyntheticState(students: 1500, seed: 14)
        let live = try Installation(partitions: 2)
        try live.runYears(Self.years, files: state.files)
        let before = try live.canonicalDeterminations(2019)
        Thread.sleep(forTimeInterval: 1.1)
        let moment = Date().ISO8601Format()
        Thread.sleep(forTimeInterval: 1.1)
        try live.must(["submit"] + state.corrections)

        let copy = "\(live.namespace)-before"
        try live.must(["replay", "--as-of", moment, "--into", copy])
        // The target is filled once.
        #expect(try live.call(["replay", "--into", copy]).code == 78)
        // The rows of the copy keep their pseudonyms: under another key every student would become two.
        let stranger = FileManager.default.temporaryDirectory.appending(path: "accountability-\(copy)-stranger").path
        defer { try? FileManager.default.removeItem(atPath: stranger) }
        let refused = try run(
            "\(TestEnvironment.programs ?? "")/accountability",
            [
                "up", "--brokers", TestEnvironment.brokers ?? "", "--namespace", copy, "--local-broker",
                "--partitions", "2", "--timeout", "60",
            ],
            environment: ["ACCOUNTABILITY_HOME": stranger]
        )
        #expect(refused.code == 78, "\(refused.errors)")
        let rebuilt = try Installation(partitions: 2, namespace: copy, key: live)
        let deadline = ContinuousClock.now + .seconds(60)
        while try rebuilt.canonicalDeterminations(2019) != before, ContinuousClock.now < deadline {
            Thread.sleep(forTimeInterval: 0.5)
        }
        #expect(try rebuilt.canonicalDeterminations(2019) == before)

        let compared = try live.call(["compare", copy, live.namespace, "--year", "2019", "--json"])
        #expect(compared.code == 1)
        let differences = try #require(
            JSONSerialization.jsonObject(with: Data(compared.output.utf8)) as? [[String: Any]]
        )
        #expect(differences.count == Set(before).symmetricDifference(try live.canonicalDeterminations(2019)).count / 2)
        for difference in differences {
            #expect((difference["changes"] as? [String])?.isEmpty == false)
            #expect((difference["secondCause"] as? String)?.isEmpty == false)
        }
        #expect(try live.call(["compare", copy, copy]).code == 0)
    }

    /// The public and a district see rates and percentiles once they are official: the district its own with all
    /// counts, the public those of the publications.
    private func others(_ installation: Installation, see isSeen: Bool) throws {
        for command in ["participation", "percentiles"] {
            let all = try installation.must([command, "2019", "--format", "csv"]).lines
            let first = all.dropFirst().first { !$0.contains(",00000000,") }
            let district = try #require(first).split(separator: ",")[1].prefix(4) + "0000"
            let own = try installation.must([command, "2019", "--format", "csv", "--as", "district", String(district)])
            let isOwn = { (line: String) in line.split(separator: ",")[1].hasPrefix(district.prefix(4)) }
            #expect(own.lines.dropFirst() == (isSeen ? all.dropFirst().filter(isOwn)[...] : []), "\(command)")
            let published = try installation.must([command, "2019", "--format", "csv", "--as", "public"]).lines
            #expect(published.first == all.first)
            let organizations = Set(published.dropFirst().map { $0.split(separator: ",")[1] })
            #expect(isSeen ? organizations.count > 10 : published.count == 1, "\(command): \(organizations.count)")
            let keys = published.map { $0.split(separator: ",", omittingEmptySubsequences: false).prefix(5) }
            #expect(Set(keys).count == keys.count, "\(command): a row is printed twice")
        }
    }

    /// A copy made after a file was taken back shows the same numbers: which are shown was decided at the release.
    @Test func whatIsShownIsTheSameInACopy() throws {
        let state = try SyntheticState(students: 1500, seed: 15)
        let live = try Installation(partitions: 2)
        try live.runYears(Self.years, files: state.files)
        func shown(_ installation: Installation) throws -> [String] {
            try installation.must(["determinations", "2019", "--as", "public", "--format", "json"]).lines
                .map { line in
                    line.replacing(/"(revision|issuedUnixMilliseconds)":"?[0-9]+"?,?/, with: "")
                }
                .sorted()
        }
        func settled(_ installation: Installation, _ isThere: ([String]) -> Bool) throws -> [String] {
            var last: [String] = []
            let deadline = ContinuousClock.now + .seconds(90)
            while ContinuousClock.now < deadline {
                Thread.sleep(forTimeInterval: 2)
                let now = try shown(installation)
                if isThere(now), now == last { return now }
                last = now
            }
            return last
        }
        try others(live, see: false)
        try live.must(["directive", "release", "official", "--year", "2019", "--date", "2019-09-24"])
        let released = try settled(live) { $0.count > 10 }
        try others(live, see: true)
        let line = try live.must(["receipts", "--format", "csv"]).lines.first { $0.contains(",attendance-2019") }
        let submission = try #require(line?.split(separator: ",").first.map(String.init))
        try live.must(["withdraw", submission, "--reason", "wrong file"])
        let after = try settled(live) { $0 != released }
        #expect(after != released && after.count == released.count)

        let copy = "\(live.namespace)-copy"
        try live.must(["replay", "--into", copy])
        let rebuilt = try Installation(partitions: 2, namespace: copy, key: live)
        #expect(try settled(rebuilt) { $0 == after } == after)
    }

    @Test func otherClientsReadADeterminationWithTheProtoAlone() throws {
        let python = try #require(TestEnvironment.python)
        let state = try SyntheticState(students: 1500, seed: 13)
        let installation = try Installation(partitions: 2)
        try installation.runYears(Self.years, files: state.files)
        let reader = "\(TestEnvironment.repository)/Tests/IntegrationTests/Clients/read_determinations.py"
        let topic = "\(installation.namespace).accountability.determinations.v1"
        let read = try run(
            python,
            [reader, TestEnvironment.brokers ?? "", topic, "\(TestEnvironment.repository)/Schemas"]
        )
        try #require(read.code == 0, "\(read.errors)")
        let listed = try installation.must(["determinations", "2019", "--format", "json"]).output
        let expected = try #require(JSONSerialization.jsonObject(with: Data(listed.utf8)) as? [[String: Any]])
        let lines = read.lines.filter { $0.hasPrefix("2019,") }
        #expect(lines.count == expected.count)
        for line in lines {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            #expect(fields[3] == "application/protobuf" && fields[4] == "accountability.determination.v1")
            #expect(
                expected.contains {
                    ($0["orgCode"] as? String) == fields[1] && ($0["classification"] as? String) == fields[2]
                }
            )
        }

        // kcat for the bytes, protoc for the message.
        let key = "2019/\(try #require(expected.first?["orgCode"] as? String))"
        let folder = FileManager.default.temporaryDirectory.appending(path: "kcat-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let kcat = try run(
            "/bin/bash",
            [
                "-c",
                """
                set -euo pipefail
                kcat -b "$1" -C -t "$2" -o beginning -e -q -X isolation.level=read_committed -f '%o %p %k\n' | awk -v key="$3" '$3 == key { print $1, $2 }' | tail -n 1 > "$5/place"
                read -r offset partition < "$5/place"
                kcat -b "$1" -C -t "$2" -p "$partition" -o "$offset" -c 1 -e -q -D '' -f '%s' > "$5/value"
                "$6" -m grpc_tools.protoc --proto_path="$4" --decode=accountability.v1.Determination accountability/v1/determination.proto < "$5/value"
                """,
                "kcat", TestEnvironment.brokers ?? "", topic, key, "\(TestEnvironment.repository)/Schemas", folder,
                python,
            ]
        )
        #expect(kcat.code == 0, "\(kcat.errors)")
        #expect(kcat.output.contains("school_year: 2019") && kcat.output.contains("org_code: \"\(key.dropFirst(5))\""))
    }
}
