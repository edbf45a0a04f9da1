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
    /// - `person`: who opens it.
    public func openYear(
        _ year: Int,
        partitions: Int32,
        by person: String = "",
        into sink: any RecordSink
    ) throws {
        var opened = Accountability_V1_YearOpened()
        opened.schoolYear = UInt32(clamping: year)
        opened.openedBy = person
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

    /// Closes a school year: everything of it is submitted.
    ///
    /// - `year`: the spring year.
    /// - `partitions`: partitions of the ledger.
    /// - `person`: who closes it.
    /// - `incomplete`: why it is closed although something is missing; empty where nothing is.
    public func closeYear(
        _ year: Int,
        partitions: Int32,
        by person: String,
        incomplete: String = "",
        into sink: any RecordSink
    ) throws {
        let topic = name(Topics.submissions)
        var closed = Accountability_V1_YearClosed()
        closed.schoolYear = UInt32(clamping: year)
        closed.closedBy = person
        closed.incomplete = incomplete
        var entry = Accountability_V1_SubmissionEntry()
        entry.yearClosed = closed
        let value: [UInt8] = try entry.serializedBytes()
        try sink.send(
            topic: topic,
            partition: 0,
            key: Array("closed/\(year)".utf8).span,
            value: value.span,
            eventType: Topics.submissions.eventType,
            cause: ""
        )
        let marker = try CompletionMarker.encode(
            scope: "\(year)",
            stage: CompletionMarker.operatorStage,
            partition: 0,
            partitions: 1
        )
        let key = Array(marker.key.utf8)
        for partition in 0..<partitions {
            try sink.send(
                topic: topic,
                partition: partition,
                key: key.span,
                value: marker.value.span,
                eventType: Topics.completionType,
                cause: incomplete.isEmpty ? "" : "incomplete: \(incomplete)"
            )
        }
    }
}
