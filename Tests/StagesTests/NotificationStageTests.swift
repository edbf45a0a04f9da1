import Foundation
import Messages
import StreamingTesting
import SwiftProtobuf
import Testing
@testable import Stages
@testable import Streaming

@Suite struct NotificationStageTests {
    private func determination(_ code: String, revision: UInt32) -> Accountability_V1_Determination {
        var determination = Accountability_V1_Determination()
        determination.schoolYear = 2019
        determination.orgCode = code
        determination.name = "Example Elementary"
        determination.districtCode = String(code.prefix(4)) + "0000"
        determination.classification = "requiring_assistance"
        determination.level = "focused_targeted"
        determination.reasons = ["low_participation"]
        determination.lowParticipationGroups = ["swd"]
        determination.percentile = 27
        determination.status = "official"
        determination.framework = "2019"
        determination.revision = revision
        determination.issuedUnixMilliseconds = 1_569_000_000_000
        if revision > 1 {
            determination.changes = ["low_participation_groups: none → swd"]
            determination.cause = "corrections-7"
        }
        return determination
    }

    private func folder() -> SpoolFolder {
        SpoolFolder(path: FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path)
    }

    @Test func saysWhatWhyAndWhatCausedIt() {
        let first = NoticeText.notice(of: determination("00010005", revision: 1))
        #expect(first.event == "determination_issued")
        #expect(first.subject == "Annual performance determination 2018-19: Example Elementary (00010005)")
        #expect(first.body.contains("Requiring assistance or intervention"))
        #expect(first.body.contains("Low participation rate: Students with Disabilities"))
        #expect(!first.body.contains("What changed"))
        let second = NoticeText.notice(of: determination("00010005", revision: 2))
        #expect(second.event == "determination_revised")
        #expect(second.subject.hasPrefix("Revised determination 2018-19"))
        #expect(second.body.contains("- low_participation_groups: none → swd"))
        #expect(second.body.contains("submission corrections-7"))
    }

    @Test func saysWhatIsSuspendedHeldBackAndChangedOnAppeal() {
        var suspended = determination("00010005", revision: 1)
        suspended.classification = ""
        suspended.suspendedMeasures = [
            .with {
                $0.measure = "determinations"
                $0.reason = "COVID-19"
            }
        ]
        let body = NoticeText.notice(of: suspended).body
        #expect(
            body.contains("No annual performance determination is issued for this school year.")
                && !body.contains("Classification")
        )
        #expect(body.contains("Suspended under 603 CMR 2.03(11): annual performance determinations. COVID-19"))
        var held = determination("00010005", revision: 2)
        held.statusReason = "released, but the framework is proposed"
        held.publicationNotes = [
            .with {
                $0.kind = "appeal"
                $0.date = "2019-10-20"
                $0.reason = "A score"
                $0.reference = "20191019T1-1"
            }
        ]
        let second = NoticeText.notice(of: held).body
        #expect(second.contains("Not official: released, but the framework is proposed."))
        #expect(second.contains("Changed on appeal, 2019-10-20: A score (submission 20191019T1-1)"))
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func sendsOneNoticeARevisionWhateverHappens(seed: UInt64) throws {
        let bench = try JudgingBench(
            [NotificationStage(pipeline: Pipeline(), clock: { 1_569_000_000_000 })],
            partitions: 3,
            seed: seed,
            disturbances: .all
        )
        let codes = (0..<30).map { "0\(100 + $0)0005" }
        for revision in UInt32(1)...3 {
            for code in codes {
                try bench.put(
                    Topics.determinations,
                    "2019/\(code)",
                    determination(code, revision: revision),
                    partition: bench.district(code)
                )
            }
            try bench.driver.run()
        }
        #expect(bench.driver.disturbed > 0)
        let records = (bench.driver.topics[bench.pipeline.name(Topics.notices)] ?? []).flatMap { $0 }
        // A group that missed the requirement is told of once, whatever the later revisions are about.
        #expect(records.count == 120)
        #expect(Set(records.map(\.key)).count == 120)
    }

    @Test func tellsNothingWhileRestoringAndNobodyOfAWithdrawal() throws {
        let bench = try JudgingBench(
            [NotificationStage(pipeline: Pipeline(), clock: { 1_569_000_000_000 })],
            partitions: 1
        )
        try bench.put(Topics.determinations, "2019/00010005", determination("00010005", revision: 1), partition: 0)
        try bench.driver.run()
        bench.driver.restartAll()
        try bench.put(Topics.determinations, "2019/00010005", nil, partition: 0)
        try bench.driver.run()
        let keys = (bench.driver.topics[bench.pipeline.name(Topics.notices)] ?? []).flatMap { $0 }
            .map { String(decoding: $0.key, as: UTF8.self) }
        #expect(keys == ["2019/00010005/1", "2019/00010005/1/low_participation"])
    }

    /// Someone announces a revision before its stage does: with its number and its time, in other words.
    @Test(arguments: [false, true])
    func aForgedNoticeKeepsNoNoticeBack(_ whileDown: Bool) throws {
        let bench = try JudgingBench(
            [NotificationStage(pipeline: Pipeline(), clock: { 1_569_000_000_000 })],
            partitions: 1
        )
        try bench.put(Topics.determinations, "2019/00010005", determination("00010005", revision: 1), partition: 0)
        try bench.driver.run()
        if whileDown { bench.driver.restartAll() }
        var forged = NoticeText.notice(of: determination("00010005", revision: 2))
        forged.subject = "Your school closes"
        try bench.put(Topics.notices, forged.id, forged, partition: 0)
        try bench.driver.run()
        #expect(bench.driver.table(bench.pipeline.name(Topics.notices))[Array(forged.id.utf8)] == nil)
        bench.driver.restartAll()
        let second = determination("00010005", revision: 2)
        try bench.put(Topics.determinations, "2019/00010005", second, partition: 0)
        try bench.driver.run()
        let bytes = try #require(bench.driver.table(bench.pipeline.name(Topics.notices))[Array(forged.id.utf8)])
        #expect(try Accountability_V1_Notice(serializedBytes: bytes).subject == NoticeText.notice(of: second).subject)
    }

    @Test func aNoticeIsAFileOfTheContractsFields() throws {
        let spool = folder()
        defer { try? FileManager.default.removeItem(atPath: spool.path) }
        let notice = NoticeText.notice(of: determination("00010005", revision: 2))
        for _ in 0..<2 { #expect(NoticeFile.deliver(notice, to: spool) == .delivered) }
        let data = try #require(
            FileManager.default.contents(atPath: "\(spool.path)/2019/00010000/2019-00010005-r2.json")
        )
        let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(
            json["org_code"] as? String == "00010005" && json["revision"] as? Int == 2
                && json["id"] as? String == "2019/00010005/2"
        )
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(spool.path)/2019/00010000") == [
                "2019-00010005-r2.json"
            ]
        )
        guard
            case .failed = NoticeFile.deliver(
                notice,
                to: SpoolFolder(path: "\(spool.path)/2019/00010000/2019-00010005-r2.json")
            )
        else {
            return #expect(Bool(false), "a file is no folder")
        }
    }

    /// Notices may be under embargo.
    @Test func filesAndFoldersAreForTheirOwnerAlone() throws {
        let spool = folder()
        defer { try? FileManager.default.removeItem(atPath: spool.path) }
        func mode(_ path: String) throws -> Int? {
            (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
        }
        for content in ["one", "two"] {
            try spool.write([.init(name: "2019/00010000/notice.json", content: Data(content.utf8))])
            #expect(try mode("\(spool.path)/2019/00010000/notice.json") == 0o600)
        }
        for path in [spool.path, "\(spool.path)/2019", "\(spool.path)/2019/00010000"] {
            #expect(try mode(path) == 0o700)
        }
    }

    @Test func replacesAFileWithOtherContent() throws {
        let spool = folder()
        defer { try? FileManager.default.removeItem(atPath: spool.path) }
        let name = SpoolFolder.name(of: NoticeText.notice(of: determination("00010005", revision: 1)))
        #expect(name == "2019/00010000/2019-00010005-r1.json")
        try spool.write([.init(name: name, content: Data("one".utf8))])
        try spool.write([.init(name: name, content: Data("two".utf8))])
        #expect(FileManager.default.contents(atPath: "\(spool.path)/\(name)") == Data("two".utf8))
        #expect(throws: SpoolFolder.Failure.self) {
            try SpoolFolder(path: "\(spool.path)/\(name)").write([.init(name: name, content: Data("x".utf8))])
        }
    }
}
