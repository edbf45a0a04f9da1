import Crypto
import Foundation
public import Messages
public import Rules
public import Streaming
import SwiftProtobuf

extension Accountability_V1_SubmissionHeader {
    /// The submission that takes this one back.
    ///
    /// - Parameters:
    ///   - moment: when, in milliseconds since 1970.
    ///   - reason: why, in the words of whoever withdraws it.
    ///   - person: who does.
    ///   - channel: by which way it comes.
    /// - Returns: its header; it has no rows.
    public func withdrawal(
        at moment: Int64,
        reason: String,
        by person: String,
        channel: FileIngestion.Options.Channel = .command
    ) -> Accountability_V1_SubmissionHeader {
        var header = act("withdrawal", at: moment, reason: reason, by: person, channel)
        header.withdraws = submission
        return header
    }

    /// The submission that approves this one, or rejects it.
    ///
    /// - Parameters:
    ///   - act: which.
    ///   - moment: when, in milliseconds since 1970.
    ///   - reason: why, in the words of whoever decides.
    ///   - person: who does.
    ///   - channel: by which way it comes.
    /// - Returns: its header; it has no rows.
    public func decision(
        _ act: HeldSubmissionAct,
        at moment: Int64,
        reason: String,
        by person: String,
        channel: FileIngestion.Options.Channel = .command
    ) -> Accountability_V1_SubmissionHeader {
        switch act {
        case .approve:
            var header = self.act("approval", at: moment, reason: reason, by: person, channel)
            header.approves = submission
            return header
        case .reject:
            var header = self.act("rejection", at: moment, reason: reason, by: person, channel)
            header.rejects = submission
            return header
        }
    }

    /// A submission without rows that is about this one.
    private func act(
        _ name: String,
        at moment: Int64,
        reason: String,
        by person: String,
        _ channel: FileIngestion.Options.Channel
    ) -> Accountability_V1_SubmissionHeader {
        var header = Accountability_V1_SubmissionHeader()
        header.submission = SubmissionIdentifier.make(at: moment)
        header.fileName = "\(name) of \(submission)"
        header.sha256 = Data(SHA256.hash(data: Data()))
        header.layout = layout
        header.columns = columns
        header.receivedUnixMilliseconds = moment
        header.reason = reason
        header.submittedBy = person
        header.channel = channel.rawValue
        return header
    }
}

extension Pipeline {
    /// Writes a submission without rows to every partition of the ledger.
    ///
    /// - Parameters:
    ///   - header: what it is.
    ///   - partitions: of the ledger.
    ///   - sink: where it goes.
    /// - Throws: what the sink throws.
    public func submit(
        _ header: Accountability_V1_SubmissionHeader,
        partitions: Int32,
        into sink: any RecordSink
    ) throws {
        try write(
            .header(header),
            key: "submission/\(header.submission)",
            cause: header.submission,
            partitions: 0..<partitions,
            into: sink
        )
    }
}
