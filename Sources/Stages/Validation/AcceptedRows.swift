import Rules
import Streaming

/// Every key that was accepted, with what is needed to tell a repetition from a change, and where it came from: 40
/// bytes a key.
struct AcceptedRows {
    /// What became of a row.
    enum Outcome {
        case accepted
        /// Another content stood under the key.
        case replaced(Former)
        case deleted
        case unchanged
        case refused(RejectionCode)
    }

    /// What stood under a key before it was replaced.
    struct Former {
        /// The organization it was published for.
        var organization: UInt32
        /// The submission that brought it last.
        var submission: UInt32
        /// Its line there.
        var line: UInt32
    }

    private struct Entry {
        /// 0 once deleted: the key is remembered, so that a submission that brings it twice is noticed, and a deletion
        /// that was sent twice is known from one of a key that was never there.
        var digest: UInt64
        var organization: UInt32
        /// The submission that brought it last.
        var submission: UInt32
        var line: UInt32
    }

    private var entries: [UInt128: Entry] = [:]

    /// Puts a row where its key belongs.
    mutating func take(_ row: CheckedRow, key: Span<UInt8>, submission: UInt32, line: UInt32) -> Outcome {
        let digest = Digest(key).value
        let organization = row.organization.rawValue
        guard let entry = entries[digest] else {
            guard !row.isDeletion else { return .refused(.nothingToDelete) }
            entries[digest] = Entry(digest: row.digest, organization: organization, submission: submission, line: line)
            return .accepted
        }
        guard entry.submission != submission else { return .refused(.duplicateKey) }
        let stands = entry.digest != 0
        if row.isDeletion {
            guard entry.organization == organization else { return .refused(.nothingToDelete) }
            entries[digest] = Entry(digest: 0, organization: organization, submission: submission, line: line)
            return stands ? .deleted : .unchanged
        }
        entries[digest] = Entry(digest: row.digest, organization: organization, submission: submission, line: line)
        guard stands else { return .accepted }
        return entry.digest == row.digest
            ? .unchanged
            : .replaced(Former(organization: entry.organization, submission: entry.submission, line: entry.line))
    }
}
