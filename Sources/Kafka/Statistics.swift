internal import FoundationEssentials

/// librdkafka's statistics of a client, emitted every `statistics.interval.ms`.
///
/// librdkafka's STATISTICS.md defines the fields. A field that the wrapper computes says so.
public struct Statistics: Sendable, Hashable {
    /// One broker's connection.
    public struct Broker: Sendable, Hashable {
        /// The broker's number; -1 for a bootstrap server.
        public let id: Int32
        /// The connection's state, such as `UP` or `DOWN`.
        public let state: String
        /// The mean time between a request and its answer, in microseconds.
        public let roundTripMean: Int64
        /// The 99th percentile of that time, in microseconds.
        public let roundTrip99th: Int64
        /// Requests sent.
        public let requestsSent: Int64
        /// Answers received.
        public let responsesReceived: Int64
        /// Bytes sent.
        public let bytesSent: Int64
        /// Bytes received.
        public let bytesReceived: Int64
        /// Requests that failed.
        public let sendErrors: Int64
        /// Requests that got no answer in time.
        public let timeouts: Int64
    }

    /// One partition.
    public struct Partition: Sendable, Hashable {
        /// The offset after the last record delivered to the owner; nil before the first.
        public let position: Int64?
        /// The end of the readable records: with `read_committed`, the last stable offset; nil while unknown.
        public let end: Int64?
        /// Records between ``position`` and ``end``; nil while either is unknown.
        ///
        /// The wrapper computes it. librdkafka's own `consumer_lag` counts from the offset that this consumer committed
        /// itself, but here a producer's transaction commits for it. Control records of transactions at the end do not
        /// count once they were fetched.
        public let lag: Int64?
        /// librdkafka's `consumer_lag`: from the committed offset; nil while unknown.
        public let committedLag: Int64?
        /// Records fetched and waiting for a poll.
        public let fetchQueue: Int64
        /// Messages waiting to be sent.
        public let produceQueue: Int64
    }

    /// The client's name.
    public let name: String
    /// When the statistics were taken, in seconds since 1970 UTC.
    public let time: Int64
    /// Messages waiting in the producer's queues.
    public let queuedMessages: Int64
    /// Messages sent.
    public let messagesSent: Int64
    /// Bytes of the messages sent.
    public let messageBytesSent: Int64
    /// Messages received.
    public let messagesReceived: Int64
    /// Bytes of the messages received.
    public let messageBytesReceived: Int64
    /// The brokers by `host:port/id`.
    public let brokers: [String: Broker]
    /// The partitions the client works with.
    public let partitions: [TopicPartition: Partition]

    /// The known lags by partition.
    public var lag: [TopicPartition: Int64] {
        partitions.compactMapValues(\.lag)
    }

    /// Reads librdkafka's JSON; nil if it is invalid.
    init?(json: [UInt8]) {
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(json)) else { return nil }
        name = wire.name
        time = wire.time
        queuedMessages = wire.msg_cnt
        messagesSent = wire.txmsgs
        messageBytesSent = wire.txmsg_bytes
        messagesReceived = wire.rxmsgs
        messageBytesReceived = wire.rxmsg_bytes
        brokers = wire.brokers.mapValues { broker in
            Broker(
                id: broker.nodeid,
                state: broker.state,
                roundTripMean: broker.rtt.avg,
                roundTrip99th: broker.rtt.p99,
                requestsSent: broker.tx,
                responsesReceived: broker.rx,
                bytesSent: broker.txbytes,
                bytesReceived: broker.rxbytes,
                sendErrors: broker.txerrs,
                timeouts: broker.req_timeouts
            )
        }
        var partitions: [TopicPartition: Partition] = [:]
        for (topic, entry) in wire.topics {
            // -1 is librdkafka's internal partition for messages without a partition yet.
            for partition in entry.partitions.values where partition.partition >= 0 {
                let key = TopicPartition(topic: topic, partition: partition.partition)
                partitions[key] = Partition(partition)
            }
        }
        self.partitions = partitions
    }
}

extension Statistics.Partition {
    fileprivate init(_ wire: Wire.Partition) {
        let position = wire.app_offset >= 0 ? wire.app_offset : nil
        let end = wire.ls_offset >= 0 ? wire.ls_offset : (wire.hi_offset >= 0 ? wire.hi_offset : nil)
        self.position = position
        self.end = end
        if let end, wire.fetchq_cnt == 0, wire.next_offset >= end {
            lag = 0
        } else if let position, let end {
            lag = max(0, end - position)
        } else {
            lag = nil
        }
        committedLag = wire.consumer_lag >= 0 ? wire.consumer_lag : nil
        fetchQueue = wire.fetchq_cnt
        produceQueue = wire.msgq_cnt + wire.xmit_msgq_cnt
    }
}

/// The structure of librdkafka's JSON, with its names.
private struct Wire: Decodable {
    struct Window: Decodable {
        let avg: Int64
        let p99: Int64
    }

    struct Broker: Decodable {
        let nodeid: Int32
        let state: String
        let rtt: Window
        let tx: Int64
        let rx: Int64
        let txbytes: Int64
        let rxbytes: Int64
        let txerrs: Int64
        let req_timeouts: Int64
    }

    struct Partition: Decodable {
        let partition: Int32
        let app_offset: Int64
        let next_offset: Int64
        let hi_offset: Int64
        let ls_offset: Int64
        let consumer_lag: Int64
        let fetchq_cnt: Int64
        let msgq_cnt: Int64
        let xmit_msgq_cnt: Int64
    }

    struct Topic: Decodable {
        let partitions: [String: Partition]
    }

    let name: String
    let time: Int64
    let msg_cnt: Int64
    let txmsgs: Int64
    let txmsg_bytes: Int64
    let rxmsgs: Int64
    let rxmsg_bytes: Int64
    let brokers: [String: Broker]
    let topics: [String: Topic]
}
