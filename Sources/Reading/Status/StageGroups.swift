package import Stages
internal import Streaming

/// The consumer group of each stage and the topics it commits offsets of, in the order of the flow.
package struct StageGroup {
    package let stage: String
    package let group: String
    package let topics: [String]
    /// What the stage publishes.
    package var outputs: [String] = []

    /// The groups of an installation; ingestion reads files and has none.
    package static func all(_ pipeline: Pipeline) -> [StageGroup] {
        pipeline.stages.map { stage in
            StageGroup(
                stage: stage.name,
                group: pipeline.group(stage.name),
                topics: stage.sources.filter { !$0.isBroadcast }.map(\.topic),
                outputs: stage.outputs.map(\.topic)
            )
        }
    }
}
