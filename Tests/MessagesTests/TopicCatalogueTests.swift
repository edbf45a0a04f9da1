import Foundation
import Messages
import Testing

@Suite struct TopicCatalogueTests {
    private static let schemas = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Schemas")

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: schemas.appending(path: path), encoding: .utf8)
    }

    @Test func theAsyncAPIDocumentIsTheCatalogues() throws {
        #expect(try Self.text("asyncapi.yaml") == AsyncAPIDocument.yaml)
    }

    @Test(arguments: Topics.all.filter { $0.eventType != Topics.completionType })
    func everyTopicsMessageStandsInItsFile(_ topic: TopicDefinition) throws {
        let type = try #require(topic.message.split(separator: ".").last)
        #expect(try Self.text(topic.schemaFile).contains("message \(type) {"))
    }

    @Test func namesAreDistinctAndNamespaced() {
        #expect(Set(Topics.all.map(\.entity)).count == Topics.all.count)
        #expect(Topics.records.name(in: "") == "accountability.records.v1")
        #expect(Topics.records.name(in: "pilot") == "pilot.accountability.records.v1")
    }

    /// It is written with every commit and read at every start, and its newest segment is never compacted.
    @Test func positionsStaySmall() throws {
        let segment = try #require(Topics.positions.configuration["segment.bytes"].flatMap(Int.init))
        #expect(segment <= 64 << 20)
        #expect(Topics.positions.configuration["segment.ms"] == "86400000")
        #expect(Topics.determinations.configuration["segment.bytes"] == nil)
    }

    @Test func tablesAreCompactedAndTheLedgerIsKept() {
        #expect(Topics.submissions.configuration["retention.ms"] == "-1")
        #expect(Topics.determinations.configuration["cleanup.policy"] == "compact")
        #expect(Topics.directives.partitionCount(tables: 12) == 1)
        #expect(Topics.records.partitionCount(tables: 12) == 12)
    }
}
