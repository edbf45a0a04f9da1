import Messages
import Rules
import Streaming

/// Every key that was accepted, with what is needed to tell a repetition from a change, where it came from, and what
/// has to be retracted when its organization is deleted: 40 bytes a key.
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

    /// How the row that stands was counted.
    enum Kind: UInt32 {
        case accepted
        case replaced
        case unchanged
    }

    /// A row that stood until its organization was deleted.
    struct Withdrawn {
        var key: UInt128
        var text: [UInt8]
        var layout: Layout
        var year: Int
        var organization: UInt32
        var submission: UInt32
        var line: UInt32
        var kind: Kind
    }

    private struct Entry {
        /// 0 once deleted: the key is remembered, so that a submission that brings it twice is noticed, and a deletion
        /// that was sent twice is known from one of a key that was never there.
        var digest: UInt64
        var organization: UInt32
        /// The submission that brought it last.
        var submission: UInt32
        var line: UInt32
        /// The tag of the key; above its bits whether the row needs no declared organization, and how it was counted.
        var tag: UInt32

        static let needsNoDeclaration: UInt32 = 1 << 24
        static let kindShift: UInt32 = 25

        var kind: Kind { Kind(rawValue: tag >> Entry.kindShift & 3) ?? .accepted }
    }

    private var entries: [UInt128: Entry] = [:]
    /// The keys of the rows that are no student's and need their organization: targets and directives.
    private var texts: [UInt128: [UInt8]] = [:]

    /// Whether a row is the one that stands under its key.
    func stands(_ row: CheckedRow, _ name: RowKey, submission: UInt32, line: UInt32) -> Bool {
        guard !row.isDeletion, let entry = entries[name.value] else { return false }
        return entry.digest == row.digest && entry.submission == submission && entry.line == line
    }

    /// Puts a row where its key belongs.
    ///
    /// - `needsDeclaration`: whether the row goes when its organization does.
    mutating func take(
        _ row: CheckedRow,
        _ name: RowKey,
        key: Span<UInt8>,
        submission: UInt32,
        line: UInt32,
        needsDeclaration: Bool
    ) -> Outcome {
        let organization = row.organization.rawValue
        func entry(_ digest: UInt64, _ kind: Kind) -> Entry {
            Entry(
                digest: digest,
                organization: organization,
                submission: submission,
                line: line,
                tag: name.tag | (needsDeclaration ? 0 : Entry.needsNoDeclaration) | kind.rawValue << Entry.kindShift
            )
        }
        guard let before = entries[name.value] else {
            guard !row.isDeletion else { return .refused(.nothingToDelete) }
            entries[name.value] = entry(row.digest, .accepted)
            if needsDeclaration, row.isOfTextKey { texts[name.value] = [UInt8](copying: key) }
            return .accepted
        }
        guard before.submission != submission else { return .refused(.duplicateKey) }
        let stands = before.digest != 0
        if row.isDeletion {
            guard before.organization == organization else { return .refused(.nothingToDelete) }
            entries[name.value] = entry(0, .accepted)
            return stands ? .deleted : .unchanged
        }
        let isSame = stands && before.digest == row.digest
        entries[name.value] = entry(row.digest, isSame ? .unchanged : stands ? .replaced : .accepted)
        if needsDeclaration, row.isOfTextKey { texts[name.value] = [UInt8](copying: key) }
        guard stands else { return .accepted }
        return isSame
            ? .unchanged
            : .replaced(Former(organization: before.organization, submission: before.submission, line: before.line))
    }

    /// Removes the rows of organizations that were deleted, as if they had never been accepted.
    ///
    /// - `organizations`: as ``ValidationTask/declaration(_:_:)`` numbers them with their years.
    ///
    /// Returns them in the order of submissions and lines.
    mutating func withdraw(_ organizations: Set<UInt64>) -> [Withdrawn] {
        var withdrawn: [Withdrawn] = []
        for (key, entry) in entries {
            guard entry.digest != 0, entry.tag & Entry.needsNoDeclaration == 0,
                let layout = RowKey.layout(of: entry.tag)
            else { continue }
            let year = RowKey.year(of: entry.tag)
            guard organizations.contains(UInt64(year) << 32 | UInt64(entry.organization)) else { continue }
            withdrawn.append(
                Withdrawn(
                    key: key,
                    text: texts[key] ?? RowKey.text(of: key, tag: entry.tag),
                    layout: layout,
                    year: year,
                    organization: entry.organization,
                    submission: entry.submission,
                    line: entry.line,
                    kind: entry.kind
                )
            )
        }
        for row in withdrawn {
            entries[row.key] = nil
            texts[row.key] = nil
        }
        return withdrawn.sorted { ($0.submission, $0.line) < ($1.submission, $1.line) }
    }
}

extension CheckedRow {
    /// Whether its key cannot be had back from its name.
    fileprivate var isOfTextKey: Bool {
        switch content {
        case .directive, .record(.target): true
        case .none, .record: false
        }
    }
}

/// Rows that were refused, until a later submission brings the same rows again.
struct RefusedRows {
    /// A row that was refused.
    struct Row {
        var submission: UInt32
        var line: UInt64
        var year: Int
        var organization: OrganizationCode?
        var faults: [RowFault]
    }

    private var rows: [UInt128: [Row]] = [:]

    /// Keeps a row.
    mutating func add(_ row: Row, under key: UInt128) { rows[key, default: []].append(row) }

    /// Takes the rows of a key that other submissions brought.
    mutating func close(_ key: UInt128, by submission: UInt32) -> [Row] {
        guard let found = rows[key] else { return [] }
        let others = found.filter { $0.submission != submission }
        guard !others.isEmpty else { return [] }
        let own = found.filter { $0.submission == submission }
        rows[key] = own.isEmpty ? nil : own
        return others
    }
}
