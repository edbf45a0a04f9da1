import Logging
import Neighbour
import Testing

@testable import Kafka

@Suite("Groups, positions and statistics on the mock cluster", .timeLimit(.minutes(30)))
struct GroupTests {
    let cluster: MockCluster
    let topic = unique("group")
    let group = unique("group")

    init() throws {
        cluster = try MockCluster()
        try cluster.createTopic(topic, partitions: 4)
    }

    func consumer(_ more: [String: String] = [:]) throws -> Consumer {
        var configuration = KafkaConfiguration(bootstrapServers: cluster.bootstrapServers)
        configuration["group.id"] = group
        configuration["session.timeout.ms"] = "6000"
        configuration["heartbeat.interval.ms"] = "300"
        for (name, value) in more { configuration[name] = value }
        return try Consumer(configuration, logger: quiet)
    }

    var all: [TopicPartition] {
        (0..<4).map { TopicPartition(topic: topic, partition: $0) }
    }

    func fill(_ count: Int, partition: Int32 = 0, timestamp: Int64? = nil) throws {
        let configuration = KafkaConfiguration(bootstrapServers: cluster.bootstrapServers)
        let producer = try Producer(configuration, logger: quiet)
        let producerTopic = try producer.topic(topic)
        for number in 0..<count {
            try producer.send(
                producerTopic,
                partition: partition,
                key: nil,
                value: bytes("\(number)"),
                timestamp: timestamp.map { $0 + Int64(number) }
            )
        }
        try producer.flush(timeout: .seconds(10))
    }

    @Test("a second member's arrival revokes; the owner answers when it is ready, outside of the callback")
    func rebalance() throws {
        let first = try consumer()
        try first.subscribe([topic])
        let given = try #require(try first.awaitRebalance())
        guard case .assigned(let partitions) = given else {
            Issue.record("expected an assignment, not \(given)")
            return
        }
        #expect(partitions.sorted() == all)
        // The answer comes late, after more polls.
        var batch = RecordBatch(capacity: 10)
        for _ in 0..<3 { try first.poll(&batch, timeout: .milliseconds(100)) }
        try first.assign(partitions.map { TopicPartitionOffset($0, .stored) })
        #expect(try first.assignment().sorted() == all)
        try fill(5)
        #expect(try first.take(5).count == 5)

        let second = try consumer()
        try second.subscribe([topic])
        var secondBatch = RecordBatch(capacity: 10)
        try second.poll(&secondBatch, timeout: .milliseconds(50))
        let taken = try #require(try first.awaitRebalance())
        guard case .revoked(let revoked) = taken else {
            Issue.record("expected a revocation, not \(taken)")
            return
        }
        #expect(revoked.sorted() == all)
        try first.unassign()

        var shares: [[TopicPartition]] = [[], []]
        let deadline = ContinuousClock.now + .seconds(20)
        while shares.contains([]), ContinuousClock.now < deadline {
            try first.poll(&batch, timeout: .milliseconds(50))
            try second.poll(&secondBatch, timeout: .milliseconds(50))
            for (index, member) in [first, second].enumerated() {
                guard let rebalance = member.nextRebalance() else { continue }
                if case .assigned(let partitions) = rebalance {
                    shares[index] = partitions
                    try member.assign(partitions.map { TopicPartitionOffset($0, .stored) })
                } else {
                    shares[index] = []
                    try member.unassign()
                }
            }
        }
        #expect(shares.map(\.count) == [2, 2])
        #expect(shares.flatMap { $0 }.sorted() == all)
        let neighbour = Neighbour()
        first.close(timeout: .seconds(5))
        second.close(timeout: .seconds(5))
        #expect(neighbour.elapsed < .seconds(10))
    }

    @Test("a rebalance wakes a poll that waits")
    func wakes() throws {
        let consumer = try consumer()
        try consumer.subscribe([topic])
        var batch = RecordBatch(capacity: 10)
        let neighbour = Neighbour()
        try consumer.poll(&batch, timeout: .seconds(30))
        #expect(neighbour.elapsed < .seconds(20))
        #expect(consumer.nextRebalance() != nil)
        consumer.close(timeout: .seconds(5))
    }

    @Test("committed offsets, positions, watermarks and seeking by assigning again")
    func places() throws {
        try fill(10)
        let consumer = try consumer()
        let partition = all[0]
        #expect(try consumer.committed([partition], timeout: .seconds(10)).map(\.offset) == [.invalid])
        let marks = try consumer.watermarks(partition, timeout: .seconds(10))
        #expect(marks == (0, 10))
        try consumer.assign([TopicPartitionOffset(partition, .at(7))])
        #expect(try consumer.take(3).map(\.offset) == [7, 8, 9])
        #expect(try consumer.positions([partition, all[1]]).map(\.offset) == [.at(10), .invalid])
        try consumer.commit([TopicPartitionOffset(partition, .at(8))])
        #expect(try consumer.committed([partition], timeout: .seconds(10)).map(\.offset) == [.at(8)])
        try consumer.assign([TopicPartitionOffset(partition, .stored)])
        #expect(try consumer.take(2).map(\.offset) == [8, 9])
        try consumer.assign([TopicPartitionOffset(partition, .at(2))])
        #expect(try consumer.take(8).map(\.offset) == Array(2...9))
        consumer.close(timeout: .seconds(5))
    }

    @Test("with no partitions assigned nothing is delivered, and nothing is passed over after it")
    func heldBack() throws {
        let consumer = try consumer()
        try fill(3)
        try consumer.assign([TopicPartitionOffset(all[0], .beginning)])
        #expect(try consumer.take(3).count == 3)
        try consumer.assign([])
        try fill(3)
        #expect(try consumer.take(1, within: .seconds(1)).isEmpty)
        try consumer.assign([TopicPartitionOffset(all[0], .at(3))])
        #expect(try consumer.take(3).map(\.offset) == [3, 4, 5])
        consumer.close(timeout: .seconds(5))
    }

    @Test("the end of a partition is told when it is asked for")
    func partitionEnd() throws {
        try fill(2)
        let consumer = try consumer(["enable.partition.eof": "true"])
        try consumer.assign([TopicPartitionOffset(all[0], .beginning)])
        #expect(try consumer.take(2).count == 2)
        var batch = RecordBatch(capacity: 10)
        let deadline = ContinuousClock.now + .seconds(10)
        var end = consumer.nextPartitionEnd()
        while end == nil, ContinuousClock.now < deadline {
            try consumer.poll(&batch, timeout: .milliseconds(100))
            end = consumer.nextPartitionEnd()
        }
        #expect(end == TopicPartitionOffset(all[0], .at(2)))
        consumer.close(timeout: .seconds(5))
    }

    @Test("statistics tell the lag of a partition")
    func statistics() throws {
        try fill(10)
        let consumer = try consumer(["statistics.interval.ms": "100", "queued.min.messages": "1"])
        #expect(consumer.latestStatistics == nil)
        try consumer.assign([TopicPartitionOffset(all[0], .beginning)])
        #expect(try consumer.take(10).count == 10)
        var batch = RecordBatch(capacity: 4)
        let deadline = ContinuousClock.now + .seconds(10)
        while consumer.latestStatistics?.partitions[all[0]]?.position != 10, ContinuousClock.now < deadline {
            try consumer.poll(&batch, timeout: .milliseconds(100))
        }
        let statistics = try #require(consumer.latestStatistics)
        #expect(statistics.lag[all[0]] == 0)
        #expect(statistics.partitions[all[0]]?.end == 10)
        #expect(statistics.messagesReceived > 0)
        #expect(statistics.brokers.values.contains { $0.state == "UP" && $0.requestsSent > 0 })
        consumer.close(timeout: .seconds(5))
    }

    /// Of ten records four were delivered: whatever waits in a queue of the client's is lag.
    @Test("what was not delivered is lag", arguments: [(6, 10, 6), (0, 4, 6), (0, 10, 0)])
    func lag(_ queued: Int, _ next: Int, _ expected: Int64) throws {
        let json = """
            {"name":"x","time":1,"msg_cnt":0,"txmsgs":0,"txmsg_bytes":0,"rxmsgs":10,"rxmsg_bytes":10,"brokers":{},
            "topics":{"t":{"partitions":{"0":{"partition":0,"app_offset":4,"next_offset":\(next),"hi_offset":10,
            "ls_offset":10,"consumer_lag":-1,"fetchq_cnt":\(queued),"msgq_cnt":0,"xmit_msgq_cnt":0}}}}}
            """
        let statistics = try #require(Statistics(json: bytes(json)))
        #expect(statistics.lag[TopicPartition(topic: "t", partition: 0)] == expected)
    }

    @Test("records outlive the consumer's end while their batch holds them")
    func batchOutlivesConsumer() throws {
        try fill(3)
        let consumer = try consumer()
        try consumer.assign([TopicPartitionOffset(all[0], .beginning)])
        var batch = RecordBatch(capacity: 10)
        while try consumer.poll(&batch, timeout: .milliseconds(200)) == 0 {}
        consumer.close(timeout: .seconds(5))
        let value = batch[0].detach().value
        #expect(value == bytes("0"))
        batch.removeAll()
        #expect(batch.count == 0)
    }
}
