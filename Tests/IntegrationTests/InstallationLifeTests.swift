import Foundation
import Testing

/// What keeps an installation alive, one and whole: real processes on a broker of their own.
@Suite(
    .serialized,
    .enabled(if: Machine.canRun, "ACCOUNTABILITY_BIN and ACCOUNTABILITY_BROKER_BIN are not set; Deploy/test sets them"),
    .timeLimit(.minutes(30))
)
struct InstallationLifeTests {
    @Test func aCrashCostsSecondsAndABrokerThatIsSilentIsToldOf() throws {
        let machine = try Machine()
        try machine.up()

        // A crash: the worker is back and ready at once.
        let before = try #require(machine.pid("validation-1"))
        kill(before, SIGSEGV)
        try machine.wait("a new life", seconds: 3) { machine.pid("validation-1").map { $0 != before } ?? false }
        try machine.wait("ready again", seconds: 15) { try machine.ready("validation-1") == 200 }
        let told = try machine.doctor().filter { $0["what"] == "restarts" }
        #expect(told.count == 1 && told[0]["place"] == "validation-1" && told[0]["why"]?.contains("signal 11") == true)

        // A broker that is there and does not answer.
        let broker = try #require(machine.pid("broker"))
        #expect(try machine.ready("indicator-1") == 200)
        kill(broker, SIGSTOP)
        defer { kill(broker, SIGCONT) }
        try machine.wait("not ready", seconds: 10) { try machine.ready("indicator-1") == 503 }
        #expect(try machine.ready("ingestion-1") == 503)
        kill(broker, SIGCONT)
        try machine.wait("ready again", seconds: 15) { try machine.ready("indicator-1") == 200 }

        // The whole time from a submission to its determination, and each commit, are told in histograms.
        let metrics = try machine.metrics("validation-1").split(separator: "\n")
        let name = "accountability_commit_duration_seconds"
        #expect(metrics.contains("# TYPE \(name) histogram"))
        func values(_ metric: String) -> [Double] {
            metrics.filter { $0.hasPrefix(metric + "{") }
                .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
        }
        // Every commit stands in the buckets, each of which holds the ones before it, with the time that all took.
        let buckets = values("\(name)_bucket")
        let commits = try #require(values("accountability_commits_total").first)
        #expect(commits > 0 && buckets == buckets.sorted() && buckets.last == commits)
        #expect(values("\(name)_count") == [commits])
        let seconds = try #require(values("accountability_commit_seconds_total").first)
        let sum = try #require(values("\(name)_sum").first)
        #expect(seconds > 0 && abs(sum - seconds) < 1e-3 * commits)
    }

    @Test func oneInstallationWritesALedgerUnderOneKey() throws {
        let machine = try Machine()
        try machine.up()
        let brokers = try machine.brokers()
        func attempt(_ other: Machine, _ options: [String] = []) throws -> Outcome {
            try other.call(["up", "--brokers", brokers, "--local-broker", "--timeout", "60"] + options)
        }
        func isEmpty(_ other: Machine) throws -> Bool {
            let files = FileManager.default
            let left = try files.contentsOfDirectory(atPath: "\(other.home)/run").filter { $0.hasSuffix(".pid") }
            return left.isEmpty && !files.fileExists(atPath: "\(other.home)/installation.json")
                && !files.fileExists(atPath: "\(other.home)/run/plan.json")
        }

        // Another home, with a key of its own: every student would double.
        let other = try Machine()
        let foreignKey = try attempt(other)
        #expect(foreignKey.code == 78 && foreignKey.errors.contains("another pseudonym key"), "\(foreignKey.errors)")
        #expect(try isEmpty(other), "a failed up leaves nothing")
        #expect(!FileManager.default.fileExists(atPath: "\(other.home)/pseudonym.key"))

        // The same key in another home: two would fence each other.
        try FileManager.default.copyItem(atPath: "\(machine.home)/pseudonym.key", toPath: "\(other.home)/pseudonym.key")
        let second = try attempt(other)
        #expect(second.code == 78 && second.errors.contains("belongs to another installation"), "\(second.errors)")
        #expect(try isEmpty(other))
        #expect(try machine.doctor().isEmpty, "the first goes on unharmed")
        // A namespace of its own is no trouble, and neither is the home that goes on in the place of the first.
        let identity = try #require(
            second.errors.components(separatedBy: "--identity ").last?.split(separator: "`").first
        )
        #expect(try attempt(other, ["--namespace", "aside"]).code == 0)
        try other.must(["down"])
        for stage in ["ingestion-1", "validation-1"] { #expect(try machine.ready(stage) == 200) }
        _ = try machine.call(["down"])
        // Its broker went with it: the other one starts where nothing is claimed.
        #expect(!identity.isEmpty)
    }

    @Test func anotherHomeGoesOnInThePlaceOfOneThatIsGone() throws {
        guard TestEnvironment.canRun else { return }
        let namespace = "life\(UInt32.random(in: .min ... .max))"
        let options = [
            "up", "--brokers", TestEnvironment.brokers ?? "", "--local-broker", "--namespace", namespace,
            "--partitions",
            "2",
        ]
        let first = try Machine()
        try first.must(options)
        try first.must(["down"])
        let second = try Machine()
        try FileManager.default.createDirectory(atPath: second.home, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: "\(first.home)/pseudonym.key", toPath: "\(second.home)/pseudonym.key")
        let refused = try second.must(options, code: 78)
        let identity = try #require(
            refused.errors.components(separatedBy: "--identity ").last?.split(separator: "`").first.map(String.init)
        )
        try second.must(options + ["--identity", identity])
        try second.must(["down"])
        // The home knows it from now on.
        try second.must(options)
    }

    @Test func twoUpsOfOneHomeAreOne() throws {
        let machine = try Machine()
        let codes = Codes()
        let group = DispatchGroup()
        for _ in 0..<2 {
            group.enter()
            Thread.detachNewThread {
                let outcome = try? machine.call(["up", "--broker-port", "0", "--partitions", "2"])
                codes.add(outcome?.code ?? -1)
                group.leave()
            }
        }
        group.wait()
        #expect(codes.sorted == [0, 78])
        #expect(try machine.doctor().filter { $0["severity"] == "problem" }.isEmpty)
    }

    @Test func anUpThatFailsLeavesNothing() throws {
        let machine = try Machine()
        let failed = try machine.call(["up", "--broker-port", "0", "--partitions", "2", "--", "--no-such-option"])
        #expect(failed.code != 0)
        let files = FileManager.default
        #expect(!files.fileExists(atPath: "\(machine.home)/installation.json"))
        #expect(try files.contentsOfDirectory(atPath: "\(machine.home)/run").filter { $0.hasSuffix(".pid") }.isEmpty)
        #expect(try run("/usr/bin/env", ["pgrep", "-f", "\(machine.home)"]).output.isEmpty)
        // And is no hindrance.
        try machine.up()
    }

    private final class Codes: @unchecked Sendable {
        private let lock = NSLock()
        private var codes: [Int32] = []
        func add(_ code: Int32) { lock.withLock { codes.append(code) } }
        var sorted: [Int32] { lock.withLock { codes.sorted() } }
    }
}
