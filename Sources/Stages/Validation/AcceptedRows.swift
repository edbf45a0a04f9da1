import Messages
import Rules

/// Every accepted key, with a digest to distinguish repetitions from changes, and its origin: 40 bytes for each key.
struct AcceptedRows {
    /// The outcome of a row.
    enum Outcome: Equatable {
        case accepted
        /// The key had different content before.
        case replaced(Former)
        case deleted
        case unchanged
        case refused(RowFault)
        /// Its submission was withdrawn, or its row waited and was rejected by a person.
        case withdrawn
        /// It would change official results, and is held until its submission is approved.
        case held

        /// Whether it is as if the row had not come.
        var isOut: Bool { self == .withdrawn || self == .held }
    }

    /// The previous entry of a replaced key.
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

    /// The row whose record stands under a key.
    struct Origin: Equatable {
        /// The submission that brought the content first, since when nothing has changed it.
        var submission: UInt32
        var line: UInt32
    }

    private var entries = FlatTable<Entry>()
    /// The origins of keys that were brought again without a change; of all others, the entry names it.
    private var origins: [UInt128: Origin] = [:]
    /// For each held key, the last submission with it, so that a duplicate key in a submission is reported at once.
    private var waiting: [UInt128: UInt32] = [:]

    /// What stands under a key.
    subscript(name: RowKey) -> Entry? { entries[name.value] }

    /// The row whose record stands under a key; nil if nothing stands.
    func origin(_ name: RowKey) -> Origin? {
        guard let entry = entries[name.value], entry.digest != 0 else { return nil }
        return origins[name.value] ?? Origin(submission: entry.submission, line: entry.line)
    }

    /// Sets what stands under a key, and whose record it is.
    mutating func set(_ name: RowKey, _ entry: Entry?, _ origin: Origin?) {
        entries[name.value] = entry
        let own = entry.map { Origin(submission: $0.submission, line: $0.line) }
        // Nearly every key has its own, so that nothing is looked up.
        guard let origin, origin != own else {
            if !origins.isEmpty { origins[name.value] = nil }
            return
        }
        origins[name.value] = origin
    }

    /// The submission that brought a key last and has to wait with it.
    func waiting(_ name: RowKey) -> UInt32? { waiting[name.value] }

    /// Sets the submission that brought a key last and has to wait with it.
    mutating func wait(_ name: RowKey, _ submission: UInt32?) { waiting[name.value] = submission }

    /// Stores a row under its key.
    mutating func take(_ row: CheckedRow, _ name: RowKey, submission: UInt32, line: UInt32) -> Outcome {
        let (outcome, entry) = weigh(row, name, submission: submission, line: line)
        guard let entry else { return outcome }
        set(name, entry, outcome == .unchanged ? origin(name) : nil)
        return outcome
    }

    /// Why rows of a submission do not count at once.
    struct Hold {
        /// The results that were official when it came; only rows that they rest on are held.
        let official: OfficialScope
        /// The outcome of a row that would change official results: held, or withdrawn if a person rejected the
        /// submission.
        let outcome: Outcome
    }

    /// Stores a row under its key, or holds it if it would change official results.
    mutating func take(_ row: CheckedRow, _ name: RowKey, submission: UInt32, line: UInt32, _ hold: Hold?) -> Outcome {
        guard let hold, concerns(hold.official, row, name, submission: submission) else {
            return take(row, name, submission: submission, line: line)
        }
        guard waiting[name.value] != submission else { return .refused(.duplicateKey) }
        let outcome = weigh(row, name, submission: submission, line: line).outcome
        if case .refused = outcome { return outcome }
        waiting[name.value] = submission
        return outcome == .unchanged ? .unchanged : hold.outcome
    }

    /// Whether a row would change official results: they rest on it, or it moves a student out of them.
    func concerns(_ official: OfficialScope, _ row: CheckedRow, _ name: RowKey, submission: UInt32) -> Bool {
        if official.restsOn(row.year, row.organization.rawValue) { return true }
        guard case .replaced(let former) = weigh(row, name, submission: submission, line: 0).outcome else {
            return false
        }
        return official.restsOn(row.year, former.organization)
    }

    /// The outcome of a row and the new entry of its key; nil if the entry does not change.
    private func weigh(
        _ row: CheckedRow,
        _ name: RowKey,
        submission: UInt32,
        line: UInt32
    ) -> (outcome: Outcome, entry: Entry?) {
        let organization = row.organization.rawValue
        func entry(_ digest: UInt64) -> Entry {
            Entry(digest: digest, organization: organization, submission: submission, line: line)
        }
        guard let before = entries[name.value] else {
            guard !row.isDeletion else { return (.refused(.nothingToDelete), nil) }
            return (.accepted, entry(row.digest))
        }
        guard before.submission != submission else { return (.refused(.duplicateKey), nil) }
        let stands = before.digest != 0
        if row.isDeletion {
            guard before.organization == organization else { return (.refused(.nothingToDelete), nil) }
            return (stands ? .deleted : .unchanged, entry(0))
        }
        guard stands else { return (.accepted, entry(row.digest)) }
        let former = Former(organization: before.organization, submission: before.submission, line: before.line)
        return (before.digest == row.digest ? .unchanged : .replaced(former), entry(row.digest))
    }
}
