import Foundation
import Logging
import Messages
import Operating
import Rules
import Stages
import SwiftProtobuf
import Testing

@testable import Console

/// What-if: what other parameters would change, for the Department, without changing anything.
@Suite struct TrialTests {
    private static let sweep = """
        {"school_year":2019,"framework":"2019","assumptions":[
        {"parameter":"points.growth.1","value":"30.0","alternative":"35.0","source":"s","decided":1,"moved":6,"changes":[
        {"school_year":2019,"org_code":"00010005","name":"Own School","from":{"classification":"not_requiring_assistance","level":"moderate"},
        "to":{"classification":"not_requiring_assistance","level":"substantial"},"fields":["Annual: 48 → 51"],"causes":[],"rows":[]}]},
        {"parameter":"points.growth.1","value":"30.0","alternative":"20.0","source":"s","decided":0,"moved":4,"changes":[]}],
        "untried":[{"parameter":"points.other","reason":"<no> determination rests on it"}]}
        """

    private func bench(_ accounts: (Role, String)...) throws -> SignInBench {
        try SignInBench(accounts.map { try AccessExample.account($0.0, $0.1) })
    }

    private func settled(_ bench: SignInBench, _ address: String, _ session: String) async -> ConsoleResponse {
        var page = await bench.get(address, session)
        while page.text.contains("id=\"waiting\""), !Task.isCancelled { page = await bench.get(address, session) }
        return page
    }

    @Test("The alternatives of a parameter are tried, their effect is shown, and nothing can be confirmed")
    func alternatives() async throws {
        let bench = try bench((.data, "anna"))
        bench.calls.set("sweep", 0, Self.sweep)
        let anna = try await bench.signIn()
        let framework = await bench.get("/frameworks/2019", anna).text
        #expect(framework.contains("could be 20.0; 35.0"))
        #expect(framework.contains("/acts/what-if?year=2019&amp;parameter=points.growth.1"))
        let form = await bench.get("/acts/what-if?year=2019&parameter=points.growth.1", anna)
        #expect(form.status == 200 && form.text.contains("value=\"points.growth.1\""))
        let fields = ["year": "2019", "parameter": "points.growth.1"]
        let address = try #require(try await bench.send("/acts/what-if", fields, anna)["Location"])
        let page = await settled(bench, address, anna).text
        #expect(page.contains("Tried: 2 alternatives. Another classification or level: by 1 of them."))
        for text in [
            "Own School", "Not requiring assistance, Substantial", "Annual: 48 → 51", ">20.0<", ">35.0<",
            "&lt;no> determination rests on it.",
        ] {
            #expect(page.replacing("&gt;", with: ">").contains(text), "\(text)")
        }
        #expect(!page.contains("/confirm") && page.contains("/discard"))
        #expect(try await bench.send(address + "/confirm", anna).status == 403)
        #expect(try await bench.send(address + "/discard", anna)["Location"] == "/frameworks")
        let call = ["sweep", "2019", "--table=assumptions", "--format=json", "--under=points.growth.1"]
        #expect(bench.calls.all == [call])
    }

    @Test("A document on record is computed in the place of the framework in force")
    func framework() async throws {
        let bench = try bench((.data, "anna"))
        let document = try #require(try Framework.all().first { $0.name == "2019" })
            .template(name: "a-draft", schoolYears: [2019]) { $0.path == "percentile.missing_year" }
        var step = Accountability_V1_Directive()
        (step.schoolYear, step.directive, step.kind, step.orgCode) = (2019, "framework_step", "proposed", "00000000")
        (step.effectiveDate, step.document) = ("2018-01-28", document)
        let value = try step.serializedBytes() as [UInt8]
        bench.store.update { tables in
            _ = tables.fold(Topics.directives, key: Array("2019/framework_step/00000000/proposed".utf8), value: value)
        }
        let anna = try await bench.signIn()
        #expect(await bench.get("/frameworks/a-draft", anna).text.contains("what-if-framework?framework=a-draft"))
        #expect(await !bench.get("/frameworks/2019", anna).text.contains("what-if-framework"))
        let none = try await bench.send("/acts/what-if-framework", ["framework": "2018"], anna)
        #expect(none.status == 422 && none.text.contains("no document on record has this name"))
        let address = try #require(
            try await bench.send("/acts/what-if-framework", ["framework": "a-draft"], anna)["Location"]
        )
        let page = await settled(bench, address, anna).text
        #expect(page.contains("Own School") && !page.contains("/confirm") && !page.contains("framework.yaml"))
        let call = try #require(bench.calls.all.last)
        #expect(bench.calls.all.count == 1 && call.prefix(2) == ["preview", "--json"])
        let path = try #require(call.last).replacing("--framework=", with: "")
        #expect(try String(contentsOfFile: path, encoding: .utf8) == document)
        #expect(try await bench.send(address + "/discard", anna).status == 303)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("Only the Department is offered a what-if")
    func roles() async throws {
        let bench = try bench((.data, "anna"), (.district, "dora"))
        let dora = try await bench.signIn("dora")
        for session in [dora, nil] {
            let page = await bench.get("/frameworks/2019", session).text
            #expect(page.contains("could be 20.0; 35.0") && !page.contains("what-if"))
        }
        #expect(await bench.get("/acts/what-if", dora).status == 403)
        #expect(try await bench.send("/acts/what-if", ["year": "2019"], dora).status == 403)
        let anna = try await bench.signIn("anna")
        for (name, value) in [("parameter", "--help"), ("parameter", "a b"), ("year", "19")] {
            let fields = ["year": "2019"].merging([name: value]) { $1 }
            let answer = try await bench.send("/acts/what-if", fields, anna)
            #expect(value == "--help" || answer.status == 422, "\(value)")
        }
        #expect(
            bench.calls.all.allSatisfy {
                $0 == ["sweep", "2019", "--table=assumptions", "--format=json", "--under=--help"]
            }
        )
    }

    @Test(
        "A person has one what-if at a time, sees how far it is, and ends it by discarding it",
        .timeLimit(.minutes(4))
    )
    func oneAtATime() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "trials-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = folder.appending(path: "program")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // `exec`, so that the program that is ended is the one that waits.
        try Data(
            "#!/bin/sh\n[ \"$1\" = preview ] && exit 65\necho 'first line\n3 of 7: points' >&2\nexec sleep 600\n".utf8
        )
        .write(to: script)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script.path)
        let errands = Errands(
            ProgramRunner(executable: script, options: [], folder: folder.appending(path: "calls")),
            home: Home(environment: ["ACCOUNTABILITY_HOME": folder.path]),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let anna = try AccessExample.account(.data)
        let id = try await errands.begin(Acts.tryAlternatives, ["year": "2019"], anna)
        let refusal = await #expect(throws: Problem.self) {
            try await errands.begin(Acts.tryAlternatives, ["year": "2018"], anna)
        }
        #expect(refusal?.status == 429)
        while await errands.find(id, for: anna)?.progress == nil, !Task.isCancelled {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(await errands.find(id, for: anna)?.progress == "3 of 7: points")
        // A preview does not wait for it.
        let release = try await errands.begin(Acts.withdraw, ["submission": "20190601T000000011Z-000011"], anna)
        #expect(await errands.find(release, for: anna, within: .seconds(60))?.state == .ready)
        #expect(await errands.find(id, for: anna)?.state == .previewing)
        _ = try await errands.discard(id, by: anna)
        // The folder of a call goes when its program has ended.
        let calls = folder.appending(path: "calls").path
        while try !FileManager.default.contentsOfDirectory(atPath: calls).isEmpty, !Task.isCancelled {
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: calls).isEmpty)
    }
}
