import Foundation
import Streaming
import Testing

@testable import accountability
@testable import Reading

@Suite struct QuarantineCommandTests {
    private func entry(_ topic: String, _ partition: Int32, _ offset: Int64, _ stage: String)
        -> Streaming_V1_Quarantined
    {
        var entry = Streaming_V1_Quarantined()
        entry.topic = topic
        entry.partition = partition
        entry.offset = offset
        entry.stage = stage
        entry.hasContent_p = true
        entry.value = Data("secret".utf8)
        return entry
    }

    @Test func aRecordIsReplayedOnceWhicheverStagesFoundIt() throws {
        let entries = [entry("a", 0, 1, "indicator"), entry("a", 0, 1, "participation"), entry("a", 0, 2, "indicator")]
        #expect(try QuarantineCommand.choose(entries, []).map(\.origin) == ["a/0/1", "a/0/2"])
        #expect(try QuarantineCommand.choose(entries, ["a/0/2"]).map(\.origin) == ["a/0/2"])
        #expect(throws: (any Error).self) { try QuarantineCommand.choose(entries, ["a/0/3"]) }
    }

    @Test func aListingHasNoContent() throws {
        let one = QuarantineCommand.withoutContent(entry("a", 0, 1, "indicator"))
        #expect(!one.hasValue && !one.hasKey && one.headers.isEmpty && one.offset == 1)
        #expect(!(try MessageJSON.array([one])).contains(Data("secret".utf8).base64EncodedString()))
        #expect(QuarantineCommand.fields(one).count == QuarantineCommand.columns.count)
    }

    @Test func whatAReaderPassesOverIsSaid() {
        var passedOver = PassedOver()
        #expect(passedOver.lines.isEmpty)
        passedOver.note("t", partition: 2, offset: 17)
        #expect(
            passedOver.lines.first?.hasPrefix("t: 1 record is not what the topic holds and was passed over, at t/2/17")
                == true
        )
        passedOver.note("t", partition: 0, offset: 3)
        passedOver.note("u", partition: 0, offset: 3)
        #expect(passedOver.count == 3 && passedOver.lines.count == 2)
        #expect(
            passedOver.lines.first?
                .hasPrefix("t: 2 records are not what the topic holds and were passed over, the first at t/2/17")
                == true
        )
    }
}
