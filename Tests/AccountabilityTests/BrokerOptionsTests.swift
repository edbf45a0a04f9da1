import ArgumentParser
import Foundation
import Kafka
import Operating
import Supervision
import Testing
@testable import Reading
@testable import accountability

@Suite struct BrokerOptionsTests {
    /// Whether a connection is one to the local broker, with what `up` wrote into the home.
    private func isLocal(_ home: Home, arguments: [String] = []) throws -> Bool {
        try BrokerOptions.parse(arguments).connection(environment: ["ACCOUNTABILITY_HOME": home.directory.path]).kafka
            .isLocalBroker
    }

    private func home(ownsBroker: Bool) throws -> Home {
        let home = Home(environment: [
            "ACCOUNTABILITY_HOME": FileManager.default.temporaryDirectory.appending(path: "home-\(UUID())").path
        ])
        try home.create()
        try Installation(
            brokers: "127.0.0.1:9092",
            namespace: "",
            isLocalBroker: true,
            ownsBroker: ownsBroker,
            instances: 1
        )
        .save(to: home)
        return home
    }

    @Test func aBrokerIsLocalOnlyWhileTheOneThatWasStartedRuns() throws {
        let home = try home(ownsBroker: true)
        defer { try? FileManager.default.removeItem(at: home.directory) }
        let processes = Processes(home: home)
        #expect(try !isLocal(home))
        #expect(try isLocal(home, arguments: ["--local-broker"]))
        // While the broker is started again its supervisor speaks for it.
        for name in [Processes.broker, Processes.supervisor] {
            try processes.note(getpid(), as: name)
            #expect(try isLocal(home))
            #expect(try isLocal(home, arguments: ["--brokers", "127.0.0.1:9092"]))
            #expect(try !isLocal(home, arguments: ["--brokers", "kafka:9092"]))
            processes.forget(name)
            #expect(try !isLocal(home, arguments: ["--brokers", "127.0.0.1:9092"]))
        }
        // Another process with its number is not it.
        try "\(getpid()) 1\n".write(to: home.pidFile(Processes.broker), atomically: true, encoding: .utf8)
        #expect(try !isLocal(home))
    }

    /// One line at once, where the home knows that nothing runs.
    @Test func aBrokerThatTheHomeKnowsToBeDownIsNotWaitedFor() throws {
        let home = try home(ownsBroker: true)
        defer { try? FileManager.default.removeItem(at: home.directory) }
        var installation = try #require(try Installation.load(from: home))
        // Nobody listens at port 1.
        installation.brokers = "127.0.0.1:1"
        try installation.save(to: home)
        func standstill(_ arguments: [String] = []) throws -> String? {
            try BrokerOptions.parse(arguments).connection(environment: ["ACCOUNTABILITY_HOME": home.directory.path])
                .standstill
        }
        #expect(try standstill()?.contains("`accountability up` starts it") == true)
        #expect(try standstill(["--brokers", "kafka:9092"]) == nil)
        let processes = Processes(home: home)
        try processes.note(getpid(), as: Processes.supervisor)
        #expect(try standstill() == nil)
        processes.forget(Processes.supervisor)
        installation.ownsBroker = false
        try installation.save(to: home)
        #expect(try standstill() == nil)
    }

    @Test func whatAnOperatorCalledLocalStaysIt() throws {
        let home = try home(ownsBroker: false)
        defer { try? FileManager.default.removeItem(at: home.directory) }
        #expect(try isLocal(home))
        #expect(try !isLocal(home, arguments: ["--brokers", "kafka:9092"]))
    }
}
