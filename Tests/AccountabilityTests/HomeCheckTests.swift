import Foundation
import Messages
import Operating
import Stages
import Testing

@testable import accountability
@testable import Reading

/// What doctor finds in a home, and that its remedies work.
@Suite struct HomeCheckTests {
    private let home: Home

    init() throws {
        home = Home(environment: [
            "ACCOUNTABILITY_HOME": FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)")
                .path
        ])
        try home.create()
        try Installation(brokers: "x:1", namespace: "", isLocalBroker: false, ownsBroker: false, instances: 1)
            .save(to: home)
        try PseudonymKey.create(at: home.pseudonymKey.path)
    }

    private func problems() -> [Finding] {
        HomeCheck(home: home, now: Date()).findings().filter { $0.severity == .problem }
    }

    /// Runs what stands before the first comma or semicolon that ends a command of a remedy.
    private func shell(_ command: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(command)")
    }

    @Test func aFileWhereTheSpoolShouldBeIsAProblem() throws {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        #expect(problems().isEmpty)
        try FileManager.default.removeItem(at: home.spool)
        try Data("x".utf8).write(to: home.spool)
        let finding = try #require(problems().first)
        #expect(finding.what == "spool" && finding.why.contains("there is a file instead of the folder"))
        try shell(finding.remedy.replacing(" if a file is there", with: ""))
        #expect(problems().isEmpty)
    }

    /// A folder and a link are told of as what they are; no worker is missing because they lie there.
    @Test func onlyFilesWaitInTheInbox() throws {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        let files = FileManager.default
        let folder = home.inbox.appending(path: "folder.csv")
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        try files.createSymbolicLink(at: home.inbox.appending(path: "link.csv"), withDestinationURL: folder)
        func inbox() -> [Finding] {
            HomeCheck(home: home, now: Date(timeIntervalSinceNow: 86_400)).findings().filter { $0.what == "inbox" }
        }
        #expect(inbox().contains { $0.severity == .ok && $0.why == "empty" })
        #expect(inbox().count { $0.severity == .warning } == 2)
        try Data("x".utf8).write(to: home.inbox.appending(path: "file.csv"))
        #expect(inbox().contains { $0.severity == .problem && $0.why.contains("file.csv") })
    }

    @Test func disksAreLookedAt() {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        #expect(
            HomeCheck(home: home, now: Date()).findings().contains { $0.what == "disk" && $0.why.hasSuffix("MB free") }
        )
    }

    @Test func deadAndLateDeliveriesAreProblems() {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        let now = Date(timeIntervalSince1970: 1_000_000)
        func found(_ state: DeliveryState, updated: Double) -> [Finding] {
            var delivery = Accountability_V1_Delivery()
            delivery.channel = "webhook"
            delivery.notice = "n"
            delivery.state = state.rawValue
            delivery.updatedUnixMilliseconds = Int64(updated * 1000)
            return DeliveryCheck.findings([delivery], place: "p", now: now).filter { $0.severity == .problem }
        }
        #expect(found(.delivered, updated: 0).isEmpty)
        #expect(found(.waiting, updated: 999_990).isEmpty)
        #expect(found(.waiting, updated: 900_000).count == 1)
        #expect(found(.dead, updated: 999_990).first?.remedy.contains("accountability deliveries --dead") == true)
    }

    @Test func aKeyHasAFingerprintOfItsOwn() throws {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        let key = try PseudonymKey(contentsOf: home.pseudonymKey.path)
        let other = try PseudonymKey(bytes: Array(repeating: 7, count: 32))
        #expect(key.fingerprint.count == 16)
        #expect(try key.fingerprint == PseudonymKey(contentsOf: home.pseudonymKey.path).fingerprint)
        #expect(key.fingerprint != other.fingerprint)
    }

    @Test func theMomentOfASubmissionIsReadFromItsName() {
        defer { try? FileManager.default.removeItem(at: home.directory) }
        var random = SystemRandomNumberGenerator()
        for moment: Int64 in [0, 1, 951_782_400_123, 1_582_934_400_000, 1_795_000_000_999, 253_402_300_799_999] {
            let name = SubmissionIdentifier.make(at: moment, using: &random)
            #expect(SubmissionIdentifier.milliseconds(of: name) == moment, "\(name)")
        }
        for name in [
            "", "2019", "20261123T231500123Z-4f2a9", "20261323T231500123Z-4f2a9c", "2026112xT231500123Z-4f2a9c",
        ] {
            #expect(SubmissionIdentifier.milliseconds(of: name) == nil)
        }
    }
}
