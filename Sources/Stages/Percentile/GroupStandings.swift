import Messages
import Rules
import Streaming
import SwiftProtobuf

/// The standings of one student group in every year, and the last ranks made from them.
///
/// While a year's norm is live, every change ranks all organizations again. Once it is frozen, the ranks stay, and an
/// organization with corrected values is placed among them.
final class GroupStandings {
    private let group: StudentGroup
    /// Organizations in the order they were met; the position in every other table.
    private var codes: [OrganizationCode] = []
    private var positions: [OrganizationCode: Int] = [:]
    /// Rows by year and position.
    ///
    /// A withdrawn organization keeps its entry, so that its publications are retracted.
    private var rows: [Int: [StandingRow?]] = [:]
    /// By year and release.
    private var norms: [Int: [String: Norm]] = [:]
    /// The release whose norm the ranks of a year use.
    private var inForce: [Int: String] = [:]
    private var ranked: [Int: [GroupRanking.Ranked?]] = [:]
    private var dirtyYears: Set<Int> = []
    /// The changes of organizations, with their reconfigurations.
    private var changes: OrganizationChanges
    private var causes = CauseSet()
    /// A release whose markers have not come; nil if there is none.
    private var awaited: String?
    /// By year and position, the rows before submissions later than the awaited release changed them.
    private var originals: [Int: [Int: StandingRow?]] = [:]

    init(group: StudentGroup, changes: OrganizationChanges) {
        self.group = group
        self.changes = changes
    }

    /// Whether anything changed since the last ``clean()``.
    var isDirty: Bool { !dirtyYears.isEmpty }

    /// Takes the newest standing of an organization, or its withdrawal.
    func set(_ row: StandingRow?, of organization: OrganizationCode, year: Int, cause: String) {
        let position = position(of: organization)
        let missing = position + 1 - (rows[year]?.count ?? 0)
        if missing > 0 { rows[year, default: []].append(contentsOf: repeatElement(nil, count: missing)) }
        let before: StandingRow? = rows[year]?[position] ?? nil
        guard before != row else { return }
        rows[year]?[position] = row
        dirtyYears.insert(year)
        causes.insert(cause)
        guard let awaited, SubmissionIdentifier.isLater(CauseSet(cause).latest, than: awaited),
            originals[year]?[position] == nil
        else { return }
        originals[year, default: [:]][position] = .some(before)
    }

    /// Takes the first release whose markers have not come, or that there is none.
    ///
    /// Its norm is taken when everything that was submitted before it is here. Rows that later submissions change
    /// meanwhile go into the norm as they were; of one that earlier and later ones change, nobody can tell the parts.
    func await(release: String?) {
        if awaited == nil, release != nil { originals = [:] }
        awaited = release
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
    func recall(_ rows: [Int: StandingRow], of organization: OrganizationCode, year: Int, release: String) {
        let position = position(of: organization)
        if organization == .state {
            norms[year, default: [:]][release, default: Norm()].isComplete = true
        } else {
            norms[year, default: [:]][release, default: Norm()].take(rows, at: position)
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
        if awaited == nil { originals = [:] }
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
        let weighs = parameters.yearWeights.value.keys.sorted()
        let norm = try norm(year, frozenBy, framework, weighs: weighs, output)
        if dirtyYears.contains(year) {
            let counted = norm.map { $0.sorted { $0.key < $1.key }.map { $0.value[0] } } ?? rows[year] ?? []
            try GroupThresholds(group: group, year: year, rows: counted.compactMap { $0 }, parameters: parameters)
                .publish(cause: causes.text, to: output)
        }
        guard parameters.ranks(group) else { return }
        try publishPercentiles(year: year, norm: norm, framework: framework, parameters: parameters, output: output)
    }

    private func row(_ position: Int, _ year: Int) -> StandingRow? {
        guard let table = rows[year], position < table.count else { return nil }
        return table[position]
    }

    /// An organization's current values for the ranks of a year, by the number of years before.
    ///
    /// The row of the year itself names the years under former codes; their values stay with these codes.
    ///
    /// - `isNorm`: without what submissions after the release changed.
    private func current(
        _ position: Int,
        _ year: Int,
        _ weighs: [Int],
        _ framework: Framework,
        isNorm: Bool = false
    ) -> [Int: StandingRow] {
        var rows: [Int: StandingRow] = [:]
        for before in weighs {
            let original = isNorm ? originals[year - before]?[position] : nil
            rows[before] = (original ?? row(position, year - before))?.ranked(before, under: framework)
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
    ) throws -> [Int: [Int: StandingRow]]? {
        let standing = inForce[year]
        inForce[year] = release
        if standing != release {
            ranked[year] = nil
            dirtyYears.insert(year)
        }
        guard let release else { return nil }
        var norm = norms[year]?[release] ?? Norm()
        // In a rebuild, what another program wrote over it is not what was taken.
        guard !norm.isComplete || output.isRebuilding else { return norm.rows }
        for position in codes.indices where codes[position] != .state {
            if !norm.isComplete {
                let rows = current(position, year, weighs, framework, isNorm: true)
                if !rows.isEmpty { norm.take(rows, at: position) }
            }
            if let rows = norm.rows[position] {
                try publish(norm: rows, of: codes[position], year: year, release: release, output: output)
            } else if !norm.isComplete {
                let key = PercentileKey(schoolYear: year, .norm(group, codes[position]))
                try PercentileStage.percentiles.publish(nil, key, cause: causes.text, to: output)
            }
        }
        try publish(norm: [:], of: .state, year: year, release: release, output: output)
        norm.isComplete = true
        norms[year, default: [:]][release] = norm
        return norm.rows
    }

    private func publish(
        norm rows: [Int: StandingRow],
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
        norm: [Int: [Int: StandingRow]]?,
        framework: Framework,
        parameters: PercentileParameters,
        output: TaskOutput
    ) throws {
        let weighs = parameters.yearWeights.value.keys.sorted()
        let now = codes.indices.map { current($0, year, weighs, framework) }
        let ranking = GroupRanking(group: group, codes: codes, positions: positions, framework: framework)
        let next: [GroupRanking.Ranked?] =
            if let norm {
                try ranking.place(now, among: norm, before: ranked[year])
            } else {
                try ranking.rank(now)
            }
        let before = ranked[year]
        for position in codes.indices where codes[position] != .state {
            // After a restore everything counts as changed. The output's memory drops unchanged records.
            if let before, position < before.count, before[position] == next[position] { continue }
            try publish(next[position], of: codes[position], year: year, output: output)
        }
        ranked[year] = next
    }

    private func publish(
        _ ranked: GroupRanking.Ranked?,
        of organization: OrganizationCode,
        year: Int,
        output: TaskOutput
    ) throws {
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
}
