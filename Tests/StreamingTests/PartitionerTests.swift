import Testing

@testable import Streaming

@Suite struct PartitionerTests {
    /// The vectors of Apache Kafka's own test of its murmur2.
    @Test(arguments: [
        ("21", Int32(-973_932_308)),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
    ])
    func agreesWithKafka(_ key: String, _ hash: Int32) {
        let bytes = Array(key.utf8)
        #expect(Int32(bitPattern: Partitioner.murmur2(bytes.span)) == hash)
    }

    /// What Apache Kafka's `Utils.toPositive(Utils.murmur2(key)) % partitions` gives: the sign is cut off, and the hash
    /// is neither made positive by its magnitude nor read as 32 bits without a sign.
    @Test(arguments: [
        ("21", [Int32(0), 0, 0, 3, 0]),
        ("foobar", [0, 0, 0, 0, 6]),
        ("a-little-bit-long-string", [0, 2, 2, 1, 8]),
        ("a-little-bit-longer-string", [1, 2, 5, 0, 11]),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", [1, 2, 5, 3, 5]),
        ("abc", [1, 0, 3, 4, 3]),
    ])
    func choosesThePartitionThatKafkaChooses(_ key: String, _ expected: [Int32]) {
        let bytes = Array(key.utf8)
        #expect([2, 3, 6, 7, 12].map { Partitioner.partition(of: bytes.span, partitions: $0) } == expected)
    }

    @Test func staysWithinThePartitions() {
        for partitions in Int32(1)...13 {
            for number in 0..<200 {
                let bytes = Array("\(number)".utf8)
                let partition = Partitioner.partition(of: bytes.span, partitions: partitions)
                #expect(partition >= 0 && partition < partitions)
            }
        }
    }
}
