import Operating
import Testing

@testable import Reading
@testable import accountability

@Suite struct ReplicationTests {
    @Test(arguments: [(-1, 3, 3), (-1, 12, 3), (1, 3, 1), (1, 1, 1), (2, 5, 2), (5, 5, 5)] as [(Int16, Int, Int16)])
    func topicsAreKeptOnThreeBrokersUnlessSaidOtherwise(_ asked: Int16, _ brokers: Int, _ count: Int16) throws {
        #expect(try Replication.count(asked: asked, brokers: brokers, isLocalBroker: false) == count)
        #expect(Replication.configuration(of: count) == (count >= 3 ? ["min.insync.replicas": "2"] : [:]))
    }

    /// One of three brokers is down at the moment: topics that are made now would have no copy for ever.
    @Test(arguments: [(-1, 1), (-1, 2), (3, 2)] as [(Int16, Int)])
    func nothingIsCreatedWithFewerCopiesThanMeant(_ asked: Int16, _ brokers: Int) throws {
        let refusal = #expect(throws: Failure.self) {
            try Replication.count(asked: asked, brokers: brokers, isLocalBroker: false)
        }
        #expect(refusal?.status == .configuration)
        #expect(refusal?.message.contains("only \(brokers) broker") == true)
        #expect(refusal?.message.contains("--replication") == true)
    }

    @Test func theLocalBrokerIsAlone() throws {
        #expect(try Replication.count(asked: -1, brokers: 1, isLocalBroker: true) == 1)
    }

    @Test func whatIsKeptOtherwiseIsANote() {
        func notes(_ replicas: Int, _ minimum: Int?, brokers: Int) -> [String] {
            Replication.notes(
                ["b", "a"].map { .init(name: $0, replicas: replicas, minimum: minimum) },
                brokers: brokers
            )
        }
        #expect(
            notes(3, 2, brokers: 3).isEmpty && notes(1, 1, brokers: 1).isEmpty && notes(1, 1, brokers: 2).isEmpty
                && notes(2, 1, brokers: 2).isEmpty
        )
        #expect(notes(3, nil, brokers: 3).isEmpty)
        let single = notes(1, 1, brokers: 3)
        #expect(
            single.count == 1 && single.first?.hasPrefix("2 topics, such as a, are kept on one broker of 3") == true
        )
        let unsure = notes(3, 1, brokers: 5)
        #expect(unsure.count == 1 && unsure.first?.contains("min.insync.replicas=2") == true)
        #expect(notes(3, 3, brokers: 3).count == 1 && notes(2, 2, brokers: 2).count == 1)
    }
}
