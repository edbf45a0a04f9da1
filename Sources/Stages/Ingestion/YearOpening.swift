import Messages
public import Streaming
import SwiftProtobuf

extension Pipeline {
    /// Opens a school year: writes the act to every partition of the ledger.
    ///
    /// Later rows of the year are accepted.
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
        try write(.yearOpened(opened), key: "year/\(year)", partitions: 0..<partitions, into: sink)
    }

    /// Closes a school year: everything of it is submitted.
    ///
    /// - `year`: the spring year.
    /// - `partitions`: partitions of the ledger.
    /// - `person`: who closes it.
    /// - `incomplete`: why it is closed although rows are missing; empty if none are.
    public func closeYear(
        _ year: Int,
        partitions: Int32,
        by person: String,
        incomplete: String = "",
        into sink: any RecordSink
    ) throws {
        var closed = Accountability_V1_YearClosed()
        closed.schoolYear = UInt32(clamping: year)
        closed.closedBy = person
        closed.incomplete = incomplete
        try write(.yearClosed(closed), key: "closed/\(year)", partitions: 0..<1, into: sink)
        try mark(
            "\(year)",
            partitions: partitions,
            cause: incomplete.isEmpty ? "" : "incomplete: \(incomplete)",
            into: sink
        )
    }

    /// Writes the operator's marker of a scope to every partition of the ledger: each stage passes it on when it has
    /// published everything before it.
    func mark(_ scope: String, partitions: Int32, cause: String, into sink: any RecordSink) throws {
        let marker = try CompletionMarker.encode(
            scope: scope,
            stage: CompletionMarker.operatorStage,
            partition: 0,
            partitions: 1
        )
        let key = Array(marker.key.utf8)
        for partition in 0..<partitions {
            try sink.send(
                topic: name(Topics.submissions),
                partition: partition,
                key: key.span,
                value: marker.value.span,
                eventType: Topics.completionType,
                cause: cause
            )
        }
    }

    /// Writes an entry without rows to partitions of the ledger.
    func write(
        _ content: Accountability_V1_SubmissionEntry.OneOf_Entry,
        key: String,
        cause: String = "",
        partitions: Range<Int32>,
        into sink: any RecordSink
    ) throws {
        var entry = Accountability_V1_SubmissionEntry()
        entry.entry = content
        let value: [UInt8] = try entry.serializedBytes()
        let key = Array(key.utf8)
        for partition in partitions {
            try sink.send(
                topic: name(Topics.submissions),
                partition: partition,
                key: key.span,
                value: value.span,
                eventType: Topics.submissions.eventType,
                cause: cause
            )
        }
    }
}
