import Foundation
import Messages
import Testing

/// The files that build and run the workers name every stage, and no other.
@Suite struct StageListTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

    /// A file that lists the stages.
    struct List: Sendable, CustomTestStringConvertible {
        let path: String
        /// Matches each part of the list; its first group has the names.
        let pattern: String
        /// Names in the list that are not stages of the runtime.
        let others: Set<String>

        var testDescription: String { path }

        /// The names in the list, without the ending of a program.
        func names() throws -> Set<String> {
            let text = try String(contentsOf: StageListTests.root.appending(path: path), encoding: .utf8)
            let part = try Regex(pattern, as: (Substring, Substring).self)
            let names = text.matches(of: part)
                .flatMap { match in
                    match.output.1.matches(of: /([a-z]+)(-worker)?/).map { String($0.output.1) }
                }
            return Set(names)
        }
    }

    static let lists = [
        List(path: "Package.swift", pattern: #"let stages = \[([^\]]+)\]"#, others: ["ingestion"]),
        List(path: "Deploy/build", pattern: #"for stage in ([a-z ]+);"#, others: ["ingestion", "console"]),
        List(
            path: "Deploy/containers/Dockerfile",
            pattern: #"for product in ([^;]+);"#,
            others: ["accountability", "statewide", "ingestion", "console"]
        ),
        List(path: "Deploy/containers/compose.yaml", pattern: #"command: \[([a-z]+-worker)"#, others: ["ingestion"]),
        List(path: "Deploy/kubernetes/workers.yaml", pattern: #"command: \[([a-z]+-worker)"#, others: ["ingestion"]),
        List(path: "Deploy/faults", pattern: #"STAGES = \[([^\]]+)\]"#, others: []),
    ]

    @Test("Every list names the stages of the pipeline", arguments: lists)
    func listsAgree(_ list: List) throws {
        let names = try list.names()
        #expect(names == Set(PipelineStage.allCases.map(\.name)).union(list.others))
    }

    @Test("Every stage has a worker", arguments: PipelineStage.allCases)
    func everyStageHasAWorker(_ stage: PipelineStage) {
        let worker = Self.root.appending(path: "Sources/Workers/\(stage.name)-worker/Worker.swift")
        #expect(FileManager.default.fileExists(atPath: worker.path()), "\(worker.path())")
    }
}
