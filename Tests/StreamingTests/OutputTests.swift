import Testing

@testable import Streaming

/// What a task's output sends and what it drops, and which keys a complete scope covers.
@Suite struct OutputTests {
    /// Keeps what is sent: key, and value or nil.
    private final class Sent: RecordSink {
        var records: [String] = []

        func send(
            topic: String,
            partition: Int32,
            key: Span<UInt8>,
            value: Span<UInt8>?,
            eventType: String,
            cause: String
        ) {
            let text: String = if let value { TallyTopology.text(value) } else { "nothing" }
            records.append("\(partition) \(TallyTopology.text(key)) \(text)")
        }
    }

    private let sent = Sent()

    private func output(_ memory: Output.Memory = .ownPartition) -> TaskOutput {
        let output = TaskOutput(
            outputs: [Output(topic: "totals", eventType: "total", memory: memory)],
            partition: 0,
            partitions: [1],
            sink: sent
        )
        output.isLive = true
        return output
    }

    private func publish(_ text: String, to output: TaskOutput) throws {
        try output.publish(0, partition: 0, key: "k", value: Array(text.utf8), cause: "")
    }

    private func has(_ output: TaskOutput) -> Bool {
        let key = Array("k".utf8)
        return output.hasPublished(0, partition: 0, key: key.span)
    }

    private func retract(_ output: TaskOutput) throws {
        try output.retract(0, partition: 0, key: "k", cause: "")
    }

    private func remember(_ text: String?, in output: TaskOutput) {
        let key = Array("k".utf8)
        guard let text else { return output.remember(0, partition: 0, key: key.span, value: nil) }
        let value = Array(text.utf8)
        output.remember(0, partition: 0, key: key.span, value: value.span)
    }

    @Test func whatDidNotChangeIsNotSentAgain() throws {
        let output = output()
        for text in ["1", "1", "2", "1"] { try publish(text, to: output) }
        #expect(sent.records == ["0 k 1", "0 k 2", "0 k 1"] && output.sent == 3)
    }

    @Test func whatWasNeverPublishedIsNotRetracted() throws {
        let output = output()
        try retract(output)
        #expect(sent.records == [] && output.sent == 0)
    }

    /// What is retracted once is retracted, and the same value is news after that.
    @Test func aRetractionIsRemembered() throws {
        let output = output()
        try publish("1", to: output)
        try retract(output)
        try retract(output)
        #expect(!has(output))
        try publish("1", to: output)
        #expect(sent.records == ["0 k 1", "0 k nothing", "0 k 1"])
    }

    @Test func whatIsReadBackCountsToItsLastRecord() throws {
        let output = output()
        remember("1", in: output)
        #expect(has(output))
        try publish("1", to: output)
        remember(nil, in: output)
        #expect(!has(output))
        try publish("1", to: output)
        #expect(sent.records == ["0 k 1"])
    }

    @Test func withoutMemoryEverythingIsSent() throws {
        let output = output(.none)
        try publish("1", to: output)
        try publish("1", to: output)
        try retract(output)
        #expect(sent.records == ["0 k 1", "0 k 1", "0 k nothing"])
    }

    // MARK: Scopes

    private func marker(_ partition: Int32, of partitions: Int32 = 2, _ scope: String = "2019")
        -> CompletionMarker.Reading
    {
        CompletionMarker.Reading(scope: scope, stage: "sum", partition: partition, partitions: partitions)
    }

    /// Complete are all partitions of all sources, once.
    @Test func aScopeCompletesOnce() {
        var tracker = CompletionTracker(sources: 2)
        #expect(tracker.take(marker(0), source: 0) == nil && tracker.take(marker(1), source: 0) == nil)
        #expect(tracker.take(marker(0), source: 1) == nil && tracker.complete.isEmpty)
        #expect(tracker.take(marker(1), source: 1) == "2019" && tracker.complete == ["2019"])
        // The markers of a stage that started again.
        for source in 0..<2 {
            for partition in 0..<2 as Range<Int32> {
                #expect(tracker.take(marker(partition), source: source) == nil)
            }
        }
    }

    /// The newest marker of a partition decides: one of another configuration takes back what the others completed.
    @Test func aMarkerOfAnotherConfigurationDoesNotCount() {
        var tracker = CompletionTracker(sources: 1)
        #expect(tracker.take(marker(0), source: 0) == nil)
        #expect(tracker.take(marker(1), source: 0, counts: false) == nil && tracker.complete.isEmpty)
        #expect(tracker.take(marker(1), source: 0) == "2019")
        #expect(tracker.take(marker(0), source: 0, counts: false) == nil && tracker.complete.isEmpty)
        #expect(tracker.take(marker(1), source: 0) == nil && tracker.complete.isEmpty)
        #expect(tracker.take(marker(0), source: 0) == "2019" && tracker.complete == ["2019"])
    }

    @Test func aScopeCoversTheKeysBelowIt() {
        var tracker = CompletionTracker(sources: 1)
        #expect(tracker.take(marker(0, of: 1, "201"), source: 0) == "201")
        func covers(_ key: String) -> Bool {
            let bytes = Array(key.utf8)
            return tracker.covers(key: bytes.span)
        }
        #expect(covers("201/00010000") && !covers("2019/00010000") && !covers("201") && !covers("202/00010000"))
    }
}
