import Foundation
import Testing

/// A program that is interrupted leaves no part of its results.
@Suite(
    .enabled(if: TestEnvironment.programs != nil, "ACCOUNTABILITY_BIN is not set; Deploy/test sets it"),
    .timeLimit(.minutes(10))
)
struct InterruptedOutputTests {
    @Test(arguments: [("INT", 130), ("TERM", 143)], [false, true])
    func anInterruptedComputationLeavesNothing(_ signal: (name: String, code: Int32), _ exists: Bool) throws {
        let state = try SyntheticState(students: 2000, seed: 3)
        let input = URL(filePath: state.files[0]).deletingLastPathComponent().path
        try interrupt("accountability", ["compute", input], signal, former: exists ? "rejections.csv" : nil)
    }

    @Test(arguments: [("INT", 130), ("TERM", 143)], [false, true])
    func anInterruptedStateLeavesNothing(_ signal: (name: String, code: Int32), _ exists: Bool) throws {
        try interrupt("statewide", ["--students", "200000"], signal, former: exists ? "organizations.csv" : nil)
    }

    /// Starts a program that writes into `--out`, and interrupts it as soon as it has drafts.
    ///
    /// - `former`: a file of an earlier run, which must stay as it is.
    private func interrupt(
        _ program: String,
        _ arguments: [String],
        _ signal: (name: String, code: Int32),
        former: String?
    ) throws {
        let place = FileManager.default.temporaryDirectory.appending(path: "interrupted-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let out = place.appending(path: "out")
        if let former {
            try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
            try Data("old".utf8).write(to: out.appending(path: former))
        }
        let draft = former == nil ? ".out.partial" : "out/.out.partial"
        let script = """
            place=$1
            shift
            "$0" "$@" --out "$place/out" >"$place/log" 2>&1 & pid=$!
            while kill -0 $pid 2>/dev/null && [ ! -d "$place/\(draft)" ]; do sleep 0.01; done
            kill -\(signal.name) $pid
            wait $pid
            """
        let path = "\(TestEnvironment.programs ?? "")/\(program)"
        let outcome = try run("/bin/bash", ["-c", script, path, place.path] + arguments)
        #expect(outcome.code == signal.code, "\(outcome.output) \(outcome.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
        #expect(names == (former == nil ? ["log"] : ["log", "out"]))
        if let former {
            #expect(try FileManager.default.contentsOfDirectory(atPath: out.path) == [former])
            #expect(try String(contentsOf: out.appending(path: former), encoding: .utf8) == "old")
        }
    }
}
