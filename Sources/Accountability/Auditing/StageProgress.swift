internal import Foundation
internal import Logging
internal import Operating
internal import Reading
internal import Stages
internal import Streaming

/// Waits for the stages to process what their topics hold.
struct StageProgress {
    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Waits until each stage has processed what its topics held when the stage before it was done.
    ///
    /// It ends under steady traffic too: it does not wait for later records.
    ///
    /// - Parameter patience: how long to wait.
    /// - Throws: `Failure` if no broker answers.
    /// - Returns: the stage that is late, with the number of records behind; nil if none is.
    func wait(for patience: Duration) throws -> (stage: String, behind: Int)? {
        let reader = try StatusReader(connection, logger: Logger(label: "audit") { _ in SwiftLogNoOpLogHandler() })
        defer { reader.close() }
        let deadline = ContinuousClock.now + patience
        for stage in connection.pipeline.stages.map(\.name) {
            let ends = try places(of: stage, reader).mapValues(\.end)
            while let late = try places(of: stage, reader)
                .filter({ $0.value.behind > 0 && $0.value.position < ends[$0.key] ?? 0 }).values.first
            {
                guard ContinuousClock.now < deadline else { return (stage, Int(clamping: late.behind)) }
                Thread.sleep(forTimeInterval: 0.2)
            }
        }
        return nil
    }

    private func places(of stage: String, _ reader: StatusReader) throws -> [String: LagReader.Position] {
        try reader.positions().joined().filter { $0.stage == stage }
            .reduce(into: [:]) { $0["\($1.topic)/\($1.partition)"] = $1 }
    }
}
