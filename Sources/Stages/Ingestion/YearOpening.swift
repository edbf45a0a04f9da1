import Messages
public import Streaming
import SwiftProtobuf

extension Pipeline {
    /// Opens a school year: writes the act to every partition of the ledger.
    ///
    /// Rows of the year are accepted behind it.
    ///
    /// - `year`: the spring year.
    /// - `partitions`: partitions of the ledger.
    public func openYear(_ year: Int, partitions: Int32, into sink: any RecordSink) throws {
        var opened = Accountability_V1_YearOpened()
        opened.schoolYear = UInt32(clamping: year)
        var entry = Accountability_V1_SubmissionEntry()
        entry.yearOpened = opened
        let value: [UInt8] = try entry.serializedBytes()
        let key = Array("year/\(year)".utf8)
        for partition in 0..<partitions {
            try sink.send(
                topic: name(Topics.submissions),
                partition: partition,
                key: key.span,
                value: value.span,
                eventType: Topics.submissions.eventType,
                cause: ""
            )
        }
    }
}
