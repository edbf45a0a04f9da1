import Foundation
import Kafka
import Logging
import Neighbour
import Operating
import Streaming
import Testing

@testable import Supervision
@testable import Reading

/// What the supervisor sees of deaths, and what is told of them.
@Suite(.timeLimit(.minutes(30))) struct SupervisorTests {
    private let home: Home

    init() throws {
        home = Home(environment: [
            "ACCOUNTABILITY_HOME": FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)")
                .path
        ])
        try home.create()
    }

    private func plan(_ name: String, _ script: String) throws {
        try Plan(
            programs: [Plan.Program(name: name, executable: "/bin/sh", arguments: ["-c", script])],
            stopTimeout: 1
        )
        .save(home)
    }

    private func tend(_ supervisor: Supervisor, seconds: Double, until condition: () -> Bool) -> Bool {
        Neighbour.wait(within: .seconds(seconds)) {
            supervisor.tend()
            return condition()
        }
    }

    private func finding(_ name: String) -> Finding? {
        Deaths.load(home, name).finding(name, log: "the log", now: Date())
    }

    /// The pauses of a program that always ends in the same way.
    private func pauses(_ ending: ChildProcess.Ending, lived: Duration, _ count: Int) -> [Duration] {
        var last: Duration?
        return (0..<count)
            .map { _ in
                let pause = Supervisor.pause(after: ending, lived: lived, last: last)
                last = pause
                return pause
            }
    }

    @Test func pausesGrowOnlyForWhatKeepsEndingSoon() {
        let growing: [Duration] = [.milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(4)]
        let first = Array(repeating: Duration.milliseconds(250), count: 5)
        #expect(pauses(.signalled(SIGSEGV), lived: .seconds(20), 5) == growing)
        #expect(pauses(.exited(75), lived: .seconds(4), 5) == growing)
        #expect(pauses(.exited(78), lived: .seconds(20), 5) == growing)
        #expect(pauses(.signalled(SIGSEGV), lived: .seconds(1), 20).last == .seconds(30))
        #expect(pauses(.signalled(SIGSEGV), lived: .seconds(31), 5) == first)
        // It worked, and asked to be started again.
        #expect(pauses(.exited(75), lived: .seconds(6), 5) == first)
    }

    @Test func aDeathIsSeenThoughWhatTheProgramStartedHoldsItsDescriptors() throws {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        // As Swift's crash reporter does: a child that goes on with every descriptor of the program.
        try plan("holder", "sleep 20 & exit 3")
        let supervisor = Supervisor(home: home)
        #expect(tend(supervisor, seconds: 2) { Deaths.load(home, "holder").count >= 1 })
        #expect(Deaths.load(home, "holder").deaths.first?.ending == .exited(3))
        #expect(
            tend(supervisor, seconds: 2) { Deaths.load(home, "holder").count >= 2 },
            "started again within two seconds"
        )
        supervisor.stopAll()
    }

    /// The plan is read again only when it was saved anew.
    @Test func aProgramThatIsAddedLaterIsStarted() throws {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        try plan("first", "exit 3")
        let supervisor = Supervisor(home: home)
        #expect(tend(supervisor, seconds: 5) { Deaths.load(home, "first").count >= 1 })
        try plan("second", "exit 4")
        #expect(tend(supervisor, seconds: 5) { Deaths.load(home, "second").count >= 1 })
        supervisor.stopAll()
    }

    @Test func aCrashLoopIsToldWithItsCauseAndPausesGrow() throws {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        try plan("sick", "echo starting; echo 'validation-worker: topic x does not exist' >&2; echo bye; exit 78")
        let supervisor = Supervisor(home: home)
        #expect(tend(supervisor, seconds: 3) { Deaths.load(home, "sick").count == 1 })
        let first = try #require(finding("sick"))
        #expect(first.severity == .warning && first.what == "restarts")
        #expect(tend(supervisor, seconds: 10) { Deaths.load(home, "sick").count == 4 })
        let loop = try #require(finding("sick"))
        #expect(loop.severity == .problem && loop.what == "crash loop")
        #expect(loop.why.contains("exit code 78: validation-worker: topic x does not exist"), "\(loop.why)")
        #expect(!loop.remedy.isEmpty)
        let times = Deaths.load(home, "sick").deaths.map(\.time)
        #expect(times[3] - times[2] > 1.5 * (times[1] - times[0]))
        supervisor.stopAll()
        // Ten minutes later it is no news.
        #expect(Deaths.load(home, "sick").finding("sick", log: "", now: Date().addingTimeInterval(601)) == nil)
    }

    /// A full disk or a missing topic ends a worker with the same code, and no second process has to do with it.
    @Test func aSecondProcessIsLookedForOnlyIfOneTookThePlace() throws {
        func remedy(_ cause: String) -> String? {
            var deaths = Deaths()
            for _ in 0..<4 {
                deaths.add(Deaths.Death(time: 0, lived: 1, ending: .exited(75), cause: cause))
            }
            return deaths.finding("worker", log: "the log", now: Date(timeIntervalSince1970: 1))?.remedy
        }
        let fence = RuntimeError.final(KafkaError(code: .fenced, name: "_FENCED", message: "fenced"), "publishing")
        #expect(remedy("validation-worker: \(fence)")?.contains("second process") == true)
        let other = try #require(remedy("validation-worker: topic positions does not exist"))
        #expect(!other.contains("second process") && other.contains("the log"))
    }

    @Test func aChildGetsNoDescriptorButItsLog() throws {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        // Held by what `up` starts, its lock would be taken for ever, and whoever waits for `up` would wait for that.
        let lock = try HomeLock(home, "up")
        defer { lock.release() }
        let log = home.directory.appending(path: "child.log").path
        let child = try ChildProcess.start(
            "/bin/sh",
            ["-c", "for f in /proc/$$/fd/*; do readlink $f; done; exit 0"],
            environment: ["PATH": "/usr/bin:/bin"],
            log: log
        )
        #expect(child.wait(within: 10) == .exited(0))
        let open = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(Set(open).isSubset(of: ["/dev/null", log]), "\(open)")
        #expect(open.contains(log))
    }

    @Test func aSignalIsTold() throws {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        try plan("killed", "kill -ABRT $$")
        let supervisor = Supervisor(home: home)
        #expect(tend(supervisor, seconds: 3) { Deaths.load(home, "killed").count == 1 })
        #expect(Deaths.load(home, "killed").deaths[0].ending == .signalled(SIGABRT))
        #expect(finding("killed")?.why.contains("signal 6") == true)
        supervisor.stopAll()
    }

    /// A pid file cannot be written, as on a full disk, and then can be.
    @Test func pidFilesAreWrittenWhenTheDiskHasRoomAgain() throws {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        try plan("steady", "sleep 600")
        let supervisor = Supervisor(home: home)
        let processes = Processes(home: home)
        let file = home.pidFile("steady")
        try FileManager.default.createDirectory(at: file.appending(path: "x"), withIntermediateDirectories: true)
        let log = processes.logFile("steady").path
        #expect(tend(supervisor, seconds: 5) { FileManager.default.fileExists(atPath: log) })
        #expect(processes.living("steady") == nil)
        try FileManager.default.removeItem(at: file)
        #expect(tend(supervisor, seconds: 10) { processes.living("steady") != nil }, "started on a full disk")
        let pid = processes.living("steady")
        try FileManager.default.removeItem(at: file)
        #expect(tend(supervisor, seconds: 10) { processes.living("steady") == pid }, "lost later")
        #expect(processes.living(Processes.supervisor) == getpid())
        #expect(Deaths.load(home, "steady").count == 0, "it ran all the time")
        supervisor.stopAll()
        #expect(processes.living("steady") == nil)
    }

    @Test func theAddressIsWrittenWhenTheDiskHasRoomAgain() async throws {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        let processes = Processes(home: home)
        try FileManager.default.removeItem(at: home.run)
        @Sendable func isNoted() async throws -> Bool {
            for _ in 0..<200 where processes.address("worker") == nil { try await Task.sleep(for: .milliseconds(50)) }
            return processes.address("worker") == "127.0.0.1:9100"
        }
        try await AddressFile.keep(
            processes.addressFile("worker").path,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { [home] listens in
            listens("127.0.0.1:9100")
            try await Task.sleep(for: .milliseconds(200))
            try home.create()
            #expect(try await isNoted(), "it listened while the disk was full")
            try FileManager.default.removeItem(at: processes.addressFile("worker"))
            #expect(try await isNoted(), "lost later")
        }
    }

    /// The thread is known by its name, and this program has one thread, which is named for its file.
    @Test func theBrokersSavingGetsALowPriority() throws {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        let saving = home.directory.appendingPathComponent("autosave")
        try FileManager.default.createSymbolicLink(atPath: saving.path, withDestinationPath: "/bin/sleep")
        try Plan(
            programs: [Processes.broker, "worker"]
                .map { Plan.Program(name: $0, executable: saving.path, arguments: ["60"]) },
            stopTimeout: 1
        )
        .save(home)
        let supervisor = Supervisor(home: home)
        func priority(_ name: String) -> Int32? {
            Processes(home: home).living(name).map { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t($0)) }
        }
        let own = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
        #expect(tend(supervisor, seconds: 10) { priority(Processes.broker) == max(own, 19) })
        #expect(priority("worker") == own, "only the broker has such a thread")
        supervisor.stopAll()
    }

    @Test func backtracesAreOffUnlessSomebodyWantsThem() {
        #expect(Supervisor.withoutBacktraces([:])["SWIFT_BACKTRACE"] == "enable=no")
        #expect(Supervisor.withoutBacktraces(["SWIFT_BACKTRACE": "enable=yes"])["SWIFT_BACKTRACE"] == "enable=yes")
    }

    @Test func oneUpAHome() throws {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        let lock = try HomeLock(home, "up")
        #expect(HomeLock.owner(home, "up") == getpid())
        let failure = #expect(throws: Failure.self) { _ = try HomeLock(home, "up") }
        #expect(failure?.status == .configuration)
        #expect(failure?.message.contains("process \(getpid())") == true)
        lock.release()
        #expect(HomeLock.owner(home, "up") == nil)
        try HomeLock(home, "up").release()
    }
}
