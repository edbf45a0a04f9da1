import Foundation
import Messages
import SwiftProtobuf
import Testing
@testable import Stages

@Suite struct MailTests {
    private func notice() -> Accountability_V1_Notice {
        .with {
            $0.id = "2019/00350012/1/low_participation"
            $0.schoolYear = 2019
            $0.orgCode = "00350012"
            $0.districtCode = "00350000"
            $0.recipients = ["00350012", "00350000"]
            $0.subject =
                "Low participation 2018-19: École Élémentaire “Über” (00350012)\nBcc: thief@example.org, and so much more that it is folded"
            $0.body =
                "These student groups of École Élémentaire missed the requirement: so many that the line is far longer than any mailer likes it.\n"
                + "- \(String(repeating: "long", count: 60))\n.\nFrom the Department = 100 %\nends in a space \n"
        }
    }

    private func folder() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    }

    @Test func messagesAreWhatSendmailTakes() throws {
        let recipients = [
            (organization: "00350012", addresses: ["a@example.org", "b@example.org"]),
            (organization: "00350000", addresses: ["c@example.org"]),
        ]
        let files = MailMessage.files(
            of: notice(),
            from: "notices@doe.example.org",
            to: recipients,
            published: 1_569_931_200_000
        )
        #expect(
            files.map(\.name) == [
                "2019-00350012-r1-low_participation-to-00350012.eml",
                "2019-00350012-r1-low_participation-to-00350000.eml",
            ]
        )
        #expect(
            files
                == MailMessage.files(
                    of: notice(),
                    from: "notices@doe.example.org",
                    to: recipients,
                    published: 1_569_931_200_000
                )
        )
        let text = String(decoding: files[0].content, as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.utf8.count <= 78 && $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } })
        #expect(!lines.contains("."), "a dot alone ends a message")
        #expect(lines.contains("Date: Tue, 01 Oct 2019 12:00:00 +0000"))
        #expect(lines.contains("To: a@example.org,") && lines.contains(" b@example.org"))
        #expect(!lines.contains { $0.lowercased().hasPrefix("bcc") }, "a line end in a subject begins no header")
        let identities = files.map {
            String(decoding: $0.content, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Message-ID") }
        }
        #expect(Set(identities).count == 2)
    }

    @Test(
        .enabled(
            if: ProcessInfo.processInfo.environment["ACCOUNTABILITY_PYTHON"] != nil,
            "ACCOUNTABILITY_PYTHON is not set"
        )
    )
    func anotherProgramReadsTheSame() throws {
        let path = folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let files = MailMessage.files(
            of: notice(),
            from: "notices@doe.example.org",
            to: [("00350012", ["a@example.org", "b@example.org"])],
            published: 1_569_931_200_000
        )
        try SpoolFolder(path: path).write(files)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: ProcessInfo.processInfo.environment["ACCOUNTABILITY_PYTHON"] ?? "")
        process.arguments = [
            "-c",
            """
            import email, email.policy, json, sys
            m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
            print(json.dumps({'subject': m['Subject'], 'to': [a.addr_spec for a in m['To'].addresses], 'from': m['From'].addresses[0].addr_spec,
              'date': m['Date'].datetime.isoformat(), 'id': m['Message-ID'], 'type': m.get_content_type(), 'body': m.get_content(),
              'defects': len(m.defects) + sum(len(v.defects) for v in m.values()), 'bcc': m['Bcc']}))
            """,
            "\(path)/\(files[0].name)",
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let read = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(read["subject"] as? String == notice().subject.replacing("\n", with: " "))
        #expect(read["to"] as? [String] == ["a@example.org", "b@example.org"])
        #expect(read["from"] as? String == "notices@doe.example.org")
        #expect(read["date"] as? String == "2019-10-01T12:00:00+00:00")
        #expect((read["id"] as? String)?.hasSuffix("@doe.example.org>") == true)
        #expect(read["type"] as? String == "text/plain")
        #expect(read["defects"] as? Int == 0 && read["bcc"] is NSNull)
        // The same words; lines are broken at spaces.
        func words(_ text: String) -> [String] { text.split(whereSeparator: \.isWhitespace).map(String.init) }
        #expect(words(try #require(read["body"] as? String)) == words(notice().body))
    }

    @Test(arguments: [
        "office@example.org", "a.b+c@sub.example.org", "x@localhost",
    ])
    func addressesPass(address: String) {
        #expect(MailRecipients.isAddress(address))
    }

    @Test(arguments: [
        "", "office", "@example.org", "office@", "a b@example.org", "a@example.org\nBcc: x@y.org", "a@example\r.org",
        "<a@example.org>", "\"a b\"@example.org",
        "a@example.org,b@example.org", "a..b@example.org", ".a@example.org", "ä@example.org", "a@exämple.org",
        "a@example..org", "a(c)@example.org",
        "a@" + String(repeating: "x", count: 260) + ".org",
    ])
    func whatCouldChangeAHeaderDoesNot(address: String) {
        #expect(!MailRecipients.isAddress(address))
        #expect(throws: MailRecipients.Failure.self) {
            try MailRecipients(text: "org_code,address\n00350012,\(address)\n")
        }
    }

    @Test func recipientsAreOfTheOrganizationItsDistrictOrEveryone() throws {
        let recipients = try MailRecipients(
            text:
                "\u{FEFF}org_code,address\r\n00350012,school@example.org\r\n00350000,district@example.org\n00350000,School@example.org\n00000000,doe@example.org\n"
        )
        func told(_ organizations: [String]) -> [String] {
            recipients.addresses(for: organizations).map { "\($0.organization):\($0.addresses.joined(separator: "+"))" }
        }
        #expect(told(["00350012", "00350000"]) == ["00350012:school@example.org", "00350000:district@example.org"])
        #expect(told(["00360005", "00360000"]) == ["00000000:doe@example.org"])
        #expect(told(["00000000"]) == ["00000000:doe@example.org", "00350000:district@example.org+School@example.org"])
        #expect(try MailRecipients(text: "org_code,address\n").addresses(for: ["00000000"]).isEmpty)
        for text in ["", "code,address\n", "org_code,address\n350012,a@example.org\n", "org_code,address\n00350012\n"] {
            #expect(throws: MailRecipients.Failure.self) { try MailRecipients(text: text) }
        }
    }

    @Test func aMessageIsLeftOnceEvenWhenItWasSentMeanwhile() throws {
        let path = folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.createDirectory(atPath: "\(path)/spool/sent", withIntermediateDirectories: true)
        let file = "\(path)/recipients.csv"
        try "org_code,address\n00350012,a@example.org\n".write(toFile: file, atomically: true, encoding: .utf8)
        let spool = try MailSpool(path: "\(path)/spool", from: "notices@example.org", recipientsFile: file)
        func messages() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: "\(path)/spool").filter { $0 != "sent" }
        }
        #expect(spool.deliver(notice(), published: 1) == .delivered)
        #expect(spool.deliver(notice(), published: 1) == .delivered)
        #expect(try messages() == ["2019-00350012-r1-low_participation-to-00350012.eml"])
        try FileManager.default.moveItem(
            atPath: "\(path)/spool/\(try messages()[0])",
            toPath: "\(path)/spool/sent/\(try messages()[0])"
        )
        #expect(spool.deliver(notice(), published: 1) == .delivered)
        #expect(try messages() == [])
        var unknown = notice()
        unknown.recipients = ["00990000"]
        #expect(spool.deliver(unknown, published: 1) == .refused("no address for 00990000"))
        try "org_code,address\n00990000,z@example.org\n".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(spool.deliver(unknown, published: 1) == .delivered, "an address that is added counts without a restart")
        #expect(throws: MailSpool.Failure.self) { try MailSpool(path: path, from: "a\n@b", recipientsFile: file) }
    }

    /// Results that nobody released leave the Department by no channel.
    @Test func whatIsForTheDepartmentGoesToNobodyElse() throws {
        let path = folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let file = "\(path)/recipients.csv"
        try "org_code,address\n00350012,a@example.org\n00350000,b@example.org\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        let spool = try MailSpool(path: "\(path)/spool", from: "notices@example.org", recipientsFile: file)
        var computed = notice()
        computed.recipients = []
        computed.departmentOnly = true
        #expect(spool.deliver(computed, published: 1) == .refused("no address for 00000000"))
        try "org_code,address\n00350012,a@example.org\n00000000,doe@example.org\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        #expect(spool.deliver(computed, published: 1) == .delivered)
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(path)/spool")
        #expect(files == ["2019-00350012-r1-low_participation-to-00000000.eml"])
        #expect(!(try String(contentsOfFile: "\(path)/spool/\(files[0])", encoding: .utf8)).contains("a@example.org"))
        #expect(SpoolFolder.name(of: computed) == "2019/00000000/2019-00350012-r1-low_participation.json")
        #expect(SpoolFolder.name(of: notice()).hasPrefix("2019/00350000/"))
    }

    @Test func aHostileRecordLeadsToNoOtherFolder() {
        let hostile: Accountability_V1_Notice = .with {
            $0.id = "2019/x/../../../etc/cron.d/\u{0}x"
            $0.orgCode = "../.."
            $0.districtCode = ".."
            $0.schoolYear = 2019
        }
        let name = SpoolFolder.name(of: hostile)
        #expect(name.split(separator: "/").count == 3 && !name.split(separator: "/").contains { $0.hasPrefix(".") })
        #expect(name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    }
}
