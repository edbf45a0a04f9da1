import Testing

@testable import Streaming

/// Which markers count in a topic.
@Suite struct MarkerTests {
    private let source = Source.partitioned("totals", eventType: "total", publisher: "sum")
    private let ledger = Source.partitioned("entries", eventType: "entry", publisher: CompletionMarker.operatorStage)

    private func code(
        _ stage: String,
        _ partition: Int32,
        of partitions: Int32,
        key: String? = nil,
        in source: Source? = nil,
        where count: Int32? = 3
    ) throws -> UnusableRecord.Code? {
        let marker = try CompletionMarker.encode(
            scope: "2019",
            stage: stage,
            partition: partition,
            partitions: partitions
        )
        let bytes = Array((key ?? marker.key).utf8)
        do {
            let record = InputRecord(
                source: 0,
                offset: 0,
                timestamp: 0,
                key: bytes.span,
                value: marker.value.span,
                cause: nil
            )
            _ = try CompletionMarker.decode(record, of: source ?? self.source, partitions: count)
            return nil
        } catch let error as UnusableRecord {
            return error.code
        }
    }

    @Test("The publisher's own markers count, of as many partitions as there are")
    func publishersMarkersCount() throws {
        for partition in 0..<3 as Range<Int32> { #expect(try code("sum", partition, of: 3) == nil) }
        #expect(try code("stranger", 0, of: 3) == .notMarker)
        #expect(try code("sum", 0, of: 100) == .notMarker)
        #expect(try code("sum", 0, of: 1) == .notMarker)
        #expect(try code("sum", 0, of: 3, key: "~2019/sum/1") == .notMarker)
        #expect(try code("sum", 0, of: .max) == .notMarker)
    }

    @Test("A marker names the configuration of its stage", arguments: [nil, 0, 7, .max] as [UInt64?])
    func markersNameTheConfiguration(_ configuration: UInt64?) throws {
        let marker = try CompletionMarker.encode(
            scope: "2019",
            stage: "sum",
            partition: 0,
            partitions: 3,
            configuration: configuration
        )
        #expect(try CompletionMarker.decode(marker.value.span).configuration == configuration)
    }

    @Test("A reader that is no task leaves the number of partitions open, and knows the publisher")
    func theInspectionKnowsThePublisher() throws {
        #expect(try code("sum", 0, of: 100, where: nil) == nil)
        #expect(try code("stranger", 0, of: 3, where: nil) == .notMarker)
        #expect(try code("sum", 0, of: 3, key: "~2019/sum/1", where: nil) == .notMarker)
    }

    @Test("An operator closes a scope with one marker in each partition")
    func operatorsMarkerCounts() throws {
        #expect(try code("operator", 0, of: 1, in: ledger) == nil)
        #expect(try code("operator", 0, of: 3, in: ledger) == .notMarker)
        #expect(try code("sum", 0, of: 1, in: ledger) == .notMarker)
    }
}
