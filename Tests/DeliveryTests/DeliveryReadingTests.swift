import Kafka
import Testing

@testable import notification_worker

/// When a partition's notices may be delivered, and which offsets go with their outcomes.
@Suite struct DeliveryReadingTests {
    private let notices = TopicPartition(topic: "notices", partition: 3)
    private let deliveries = TopicPartition(topic: "deliveries", partition: 3)

    private func reading(
        ends: (notices: Int64, deliveries: Int64),
        committed: (notices: Int64, deliveries: Int64)? = nil
    ) -> DeliveryReading {
        DeliveryReading(
            notices: notices,
            deliveries: deliveries,
            ends: [notices: ends.notices, deliveries: ends.deliveries],
            committed: committed.map { [notices: $0.notices, deliveries: $0.deliveries] } ?? [:]
        )
    }

    /// Other programs may write all the time, and then the client reports no end.
    @Test func theLastRecordsOfTheAssignmentAreEnough() {
        var reading = reading(ends: (2, 4))
        reading.read(notices, 1)
        #expect(!reading.isOver)
        reading.read(deliveries, 3)
        #expect(reading.isOver)
    }

    /// The client reports an end where it cannot read further, such as at an open transaction.
    @Test func anEarlierEndIsNotTheEnd() {
        var reading = reading(ends: (2, 4))
        reading.reached(TopicPartitionOffset(notices, .at(2)))
        reading.reached(TopicPartitionOffset(deliveries, .at(1)))
        #expect(!reading.isOver)
        reading.reached(TopicPartitionOffset(deliveries, .at(4)))
        #expect(reading.isOver)
    }

    @Test func theOffsetsOfTheFirstUnsettledNoticeAndOfTheStatesAreCommitted() {
        var reading = reading(ends: (9, 5))
        reading.read(notices, 8)
        reading.read(deliveries, 4)
        #expect(reading.offsets(firstPending: 6).map(\.offset.value) == [6, 5])
        #expect(reading.offsets(firstPending: nil).map(\.offset.value) == [9, 5])
        #expect(reading.offsets(firstPending: nil).map(\.topicPartition) == [notices, deliveries])
    }

    /// The topic of states ends before what was committed: it was made anew, and its records are gone.
    @Test func whatWasSettledStaysSoIfItsStatesAreLost() {
        #expect(reading(ends: (9, 2), committed: (7, 5)).settledBefore == 7)
        #expect(reading(ends: (9, 5), committed: (7, 5)).settledBefore == 0)
        #expect(reading(ends: (3, 2), committed: (7, 5)).settledBefore == 0, "the notices are others as well")
        #expect(reading(ends: (9, 2)).settledBefore == 0)
    }
}
