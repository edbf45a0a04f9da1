/// How many single results a counted rate is away from a cut.
public enum CountMargin {
    /// The least number of tests that would have to be taken, or missed, for a group to meet the participation
    /// requirement, or not to: 603 CMR 2.03(2)(d)(2).
    ///
    /// - Parameters:
    ///   - participants: tests taken.
    ///   - tests: tests due.
    ///   - students: students behind them.
    ///   - prior: tests taken and due in the year before, where the year looks back.
    ///   - unit: a subject, or all together.
    ///   - framework: of the school year.
    /// - Returns: the number; nil where the requirement is not judged, or no number of tests is enough.
    /// - Throws: `NumberError` for counts that contradict each other.
    public static func tests(
        participants: Int64,
        of tests: Int64,
        students: Int64,
        prior: (participants: Int64, tests: Int64)?,
        _ unit: ParticipationUnit,
        _ framework: Framework
    ) throws(NumberError) -> Int64? {
        func met(_ participants: Int64) throws(NumberError) -> Bool? {
            try ParticipationJudgement(
                current: ParticipationTally(standard: participants, absent: tests - participants, students: students),
                prior: prior.map { ParticipationTally(standard: $0.participants, absent: $0.tests - $0.participants) },
                unit,
                framework
            )
            .met
        }
        guard participants >= 0, participants <= tests, let now = try met(participants) else { return nil }
        let room = now ? participants : tests - participants
        func flips(_ change: Int64) throws(NumberError) -> Bool {
            try met(now ? participants - change : participants + change) != now
        }
        return try least(of: room, where: flips)
    }

    /// The least number of members of a cohort whose outcome would have to differ for the graduation rate to be low, or
    /// not to be: 603 CMR 2.03(3).
    ///
    /// - Parameters:
    ///   - cohort: its members.
    ///   - graduates: those who graduated within four years.
    ///   - framework: of the school year.
    /// - Returns: the number; nil where the rate is not judged, or nobody's outcome is enough.
    /// - Throws: where the counts contradict each other.
    public static func graduates(
        cohort: Int64,
        graduates: Int64,
        _ framework: Framework
    ) throws(RuleError) -> Int64? {
        guard let now = try LowGraduation(cohort: cohort, graduates: graduates, framework).isLow else { return nil }
        let room = now ? cohort - graduates : graduates
        func flips(_ change: Int64) throws(RuleError) -> Bool {
            let other = now ? graduates + change : graduates - change
            return try LowGraduation(cohort: cohort, graduates: other, framework).isLow != now
        }
        return try least(of: room, where: flips)
    }

    /// The least number from 1 that passes, where those above one that passes do, too.
    private static func least<Failure>(
        of most: Int64,
        where passes: (Int64) throws(Failure) -> Bool
    ) throws(Failure) -> Int64? {
        guard most > 0, try passes(most) else { return nil }
        var (low, high): (Int64, Int64) = (0, most)
        while low + 1 < high {
            let middle = low + (high - low) / 2
            if try passes(middle) { high = middle } else { low = middle }
        }
        return high
    }
}
