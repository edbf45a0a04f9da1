import Kafka
import Testing

@Suite("Errors on the mock cluster", .timeLimit(.minutes(30)))
struct ErrorTests {
    let cluster: MockCluster
    let topic = unique("errors")

    init() throws {
        cluster = try MockCluster()
        try cluster.createTopic(topic, partitions: 1)
    }

    func producer(transactional: Bool = false, _ more: [String: String] = [:]) throws -> Producer {
        var configuration = KafkaConfiguration(bootstrapServers: cluster.bootstrapServers)
        if transactional { configuration["transactional.id"] = unique("id") }
        for (name, value) in more { configuration[name] = value }
        return try Producer(configuration, queueTimeout: .milliseconds(300), logger: quiet)
    }

    @Test("a commit that a broker refuses for the group's sake requires an abort, and the producer is well after it")
    func requiresAbort() throws {
        let producer = try producer(transactional: true)
        try producer.initTransactions(timeout: .seconds(10))
        try producer.beginTransaction()
        cluster.fail(.addPartitionsToTransaction, with: [.topicAuthorizationFailed])
        try producer.send(producer.topic(topic), key: nil, value: bytes("x"))
        let error = #expect(throws: KafkaError.self) { try producer.commitTransaction(timeout: .seconds(10)) }
        #expect(error?.requiresAbort == true)
        #expect(error?.isFatal == false)
        #expect(producer.fatalError == nil)
        try producer.abortTransaction(timeout: .seconds(10))
        try producer.beginTransaction()
        try producer.send(producer.topic(topic), key: nil, value: bytes("y"))
        try producer.commitTransaction(timeout: .seconds(10))
        #expect(!producer.takeDeliveryFailures().isEmpty)
        #expect(producer.takeDeliveryFailures().isEmpty)
        #expect(producer.deliveryFailureCount == 1)
    }

    @Test("a fenced producer is a fatal error")
    func fatal() throws {
        let producer = try producer(transactional: true)
        try producer.initTransactions(timeout: .seconds(10))
        try producer.beginTransaction()
        try producer.send(producer.topic(topic), key: nil, value: bytes("x"))
        cluster.fail(.endTransaction, with: [.producerFenced])
        let error = #expect(throws: KafkaError.self) { try producer.commitTransaction(timeout: .seconds(10)) }
        #expect(error?.isFatal == true)
        #expect(error?.requiresAbort == false)
        #expect(error?.code == .fenced || error?.code == .producerFenced)
        #expect(producer.fatalError?.isFatal == true)
    }

    @Test("a broker that does not answer gives a retriable error, and the same call then goes on")
    func retriable() throws {
        let producer = try producer(transactional: true)
        try cluster.stop(broker: 1)
        let error = #expect(throws: KafkaError.self) { try producer.initTransactions(timeout: .seconds(1)) }
        #expect(error?.code == .timedOut)
        #expect(error?.isRetriable == true)
        #expect(error?.isFatal == false)
        #expect(error?.requiresAbort == false)
        try cluster.start(broker: 1)
        try producer.initTransactions(timeout: .seconds(20))
    }

    @Test("a call out of order is none of fatal, retriable and abortable")
    func state() throws {
        let producer = try producer(transactional: true)
        let error = #expect(throws: KafkaError.self) { try producer.beginTransaction() }
        #expect(error?.code == .state)
        #expect(error?.isFatal == false && error?.isRetriable == false && error?.requiresAbort == false)
    }

    @Test("a full queue is served for a while and then an error; purged messages are failures")
    func queueFull() throws {
        let producer = try producer(["queue.buffering.max.messages": "10"])
        let producerTopic = try producer.topic(topic)
        try cluster.stop(broker: 1)
        let headers = MessageHeaders()
        headers.append("a", "b")
        for _ in 0..<10 { try producer.send(producerTopic, key: nil, value: bytes("x"), headers: headers) }
        let start = ContinuousClock.now
        let error = #expect(throws: KafkaError.self) {
            try producer.send(producerTopic, key: nil, value: bytes("x"), headers: headers)
        }
        #expect(error?.code == .queueFull)
        #expect(error?.isRetriable == true)
        #expect(ContinuousClock.now - start >= .milliseconds(300))
        let flush = #expect(throws: KafkaError.self) { try producer.flush(timeout: .milliseconds(100)) }
        #expect(flush?.code == .timedOut)
        producer.close(timeout: .zero)
        let failures = producer.takeDeliveryFailures()
        #expect(failures.count == 10)
        #expect(failures.allSatisfy { $0.error.code == .purgedFromQueue })
        #expect(failures.allSatisfy { $0.topicPartition == TopicPartition(topic: topic, partition: 0) })
    }

    @Test("an error of the group is thrown once, and the consumer goes on")
    func consumerError() throws {
        var configuration = KafkaConfiguration(bootstrapServers: cluster.bootstrapServers)
        configuration["group.id"] = unique("group")
        configuration["topic.metadata.propagation.max.ms"] = "100"
        let consumer = try Consumer(configuration, logger: quiet)
        try consumer.assign([TopicPartitionOffset(topic: topic, partition: 9, offset: .beginning)])
        let error = #expect(throws: KafkaError.self) { _ = try consumer.take(1, within: .seconds(5)) }
        #expect(error?.code == .unknownPartition)
        #expect(error?.message.contains("\(topic) [9]") == true)
        let producer = try producer()
        try producer.send(producer.topic(topic), key: nil, value: bytes("x"))
        try producer.flush(timeout: .seconds(10))
        try consumer.assign([TopicPartitionOffset(topic: topic, partition: 0, offset: .beginning)])
        #expect(try consumer.take(1).count == 1)
        consumer.close(timeout: .seconds(5))
    }

    @Test("librdkafka's names and the flags are in the description")
    func description() {
        let error = KafkaError(code: .timedOut, name: "_TIMED_OUT", message: "late", isRetriable: true)
        #expect(error.description == "_TIMED_OUT: late (retriable)")
    }
}
