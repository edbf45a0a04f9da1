internal import Foundation
internal import Logging
internal import Messages
internal import Operating
internal import Reading

/// The stages that refuse supplied figures where student records were submitted: they see both, and validation does
/// not.
struct FigureStages {
    /// How long the stages get.
    private static let patience = Duration.seconds(10)
    private static let stages = [PipelineStage.participation.name, PipelineStage.indicator.name]

    let connection: Connection

    /// Whether files of a layout have figures that were counted or computed elsewhere.
    static func isSupplied(_ layout: String) -> Bool {
        [Layout.participationCounts, .indicatorValues].contains { $0.wireName == layout }
    }

    /// Waits until the stages have read everything that is written now.
    ///
    /// - Returns: whether they have, within some seconds.
    func haveRead() throws -> Bool {
        let reader = try StatusReader(connection, logger: Logger(label: "accountability"))
        defer { reader.close() }
        var ends: [[String]: Int64] = [:]
        let deadline = ContinuousClock.now + Self.patience
        while true {
            let places = try reader.positions().joined().filter { Self.stages.contains($0.stage) }
            let open = places.filter { place in
                let key = [place.stage, place.topic, "\(place.partition)"]
                ends[key] = ends[key] ?? place.end
                return place.behind > 0 && place.position < ends[key] ?? place.end
            }
            if open.isEmpty { return true }
            guard ContinuousClock.now < deadline else { return false }
            Thread.sleep(forTimeInterval: 0.2)
        }
    }
}
