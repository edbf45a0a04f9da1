import Kafka
import Testing

@testable import Streaming

/// When a reader that is no member of its group commits its offsets.
@Suite struct StandingOffsetsTests {
    private static let quiet = TopicPartition(topic: "letters", partition: 0)
    private static let busy = TopicPartition(topic: "letters", partition: 1)
    private static let day: Int64 = 24 * 3600
    private let start = ContinuousClock.now

    /// What is committed in these seconds, counted from the start, while one partition moves by a record a second.
    private func commits(_ offsets: inout StandingOffsets, in seconds: ClosedRange<Int64>) -> [Int64: [Int32]] {
        var commits: [Int64: [Int32]] = [:]
        for second in seconds {
            offsets.move(Self.busy, to: second)
            let due = offsets.due(at: start + .seconds(second))
            guard !due.isEmpty else { continue }
            commits[second] = due.map(\.topicPartition.partition)
            offsets.noteCommit(at: start + .seconds(second))
        }
        return commits
    }

    /// An offset that was not committed for a week is deleted, and its topic would be read from its beginning.
    @Test func everyOffsetIsCommittedAtTheStartAndOnceADay() {
        var offsets = StandingOffsets([Self.quiet: 7], now: start)
        let commits = commits(&offsets, in: 1...(3 * Self.day))
        #expect(commits[5] == [0, 1] && commits[10] == [1])
        #expect(commits.filter { $0.value.contains(0) }.keys.sorted() == [5, Self.day, 2 * Self.day, 3 * Self.day])
    }

    @Test func whatDidNotMoveIsNotCommittedAgainOnTheSameDay() {
        var offsets = StandingOffsets([:], now: start)
        offsets.move(Self.quiet, to: 3)
        #expect(offsets.due(at: start + .seconds(4)).isEmpty)
        #expect(offsets.due(at: start + .seconds(5)) == [TopicPartitionOffset(Self.quiet, .at(3))])
        offsets.noteCommit(at: start + .seconds(5))
        #expect(offsets.due(at: start + .seconds(Self.day - 1)).isEmpty)
        #expect(offsets.due(at: start + .seconds(Self.day)) == [TopicPartitionOffset(Self.quiet, .at(3))])
    }
}
