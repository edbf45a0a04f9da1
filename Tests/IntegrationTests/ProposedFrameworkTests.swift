import Foundation
import Testing

/// A framework that the Department puts on record, from the proposal to the determinations under it.
@Suite(
    .serialized,
    .enabled(if: Machine.canRun, "ACCOUNTABILITY_BIN and ACCOUNTABILITY_BROKER_BIN are not set; Deploy/test sets them"),
    .timeLimit(.minutes(30))
)
struct ProposedFrameworkTests {
    private static let document = """
        name: draft-2019
        title: Draft of 2019
        school_years: [2019]
        based_on: "2019"
        minimum_size:
          accountability: {value: 60, status: published, source: Board vote of a test}

        """

    private func computed(_ state: SyntheticState, _ machine: Machine, _ options: [String]) throws -> [String] {
        let out = "\(machine.home)/computed-\(options.count)"
        try machine.must(["compute", state.folder, "--out", out] + options)
        return try [2018, 2019]
            .flatMap { year in
                try String(contentsOfFile: "\(out)/canonical-\(year).txt", encoding: .utf8).split(separator: "\n")
                    .map(String.init)
            }
    }

    private func results(_ machine: Machine) throws -> [String] {
        try [2018, 2019].flatMap { try machine.must(["determinations", "\($0)", "--canonical"]).lines }
    }

    private func step(_ machine: Machine, _ kind: String, _ day: String, _ more: [String] = []) throws {
        try machine.must(["directive", "framework_step", kind, "--year", "2019", "--date", day] + more)
    }

    @Test func everythingIsComputedUnderTheDocumentThatTheBoardApproves() throws {
        let state = try SyntheticState(students: 1500, seed: 11)
        let machine = try Machine()
        try machine.up(partitions: 3)
        for year in ["2018", "2019"] { try machine.must(["open-year", year]) }
        try machine.must(["submit"] + state.files)
        for year in ["2018", "2019"] { try machine.must(["close-year", year, "--timeout", "120"]) }
        let file = try machine.file("draft.yaml", Self.document)
        let before = try computed(state, machine, [])
        let under = try computed(state, machine, ["--framework", file])
        #expect(before != under)
        try HealingTests().settle(machine)
        #expect(try results(machine) == before)

        let wrong = try machine.file("wrong.yaml", Self.document.replacing("value: 60", with: "value: many"))
        let refused = try machine.call(["framework", "propose", wrong])
        #expect(refused.code == 65 && refused.errors.contains("minimum_size.accountability"))
        #expect(try machine.call(["framework", "proposed", "2019"]).code == 65)
        let proposed = try machine.must(["framework", "propose", file, "--date", "2018-01-10"])
        #expect(proposed.output.contains("until the Board approves"))
        #expect(try machine.must(["framework", "proposed", "2019"]).output == Self.document)
        let digest = try #require(try machine.must(["framework", "proposed", "2019", "--digest"]).lines.first)
        #expect(digest.hasPrefix("sha256:") && proposed.output.contains(digest))
        try step(machine, "comment_opened", "2018-02-01", ["--end", "2018-03-15"])
        try step(machine, "recommended", "2018-05-01")
        let other = "sha256:" + String(repeating: "0", count: 64)
        let vote = ["directive", "framework_step", "approved", "--year", "2019", "--date", "2018-06-20", "--reference"]
        #expect(try machine.call(vote + [other]).code == 65)
        #expect(try results(machine) == before)
        let worker = try #require(machine.pid("determination-1"))
        try machine.must(vote + ["Board vote \(digest)"])

        // The workers start again by themselves. One that dies meanwhile changes nothing.
        try machine.wait("the determination worker starts again", seconds: 90) {
            machine.pid("determination-1").map { $0 != worker } ?? false
        }
        if let indicator = machine.pid("indicator-1") { kill(indicator, SIGKILL) }
        try machine.wait("the results under the document", seconds: 180) { (try? results(machine)) == under }
        try HealingTests().settle(machine)
        #expect(try results(machine) == under)
        #expect(try machine.must(["audit", "--recompute"]).code == 0)
        let explained = try machine.must(["determinations", "2019", "--format", "json"]).output
        #expect(explained.contains(String(digest.dropFirst("sha256:".count))))

        // The approval is withdrawn: the built-in framework is in force again.
        try machine.must(vote + ["Board vote \(digest)", "--withdraw"])
        try machine.wait("the results of before", seconds: 180) { (try? results(machine)) == before }
        try HealingTests().settle(machine)
        #expect(try results(machine) == before)
    }
}
