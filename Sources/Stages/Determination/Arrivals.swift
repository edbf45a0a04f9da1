import Rules

/// What came to a task since its last publication, and whether more of the same change is still on its way.
///
/// A corrected row reaches a determination as participation, as indicators and, after the new ranking, as percentiles,
/// which arrive last. The task waits for them, so that the correction is published once, and no determination goes out
/// that has the new values and the old percentile.
struct Arrivals {
    /// A percentile of an organization's group.
    struct Rank: Hashable {
        let schoolYear: Int
        let organization: OrganizationCode
        let group: StudentGroup
    }

    /// Ranks whose values changed, and that have not arrived since.
    private var awaited: Set<Rank> = []
    private var ranked: Set<Rank> = []
    private var isEmpty = true
    /// Whether records of the ranking came, which are the last of a change.
    private var isAfterRanking = false

    /// The longest wait for ranks that are under way: a worker publishes at the latest after its commit interval.
    private static let forRanks = Duration.seconds(1)
    /// The wait if no ranks are under way: participation and indicators come from different workers.
    private static let withoutRanks = Duration.milliseconds(100)
    /// The wait after records of the ranking arrived: those of other groups may come from another worker.
    private static let afterRanking = Duration.milliseconds(25)

    /// Takes note of a record.
    mutating func note() { isEmpty = false }

    /// Takes note that a value changed that a rank is made from: the percentile states the value, so it comes too.
    mutating func await(_ rank: Rank) {
        if !ranked.contains(rank) { awaited.insert(rank) }
    }

    /// Takes note of a record of the ranking: a percentile, or nil for what every task gets, such as a threshold.
    mutating func noteRanking(_ rank: Rank?) {
        isEmpty = false
        isAfterRanking = true
        guard let rank else { return }
        awaited.remove(rank)
        ranked.insert(rank)
    }

    /// How long is waited after the last record; not at all where none came, because a worker waits for all its tasks.
    ///
    /// For the same reason a task that got only the thresholds of a change waits no longer than one that got its ranks.
    var settling: Duration {
        guard !isEmpty else { return .zero }
        guard awaited.isEmpty else { return Self.forRanks }
        return isAfterRanking ? Self.afterRanking : Self.withoutRanks
    }
}
