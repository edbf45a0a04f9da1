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

    /// Ranks all organizations, and computes the percentile up to which Title I schools are the lowest performing.
    func rank(_ rows: [[Int: StandingRow]]) throws -> (ranked: [Ranked?], title1Cut: Int?) {
        var entries: [PercentileEntry] = []
        var places: [Int] = []
        for (position, years) in rows.enumerated() {
            let values = years.filter { $0.value.type == .school }.mapValues(\.values)
            guard !values.isEmpty else { continue }
            entries.append(
                PercentileEntry(
                    organization: codes[position],
                    years: values,
                    reconfigured: years[0]?.reconfigured,
                    formers: years[0]?.formers ?? [:]
                )
            )
            places.append(position)
        }
        let results = try Percentiles.rank(entries, framework)
        let title1 = zip(places, results).filter { rows[$0.0][0]?.isTitle1 ?? false }.compactMap { $0.1.percentile }
        let cut = group == .allStudents ? try FederalDesignation.lowestTitle1Cut(title1, framework) : nil
        var ranked: [Ranked?] = Array(repeating: nil, count: rows.count)
        for (place, (entry, result)) in zip(places, zip(entries, results)) {
            guard result.percentile != nil || result.final.missing != nil else { continue }
            let isLowest = isLowestTitle1(result, rows[place], cut)
            ranked[place] = Ranked(
                years: values(of: place, in: rows),
                reconfigured: entry.reconfigured,
                formers: entry.formers,
                result: result,
                isLowestTitle1: isLowest,
                isPlaced: false
            )
        }
        return (ranked, cut)
    }

    /// The ranks of the norm.
    ///
    /// An organization whose values differ from the norm is placed among the others.
    func place(
        _ now: [[Int: StandingRow]],
        among norm: [Int: [Int: StandingRow]],
        before: [Ranked?]?
    ) throws -> [Ranked?] {
        var frozen = codes.indices.map { norm[$0] ?? [:] }
        let (standing, cut) = try rank(frozen)
        var ranked = standing
        for position in codes.indices {
            // Its own rows, and those of its former codes.
            let moved = [position] + formerPositions(now[position])
            guard moved.contains(where: { now[$0] != frozen[$0] }) else { continue }
            let origin = now[position][0]
            if let before, position < before.count, let known = before[position], known.isPlaced,
                known.years == values(of: position, in: now), known.reconfigured == origin?.reconfigured,
                known.formers == origin?.formers ?? [:],
                known.isLowestTitle1 == isLowestTitle1(known.result, now[position], cut)
            {
                ranked[position] = known
                continue
            }
            let own = moved.map { frozen[$0] }
            for place in moved { frozen[place] = now[place] }
            let placed = try rank(frozen).ranked[position]
            for (place, rows) in zip(moved, own) { frozen[place] = rows }
            ranked[position] = placed.map {
                Ranked(
                    years: $0.years,
                    reconfigured: $0.reconfigured,
                    formers: $0.formers,
                    result: $0.result,
                    isLowestTitle1: isLowestTitle1($0.result, now[position], cut),
                    isPlaced: true
                )
            }
        }
        return ranked
    }

    private func formerPositions(_ rows: [Int: StandingRow]) -> [Int] {
        guard let formers = rows[0]?.formers, !formers.isEmpty else { return [] }
        return Set(formers.values.compactMap { positions[$0] }).sorted()
    }

    /// The values of a school by the number of years before, those under its former codes included.
    private func values(of position: Int, in rows: [[Int: StandingRow]]) -> [Int: PercentileYearValues] {
        func schools(_ rows: [Int: StandingRow]) -> [Int: PercentileYearValues] {
            rows.filter { $0.value.type == .school }.mapValues(\.values)
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
