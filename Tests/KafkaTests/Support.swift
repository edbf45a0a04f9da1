import Kafka
import Logging
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

let quiet = Logger(label: "kafka.tests") { _ in SwiftLogNoOpLogHandler() }

/// A name that no other test and no earlier run used.
func unique(_ prefix: String) -> String {
    "\(prefix)-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
}

func bytes(_ text: String) -> [UInt8] {
    Array(text.utf8)
}

extension Producer {
    /// Produces from arrays.
    func send(
        _ topic: ProducerTopic,
        partition: Int32 = 0,
        key: [UInt8]?,
        value: [UInt8]?,
        headers: MessageHeaders? = nil,
        timestamp: Int64? = nil
    ) throws(KafkaError) {
        switch (key, value) {
        case (let key?, let value?):
            try produce(
                topic,
                partition: partition,
                key: key.span,
                value: value.span,
                headers: headers,
                timestamp: timestamp
            )
        case (let key?, nil):
            try produce(topic, partition: partition, key: key.span, value: nil, headers: headers, timestamp: timestamp)
        case (nil, let value?):
            try produce(
                topic,
                partition: partition,
                key: nil,
                value: value.span,
                headers: headers,
                timestamp: timestamp
            )
        case (nil, nil):
            try produce(topic, partition: partition, key: nil, value: nil, headers: headers, timestamp: timestamp)
        }
    }
}

extension Consumer {
    /// Polls until there are as many records, or the time is over.
    func take(_ count: Int, within limit: Duration = .seconds(10)) throws -> [OwnedRecord] {
        var batch = RecordBatch(capacity: 100)
        var result: [OwnedRecord] = []
        let deadline = ContinuousClock.now + limit
        while result.count < count, ContinuousClock.now < deadline {
            try poll(&batch, timeout: .milliseconds(100))
            for index in 0..<batch.count { result.append(batch[index].detach()) }
        }
        return result
    }

    /// Polls until there is a rebalance, or the time is over.
    func awaitRebalance(within limit: Duration = .seconds(20)) throws -> Rebalance? {
        var batch = RecordBatch(capacity: 100)
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if let rebalance = nextRebalance() { return rebalance }
            try poll(&batch, timeout: .milliseconds(100))
        }
        return nil
    }
}
