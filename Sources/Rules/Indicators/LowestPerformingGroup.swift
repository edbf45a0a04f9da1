/// The lowest performing students of an organization's span: 603 CMR 2.03(2)(b)(1).
public enum LowestPerformingGroup {
    /// A student who can be in the group, with what the students are ordered by.
    public struct Candidate<ID: Comparable & Sendable>: Sendable {
        /// The student.
        public let id: ID
        /// The sum of the ELA and mathematics scaled scores of the basis' year.
        public let score: Int64

        /// A candidate.
        public init(id: ID, score: Int64) {
            self.id = id
            self.score = score
        }
    }

    /// The score a student is ordered by, or nil where the student cannot be in the group.
    ///
    /// Under ``LowestPerformingParameters/Basis/priorYearScores`` the student must have been enrolled in the same
    /// organization both years; both scores are needed. `ela` and `math` are the scores of the year that count in
    /// achievement, and `countsInAchievement` says whether any score of the student does.
    public static func score(
        span: GradeSpan,
        ela: Int?,
        math: Int?,
        priorELA: Int?,
        priorMath: Int?,
        sameOrganizationBothYears: Bool,
        countsInAchievement: Bool,
        _ parameters: LowestPerformingParameters
    ) -> Int64? {
        guard parameters.exists[span]?.value == true else { return nil }
        if parameters.qualifies.value == .countedInAchievement, !countsInAchievement { return nil }
        switch parameters.basis[span]?.value {
        case .priorYearScores?:
            guard sameOrganizationBothYears, let priorELA, let priorMath else { return nil }
            return Int64(priorELA) &+ Int64(priorMath)
        case .currentScores?:
            guard let ela, let math else { return nil }
            return Int64(ela) &+ Int64(math)
        case nil: return nil
        }
    }

    /// The students of the group, in order of their ids: the share with the lowest scores, ties at the cut as the
    /// framework says.
    ///
    /// The result depends only on the set of candidates, not on their order. Inlinable, so that the sort is made for
    /// the caller's identifiers: a district of fifty thousand students is ordered anew at each of its corrections.
    @inlinable
    public static func select<ID>(
        _ candidates: [Candidate<ID>],
        _ parameters: LowestPerformingParameters
    ) throws(NumberError) -> [ID] {
        let size = try parameters.sizeRounding
            .value(
                Ratio(candidates.count) * parameters.share.value / .hundred
            )
            .floor
        guard size > 0 else { return [] }
        let sorted = candidates.sorted { ($0.score, $0.id) < ($1.score, $1.id) }
        let last = min(Int(clamping: size), sorted.count) - 1
        guard parameters.tiesIncluded.value else { return sorted[...last].map(\.id).sorted() }
        let cut = sorted[last].score
        return sorted.prefix { $0.score <= cut }.map(\.id).sorted()
    }
}
