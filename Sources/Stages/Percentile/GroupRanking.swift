import Messages
import Rules

/// The ranks of a group's schools in a school year: of everybody as of now, or of a norm with the corrected schools
/// placed in it.
struct GroupRanking {
    /// The inputs of a published percentile.
    ///
    /// While they are the same, so is the message.
    struct Ranked: Equatable {
        /// The values, those of years under a former code included.
        let years: [Int: PercentileYearValues]
        let reconfigured: Int?
        let formers: [Int: OrganizationCode]
        let result: PercentileResult
        let isLowestTitle1: Bool
        /// Placed against a norm that it was not part of.
        let isPlaced: Bool
    }

    let group: StudentGroup
    /// The organizations, each at its position in every table.
    let codes: [OrganizationCode]
    let positions: [OrganizationCode: Int]
    let framework: Framework

    /// Ranks all organizations.
    func rank(_ rows: [[Int: StandingRow]]) throws -> [Ranked?] { try standing(rows).ranked }

    /// The ranks of all organizations, and the percentile up to which Title I schools are the lowest performing.
    private func standing(_ rows: [[Int: StandingRow]]) throws -> (
        ranked: [Ranked?], title1Cut: Int?, ranking: PercentileRanking
    ) {
        let places = rows.indices.compactMap { position -> (position: Int, entry: PercentileEntry)? in
            entry(position, rows).map { (position, $0) }
        }
        let ranking = try PercentileRanking(places.map(\.entry), framework)
        let results = ranking.results
        let title1 = zip(places, results).filter { rows[$0.0.position][0]?.isTitle1 ?? false }
            .compactMap { $0.1.percentile }
        let receiving = rows.count { $0[0]?.isTitle1 ?? false }
        let cut =
            group == .allStudents
            ? try FederalDesignation.lowestTitle1Cut(title1, ofSchools: receiving, framework) : nil
        var ranked: [Ranked?] = Array(repeating: nil, count: rows.count)
        for ((position, entry), result) in zip(places, results) {
            ranked[position] = made(result, of: entry, at: position, rows, cut, isPlaced: false)
        }
        return (ranked, cut, ranking)
    }

    /// The ranks of the norm.
    ///
    /// An organization whose values differ from the norm is placed against the ranks of the others, which stand:
    /// ``PercentileRanking``.
    func place(
        _ now: [[Int: StandingRow]],
        among norm: [Int: [Int: StandingRow]],
        before: [Ranked?]?
    ) throws -> [Ranked?] {
        let frozen = codes.indices.map { norm[$0] ?? [:] }
        let (standing, cut, ranking) = try standing(frozen)
        var ranked = standing
        for position in codes.indices {
            // Its own rows, and those of its former codes.
            let formers = formerPositions(now[position])
            guard ([position] + formers).contains(where: { now[$0] != frozen[$0] }) else { continue }
            let origin = now[position][0]
            if let before, position < before.count, let known = before[position], known.isPlaced,
                known.years == values(of: position, in: now), known.reconfigured == origin?.reconfigured,
                known.formers == origin?.formers ?? [:],
                known.isLowestTitle1 == isLowestTitle1(known.result, now[position], cut)
            {
                ranked[position] = known
                continue
            }
            guard let entry = entry(position, now) else {
                ranked[position] = nil
                continue
            }
            let result = try ranking.place(entry, formers: formers.compactMap { self.entry($0, now) })
            ranked[position] = made(result, of: entry, at: position, now, cut, isPlaced: true)
        }
        return ranked
    }

    /// An organization's entry; nil unless it is a school with values.
    private func entry(_ position: Int, _ rows: [[Int: StandingRow]]) -> PercentileEntry? {
        let values = rows[position].filter(\.value.isRanked).mapValues(\.values)
        guard !values.isEmpty else { return nil }
        return PercentileEntry(
            organization: codes[position],
            years: values,
            reconfigured: rows[position][0]?.reconfigured,
            formers: rows[position][0]?.formers ?? [:]
        )
    }

    /// What is published; nil if there is neither a percentile nor a reason why there is none.
    private func made(
        _ result: PercentileResult,
        of entry: PercentileEntry,
        at position: Int,
        _ rows: [[Int: StandingRow]],
        _ cut: Int?,
        isPlaced: Bool
    ) -> Ranked? {
        guard result.percentile != nil || result.final.missing != nil else { return nil }
        return Ranked(
            years: values(of: position, in: rows),
            reconfigured: entry.reconfigured,
            formers: entry.formers,
            result: result,
            isLowestTitle1: isLowestTitle1(result, rows[position], cut),
            isPlaced: isPlaced
        )
    }

    private func formerPositions(_ rows: [Int: StandingRow]) -> [Int] {
        guard let formers = rows[0]?.formers, !formers.isEmpty else { return [] }
        return Set(formers.values.compactMap { positions[$0] }).sorted()
    }

    /// The values of a school by the number of years before, those under its former codes included.
    private func values(of position: Int, in rows: [[Int: StandingRow]]) -> [Int: PercentileYearValues] {
        func schools(_ rows: [Int: StandingRow]) -> [Int: PercentileYearValues] {
            rows.filter(\.value.isRanked).mapValues(\.values)
        }
        var values = schools(rows[position])
        for (before, code) in rows[position][0]?.formers ?? [:] {
            values[before] = positions[code].flatMap { schools(rows[$0])[before] }
        }
        return values
    }

    private func isLowestTitle1(_ result: PercentileResult, _ rows: [Int: StandingRow], _ cut: Int?) -> Bool {
        guard rows[0]?.isTitle1 == true, let cut, let percentile = result.percentile else { return false }
        return percentile <= cut
    }
}
