/// Kafka's own partitioner.
///
/// Every client that uses the same key bytes gets the same partition.
public enum Partitioner {
    /// The partition of a key: `murmur2(key) & 0x7fffffff % partitions`, as Kafka's Java producer computes it.
    ///
    /// - `key`: the bytes that decide the partition, for example a customer number.
    /// - `partitions`: the number of partitions; at least 1.
    public static func partition(of key: Span<UInt8>, partitions: Int32) -> Int32 {
        guard partitions > 1 else { return 0 }
        return Int32(murmur2(key) & 0x7fff_ffff) % partitions
    }

    /// MurmurHash2, 32 bits, with Kafka's seed.
    static func murmur2(_ data: Span<UInt8>) -> UInt32 {
        let m: UInt32 = 0x5bd1_e995
        let length = data.count
        var h: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: length)
        let words = length / 4
        for word in 0..<words {
            let at = word * 4
            var k =
                UInt32(data[at]) | UInt32(data[at + 1]) << 8 | UInt32(data[at + 2]) << 16 | UInt32(data[at + 3]) << 24
            k &*= m
            k ^= k >> 24
            k &*= m
            h &*= m
            h ^= k
        }
        let tail = words * 4
        if length - tail == 3 { h ^= UInt32(data[tail + 2]) << 16 }
        if length - tail >= 2 { h ^= UInt32(data[tail + 1]) << 8 }
        if length - tail >= 1 {
            h ^= UInt32(data[tail])
            h &*= m
        }
        h ^= h >> 13
        h &*= m
        h ^= h >> 15
        return h
    }
}
