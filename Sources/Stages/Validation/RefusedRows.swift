import Rules

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
    mutating func add(_ row: Row, under name: RowKey) { rows[name.value, default: []].append(row) }

    /// Takes the rows of a key that other submissions brought.
    mutating func close(_ name: RowKey, by submission: UInt32) -> [Row] {
        guard let found = rows[name.value] else { return [] }
        let others = found.filter { $0.submission != submission }
        guard !others.isEmpty else { return [] }
        let own = found.filter { $0.submission == submission }
        rows[name.value] = own.isEmpty ? nil : own
        return others
    }

    /// Drops rows of a key, as they are judged again.
    mutating func remove(_ name: RowKey, where isMeant: (Row) -> Bool) {
        guard let found = rows[name.value] else { return }
        let others = found.filter { !isMeant($0) }
        rows[name.value] = others.isEmpty ? nil : others
    }
}
