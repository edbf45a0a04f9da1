import Foundation
import Kafka
import Logging
import Testing

/// The brokers of ACCOUNTABILITY_TEST_BROKERS (`host:port`); without it these tests are skipped, and the run says so.
let testBrokers = ProcessInfo.processInfo.environment["ACCOUNTABILITY_TEST_BROKERS"]

@Suite(
    "On a broker",
    .enabled(if: testBrokers != nil, "ACCOUNTABILITY_TEST_BROKERS=host:port names a broker"),
    .serialized,
    .timeLimit(.minutes(30))
)
struct BrokerTests {
    let admin: Admin
    let input = unique("input")
    let output = unique("output")
    let group = unique("group")
    let limit = Duration.seconds(20)
    /// The time of the first record: recent, or the broker's retention removes it.
    let start = Int64(Date().timeIntervalSince1970 * 1_000) - 60_000

    init() throws {
        admin = try Admin(.localBroker(testBrokers ?? ""), logger: quiet)
        let topics = [NewTopic(name: input, partitions: 2), NewTopic(name: output, partitions: 1)]
        let errors = try admin.createTopics(topics, timeout: limit)
        try #require(errors.isEmpty)
    }

    func consumer(_ more: [String: String] = [:]) throws -> Consumer {
        var configuration = KafkaConfiguration.localBroker(testBrokers ?? "")
        configuration["group.id"] = group
        for (name, value) in more { configuration[name] = value }
        return try Consumer(configuration, logger: quiet)
    }

    func producer(id: String? = nil) throws -> Producer {
        var configuration = KafkaConfiguration.localBroker(testBrokers ?? "")
        configuration["transactional.id"] = id
        return try Producer(configuration, logger: quiet)
    }

    func fill(_ count: Int) throws {
        let producer = try producer()
        let topic = try producer.topic(input)
        for number in 0..<count {
            try producer.send(topic, key: nil, value: bytes("\(number)"), timestamp: start + Int64(number) * 1_000)
        }
        try producer.flush(timeout: limit)
        producer.close(timeout: limit)
    }

    var place: TopicPartition {
        TopicPartition(topic: input, partition: 0)
    }

    /// What a reader of committed records sees in the output.
    func visible(_ expected: Int) throws -> [OwnedRecord] {
        let reader = try consumer(["group.id": unique("reader"), "enable.partition.eof": "true"])
        try reader.assign([TopicPartitionOffset(topic: output, partition: 0, offset: .beginning)])
        defer { reader.close(timeout: .seconds(5)) }
        return try reader.take(expected == 0 ? 1 : expected, within: .seconds(expected == 0 ? 2 : 15))
    }

    @Test("a transaction aborted leaves nothing; one committed shows all, moves the offset and keeps its string")
    func transactions() throws {
        try fill(10)
        let member = try consumer(["group.instance.id": "one"])
        try member.subscribe([input])
        let given = try #require(try member.awaitRebalance())
        guard case .assigned(let partitions) = given else {
            Issue.record("expected an assignment, not \(given)")
            return
        }
        try member.assign(partitions.map { TopicPartitionOffset($0, .stored) })
        let records = try member.take(10)
        #expect(records.map(\.offset) == Array(0..<10))

        let producer = try producer(id: unique("transaction"))
        try producer.initTransactions(timeout: limit)
        let topic = try producer.topic(output)
        for commits in [false, true] {
            try producer.beginTransaction()
            for record in records { try producer.send(topic, key: record.key, value: record.value) }
            try producer.sendOffsets(
                [TopicPartitionOffset(place, .at(10), metadata: "ten of ten, §")],
                group: member.groupMetadata,
                timeout: limit
            )
            if commits {
                try producer.commitTransaction(timeout: limit)
            } else {
                try producer.flush(timeout: limit)
                try producer.abortTransaction(timeout: limit)
            }
            let seen = try visible(commits ? 10 : 0)
            let committed = try member.committed([place], timeout: limit)
            if commits {
                #expect(seen.map(\.value) == records.map(\.value))
                #expect(committed == [TopicPartitionOffset(place, .at(10), metadata: "ten of ten, §")])
            } else {
                #expect(seen.isEmpty)
                #expect(committed == [TopicPartitionOffset(place, .invalid)])
            }
        }
        let reader = try GroupOffsets(.localBroker(testBrokers ?? ""), group: group, logger: quiet)
        defer { reader.close() }
        let offsets = try reader.committed([place], timeout: limit)
        #expect(offsets == [TopicPartitionOffset(place, .at(10), metadata: "ten of ten, §")])
        member.close(timeout: .seconds(5))
        producer.close(timeout: .seconds(5))
    }

    @Test("a second producer with the same transactional id fences the first")
    func fencing() throws {
        let id = unique("transaction")
        let old = try producer(id: id)
        try old.initTransactions(timeout: limit)
        try old.beginTransaction()
        try old.send(old.topic(output), key: nil, value: bytes("old"))
        try old.flush(timeout: limit)
        let new = try producer(id: id)
        try new.initTransactions(timeout: limit)
        let error = #expect(throws: KafkaError.self) { try old.commitTransaction(timeout: limit) }
        #expect(error?.isFatal == true)
        #expect(old.fatalError != nil)
        try new.beginTransaction()
        try new.send(new.topic(output), key: nil, value: bytes("new"))
        try new.commitTransaction(timeout: limit)
        #expect(try visible(1).map(\.value) == [bytes("new")])
    }

    @Test("a static member that comes back gets its partitions without a rebalance of the others")
    func staticMembership() throws {
        let first = try consumer(["group.instance.id": "first"])
        try first.subscribe([input])
        guard case .assigned(let before)? = try first.awaitRebalance() else {
            Issue.record("no assignment")
            return
        }
        try first.assign(before.map { TopicPartitionOffset($0, .stored) })
        first.close(timeout: .seconds(5))
        let again = try consumer(["group.instance.id": "first"])
        try again.subscribe([input])
        guard case .assigned(let after)? = try again.awaitRebalance() else {
            Issue.record("no assignment after coming back")
            return
        }
        #expect(after.sorted() == before.sorted())
        try again.assign(after.map { TopicPartitionOffset($0, .stored) })
        let described = try #require(try admin.describeGroups([group], timeout: limit).first)
        #expect(described.groupID == group)
        #expect(described.state == .stable)
        #expect(described.assignor == "range")
        #expect(described.members.count == 1)
        #expect(described.members.first?.assignment.sorted() == before.sorted())
        let absent = try admin.describeGroups([unique("absent")], timeout: limit)
        #expect(absent.map(\.members.isEmpty) == [true])
        again.close(timeout: .seconds(5))
        // It only stopped: its place waits for its next life.
        #expect(try admin.describeGroups([group], timeout: limit).first?.members.count == 1)
    }

    @Test("a static member that leaves for good gives its place up at once, be it before or after its end")
    func leaving() throws {
        for isAfterwards in [false, true] {
            let member = try consumer(["group.instance.id": "leaving"])
            try member.subscribe([input])
            guard case .assigned(let partitions)? = try member.awaitRebalance() else {
                Issue.record("no assignment")
                return
            }
            try member.assign(partitions.map { TopicPartitionOffset($0, .stored) })
            #expect(try admin.describeGroups([group], timeout: limit).first?.members.count == 1)
            if isAfterwards {
                member.close(timeout: .seconds(5))
                #expect(try admin.describeGroups([group], timeout: limit).first?.members.count == 1)
                // Somebody else takes the place, and leaves it.
                let other = try consumer(["group.instance.id": "leaving"])
                try other.subscribe([input])
                #expect(try other.awaitRebalance() != nil)
                try other.assign([])
                #expect(other.leave(timeout: .seconds(10)))
                other.close(timeout: .seconds(5))
            } else {
                #expect(member.leave(timeout: .seconds(10)))
                member.close(timeout: .seconds(5))
            }
            #expect(try admin.describeGroups([group], timeout: limit).first?.members.isEmpty == true)
        }
    }

    @Test("a revocation waits for its owner on this broker, and a batch read before it can be committed")
    func delayedAnswer() throws {
        try fill(5)
        let first = try consumer(["group.instance.id": "a"])
        try first.subscribe([input])
        guard case .assigned(let before)? = try first.awaitRebalance() else {
            Issue.record("no assignment")
            return
        }
        var batch = RecordBatch(capacity: 10)
        for _ in 0..<5 { try first.poll(&batch, timeout: .milliseconds(100)) }
        try first.assign(before.map { TopicPartitionOffset($0, .beginning) })
        #expect(try first.take(5).count == 5)
        let second = try consumer(["group.instance.id": "b"])
        try second.subscribe([input])
        var other = RecordBatch(capacity: 10)
        try second.poll(&other, timeout: .milliseconds(100))
        guard case .revoked(let revoked)? = try first.awaitRebalance() else {
            Issue.record("no revocation")
            return
        }
        #expect(revoked.sorted() == before.sorted())
        let producer = try producer(id: unique("transaction"))
        try producer.initTransactions(timeout: limit)
        try producer.beginTransaction()
        try producer.sendOffsets([TopicPartitionOffset(place, .at(5))], group: first.groupMetadata, timeout: limit)
        try producer.commitTransaction(timeout: limit)
        #expect(second.nextRebalance() == nil)
        try first.unassign()
        guard case .assigned(let share)? = try first.awaitRebalance(within: .seconds(30)) else {
            Issue.record("no share after the revocation")
            return
        }
        #expect(share.count == 1)
        #expect(try first.committed([place], timeout: limit).map(\.offset) == [.at(5)])
        first.close(timeout: .seconds(5))
        second.close(timeout: .seconds(5))
    }

    @Test("topics are created, described, altered and deleted, each with its own result")
    func topics() throws {
        let name = unique("compacted")
        let new = NewTopic(name: name, partitions: 3, replication: 1, configuration: ["cleanup.policy": "compact"])
        #expect(try admin.createTopics([new], timeout: limit).isEmpty)
        let again = try admin.createTopics([new, NewTopic(name: name + "-2", partitions: 1)], timeout: limit)
        #expect(again.mapValues(\.code) == [name: .topicAlreadyExists])
        let described = try admin.describeTopics([name, "absent"], timeout: limit)
        #expect(described[name]?.partitions.map(\.partition) == [0, 1, 2])
        #expect(described["absent"] == nil)
        let policy = try admin.describeConfigs(topic: name, timeout: limit).first { $0.name == "cleanup.policy" }
        #expect(policy?.value == "compact")
        try admin.alterConfigs(topic: name, ["retention.ms": "86400000"], timeout: limit)
        let properties = try admin.describeConfigs(topic: name, timeout: limit)
        #expect(properties.first { $0.name == "retention.ms" }?.value == "86400000")
        #expect(properties.first { $0.name == "cleanup.policy" }?.value == "compact")
        #expect(try admin.deleteTopics([name, name + "-2"], timeout: limit).isEmpty)
        #expect(try admin.deleteTopics([name], timeout: limit)[name]?.code == .unknownTopicOrPartition)
        #expect(try admin.describeTopics([name], timeout: limit).isEmpty)
        #expect(try !admin.describeCluster(timeout: limit).brokers.isEmpty)
    }

    @Test("watermarks, and offsets for times")
    func places() throws {
        try fill(10)
        let consumer = try consumer()
        #expect(try consumer.watermarks(place, timeout: limit) == (0, 10))
        let absent = #expect(throws: KafkaError.self) {
            _ = try consumer.watermarks(TopicPartition(topic: "absent-\(input)", partition: 0), timeout: limit)
        }
        #expect(absent != nil)
        let middle = try consumer.offsetsForTimes([place: start + 4_500], timeout: limit)
        #expect(middle.map(\.offset) == [.at(5)])
        let after = try consumer.offsetsForTimes([place: start + 30_000], timeout: limit)
        #expect(after.map(\.offset) == [.end])
        consumer.close(timeout: .seconds(5))
    }
}
