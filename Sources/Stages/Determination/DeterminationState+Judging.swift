import Messages
import Rules
import Streaming

/// Makes an organization's determination from the task's tables.
extension DeterminationState {
    /// Whether a framework reports measures of organizations: with a determination, or without as that of 2022.
    func isReported(_ framework: Framework) -> Bool {
        framework.determination != nil
    }

    /// The determination of an organization; nil if it is not a declared district or school.
    func determination(
        of code: OrganizationCode,
        year: Int,
        framework: Framework,
        digest: String
    ) throws -> Accountability_V1_Determination? {
        guard let facts = years[year]?[code], facts.organization != nil,
            !directives.isClosed(code, in: year, framework),
            let computation = try computation(code, facts, year, framework)
        else { return nil }
        let hasTargets = framework.points != nil && framework.percentage != nil
        let targets = hasTargets ? try computation.results() : .none
        facts.annual = .some(targets.annual?.percent)
        return try DeterminationMaker(
            year: year,
            code: code,
            type: computation.type,
            framework: framework,
            frameworkDigest: digest,
            facts: facts,
            directives: directives,
            priorAnnual: try priorAnnual(of: code, before: year, framework),
            reportedYear: try reportedYear(before: year)?.year,
            targets: targets,
            federal: computation.type == .school ? try federal(code, year, framework) : []
        )
        .make()
    }

    func computation(
        _ code: OrganizationCode,
        _ facts: OrganizationFacts,
        _ year: Int,
        _ framework: Framework
    ) throws -> TargetComputation? {
        let type: OrganizationType =
            switch facts.organization?.type {
            case .state: .state
            case .district: .district
            case .school: .school
            default: code.type
            }
        guard type != .state else { return nil }
        return TargetComputation(
            framework: framework,
            priorFramework: try frameworks[year - 1],
            facts: facts,
            prior: years[year - 1]?[directives.history(of: code, in: year, back: 1, framework).code(1)],
            statewide: statewide[year] ?? StatewideTable(),
            type: type,
            isMultiSchoolDistrict: type == .district
                && isMultiSchool(code, year, framework.lowestPerforming?.multiSchoolCounts.value ?? .every)
        )
    }

    /// The federal identifications of a school in a year, with those that earlier years made and that last.
    private func federal(_ code: OrganizationCode, _ year: Int, _ framework: Framework) throws -> [FederalDesignation] {
        guard let facts = try federalFacts(code, year, framework) else { return [] }
        var before: [FederalDesignation] = []
        if let (prior, priorFramework) = try reportedYear(before: year) {
            let history = directives.history(of: code, in: year, back: year - prior, framework)
            before = try federal(history.code(year - prior), prior, priorFramework)
                .filter { !directives.hasEnded($0, of: code, in: year, framework) }
        }
        var earlier: [FederalFacts] = []
        var reported = try reportedYear(before: year)
        let years = framework.federal?.consistentlyLowYears.value ?? 1
        while earlier.count + 1 < years, let (prior, priorFramework) = reported,
            let facts = try federalFacts(
                directives.history(of: code, in: year, back: year - prior, framework).code(year - prior),
                prior,
                priorFramework
            )
        {
            earlier.append(facts)
            reported = try reportedYear(before: prior)
        }
        let computed = FederalDesignation.identify(facts, earlier: earlier, before: before, framework)
        return directives.federal(of: code, in: year, framework)
            .reduce(into: computed) { all, act in
                if !all.contains(where: { $0.support == act.support }) { all.append(act) }
            }
            .sorted { $0.support < $1.support }
    }

    /// The latest year before one that reports results; at most two years in a row did not.
    private func reportedYear(before year: Int) throws -> (year: Int, framework: Framework)? {
        for prior in stride(from: year - 1, through: year - 3, by: -1) {
            if let framework = try frameworks[prior], framework.federal != nil { return (prior, framework) }
        }
        return nil
    }

    private func federalFacts(_ code: OrganizationCode, _ year: Int, _ framework: Framework) throws -> FederalFacts? {
        guard let facts = years[year]?[code], let organization = facts.organization else { return nil }
        let percentiles = facts.percentilesByGroup()
        let givesPercentages = framework.points != nil && framework.percentage != nil
        return FederalFacts(
            year: year,
            isTitle1: organization.title1,
            isLowestTitle1: percentiles[.allStudents]?.isLowestTitle1 ?? false,
            isLowGraduation: try facts.isLowGraduation(framework) ?? false,
            hasPercentage: givesPercentages ? try annual(of: code, year: year) != nil : nil,
            percentiles: percentiles.mapValues(\.percentile)
        )
    }

    /// The annual percentage of the previous year, as its framework carries it over; nil if it does not count.
    ///
    /// It counts if the organization had a determination that year in its present comparison group, and was not
    /// reconfigured since. Its determination may stand under a former code.
    private func priorAnnual(of code: OrganizationCode, before year: Int, _ framework: Framework) throws -> Ratio? {
        let prior = year - 1
        let history = directives.history(of: code, in: year, back: 1, framework)
        let former = history.code(1)
        guard let priorFramework = try frameworks[prior], priorFramework.determination?.issued.value == true,
            let rule = framework.percentage?.priorYear.value,
            !directives.changes.isClosed(former, in: prior),
            let now = years[year]?[code]?.organization, let before = years[prior]?[former]?.organization,
            PriorYear.counts(
                group: now.declaredComparison,
                before: before.declaredComparison,
                isReconfigured: !history.counts(1),
                rule
            ), let annual = try annual(of: former, year: prior)
        else { return nil }
        return try AnnualPercentage.carried(annual, priorFramework)
    }

    /// The annual percentage of a year as it is kept, computed once.
    private func annual(of code: OrganizationCode, year: Int) throws -> Ratio? {
        guard let facts = years[year]?[code], let framework = try frameworks[year], framework.points != nil,
            framework.percentage != nil, let computation = try computation(code, facts, year, framework)
        else { return nil }
        if let known = facts.annual { return known }
        let annual = try computation.annual()
        facts.annual = .some(annual)
        return annual
    }
}

extension IndicatorResult {
    /// The parts of a report that a threshold could change.
    struct Outcome: Equatable {
        let points: Int?
        let row: PointsRow
        let threshold: Ratio?
    }

    var outcome: Outcome {
        var threshold: Ratio?
        if case .statewide(let rule) = points.row {
            threshold = points.input.statewide[rule.population, rule.percentile]
        }
        return Outcome(points: points.points, row: points.row, threshold: threshold)
    }
}
