import Logging
import Synchronization
import Testing

@testable import Kafka

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Which call of a transactional producer may come next.
@Suite struct TransactionStateTests {
    private static func error(
        fatal: Bool = false,
        retriable: Bool = false,
        abort: Bool = false
    ) -> KafkaError {
        KafkaError(
            code: .timedOut,
            name: "X",
            message: "x",
            isFatal: fatal,
            isRetriable: retriable,
            requiresAbort: abort
        )
    }

    /// A state after calls that ended as told.
    private func state(_ calls: [(TransactionState.Call, KafkaError?)]) -> TransactionState {
        var state = TransactionState()
        for (call, error) in calls {
            #expect(state.ask(call, fatal: nil) == .make, "\(call)")
            state.end(call, error)
        }
        return state
    }

    private func isRefused(_ step: TransactionState.Step) -> Bool {
        if case .refuse = step { true } else { false }
    }

    @Test func aTransactionGoesItsWay() {
        var state = state([
            (.initialize, nil), (.begin, nil), (.sendOffsets, nil), (.commit, nil), (.begin, nil), (.abort, nil),
        ])
        #expect(state.phase == .idle)
        #expect(state.ask(.begin, fatal: nil) == .make)
    }

    @Test func aCallIsNeverMadeTwiceAtATime() {
        var state = state([(.initialize, nil), (.begin, nil)])
        #expect(state.ask(.commit, fatal: nil) == .make)
        for _ in 0..<3 { #expect(state.ask(.commit, fatal: nil) == .await) }
        // Whether it is committed is not known: it can't be aborted, and nothing may be begun.
        #expect(isRefused(state.ask(.abort, fatal: nil)))
        #expect(isRefused(state.ask(.begin, fatal: nil)))
        state.end(.commit, nil)
        #expect(state.phase == .idle)
    }

    @Test func anAbortWaitsForOffsetsThatAreUnderWay() {
        var state = state([(.initialize, nil), (.begin, nil)])
        #expect(state.ask(.sendOffsets, fatal: nil) == .make)
        #expect(state.ask(.abort, fatal: nil) == .awaitOther)
        state.end(.sendOffsets, Self.error(abort: true))
        #expect(state.ask(.abort, fatal: nil) == .make)
    }

    @Test func whatWasBegunIsFinishedByTheSameCall() {
        var committing = state([(.initialize, nil), (.begin, nil), (.commit, Self.error(retriable: true))])
        #expect(isRefused(committing.ask(.abort, fatal: nil)))
        #expect(isRefused(committing.ask(.sendOffsets, fatal: nil)))
        #expect(committing.ask(.commit, fatal: nil) == .make)
        var aborting = state([(.initialize, nil), (.begin, nil), (.abort, Self.error(retriable: true))])
        #expect(isRefused(aborting.ask(.commit, fatal: nil)))
        #expect(aborting.ask(.abort, fatal: nil) == .make)
    }

    @Test func whatFailedIsAborted() {
        for call in [TransactionState.Call.sendOffsets, .commit] {
            var state = state([(.initialize, nil), (.begin, nil), (call, Self.error(abort: true))])
            #expect(isRefused(state.ask(.commit, fatal: nil)))
            #expect(isRefused(state.ask(.begin, fatal: nil)))
            #expect(state.ask(.abort, fatal: nil) == .make)
            state.end(.abort, nil)
            #expect(state.phase == .idle)
        }
    }

    @Test func afterAFatalErrorNothingIsCalled() {
        let calls: [TransactionState.Call] = [.initialize, .begin, .sendOffsets, .commit, .abort]
        var told = state([(.initialize, nil), (.begin, nil), (.commit, Self.error(fatal: true))])
        for call in calls { #expect(told.ask(call, fatal: nil) == .refuse(Self.error(fatal: true))) }
        // The client knows of it before any call has said so.
        var found = state([(.initialize, nil), (.begin, nil)])
        for call in calls {
            #expect(found.ask(call, fatal: Self.error(fatal: true)) == .refuse(Self.error(fatal: true)))
        }
        // An end that is none of the three is no ground to go on from.
        var odd = state([(.initialize, nil), (.begin, nil), (.commit, Self.error())])
        for call in calls { #expect(odd.ask(call, fatal: nil) == .refuse(Self.error())) }
    }
}

/// Transactions whose calls end at their deadline, on the mock cluster.
///
/// Broker 1 coordinates, broker 2 leads the partition.
@Suite(.timeLimit(.minutes(30)), .serialized) struct TransactionTests {
    let cluster: MockCluster
    let topic = unique("transaction")
    let id = unique("id")

    init() throws {
        cluster = try MockCluster(brokers: 2)
        try cluster.createTopic(topic, partitions: 1)
        try cluster.setLeader(of: TopicPartition(topic: topic, partition: 0), to: 2)
        try cluster.moveCoordinator(ofTransactionalID: id, to: 1)
    }

    func producer(_ more: [String: String] = [:], logger: Logger = quiet) throws -> Producer {
        var configuration = KafkaConfiguration(bootstrapServers: cluster.bootstrapServers)
        configuration["transactional.id"] = id
        configuration["retry.backoff.ms"] = "20"
        for (name, value) in more { configuration[name] = value }
        let producer = try Producer(configuration, logger: logger)
        try producer.initTransactions(timeout: .seconds(20))
        return producer
    }

    func send(_ text: String, through producer: Producer) throws {
        try producer.send(producer.topic(topic), key: nil, value: bytes(text))
        try producer.flush(timeout: .seconds(20))
    }

    /// librdkafka forgets that it commits, and ends the process.
    ///
    /// It does where the first step of a repeated call reaches its deadline: it takes the brokers' answer for that to
    /// an abort: "Invalid transaction state transition attempted: CommittingTransaction -> AbortedNotAcked". The first
    /// step is late where librdkafka's own thread gets no processor: here it is held by a log handler.
    @Test func aCommitThatIsAskedForAgainAndAgainEndsOnce() throws {
        let holding = Holding()
        let producer = try producer(
            ["log.queue": "false", "debug": "metadata", "topic.metadata.refresh.interval.ms": "50"],
            logger: Logger(label: "holding") { _ in holding }
        )
        for round in 0..<2 {
            try producer.beginTransaction()
            try send("record \(round)", through: producer)
            try cluster.delay(broker: 1, by: .seconds(2))
            let slow = #expect(throws: KafkaError.self) { try producer.commitTransaction(timeout: .milliseconds(500)) }
            #expect(slow?.isRetriable == true)
            holding.isOn.store(true, ordering: .releasing)
            usleep(400_000)
            for _ in 0..<3 {
                let again = #expect(throws: KafkaError.self) {
                    try producer.commitTransaction(timeout: .milliseconds(10))
                }
                #expect(again?.isRetriable == true && again?.requiresAbort == false)
            }
            holding.isOn.store(false, ordering: .releasing)
            usleep(2_500_000)
            try producer.commitTransaction(timeout: .seconds(20))
            try cluster.delay(broker: 1, by: .zero)
        }
        producer.close(timeout: .seconds(5))
    }

    @Test func anAbortThatIsAskedForAgainEndsOnce() throws {
        let producer = try producer()
        for round in 0..<2 {
            try producer.beginTransaction()
            try send("record \(round)", through: producer)
            try cluster.delay(broker: 1, by: .seconds(1))
            for _ in 0..<3 {
                let slow = #expect(throws: KafkaError.self) {
                    try producer.abortTransaction(timeout: .milliseconds(100))
                }
                #expect(slow?.isRetriable == true)
            }
            #expect(throws: KafkaError.self) { try producer.commitTransaction(timeout: .seconds(1)) }
            try producer.abortTransaction(timeout: .seconds(20))
            try cluster.delay(broker: 1, by: .zero)
        }
        producer.close(timeout: .seconds(5))
    }
}

/// Holds librdkafka's own thread whenever it logs.
private final class Holding: LogHandler, Sendable {
    let isOn = Atomic<Bool>(false)
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .debug }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        guard isOn.load(ordering: .acquiring), "\(event.message)".contains("[thrd:main]") else { return }
        usleep(300_000)
    }
}
