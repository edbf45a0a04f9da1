import Rules

/// The norm of a release: every organization's ranked values of a year at the time when the ranks were frozen.
struct Norm {
    /// Whether every part of it is known.
    var isComplete = false
    /// By position, the values by the number of years before.
    private(set) var rows: [Int: [Int: StandingRow]] = [:]

    /// Takes an organization's part.
    ///
    /// A norm is taken once. What another program wrote later under the same release does not count.
    mutating func take(_ part: [Int: StandingRow], at position: Int) {
        if rows[position] == nil { rows[position] = part }
    }
}
