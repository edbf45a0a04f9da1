import Messages
import Rules
import Streaming
import SwiftProtobuf

/// The standings of one student group in every year, and the last ranks made from them.
///
/// While a year's norm is live, every change ranks all organizations again. Once it is frozen, the ranks stay, and an
/// organization with corrected values is placed among them.
final class GroupStandings {
    /// An organization's entry for a year's ranks.
    struct Row: Hashable {
        /// District or school.
        let type: OrganizationType
        /// The values; the comparison group of a district is of no account.
        let values: PercentileYearValues
        /// Whether it is a school that receives funds under Title I.
        let isTitle1: Bool
        /// The difficulty quartile of the EL progress targets, 1 to 4, by span; absent if unknown.
        let difficulties: [GradeSpan: Int]
        /// Among the rows of a ranked year, of that year: how many school years before it the organization was last
        /// reconfigured.
        var reconfigured: Int?
        /// Likewise: the codes under which it was ranked in earlier years, by how many years before.
        var formers: [Int: OrganizationCode] = [:]

        /// A standing as it was published.
        ///
        /// Values below the minimum size have no place in a rank.
        ///
        /// - Throws: ``UnusableRecord`` for names or numbers that make no sense.
        init(_ standing: Accountability_V1_Standing, minimumSize: MinimumSizeParameters?) throws {
            type = standing.type == .district ? .district : standing.type == .state ? .state : .school
            isTitle1 = standing.title1 && type == .school
            var difficulties: [GradeSpan: Int] = [:]
            let least = UInt32(clamping: minimumSize?.accountability.value ?? 0)
            var slots: [(span: GradeSpan, indicator: Indicator, value: Ratio)] = []
            for value in standing.values {
                guard let span = GradeSpan(wireName: value.gradeSpan),
                    let indicator = Indicator(wireName: value.indicator), let number = try? Ratio(decimal: value.value)
                else { throw UnusableRecord("a standing with a value that makes no sense") }
                if value.hasCount, value.count < least { continue }
                if indicator == .elProgress, (1...4).contains(value.difficultyQuartile) {
                    difficulties[span] = Int(value.difficultyQuartile)
                }
                slots.append((span, indicator, number))
            }
            self.difficulties = difficulties
            let isKnown = standing.hasNonHighEnrollment && standing.hasHighEnrollment
            var values = PercentileYearValues(
                comparisonGroup: ComparisonGroup(wireName: standing.comparisonGroup),
                nonHighShare: isKnown
                    ? try PercentileYearValues.share(
                        nonHigh: Int64(standing.nonHighEnrollment),
                        high: Int64(standing.highEnrollment)
                    ) : nil,
                schoolType: SchoolType(wireName: standing.schoolType)
            )
            for slot in slots { values[slot.span, slot.indicator] = slot.value }
            self.values = values
            reconfigured = standing.hasReconfigured ? Int(standing.reconfigured) : nil
            for former in standing.formerCodes {
                formers[Int(standing.schoolYear) - Int(former.schoolYear)] = OrganizationCode(former.orgCode)
            }
        }
    }

    /// The inputs of a published percentile.
    ///
    /// While they are the same, so is the message.
    private struct Ranked: Equatable {
        /// The values, those of years under a former code included.
        let years: [Int: PercentileYearValues]
        let reconfigured: Int?
        let formers: [Int: OrganizationCode]
        let result: PercentileResult
        let isLowestTitle1: Bool
        /// Placed against a norm that it was not part of.
        let isPlaced: Bool
    }

    private let group: StudentGroup
    /// Organizations in the order they were met; the position in every other table.
    private var codes: [OrganizationCode] = []
    private var positions: [OrganizationCode: Int] = [:]
    /// Rows by year and position.
    ///
    /// A withdrawn organization keeps its entry, so that its publications are retracted.
    private var rows: [Int: [Row?]] = [:]
    private var norms: [Int: Norm] = [:]
    /// The release whose norm the ranks of a year use.
    private var inForce: [Int: String] = [:]
    private var ranked: [Int: [Ranked?]] = [:]
    private var dirtyYears: Set<Int> = []
    /// The changes of organizations, with their reconfigurations.
    private var changes: OrganizationChanges
    private var causes = CauseSet()

    init(group: StudentGroup, changes: OrganizationChanges) {
        self.group = group
        self.changes = changes
    }

    /// Whether anything changed since the last ``clean()``.
    var isDirty: Bool { !dirtyYears.isEmpty }

    /// Takes the newest standing of an organization, or its withdrawal.
    func set(_ row: Row?, of organization: OrganizationCode, year: Int, cause: String) {
        let position = position(of: organization)
        let missing = position + 1 - (rows[year]?.count ?? 0)
        if missing > 0 { rows[year, default: []].append(contentsOf: repeatElement(nil, count: missing)) }
        let before: Row? = rows[year]?[position] ?? nil
        guard before != row else { return }
        rows[year]?[position] = row
        dirtyYears.insert(year)
        causes.insert(cause)
    }

    /// Takes the changes of organizations; one of them came, changed or was withdrawn that concerns a school year and
    /// those after it.
    func set(changes: OrganizationChanges, from first: Int, cause: String) {
        self.changes = changes
        dirtyYears.formUnion(rows.keys.filter { $0 >= first })
        causes.insert(cause)
    }

    private func position(of organization: OrganizationCode) -> Int {
        if let known = positions[organization] { return known }
        let position = codes.count
        codes.append(organization)
        positions[organization] = position
        return position
    }

    /// Takes an organization's part of an earlier published norm.
    ///
    /// The state's part says that the norm is complete.
    func recall(_ rows: [Int: Row], of organization: OrganizationCode, year: Int, release: String) {
        let position = position(of: organization)
        if organization == .state {
            norms[year, default: Norm()].release = release
        } else {
            norms[year, default: Norm()].entries[position] = Norm.Entry(release: release, rows: rows)
        }
    }

    /// Marks a year as changed.
    func markDirty(year: Int) {
        dirtyYears.insert(year)
    }

    /// Clears the changes.
    func clean() {
        dirtyYears = []
        causes = CauseSet()
    }

    /// Publishes a year's percentiles and thresholds if a year that it weighs is dirty.
    ///
    /// - `release`: the submission that released the state's results of the year; nil while they are preliminary.
    func publish(year: Int, framework: Framework, release: String?, output: TaskOutput) throws {
        guard let parameters = framework.percentile else { return }
        let weighed = parameters.yearWeights.value.keys.map { year - $0 }
        guard weighed.contains(where: dirtyYears.contains) else { return }
        let frozenBy: String? =
            switch parameters.norm.value {
            case .live: nil
            case .frozen: "close"
            case .liveUntilOfficial: release
            }
        let norm = try norm(year, frozenBy, framework, weighs: parameters.yearWeights.value.keys.sorted(), output)
        if dirtyYears.contains(year) {
            try publishThresholds(year: year, norm: norm, parameters: parameters, output: output)
        }
        guard parameters.ranks(group) else { return }
        try publishPercentiles(year: year, norm: norm, framework: framework, parameters: parameters, output: output)
    }

    private func row(_ position: Int, _ year: Int) -> Row? {
        guard let table = rows[year], position < table.count else { return nil }
        return table[position]
    }

    /// An organization's current values for the ranks of a year, by the number of years before.
    ///
    /// The row of the year itself names the years under former codes; their values stay with these codes.
    private func current(_ position: Int, _ year: Int, _ weighs: [Int], _ framework: Framework) -> [Int: Row] {
        var rows: [Int: Row] = [:]
        for before in weighs {
            if let row = row(position, year - before) { rows[before] = row }
        }
        guard !changes.isEmpty else { return rows }
        let history = changes.history(
            of: codes[position],
            in: year,
            back: weighs.last ?? 0,
            framework.organizationChanges
        )
        rows[0]?.reconfigured = history.reconfigured
        rows[0]?.formers = history.formers
        return rows
    }

    // MARK: The norm

    /// The norm of the frozen ranks, by position.
    ///
    /// It is taken and published at the first access; nil while the ranks are live.
    ///
    /// The norm of a withdrawn release stays published but is not used. The next release takes a new one.
    private func norm(
        _ year: Int,
        _ release: String?,
        _ framework: Framework,
        weighs: [Int],
        _ output: TaskOutput
    ) throws -> [Int: [Int: Row]]? {
        let standing = inForce[year]
        inForce[year] = release
        if standing != release {
            ranked[year] = nil
            dirtyYears.insert(year)
        }
        guard let release else { return nil }
        let known = norms[year]
        if let known, known.release == release { return known.rows }
        var norm = Norm(release: release)
        for position in codes.indices where codes[position] != .state {
            let rows = current(position, year, weighs, framework)
            if rows.isEmpty {
                let key = PercentileKey(schoolYear: year, .norm(group, codes[position]))
                try PercentileStage.percentiles.publish(nil, key, cause: causes.text, to: output)
            } else {
                norm.entries[position] = Norm.Entry(release: release, rows: rows)
                try publish(norm: rows, of: codes[position], year: year, release: release, output: output)
            }
        }
        try publish(norm: [:], of: .state, year: year, release: release, output: output)
        norms[year] = norm
        return norm.rows
    }

    private func publish(
        norm rows: [Int: Row],
        of organization: OrganizationCode,
        year: Int,
        release: String,
        output: TaskOutput
    ) throws {
        var norm = Accountability_V1_Norm()
        norm.release = release
        norm.standings = rows.sorted { $0.key < $1.key }
            .map { before, row in row.message(of: organization, group: group, year: year - before) }
        var entry = Accountability_V1_PercentileEntry()
        entry.schoolYear = UInt32(clamping: year)
        entry.norm = norm
        let key = PercentileKey(schoolYear: year, .norm(group, organization))
        try PercentileStage.percentiles.publish(entry, key, cause: causes.text, to: output)
    }

    // MARK: Percentiles

    private func publishPercentiles(
        year: Int,
        norm: [Int: [Int: Row]]?,
        framework: Framework,
        parameters: PercentileParameters,
        output: TaskOutput
    ) throws {
        let weighs = parameters.yearWeights.value.keys.sorted()
        let now = codes.indices.map { current($0, year, weighs, framework) }
        let next: [Ranked?] =
            if let norm {
                try place(now, among: norm, framework, before: ranked[year])
            } else {
                try rank(now, framework).ranked
            }
        let before = ranked[year]
        for position in codes.indices where codes[position] != .state {
            // After a restore everything counts as changed. The output's memory drops unchanged records.
            if let before, position < before.count, before[position] == next[position] { continue }
            try publish(next[position], of: codes[position], year: year, output: output)
        }
        ranked[year] = next
    }

    /// Ranks all organizations, and computes the percentile up to which Title I schools are the lowest performing.
    private func rank(_ rows: [[Int: Row]], _ framework: Framework) throws -> (ranked: [Ranked?], title1Cut: Int?) {
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
    private func place(
        _ now: [[Int: Row]],
        among norm: [Int: [Int: Row]],
        _ framework: Framework,
        before: [Ranked?]?
    ) throws -> [Ranked?] {
        var frozen = codes.indices.map { norm[$0] ?? [:] }
        let (standing, cut) = try rank(frozen, framework)
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
            let placed = try rank(frozen, framework).ranked[position]
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

    private func formerPositions(_ rows: [Int: Row]) -> [Int] {
        guard let formers = rows[0]?.formers, !formers.isEmpty else { return [] }
        return Set(formers.values.compactMap { positions[$0] }).sorted()
    }

    /// The values of a school by the number of years before, those under its former codes included.
    private func values(of position: Int, in rows: [[Int: Row]]) -> [Int: PercentileYearValues] {
        func schools(_ rows: [Int: Row]) -> [Int: PercentileYearValues] {
            rows.filter { $0.value.type == .school }.mapValues(\.values)
        }
        var values = schools(rows[position])
        for (before, code) in rows[position][0]?.formers ?? [:] {
            values[before] = positions[code].flatMap { schools(rows[$0])[before] }
        }
        return values
    }

    private func isLowestTitle1(_ result: PercentileResult, _ rows: [Int: Row], _ cut: Int?) -> Bool {
        guard rows[0]?.isTitle1 == true, let cut, let percentile = result.percentile else { return false }
        return percentile <= cut
    }

    private func publish(_ ranked: Ranked?, of organization: OrganizationCode, year: Int, output: TaskOutput) throws {
        for comparison in ComparisonGroup.allCases {
            var message: Accountability_V1_PercentileEntry?
            // Even without a comparison group, the reason needs a key.
            if let ranked, ranked.result.comparisonGroup ?? .nonHigh == comparison {
                message = PercentileMessage.make(
                    ranked.result,
                    values: ranked.years,
                    formers: ranked.formers,
                    group: group,
                    year: year
                )
                message?.percentile.lowestTitle1 = ranked.isLowestTitle1
                message?.percentile.frozen = ranked.isPlaced
            }
            let key = PercentileKey(schoolYear: year, .percentile(organization, group, comparison))
            try PercentileStage.percentiles.publish(message, key, cause: causes.text, to: output)
        }
    }

    // MARK: Thresholds

    private func publishThresholds(
        year: Int,
        norm: [Int: [Int: Row]]?,
        parameters: PercentileParameters,
        output: TaskOutput
    ) throws {
        let table: [Row?] =
            if let norm { norm.sorted { $0.key < $1.key }.map { $0.value[0] } } else { rows[year] ?? [] }
        for type in [OrganizationType.district, .school] {
            let ofType = table.compactMap { $0 }.filter { $0.type == type }
            for span in GradeSpan.allCases {
                for indicator in Indicator.allCases where indicator.spans.contains(span) {
                    let place = IndicatorPlace(span, group, indicator)
                    func publish(_ rows: [Row], ofQuartile quartile: Int?) throws {
                        let name = PercentileKey.Entry.threshold(type, place, difficultyQuartile: quartile)
                        let values = rows.compactMap { $0.values[span, indicator] }
                        let key = PercentileKey(schoolYear: year, name)
                        let population =
                            values.isEmpty
                            ? nil
                            : RankedPopulation(values, lowerIsBetter: indicator.lowerIsBetter, parameters)
                        let message = population.map {
                            PercentileMessage.threshold($0, of: type, place, difficultyQuartile: quartile, year: year)
                        }
                        try PercentileStage.percentiles.publish(message, key, cause: causes.text, to: output)
                    }
                    try publish(ofType, ofQuartile: nil)
                    guard indicator == .elProgress else { continue }
                    for quartile in 1...4 {
                        try publish(ofType.filter { $0.difficulties[span] == quartile }, ofQuartile: quartile)
                    }
                }
            }
        }
    }
}
