import Testing
@testable import Stages
@testable import Streaming

/// How long determinations wait for what else a correction brings.
@Suite("Arrivals") struct ArrivalsTests {
    private func settling(_ came: [(cause: String, source: Int)]) -> Duration {
        var arrivals = Arrivals()
        for record in came { arrivals.note(record.cause, from: record.source) }
        return arrivals.settling
    }

    @Test func whatIsNotRankedYetIsWaitedForLonger() {
        let nothing = settling([])
        let measured = settling([("s1", DeterminationStage.indicators), ("s1", DeterminationStage.participation)])
        let ranked = settling([("s1", DeterminationStage.indicators), ("s1", DeterminationStage.percentiles)])
        #expect(measured == nothing && ranked < measured)
    }

    @Test func everyCauseHasToBeRanked() {
        let both = [("s1", DeterminationStage.indicators), ("s2", DeterminationStage.participation)]
        let long = settling(both)
        #expect(settling(both + [("s1", DeterminationStage.percentiles)]) == long)
        #expect(
            settling(both + [("s2", DeterminationStage.percentiles), ("s1", DeterminationStage.percentiles)]) < long
        )
        // One record may name several causes, and come before what it ranks is folded.
        #expect(settling([("s1,s2", DeterminationStage.percentiles)] + both) < long)
    }

    /// The task waits as what came to it says, until it has published that.
    @Test func aTaskWaitsAsLong() throws {
        let stage = DeterminationStage(pipeline: Pipeline(), clock: { 0 })
        let partitions = stage.outputs.map { _ in Int32(1) }
        let task = stage.makeTask(TaskContext(partition: 0, partitions: 1, outputPartitions: partitions))
        let output = TaskOutput(outputs: stage.outputs, partition: 0, partitions: partitions, sink: Nowhere())
        let (key, cause) = (Array("2019/00010005/all_students/non_high".utf8), Array("s1".utf8))
        let record = InputRecord(
            source: DeterminationStage.percentiles,
            offset: 0,
            timestamp: 0,
            key: key.span,
            value: nil,
            cause: cause.span
        )
        try task.fold(record, output: output)
        #expect(task.settling == settling([("s1", DeterminationStage.percentiles)]))
        try task.flush(output: output)
        #expect(task.settling == settling([]))
    }

    /// Of very many causes not all are kept: nobody can tell whether those that are left out were ranked.
    @Test func ofManyCausesNobodyCanTell() {
        let names = (0...CauseSet.mostNames).map { "s\($0)" }
        let came =
            names.map { ($0, DeterminationStage.indicators) } + names.map { ($0, DeterminationStage.percentiles) }
        #expect(settling(came) == settling([]))
    }
}
