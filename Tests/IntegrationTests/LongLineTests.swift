import Foundation
import Testing

/// A line of 200 MB, plain and as 200 KB of gzip: refused as one row, within memory and time that do not grow with it.
@Suite(
    .enabled(
        if: TestEnvironment.canRun && TestEnvironment.python != nil,
        "ACCOUNTABILITY_BIN is not set; Deploy/test sets it"
    ),
    .timeLimit(.minutes(30))
)
struct LongLineTests {
    @Test(arguments: [(false, "9"), (false, "\""), (true, "9"), (true, ",")])
    func isRefusedAlone(_ isCompressed: Bool, _ filling: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "long-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let row = "2019,00010505,05,All Students,ELA,42,41,0,1,0,0,0"
        let made = try run(
            "/bin/bash",
            [
                "-c",
                """
                set -e
                { printf 'school_year,org_code,grade,group,subject,enrolled,standard,alternate,absent,medical,first_year_el,after_october\\n%s\\n2019,"1"' "$2"
                  head -c 200000000 /dev/zero | tr '\\0' "$3"
                  printf '\\n%s\\n%s\\n' "$2" "$2"; } | if [ "$4" = true ]; then gzip -1; else cat; fi > "$1"
                """,
                "bash", "\(folder)/file", row, filling, "\(isCompressed)",
            ]
        )
        try #require(made.code == 0, "\(made.errors)")
        // A neighbour reads the same bytes, as fast as a checksum goes.
        var start = ContinuousClock.now
        let other = try run(
            "/bin/bash",
            ["-c", isCompressed ? "zcat < \(folder)/file | md5sum" : "md5sum < \(folder)/file"]
        )
        try #require(other.code == 0)
        let neighbour = (ContinuousClock.now - start) / .seconds(1)
        start = .now
        let measured = try run(
            try #require(TestEnvironment.python),
            [
                "-c",
                """
                import resource, subprocess, sys
                done = subprocess.run(sys.argv[1:])
                print("code", done.returncode, "kilobytes", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
                """,
                "\(TestEnvironment.programs ?? "")/accountability", "evaluate", "participation", "\(folder)/file",
            ]
        )
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let found = try #require(
            measured.output.firstMatch(of: /code (\d+) kilobytes (\d+)/),
            "\(measured.errors.prefix(500))"
        )
        #expect(found.1 == "65")
        let kilobytes = try #require(Int(found.2))
        #expect(kilobytes < 200_000, "\(kilobytes) KB")
        #expect(seconds < 30 * max(neighbour, 0.3), "\(seconds) s, a checksum of the same \(neighbour) s")
        #expect(
            measured.lines.filter { $0.hasPrefix("2019,00010505") }.count == 3,
            "the other rows are read: \(measured.output.prefix(500))"
        )
        #expect(measured.errors.contains("line 3"), "\(measured.errors.prefix(300))")
        #expect(measured.errors.utf8.count < 2000, "nothing of the line is printed")
    }
}
