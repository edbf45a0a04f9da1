import Messages
import Rules

/// Every key that was accepted, with what is needed to tell a repetition from a change, and where it came from: 40
/// bytes a key.
struct AcceptedRows {
    /// What became of a row.
    enum Outcome: Equatable {
        case accepted
        /// Another content stood under the key.
        case replaced(Former)
        case deleted
        case unchanged
        case refused(RowFault)
        /// Its submission was withdrawn.
        case withdrawn
    }

    /// What stood under a key before it was replaced.
    struct Former: Equatable {
        /// The organization it was published for.
        var organization: UInt32
        /// The submission that brought it last.
        var submission: UInt32
        /// Its line there.
        var line: UInt32
    }

    /// What stands under a key.
    struct Entry: Equatable {
        /// 0 once deleted: the key is remembered, so that a submission that brings it twice is noticed, and a deletion
        /// that was sent twice is known from one of a key that was never there.
        var digest: UInt64
        var organization: UInt32
        /// The submission that brought it last.
        var submission: UInt32
        var line: UInt32
    }

    private var entries: [UInt128: Entry] = [:]

    /// What stands under a key.
    subscript(name: RowKey) -> Entry? {
        get { entries[name.value] }
        set { entries[name.value] = newValue }
    }

    /// Puts a row where its key belongs.
    mutating func take(_ row: CheckedRow, _ name: RowKey, submission: UInt32, line: UInt32) -> Outcome {
        let organization = row.organization.rawValue
        func entry(_ digest: UInt64) -> Entry {
            Entry(digest: digest, organization: organization, submission: submission, line: line)
        }
        guard let before = entries[name.value] else {
            guard !row.isDeletion else { return .refused(.nothingToDelete) }
            entries[name.value] = entry(row.digest)
            return .accepted
        }
        guard before.submission != submission else { return .refused(.duplicateKey) }
        let stands = before.digest != 0
        if row.isDeletion {
            guard before.organization == organization else { return .refused(.nothingToDelete) }
            entries[name.value] = entry(0)
            return stands ? .deleted : .unchanged
        }
        entries[name.value] = entry(row.digest)
        guard stands else { return .accepted }
        return before.digest == row.digest
            ? .unchanged
            : .replaced(Former(organization: before.organization, submission: before.submission, line: before.line))
    }
}
