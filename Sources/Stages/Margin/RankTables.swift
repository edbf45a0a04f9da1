public import Messages
public import Rules

/// The ranks of a school year, from the figures that the percentiles were made from.
///
/// Used from one thread.
public final class RankTables {
    /// How far a percentile is from a cut.
    enum Distance: Hashable {
        /// The least number of students whose results would have to differ.
        case students(Int64)
        /// Not even all students of the group are enough.
        case outOfReach
        /// The published percentile cannot be recomputed, or the students behind its values are not known.
        case unknown
    }

    /// The ranks of a group.
    private struct Ranks {
        let margin: PercentileMargin
        let positions: [String: Int]
    }

    private struct Question: Hashable {
        let organization: String
        let group: StudentGroup
        let percentile, cut: Int
    }

    let year: Int
    let framework: Framework
    private let frameworks: FrameworkSet
    private var standings: [StudentGroup: [String: [Int: Accountability_V1_Standing]]] = [:]
    private var norms: [StudentGroup: [String: Accountability_V1_Norm]] = [:]
    private var reconfigurations: [OrganizationCode: Set<Int>] = [:]
    private var changes = OrganizationChanges()
    private var made: [StudentGroup: [Ranks]] = [:]
    private var counted: [Question: Distance] = [:]

    /// Ranks that are still empty; everything is taken before the first question.
    ///
    /// - Parameters:
    ///   - year: the school year.
    ///   - frameworks: of it and of the years before.
    /// - Throws: `FrameworkError` if no framework covers the year.
    public init(year: Int, _ frameworks: FrameworkSet) throws {
        self.year = year
        self.frameworks = frameworks
        framework = try frameworks.of(schoolYear: year)
    }

    /// Takes the norm of an organization's group, as its key names them.
    public func take(_ norm: Accountability_V1_Norm, group: String, organization: String) {
        guard let group = StudentGroup(wireName: group) else { return }
        norms[group, default: [:]][organization] = norm
    }

    /// The school years whose figures the ranks weigh.
    public var weighedYears: [Int] { (framework.percentile?.yearWeights.value.keys.map { year - $0 } ?? []).sorted() }

    /// Takes an organization's figures; only those of schools in the weighed years count.
    public func take(_ standing: Accountability_V1_Standing) {
        guard let group = StudentGroup(wireName: standing.group), standing.type == .school else { return }
        let before = year - Int(standing.schoolYear)
        guard framework.percentile?.yearWeights.value[before] != nil else { return }
        standings[group, default: [:]][standing.orgCode, default: [:]][before] = standing
    }

    /// Takes an act of the Department; only reconfigurations and changes of organizations count.
    public func take(_ act: Accountability_V1_Directive) {
        guard Int(act.schoolYear) <= year, let organization = OrganizationCode(act.orgCode) else { return }
        if act.act == .reconfiguration {
            reconfigurations[organization, default: []].insert(Int(act.schoolYear))
            changes.set(reconfigurations: reconfigurations[organization] ?? [], of: organization)
        } else if let change = act.organizationChange {
            changes.set(change, schoolYear: change.schoolYear, of: organization, former: change.former)
        }
    }

    /// The least number of students whose results would have to differ for a group's percentile to cross a cut.
    func students(
        of organization: String,
        _ group: StudentGroup,
        percentile: Int,
        cut: Int
    ) throws -> Distance {
        let question = Question(organization: organization, group: group, percentile: percentile, cut: cut)
        if let distance = counted[question] { return distance }
        let distance = try count(question)
        counted[question] = distance
        return distance
    }

    private func count(_ question: Question) throws -> Distance {
        let group = question.group
        guard standings[group] != nil || norms[group] != nil else { return .unknown }
        let ranks = try made[group] ?? makeRanks(group)
        made[group] = ranks
        for ranks in ranks {
            guard let position = ranks.positions[question.organization],
                ranks.margin.percentile(of: position) == question.percentile
            else { continue }
            guard ranks.margin.isCounted(position) else { return .unknown }
            return try ranks.margin.students(of: position, toCross: question.cut).map { .students($0) } ?? .outOfReach
        }
        return .unknown
    }

    /// The live ranks, or those of the norm if they are frozen.
    private func makeRanks(_ group: StudentGroup) throws -> [Ranks] {
        let live = (standings[group] ?? [:]).sorted { $0.key < $1.key }
            .map { code, years in
                let history = history(of: code)
                return (
                    code: code,
                    years: years,
                    latest: history?.reconfigured,
                    formers: history?.formers ?? [:]
                )
            }
        var made = [try ranks(live, group)]
        let state = OrganizationCode.state.description
        if let norms = norms[group], let release = norms[state]?.release {
            let frozen = norms.filter { $0.key != state && $0.value.release == release }.sorted { $0.key < $1.key }
                .map { code, norm in
                    var years: [Int: Accountability_V1_Standing] = [:]
                    for standing in norm.standings where standing.type == .school {
                        years[year - Int(standing.schoolYear)] = standing
                    }
                    let current = years[0]
                    let latest = (current?.hasReconfigured ?? false) ? current.map { Int($0.reconfigured) } : nil
                    var formers: [Int: OrganizationCode] = [:]
                    for former in current?.formerCodes ?? [] {
                        formers[year - Int(former.schoolYear)] = OrganizationCode(former.orgCode)
                    }
                    return (code: code, years: years, latest: latest, formers: formers)
                }
            made.insert(try ranks(frozen, group, isNorm: true), at: 0)
        }
        return made
    }

    private func history(of code: String) -> OrganizationHistory? {
        OrganizationCode(code)
            .map {
                let back = framework.percentile?.yearWeights.value.keys.max() ?? 0
                return changes.history(of: $0, in: year, back: back, framework.organizationChanges)
            }
    }

    private func ranks(
        _ rows: [(
            code: String, years: [Int: Accountability_V1_Standing], latest: Int?, formers: [Int: OrganizationCode]
        )],
        _ group: StudentGroup,
        isNorm: Bool = false
    ) throws -> Ranks {
        var members: [PercentileMargin.Member] = []
        var positions: [String: Int] = [:]
        for row in rows {
            guard let code = OrganizationCode(row.code) else { continue }
            var years: [Int: PercentileYearValues] = [:]
            var counts: [GradeSpan: [Indicator: Int64]] = [:]
            for (before, standing) in row.years {
                // Organizations that were part of a norm stay in it, whatever their size now.
                let minimum = isNorm ? nil : try frameworks.ifCovered(schoolYear: year - before)?.minimumSize
                let ranked = try StandingRow(standing, minimumSize: minimum).ranked(before, under: framework)
                if ranked.isRanked { years[before] = ranked.values }
            }
            guard !years.isEmpty else { continue }
            // A norm keeps no counts; those of today's values are of the same students.
            for value in standings[group]?[row.code]?[0]?.values ?? [] where value.hasCount {
                guard let span = GradeSpan(wireName: value.gradeSpan),
                    let indicator = Indicator(wireName: value.indicator), years[0]?[span, indicator] != nil
                else { continue }
                counts[span, default: [:]][indicator] = Int64(value.count)
            }
            positions[row.code] = members.count
            members.append(
                PercentileMargin.Member(
                    PercentileEntry(
                        organization: code,
                        years: years,
                        reconfigured: row.latest,
                        formers: row.formers
                    ),
                    counts: counts
                )
            )
        }
        return Ranks(margin: try PercentileMargin(members, framework), positions: positions)
    }
}
