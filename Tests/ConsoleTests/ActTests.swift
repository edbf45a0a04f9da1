import Foundation
import Messages
import Operating
import Rules
import Stages
import SwiftProtobuf
import Testing

@testable import Console

/// What is done in the console: by whom, with which command, and what is shown before.
@Suite struct ActTests {
    private static let header =
        "school_year,org_code,student_id,grade,race,low_income,el_status,swd,enrolled_since_october,days_enrolled,days_absent"

    private static func rows(_ codes: String...) -> String {
        ([header] + codes.map { "2019,\($0),no-1,03,white,N,N,N,Y,180,2" }).joined(separator: "\n") + "\n"
    }

    private func bench(_ accounts: (Role, String)...) throws -> SignInBench {
        try SignInBench(accounts.map { try AccessExample.account($0.0, $0.1) })
    }

    /// An errand as soon as nothing is being computed.
    private func settled(_ bench: SignInBench, _ address: String, _ session: String) async -> ConsoleResponse {
        var page = await bench.get(address, session)
        while page.text.contains("id=\"waiting\""), !Task.isCancelled { page = await bench.get(address, session) }
        return page
    }

    private func files(_ bench: SignInBench) -> [String] {
        let folder = bench.home.directory.appendingPathComponent("console/uploads").path
        return FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    }

    @Test("A district's file is previewed, confirmed, and submitted in its person's name")
    func upload() async throws {
        let bench = try bench((.district, "anna"))
        let session = try await bench.signIn()
        #expect(await bench.get("/upload", session).status == 200)
        let answer = try await bench.upload(Self.rows("00010005"), name: "../-a b.csv", session)
        let address = try #require(answer["Location"])
        #expect(answer.status == 303 && address.hasPrefix("/errands/"))
        let page = await settled(bench, address, session)
        #expect(page.status == 200 && page.text.contains("Submit it") && page.text.contains("unknown_grade"))
        #expect(page.text.contains("Own School") && page.text.contains("1 determination of your organizations"))
        for hidden in ["School 1<", "00020001", "Unreleased School", "7,777"] { #expect(!page.text.contains(hidden)) }
        let path = try #require(bench.calls.all.first?.last)
        #expect(bench.calls.all == [["preview", "--json", path]])
        #expect(path.hasPrefix(bench.home.directory.path) && path.hasSuffix("/a_b.csv"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == Self.rows("00010005"))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        #expect(try await bench.send(address + "/confirm", session)["Location"] == address)
        let done = await settled(bench, address, session)
        #expect(done.text.contains("20190601T000000099Z-000099") && done.text.contains("It is done."))
        #expect(!done.text.contains("/confirm"))
        #expect(bench.calls.all.last == ["submit", "--json", path, "--by=anna", "--from-console"])
        #expect(files(bench).isEmpty)
        #expect(try await bench.send(address + "/confirm", session).status == 409)
        #expect(bench.calls.all.count == 2)
    }

    @Test("A district submits rows of its own students only, however the file is written")
    func otherRows() async throws {
        let bench = try bench((.district, "anna"))
        let session = try await bench.signIn()
        let columns = Self.header.split(separator: ",").map(String.init)
        let swapped = ([columns.reversed().joined(separator: ",")] + ["2,180,Y,N,N,N,white,03,no-1,00020001,2019"])
            .joined(separator: "\n")
        let quoted = Self.rows("00010005") + "2019,\"00020001\",no-1,03,white,N,N,N,Y,180,2\n"
        func deleting(_ action: String) -> String {
            Self.header + ",action\n2019,00010005,no-1,03,white,N,N,N,Y,180,2,\(action)\n"
        }
        let semicolons = Self.rows("00020001").replacing(",", with: ";")
        let refused = [
            Self.rows("00010005", "00020001"), Self.rows("00000000"), Self.rows(""), Self.rows(" 00020001"),
            Self.rows("10005"), swapped, quoted, semicolons, "\u{FEFF}" + Self.rows("00020001"),
            "school_year,org_code,directive,kind,effective_date\n2019,00010000,release,official,2019-09-24\n",
            "school_year,org_code,grade_span,group,indicator,baseline,target\n2019,00010005,non_high,all_students,ela_achievement,1,2\n",
            deleting("delete"), deleting("DELETE"), deleting(" delete"), "nothing\n", "a,b\n1,2\n", "PK\u{3}\u{4}",
        ]
        for text in refused {
            let answer = try await bench.upload(text, session)
            #expect(answer.status == 422, "\(text.prefix(200)): \(answer.status)")
            #expect(answer.text.contains("Nothing was submitted"))
        }
        let lines = try await bench.upload(Self.rows("00010005", "00020001", "00030001"), session)
        #expect(lines.text.contains("lines 3, 4: org_code is no organization of your district 00010000"))
        #expect(
            try await bench.upload(deleting("delete"), session).text.contains("line 2: action takes no rows back here")
        )
        #expect(try await bench.upload("", session).status == 422)
        #expect(bench.calls.all.isEmpty && files(bench).isEmpty)
        for action in ["", "upsert"] {
            #expect(try await bench.upload(deleting(action), session).status == 303, "\(action)")
        }
        // The Department's staff submit what they have.
        try bench.change { $0 = [try AccessExample.account(.data)] }
        let staff = try await bench.signIn()
        #expect(try await bench.upload(Self.rows("00010005", "00020001"), staff).status == 303)
    }

    @Test("A file that would be refused is not submitted")
    func refusedFile() async throws {
        let bench = try bench((.data, "anna"))
        let session = try await bench.signIn()
        let outcomes: [(Int32?, String)] = [(65, ProgramCalls.preview(status: "refused")), (69, ""), (nil, "")]
        for (code, output) in outcomes {
            bench.calls.set("preview", code, output, errors: "no broker answers")
            let address = try #require(try await bench.upload(Self.rows("00010005"), session)["Location"])
            let page = await settled(bench, address, session)
            #expect(!page.text.contains("/confirm") && page.text.contains("/discard"))
            #expect(try await bench.send(address + "/confirm", session).status == 403)
            #expect(try await bench.send(address + "/discard", session).status == 303)
            #expect(await bench.get(address, session).status == 404)
        }
        #expect(bench.calls.all.allSatisfy { $0[0] == "preview" } && files(bench).isEmpty)
    }

    @Test("An act on its way is its person's own")
    func ownErrands() async throws {
        let bench = try bench((.district, "anna"), (.district, "bert"), (.operator, "carl"))
        let (anna, bert, carl) = (
            try await bench.signIn("anna"), try await bench.signIn("bert"), try await bench.signIn("carl")
        )
        let address = try #require(try await bench.upload(Self.rows("00010005"), anna)["Location"])
        for session in [bert, carl] {
            #expect(await bench.get(address, session).status == 404)
            for act in ["/confirm", "/discard"] {
                #expect(try await bench.send(address + act, session).status == 404)
            }
        }
        #expect(await settled(bench, address, anna).status == 200)
        #expect(bench.calls.all.count == 1)
    }

    @Test("An official release takes a second person, a preliminary one does not")
    func secondPerson() async throws {
        let bench = try bench((.approver, "anna"), (.approver, "bert"), (.data, "carl"), (.district, "dora"))
        let anna = try await bench.signIn("anna")
        let fields = ["kind": "official", "year": "2019", "date": "2019-09-24"]
        let address = try #require(try await bench.send("/acts/release", fields, anna)["Location"])
        let page = await settled(bench, address, anna)
        #expect(page.text.contains("second person") && !page.text.contains("/confirm"))
        #expect(page.text.contains("3 determinations of 7,777 would change."))
        #expect(try await bench.send(address + "/confirm", anna).status == 403)
        for name in ["carl", "dora"] {
            let session = try await bench.signIn(name)
            #expect(await bench.get(address, session).status == 404)
            #expect(try await bench.send(address + "/confirm", session).status == 404)
        }
        let bert = try await bench.signIn("bert")
        #expect(await bench.get("/release", bert).text.contains("href=\"\(address)\""))
        #expect(await settled(bench, address, bert).text.contains("Release them"))
        #expect(try await bench.send(address + "/confirm", bert).status == 303)
        #expect(await settled(bench, address, bert).text.contains("carried out"))
        let act = ["release", "official", "--year", "2019", "--date", "2019-09-24"]
        #expect(
            bench.calls.all == [
                ["preview", "--json", "--directive", act.joined(separator: " ")],
                ["directive"] + act + ["--by=bert, prepared by anna", "--from-console"],
            ]
        )
        let other = fields.merging(["kind": "preliminary", "org": "00010000"]) { $1 }
        let second = try #require(try await bench.send("/acts/release", other, anna)["Location"])
        _ = await settled(bench, second, anna)
        #expect(try await bench.send(second + "/confirm", anna).status == 303)
        _ = await settled(bench, second, anna)
        #expect(bench.calls.all.last?.suffix(4) == ["--org", "00010000", "--by=anna", "--from-console"])
    }

    @Test("A preliminary release can carry the last day of the embargo, and nothing else can")
    func embargo() async throws {
        let bench = try bench((.approver, "anna"))
        let session = try await bench.signIn()
        let fields = ["kind": "preliminary", "year": "2019", "date": "2019-09-10", "embargo": "2019-09-24"]
        let address = try #require(try await bench.send("/acts/release", fields, session)["Location"])
        #expect(await settled(bench, address, session).text.contains("Embargoed until"))
        _ = try await bench.send(address + "/confirm", session)
        _ = await settled(bench, address, session)
        #expect(
            bench.calls.all.last == [
                "directive", "release", "preliminary", "--year", "2019", "--date", "2019-09-10", "--embargo-until",
                "2019-09-24", "--by=anna", "--from-console",
            ]
        )
        let count = bench.calls.all.count
        for (change, text) in [
            (["kind": "official"], "only a preliminary release has an embargo"),
            (["date": "2019-09-25"], "cannot end before the release takes effect"), (["embargo": "soon"], "takes"),
        ] {
            let answer = try await bench.send("/acts/release", fields.merging(change) { $1 }, session)
            #expect(
                answer.status == 422 && answer.text.contains("id=\"f-embargo-fault\"") && answer.text.contains(text)
            )
        }
        #expect(bench.calls.all.count == count)
    }

    @Test("Nobody decides about what they submitted themselves")
    func ownSubmission() async throws {
        let bench = try bench((.approver, "anna"), (.approver, "bert"))
        let id = "20190601T000000011Z-000011"
        var receipt = Accountability_V1_Receipt()
        (receipt.submission, receipt.partition, receipt.rows) = (id, 0, 1)
        (receipt.rejected, receipt.held, receipt.heldYears) = (1, 1, [2019])
        let value: [UInt8] = try receipt.serializedBytes()
        bench.store.update { tables in
            tables.fold(Topics.receipts, key: ReceiptKey(submission: id, partition: 0).utf8, value: value)
        }
        let (anna, bert) = (try await bench.signIn("anna"), try await bench.signIn("bert"))
        #expect(await bench.get("/release", bert).text.contains("/acts/approve?submission=\(id)"))
        for act in ["approve", "reject"] {
            let own = try await bench.send("/acts/\(act)", ["submission": id], anna)
            #expect(own.status == 422 && own.text.contains("another person decides"))
            let address = try #require(
                try await bench.send("/acts/\(act)", ["submission": id, "reason": "--wait; rm -rf /"], bert)["Location"]
            )
            _ = await settled(bench, address, bert)
            _ = try await bench.send(address + "/confirm", bert)
            _ = await settled(bench, address, bert)
            #expect(
                bench.calls.all.last == [act, id, "--reason=--wait; rm -rf /", "--by=bert", "--from-console"]
            )
        }
        let none = try await bench.send("/acts/approve", ["submission": "20190601T000000012Z-000012"], bert)
        #expect(none.status == 422 && none.text.contains("does not wait"))
    }

    @Test("What is wrong in a form is said at its field, and nothing is done")
    func faults() async throws {
        let bench = try bench((.approver, "anna"))
        let session = try await bench.signIn()
        let wrong: [(String, [String: String], [String])] = [
            ("open-year", [:], ["year"]), ("open-year", ["year": "--help"], ["year"]),
            ("close-year", ["year": "19"], ["year"]),
            ("release", ["kind": "all", "year": "2019", "date": "tomorrow", "org": "1"], ["kind", "date", "org"]),
            ("withdraw", ["submission": "--all"], ["submission"]),
            ("withdraw", ["submission": "20190601T000000077Z-000077"], ["submission"]),
            (
                "withdraw", ["submission": "20190601T000000011Z-000011", "reason": String(repeating: "a", count: 501)],
                ["reason"]
            ),
        ]
        for (act, fields, places) in wrong {
            let answer = try await bench.send("/acts/\(act)", fields, session)
            #expect(answer.status == 422)
            for place in places {
                #expect(
                    answer.text.contains("<a href=\"#f-\(place)\">") && answer.text.contains("id=\"f-\(place)-fault\"")
                )
                #expect(
                    answer.text.firstMatch(
                        of: try Regex(
                            "id=\"f-\(place)\"[^>]*aria-describedby=\"[^\"]*f-\(place)-fault\"[^>]*aria-invalid=\"true\""
                        )
                    ) != nil
                )
            }
        }
        #expect(bench.calls.all.isEmpty)
    }

    @Test(
        "Every address that does something answers who has the role, and nobody else",
        arguments: [nil] + Role.ofAccounts.map(Optional.some)
    )
    func everyDeskRoute(role: Role?) async throws {
        let bench = try SignInBench(role ?? .operator)
        let cookie = role == nil ? "" : try await bench.signIn()
        for route in Self.routes { try await ask(route, bench, cookie, role) }
    }

    /// Asks an address with every value for its arguments, and looks at each answer.
    private func ask(_ route: DeskRoute, _ bench: SignInBench, _ cookie: String, _ role: Role?) async throws {
        let session = cookie.isEmpty ? nil : cookie
        let token = cookie.isEmpty ? "" : try await bench.token(cookie)
        for target in AccessExample.targets(route.path, route.query) {
            switch route.method {
            case .post where route.operation != nil:
                let answer = await bench.post(target, [:], session) {
                    ($0.token, $0.contentType, $0.body) = (token, "application/json", Array("{}".utf8))
                }
                judge(answer, of: route, at: target, for: role)
            case .get: judge(await bench.get(target, session), of: route, at: target, for: role)
            case .post: judge(await bench.post(target, ["token": token], session), of: route, at: target, for: role)
            }
        }
    }

    /// Every address of the desk but those of signing in.
    private static var routes: [DeskRoute] {
        let signing = [Address.signOut, Address.signIn, Address.singleSignOn, Address.callback]
        return DeskRoutes.all.filter { !signing.contains($0.path) }
    }

    private func judge(_ answer: ConsoleResponse, of route: DeskRoute, at target: String, for role: Role?) {
        if let role, role >= route.needs {
            #expect([200, 202, 303, 400, 404, 415, 422].contains(answer.status), "\(target): \(answer.status)")
        } else if role == nil {
            let isPage = route.method == .get && route.operation == nil
            #expect(answer.status == (isPage ? 303 : 401), "\(target): \(answer.status)")
        } else {
            #expect(answer.status == 403, "\(target): \(answer.status)")
        }
        guard role == nil || role == .district else { return }
        for (what, pattern) in AccessExample.hidden {
            #expect(!answer.text.contains(pattern), "\(target): \(what)")
        }
    }

    @Test("A failure tells the Department why, and a district nothing of others")
    func failures() async throws {
        for (role, isTold) in [(Role.data, true), (.district, false)] {
            let bench = try bench((role, "anna"))
            let session = try await bench.signIn()
            bench.calls.set("submit", 75, "", errors: "other.csv waits at 10.0.0.1:9092")
            let address = try #require(try await bench.upload(Self.rows("00010005"), session)["Location"])
            _ = await settled(bench, address, session)
            _ = try await bench.send(address + "/confirm", session)
            let page = await settled(bench, address, session)
            #expect(page.text.contains("It was not done.") && page.text.contains("other.csv") == isTold)
        }
    }

    @Test("The program gets its arguments as they are, and is ended in time")
    func program() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "calls-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        func runner(_ path: String, _ options: [String] = []) -> ProgramRunner {
            ProgramRunner(executable: URL(fileURLWithPath: path), options: options, folder: folder)
        }
        let said = await runner("/bin/echo", ["last"]).run(["$(id)", "a b", ";", "é"], .seconds(20))
        #expect(said == .init(code: 0, output: "$(id) a b ; é last\n", errors: ""))
        let failed = await runner("/bin/ls").run(["/no such folder"], .seconds(20))
        #expect(failed.code == 2 && failed.errors.contains("no such folder"))
        let start = ContinuousClock.now
        // Left alone they would take ten minutes; a busy machine may look at them seldom.
        let late = await runner("/bin/sleep").run(["600"], .milliseconds(200))
        #expect(late.code == nil && ContinuousClock.now - start < .seconds(400))
        let stubborn = await runner("/bin/sh").run(["-c", "trap '' TERM; sleep 600 & wait; wait"], .milliseconds(200))
        #expect(stubborn.code == nil && ContinuousClock.now - start < .seconds(500))
        #expect(await runner("/no/such/program").run([], .seconds(5)).code == 70)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
