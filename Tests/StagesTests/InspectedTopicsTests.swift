import Messages
import SwiftProtobuf
import Testing

@testable import Stages
@testable import Streaming

/// What the topics that no stage reads hold, and what they do not.
@Suite struct InspectedTopicsTests {
    private let topics = Pipeline(namespace: "n").inspectedTopics

    private func code(_ entity: String, _ key: String, _ message: some Message) throws -> UnusableRecord.Code? {
        let topic = try #require(topics.first { $0.source.topic == "n.accountability.\(entity).v1" })
        let key = Array(key.utf8)
        let value: [UInt8] = try message.serializedBytes()
        do {
            try topic.inspect(
                InputRecord(source: 0, offset: 0, timestamp: 0, key: key.span, value: value.span, cause: nil)
            )
            return nil
        } catch let error as UnusableRecord {
            return error.code
        }
    }

    @Test func everyTopicIsReadByAStageOrInspected() {
        let pipeline = Pipeline(namespace: "n")
        let read = Set(pipeline.stages.flatMap { $0.sources.map(\.topic) })
        let inspected = Set(topics.map(\.source.topic))
        #expect(read.isDisjoint(with: inspected))
        #expect(read.union(inspected) == Set(Topics.all.map { pipeline.name($0) }))
    }

    /// Markers of any other stage would keep a year from completing, or complete it too early.
    @Test func markersCountOfTheStageThatPublishesTheTopic() throws {
        let pipeline = Pipeline(namespace: "n")
        for stage in pipeline.stages {
            for source in stage.sources {
                let publishers = pipeline.stages.filter { $0.outputs.contains { $0.topic == source.topic } }.map(\.name)
                #expect([source.publisher] == (publishers.isEmpty ? ["operator"] : publishers), "\(source.topic)")
            }
        }
    }

    @Test func aRecordStandsUnderItsOwnKey() throws {
        var receipt = Accountability_V1_Receipt()
        receipt.submission = "s"
        receipt.partition = 3
        var rejection = Accountability_V1_Rejection()
        rejection.submission = "s"
        rejection.line = 7
        rejection.code = "missing_value"
        rejection.column = "grade"
        var notice = Accountability_V1_Notice()
        notice.schoolYear = 2019
        notice.orgCode = "00350000"
        notice.id = "2019/00350000/1"
        var delivery = Accountability_V1_Delivery()
        delivery.channel = "mail"
        delivery.notice = "2019/00350000/1"
        delivery.state = "delivered"
        var position = Streaming_V1_Position()
        position.offset = 5
        var entry = Streaming_V1_Quarantined()
        entry.topic = "t"
        entry.stage = "validation"
        let records: [(entity: String, key: String, message: any Message)] = [
            ("receipts", "s/3", receipt), ("rejections", "s/7/missing_value/grade", rejection),
            ("notices", "2019/00350000/1", notice),
            ("deliveries", "mail/2019/00350000/1", delivery), ("positions", "n.validation/t/0", position),
            ("quarantine", "t/0/0/validation", entry),
        ]
        for (entity, key, message) in records {
            #expect(try code(entity, key, message) == nil, "\(entity)")
            #expect(try code(entity, "x/\(key)", message) == .makesNoSense, "\(entity) under another key")
        }
        // A message of another topic, and one that says nothing.
        #expect(try code("receipts", "s/3", notice) != nil)
        #expect(try code("deliveries", "/", Accountability_V1_Delivery()) == .makesNoSense)
        delivery.state = "lost"
        #expect(try code("deliveries", "mail/2019/00350000/1", delivery) == .makesNoSense)
        position.offset = -1
        #expect(try code("positions", "n.validation/t/0", position) == .makesNoSense)
    }
}
