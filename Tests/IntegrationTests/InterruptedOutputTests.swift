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
        let place = FileManager.default.temporaryDirectory.appending(path: "interrupted-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let out = place.appending(path: "out")
        if exists {
            try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
            try Data("old".utf8).write(to: out.appending(path: "rejections.csv"))
        }
        let draft = exists ? "out/.out.partial" : ".out.partial"
        let script = """
            "$0" compute "$1" --out "$2/out" >"$2/log" 2>&1 & pid=$!
            while kill -0 $pid 2>/dev/null && [ ! -d "$2/\(draft)" ]; do sleep 0.01; done
            kill -\(signal.name) $pid
            wait $pid
            """
        let program = "\(TestEnvironment.programs ?? "")/accountability"
        let outcome = try run("/bin/bash", ["-c", script, program, input, place.path])
        #expect(outcome.code == signal.code, "\(outcome.output) \(outcome.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
        #expect(names == (exists ? ["log", "out"] : ["log"]))
        if exists {
            #expect(try FileManager.default.contentsOfDirectory(atPath: out.path) == ["rejections.csv"])
            #expect(try String(contentsOf: out.appending(path: "rejections.csv"), encoding: .utf8) == "old")
        }
    }
}
