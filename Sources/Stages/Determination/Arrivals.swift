import Streaming

/// Which causes came on which way since the last publication.
///
/// A corrected row reaches a determination as participation, as indicators and, after the new ranking, as percentiles,
/// which arrive last. The task waits for them, so that the correction is published once.
struct Arrivals {
    private var measured = CauseSet()
    private var ranked = CauseSet()

    /// The wait if no percentiles are announced, because a rank may not have moved.
    private static let withoutPercentiles = Duration.milliseconds(100)
    /// The wait after percentiles arrived: those of other groups arrive with them or right after.
    private static let withPercentiles = Duration.milliseconds(25)

    /// Takes note of a record's cause and the source that brought it.
    mutating func note(_ cause: String, from source: Int) {
        if source == DeterminationStage.percentiles { ranked.insert(cause) } else { measured.insert(cause) }
    }

    /// How long is waited after the last record.
    var settling: Duration {
        // Percentiles of a cause come after the indicators that they rank.
        let isRanked = !ranked.isEmpty && !measured.hasMore && ranked.isSuperset(of: measured)
        return isRanked ? Self.withPercentiles : Self.withoutPercentiles
    }
}
