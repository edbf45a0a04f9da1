package import Foundation
internal import Messages
package import Operating

/// The programs that the supervisor keeps running: `run/plan.json`.
///
/// `up` writes this file, and the supervisor reads it again whenever it changes.
package struct Plan: Codable, Hashable {
    /// A program with its arguments.
    package struct Program: Codable, Hashable {
        package let name: String
        let executable: String
        let arguments: [String]

        /// A program, by the name of its files.
        package init(name: String, executable: String, arguments: [String]) {
            self.name = name
            self.executable = executable
            self.arguments = arguments
        }
    }

    package var programs: [Program]
    /// Seconds that a worker may take to stop.
    package let stopTimeout: Int
    /// Partitions of tables that have to be created; nil if the broker is not this home's.
    package var partitions: Int32?

    /// A plan of these programs, of which a worker may take so many seconds to stop.
    package init(programs: [Program], stopTimeout: Int) {
        self.programs = programs
        self.stopTimeout = stopTimeout
    }

    package static func file(_ home: Home) -> URL { home.run.appendingPathComponent("plan.json") }

    package static func load(_ home: Home) -> Plan? {
        FileManager.default.contents(atPath: file(home).path).flatMap { try? JSONDecoder().decode(Plan.self, from: $0) }
    }

    /// Tells one plan from another: every save makes a new file.
    struct Stamp: Hashable {
        let file: UInt
        let seconds: Int
        let nanoseconds: Int
    }

    /// The stamp of the saved plan; nil if there is none.
    static func stamp(_ home: Home) -> Stamp? {
        var state = stat()
        guard unsafe stat(file(home).path, &state) == 0 else { return nil }
        return Stamp(file: state.st_ino, seconds: state.st_mtim.tv_sec, nanoseconds: state.st_mtim.tv_nsec)
    }

    package func save(_ home: Home) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: Self.file(home), options: .atomic)
    }
}

/// The stages that have a worker each, in the order of the flow.
package enum WorkerNames {
    package static let stages = [ingestion] + PipelineStage.allCases.map(\.name)
    /// The worker that is no stage of the runtime.
    package static let ingestion = "ingestion"

    /// The name of an instance's files.
    package static func instance(_ stage: String, _ number: Int) -> String { "\(stage)-\(number)" }
}
