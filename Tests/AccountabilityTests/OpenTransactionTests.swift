import Foundation
import Kafka
import Logging
import Messages
import Operating
import Stages
import Testing

@testable import accountability
@testable import Reading

@Suite struct OpenTransactionTests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test(.enabled(if: TestBroker.isThere))
    func whatIsOpenIsToldWithItsProducerAndItsTime() throws {
        let connection = try TestBroker.connection("open")
        let topic = connection.pipeline.name(Topics.records)
        let reader = try OpenTransactionReader(connection, logger: quiet)
        defer { reader.close() }
        let places = OpenTransactionReader.places(connection.pipeline, [topic: 2])
        #expect(try reader.find(in: places).isEmpty)

        var kafka = connection.kafka
        kafka["transactional.id"] = "\(connection.pipeline.namespace).open"
        let producer = try Producer(kafka, logger: quiet)
        defer { producer.close(timeout: .seconds(2)) }
        try producer.initTransactions(timeout: .seconds(20))
        try producer.beginTransaction()
        let headers = MessageHeaders(capacity: 1)
        headers.append("ce_source", "/accountability/validation\u{1B}[2J")
        let began = Int64(Date().timeIntervalSince1970 * 1000) - 60_000
        for number in 0..<3 {
            try producer.produce(
                producer.topic(topic),
                partition: 1,
                key: Array("k".utf8).span,
                value: Array("\(number)".utf8).span,
                headers: headers,
                timestamp: began + Int64(number)
            )
        }
        try producer.flush(timeout: .seconds(20))
        let open = try reader.find(in: places)
        #expect(open.map(\.place) == ["\(topic)[1]"])
        #expect(open.first?.hidden == 3 && open.first?.since == began)
        #expect(open.first?.isOld(at: Date()) == true)
        #expect(open.first?.isOld(at: Date(timeIntervalSince1970: Double(began) / 1000 + 2)) == false)
        // What a stranger writes into a header moves no cursor.
        #expect(open.first?.text.contains("/accountability/validation?[2J") == true, "\(open)")
        #expect(open.first?.text.contains("\u{1B}") == false)

        // What is submitted now can't be read, and the command that submitted it says so.
        let refusal = #expect(throws: Failure.self) {
            try Readability(connection).wait(for: [Topics.records], timeout: .seconds(1))
        }
        #expect(refusal?.status == .tryAgain)
        #expect(refusal?.message.contains("/accountability/validation") == true)
        try Readability(connection).wait(for: [Topics.submissions], timeout: .seconds(5))

        try producer.commitTransaction(timeout: .seconds(20))
        try Readability(connection).wait(for: [Topics.records], timeout: .seconds(20))
        #expect(try reader.find(in: places).isEmpty)
    }

    /// What the supervisor takes for hanging: the same transaction at both looks, and of ingestion only one that does
    /// not grow.
    @Test func aTransactionThatNobodyEndsHangs() {
        func open(_ offset: Int64, _ hidden: Int64, _ stage: String, _ place: String = "t[0]") -> OpenTransaction {
            OpenTransaction(place: place, offset: offset, hidden: hidden, source: "/accountability/\(stage)/1")
        }
        let stage = open(5, 3, "validation")
        #expect(HangingTransaction.hanging([stage], []) == nil)
        #expect(HangingTransaction.hanging([stage], [open(8, 3, "validation")]) == nil)
        #expect(HangingTransaction.hanging([stage], [open(5, 3, "validation", "t[1]")]) == nil)
        #expect(HangingTransaction.hanging([stage], [open(5, 9, "validation")])?.hidden == 9)
        let file = open(5, 3, "ingestion")
        #expect(HangingTransaction.hanging([file], [open(5, 9, "ingestion")]) == nil)
        #expect(HangingTransaction.hanging([file], [file]) == file)
    }
}
