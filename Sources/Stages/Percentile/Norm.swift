import Rules

/// The norm: every organization's ranked values of a year at the time when the ranks were frozen.
struct Norm {
    /// An organization's values in the norm of a release, by the number of years before.
    struct Entry {
        let release: String
        let rows: [Int: StandingRow]
    }

    /// The release at which it was taken; empty until it is known to be complete.
    var release = ""
    /// By position; some may be left of an earlier release.
    var entries: [Int: Entry] = [:]

    /// The rows of the release, by position.
    var rows: [Int: [Int: StandingRow]] {
        entries.filter { $0.value.release == release }.mapValues(\.rows)
    }
}
