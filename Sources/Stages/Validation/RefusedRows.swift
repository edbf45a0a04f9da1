import Rules

/// Rows that were refused, until a later submission brings the same rows again.
struct RefusedRows {
    /// A row that was refused.
    struct Row {
        var submission: UInt32
        var line: UInt64
        var year: Int?
        var organization: OrganizationCode?
        var faults: [RowFault]
        /// Of an unclosed quotation mark that closes in a later line: that line; 0 otherwise.
        var closingLine: UInt64 = 0
    }

    private var rows: [UInt128: [Row]] = [:]
    /// Refused rows without a readable key, by submission.
    ///
    /// They stay open as long as the submission counts.
    private var nameless: [Int: [Row]] = [:]

    /// Keeps a row.
    ///
    /// - Parameters:
    ///   - row: the refused row.
    ///   - name: its key; nil if it could not be read.
    mutating func add(_ row: Row, under name: RowKey?) {
        if let name {
            rows[name.value, default: []].append(row)
        } else {
            nameless[Int(row.submission), default: []].append(row)
        }
    }

    /// The rows of a submission whose keys could not be read.
    func nameless(of submission: Int) -> [Row] { nameless[submission] ?? [] }

    /// Takes the rows of a key that other submissions brought.
    mutating func close(_ name: RowKey, by submission: UInt32) -> [Row] {
        guard let found = rows[name.value] else { return [] }
        let others = found.filter { $0.submission != submission }
        guard !others.isEmpty else { return [] }
        let own = found.filter { $0.submission == submission }
        rows[name.value] = own.isEmpty ? nil : own
        return others
    }

    /// Takes the rows of submissions whose keys could be read, in their order.
    mutating func take(of submissions: Set<Int>) -> [Row] {
        var taken: [Row] = []
        for (name, found) in rows {
            let others = found.filter { !submissions.contains(Int($0.submission)) }
            guard others.count < found.count else { continue }
            taken += found.filter { submissions.contains(Int($0.submission)) }
            rows[name] = others.isEmpty ? nil : others
        }
        return taken.sorted { ($0.submission, $0.line) < ($1.submission, $1.line) }
    }

    /// Drops rows of a key, as they are judged again.
    mutating func remove(_ name: RowKey, where isMeant: (Row) -> Bool) {
        guard let found = rows[name.value] else { return }
        let others = found.filter { !isMeant($0) }
        rows[name.value] = others.isEmpty ? nil : others
    }
}
