import Kafka
import Logging
import Testing

@Suite("Producing and consuming on the mock cluster", .timeLimit(.minutes(30)))
struct RoundTripTests {
    let cluster: MockCluster
    let topic = unique("round-trip")

    init() throws {
        cluster = try MockCluster()
        try cluster.createTopic(topic, partitions: 2)
    }

    func configuration() -> KafkaConfiguration {
        KafkaConfiguration(bootstrapServers: cluster.bootstrapServers)
    }

    /// A consumer of partition 0 from its beginning.
    func consumer(_ change: (inout KafkaConfiguration) -> Void = { _ in }) throws -> Consumer {
        var configuration = configuration()
        change(&configuration)
        let consumer = try Consumer(configuration, logger: quiet)
        try consumer.assign([TopicPartitionOffset(topic: topic, partition: 0, offset: .beginning)])
        return consumer
    }

    @Test("nil and empty differ, for keys and values", arguments: [nil, [], bytes("k")], [nil, [], bytes("v")])
    func nilAndEmpty(key: [UInt8]?, value: [UInt8]?) throws {
        let producer = try Producer(configuration(), logger: quiet)
        try producer.send(producer.topic(topic), key: key, value: value, timestamp: 1_700_000_000_123)
        try producer.flush(timeout: .seconds(10))
        let consumer = try consumer()
        let record = try #require(try consumer.take(1).first)
        #expect(record.topic == topic)
        #expect(record.partition == 0)
        #expect(record.offset == 0)
        #expect(record.timestamp == 1_700_000_000_123)
        #expect(record.key == key)
        #expect(record.value == value)
        #expect(record.headers.isEmpty)
        consumer.close(timeout: .seconds(5))
        producer.close(timeout: .seconds(5))
    }

    @Test("partitions are read whole from their oldest records, wherever the consumer was before")
    func fromTheBeginning() throws {
        let producer = try Producer(configuration(), logger: quiet)
        for number in 0..<3 { try producer.send(producer.topic(topic), key: nil, value: bytes("\(number)")) }
        try producer.flush(timeout: .seconds(10))
        let consumer = try consumer()
        let place = TopicPartition(topic: topic, partition: 0)
        try consumer.assign([TopicPartitionOffset(place, .at(2))])
        #expect(try consumer.take(1).map(\.offset) == [2])
        try consumer.assignFromBeginning([place], timeout: .seconds(10))
        #expect(try consumer.take(3).map(\.offset) == [0, 1, 2])
        consumer.close(timeout: .seconds(5))
        producer.close(timeout: .seconds(5))
    }

    @Test("headers are used again with other values, and nil and empty differ in them")
    func headers() throws {
        let producer = try Producer(configuration(), logger: quiet)
        let producerTopic = try producer.topic(topic)
        let headers = MessageHeaders(capacity: 1)
        headers.append("a", "first")
        let null = headers.append("null", nil)
        let empty = headers.append("empty", [UInt8]().span)
        try producer.send(producerTopic, key: nil, value: bytes("1"), headers: headers)
        headers.set(at: 0, String(repeating: "long ", count: 100))
        headers.set(at: null, "no longer")
        headers.set(at: empty, nil)
        headers.set(at: 7, "nowhere")
        try producer.send(producerTopic, key: nil, value: bytes("2"), headers: headers)
        headers.removeAll()
        try producer.send(producerTopic, key: nil, value: bytes("3"), headers: headers)
        try producer.flush(timeout: .seconds(10))

        let consumer = try consumer()
        let records = try consumer.take(3)
        try #require(records.count == 3)
        #expect(records[0].headers.map(\.0) == ["a", "null", "empty"])
        #expect(records[0].headers.map(\.1) == [bytes("first"), nil, []])
        #expect(
            records[1].headers.map(\.1) == [bytes(String(repeating: "long ", count: 100)), bytes("no longer"), nil]
        )
        #expect(records[2].headers.isEmpty)
    }

    @Test("a lent record gives its parts without copies")
    func borrowed() throws {
        let producer = try Producer(configuration(), logger: quiet)
        let headers = MessageHeaders()
        headers.append("present", "x")
        headers.append("null", nil)
        try producer.send(producer.topic(topic), key: bytes("key"), value: bytes("value"), headers: headers)
        try producer.flush(timeout: .seconds(10))
        let consumer = try consumer()
        let index = consumer.topicIndex(topic)
        var batch = RecordBatch(capacity: 10)
        while try consumer.poll(&batch, timeout: .milliseconds(200)) == 0 {}
        #expect(batch.count == 1)
        let record = batch[0]
        #expect(record.topicIndex == index)
        #expect(record.topic == topic)
        #expect(record.key?.count == 3)
        let first = record.value?[0]
        #expect(first == UInt8(ascii: "v"))
        #expect(record.headerCount == 2)
        let present = record.header("present")
        let null = record.header("null")
        let absent = record.header("absent")
        #expect(present.isPresent && present.value?.count == 1)
        #expect(null.isPresent && null.value == nil)
        #expect(!absent.isPresent && absent.value == nil)
    }
}
