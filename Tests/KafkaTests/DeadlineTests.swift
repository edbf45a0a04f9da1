import Kafka
import Neighbour
import Testing

/// Every call of the wrapper that waits ends in the time that it was given, whatever the cluster does.
@Suite(.timeLimit(.minutes(30)), .serialized) struct DeadlineTests {
    /// What is wrong with the cluster.
    enum Fault: String, CaseIterable, Sendable {
        case brokersDown, leaderDown, leaderUnknown, coordinatorDown, silent
    }

    /// The limit that the calls are given, and what they may take beyond it: librdkafka's own time-outs say more, and
    /// get a second.
    private static let limit = Duration.milliseconds(700)
    private static let grace = Duration.milliseconds(1800)

    private let cluster: MockCluster
    private let topic = unique("deadline")
    private let group = unique("group")
    private let id = unique("id")

    init() throws {
        cluster = try MockCluster(brokers: 3)
        try cluster.createTopic(topic, partitions: 1)
        try cluster.setLeader(of: place, to: 2)
        try cluster.moveCoordinator(ofTransactionalID: id, to: 3)
        try cluster.moveCoordinator(ofGroup: group, to: 3)
    }

    private var place: TopicPartition { TopicPartition(topic: topic, partition: 0) }

    private func configuration(_ more: [String: String] = [:]) -> KafkaConfiguration {
        var configuration = KafkaConfiguration(bootstrapServers: cluster.bootstrapServers)
        configuration["group.id"] = group
        for (name, value) in more { configuration[name] = value }
        return configuration
    }

    private func apply(_ fault: Fault) throws {
        switch fault {
        case .brokersDown: for broker in 1...3 { try cluster.stop(broker: broker) }
        case .leaderDown: try cluster.stop(broker: 2)
        case .leaderUnknown: try cluster.setLeader(of: place, to: nil)
        case .coordinatorDown: try cluster.stop(broker: 3)
        case .silent: for broker in 1...3 { try cluster.delay(broker: broker, by: .seconds(20)) }
        }
    }

    /// Calls; whatever it answers, it does so in time.
    private func call(_ name: String, _ fault: Fault, _ body: () throws -> Void) {
        let neighbour = Neighbour()
        do {
            try body()
        } catch let error as KafkaError {
            #expect(!error.isFatal, "\(name), \(fault): \(error)")
        } catch {
            Issue.record("\(name), \(fault): \(error)")
        }
        let taken = neighbour.elapsed
        #expect(taken < Self.limit + Self.grace, "\(name), \(fault): \(taken)")
    }

    @Test(arguments: Fault.allCases)
    func questionsEndInTime(_ fault: Fault) throws {
        let consumer = try Consumer(configuration(), logger: quiet)
        let stranger = try Consumer(configuration(["group.id": unique("stranger")]), logger: quiet)
        let offsets = try GroupOffsets(configuration(), group: group, logger: quiet)
        let admin = try Admin(configuration(), logger: quiet)
        // Known and connected before the fault, as in a process that runs.
        #expect(try consumer.ends(of: [place], timeout: .seconds(10))[place]?.high == 0)
        _ = try consumer.committed([place], timeout: .seconds(10))
        _ = try admin.describeTopics([topic], timeout: .seconds(10))
        try apply(fault)
        let limit = Self.limit
        call("ends", fault) { _ = try consumer.ends(of: [place], timeout: limit) }
        call("ends, a new client", fault) { _ = try stranger.ends(of: [place], timeout: limit) }
        call("assign from the beginning", fault) { try stranger.assignFromBeginning([place], timeout: limit) }
        call("watermarks", fault) { _ = try consumer.watermarks(place, timeout: limit) }
        call("offsets for times", fault) { _ = try consumer.offsetsForTimes([place: 1], timeout: limit) }
        call("committed", fault) { _ = try consumer.committed([place], timeout: limit) }
        call("committed, a new client", fault) { _ = try offsets.committed([place], timeout: limit) }
        call("commit", fault) { try consumer.commit([TopicPartitionOffset(place, .at(0))], timeout: limit) }
        call("topics", fault) { _ = try admin.describeTopics(timeout: limit) }
        call("cluster", fault) { _ = try admin.describeCluster(timeout: limit) }
        call("configuration", fault) { _ = try admin.describeConfigs(topic: topic, timeout: limit) }
        call("altering", fault) { try admin.alterConfigs(topic: topic, ["retention.ms": "1"], timeout: limit) }
        call("creating", fault) {
            _ = try admin.createTopics([NewTopic(name: unique("new"), partitions: 1)], timeout: limit)
        }
        call("deleting", fault) { _ = try admin.deleteTopics([topic], timeout: limit) }
        call("leaders", fault) { try admin.awaitLeaders(of: [topic: 1], timeout: limit) }
        call("members", fault) { _ = try admin.describeGroups([group], timeout: limit) }
        call("closing", fault) { consumer.close(timeout: limit) }
        call("closing another", fault) { stranger.close(timeout: limit) }
        call("closing offsets", fault) { offsets.close(timeout: limit) }
    }

    @Test(arguments: Fault.allCases)
    func aMemberLeavesInTime(_ fault: Fault) throws {
        let consumer = try Consumer(configuration(["group.instance.id": "one"]), logger: quiet)
        try consumer.subscribe([topic])
        if case .assigned(let partitions)? = try consumer.awaitRebalance() {
            try consumer.assign(partitions.map { TopicPartitionOffset($0, .stored) })
        }
        try apply(fault)
        var batch = RecordBatch(capacity: 10)
        call("poll", fault) { try consumer.poll(&batch, timeout: Self.limit) }
        call("metadata of the group", fault) { _ = try consumer.groupMetadata }
        call("closing", fault) { consumer.close(timeout: Self.limit) }
    }

    @Test(arguments: Fault.allCases)
    func transactionsEndInTime(_ fault: Fault) throws {
        let limit = Self.limit
        let producer = try Producer(configuration(["transactional.id": id]), logger: quiet)
        let late = try Producer(configuration(["transactional.id": id + "-late"]), logger: quiet)
        let metadata = try ConsumerGroupMetadata(groupID: group)
        try producer.initTransactions(timeout: .seconds(10))
        try producer.beginTransaction()
        try producer.send(producer.topic(topic), key: nil, value: bytes("x"))
        try producer.flush(timeout: .seconds(10))
        try apply(fault)
        call("taking over", fault) { try late.initTransactions(timeout: limit) }
        call("sending offsets", fault) {
            try producer.sendOffsets([TopicPartitionOffset(place, .at(1))], group: metadata, timeout: limit)
        }
        // The mock cluster of librdkafka 2.16 crashes where a message comes for a partition without a leader.
        if fault != .leaderUnknown || ClientLibrary.number < LibraryVersion(2, 3, 0) {
            try? producer.send(producer.topic(topic), key: nil, value: bytes("y"))
        }
        call("flushing", fault) { try producer.flush(timeout: limit) }
        call("committing", fault) { try producer.commitTransaction(timeout: limit) }
        call("committing again", fault) { try producer.commitTransaction(timeout: limit) }
        call("aborting", fault) { try producer.abortTransaction(timeout: limit) }
        call("closing", fault) { producer.close(timeout: limit) }
        call("closing another", fault) { late.close(timeout: limit) }
    }

    @Test func whatGetsALeaderLateIsWaitedFor() throws {
        let admin = try Admin(configuration(), logger: quiet)
        try cluster.setLeader(of: place, to: nil)
        let none = #expect(throws: KafkaError.self) { try admin.awaitLeaders(of: [topic: 1], timeout: .seconds(1)) }
        #expect(none?.code == .timedOut && none?.message.contains("\(place)") == true, "\(String(describing: none))")
        let missing = #expect(throws: KafkaError.self) { try admin.awaitLeaders(of: [topic: 2], timeout: .seconds(1)) }
        #expect(missing?.code == .timedOut)
        try cluster.setLeader(of: place, to: 1)
        try admin.awaitLeaders(of: [topic: 1], timeout: .seconds(10))
    }

    /// A broker that no longer coordinates the group, where librdkafka's request for any group's offsets ends the
    /// process.
    @Test func offsetsOfAGroupWhoseCoordinatorMoved() throws {
        let offsets = try GroupOffsets(configuration(), group: group, logger: quiet)
        let consumer = try Consumer(configuration(), logger: quiet)
        try consumer.commit([TopicPartitionOffset(place, .at(7), metadata: "seven")])
        for broker in [1, 2, 3, 1] {
            #expect(
                try offsets.committed([place], timeout: .seconds(20))
                    == [TopicPartitionOffset(place, .at(7), metadata: "seven")]
            )
            try cluster.moveCoordinator(ofGroup: group, to: broker)
        }
        offsets.close()
        consumer.close(timeout: .seconds(2))
    }
}
