import Messages
import Rules
import Streaming

/// The tables of a task: every organization of its districts by school year, with statewide thresholds and directives.
struct DeterminationState {
    let frameworks: YearFrameworks
    private var years: [Int: [OrganizationCode: OrganizationFacts]] = [:]
    private var statewide: [Int: StatewideTable] = [:]
    /// The thresholds as they stood when determinations were last made from them, of those that changed since.
    private var movedThresholds: [Int: [StatewideTable.ThresholdKey: String]] = [:]
    private var settledStatewide: [Int: StatewideTable] = [:]
    private var directives = DirectiveTable()
    private var dirty: [Int: [OrganizationCode: String]] = [:]
    /// Declared schools by district; whether they serve a grade beyond kindergarten.
    private var schools: [Int: [OrganizationCode: [OrganizationCode: Bool]]] = [:]

    init(frameworks: YearFrameworks) {
        self.frameworks = frameworks
    }

    // MARK: Folding

    mutating func foldParticipation(_ record: borrowing InputRecord) throws {
        let key = try record.key(of: TableTopics.participation)
        let rate = try record.message(of: TableTopics.participation, under: key)
        // Judged are whole organizations and groups that the framework knows; grades are only reported.
        guard key.grade == ParticipationKey.allGrades else { return }
        let subject = key.unit.description
        var fact: ParticipationFact?
        if let rate, rate.judged {
            fact = ParticipationFact(
                group: key.group,
                subject: subject,
                participants: rate.participants,
                denominator: rate.denominator,
                rate: rate.hasRate ? rate.rate : nil,
                judgedRate: rate.judgedRateExact,
                met: rate.hasRequirementMet ? rate.requirementMet : nil,
                students: rate.students
            )
        }
        if facts(key.organization, key.schoolYear).set(participation: fact, key.group, subject) {
            mark(key.organization, key.schoolYear, record.cause)
        }
    }

    mutating func foldIndicator(_ record: borrowing InputRecord) throws {
        let key = try record.key(of: TableTopics.indicators)
        let entry = try record.message(of: TableTopics.indicators, under: key)
        let (code, year) = (key.organization, key.schoolYear)
        let facts = facts(code, year)
        let changed: IndicatorPlace?
        switch key.entry {
        case .organization:
            if facts.set(organization: entry?.organization) {
                declare(code, year, entry?.organization, record.cause)
                markFederal(code, after: year, record.cause)
            }
            return
        case .value(let place):
            let value = try measure(entry?.value)
            changed = facts.set(value: value, place.group, place.span, place.indicator) ? place : nil
        case .target(let place):
            let target = try target(entry?.target)
            changed = facts.set(target: target, place.group, place.span, place.indicator) ? place : nil
        }
        guard let changed else { return }
        markWithNext(code, year, record.cause)
        if changed.indicator == .fourYearGraduation, changed.group == .allStudents {
            markFederal(code, after: year, record.cause)
        }
    }

    mutating func foldPercentile(_ record: borrowing InputRecord) throws {
        let key = try record.key(of: TableTopics.percentiles)
        let entry = try record.message(of: TableTopics.percentiles, under: key)
        switch key.entry {
        // The norm is what the ranks were made from: it is the ranking's own.
        case .norm: return
        case .threshold(let type, let place, let quartile):
            var threshold: StatewideTable.Threshold?
            if let values = entry?.threshold {
                threshold = StatewideTable.Threshold(at80: try number(values.at80), at90: try number(values.at90))
            }
            let name = StatewideTable.ThresholdKey(
                type: type,
                span: place.span,
                group: place.group,
                indicator: place.indicator,
                difficultyQuartile: quartile ?? 0
            )
            if statewide[key.schoolYear, default: StatewideTable()].set(threshold, name) {
                movedThresholds[key.schoolYear, default: [:]][name] = record.cause
            }
        case .percentile(let code, let group, let comparison):
            // 0 stands where there is none, with the reason.
            let fact = (entry?.percentile).flatMap { $0.percentile == 0 ? nil : $0 }
                .map {
                    PercentileFact(
                        group: group,
                        comparison: comparison,
                        percentile: Int($0.percentile),
                        isLowestTitle1: $0.lowestTitle1
                    )
                }
            if facts(code, key.schoolYear).set(percentile: fact, group, comparison) {
                mark(code, key.schoolYear, record.cause)
                markFederal(code, after: key.schoolYear, record.cause)
            }
        }
    }

    mutating func foldDirective(_ record: borrowing InputRecord) throws {
        let key = try record.key(of: TableTopics.directives)
        guard directives.set(try record.message(of: TableTopics.directives, under: key), key) else { return }
        let code = key.organization
        // A designation lasts, so it counts in every year from its own on; one that says nothing new changes nothing.
        for year in years.keys {
            for other in years[year]?.keys.filter({ code == .state || code == $0 || code == $0.district }) ?? [] {
                mark(other, year, record.cause)
            }
        }
    }

    private func number(_ text: String) throws -> Ratio? {
        guard !text.isEmpty else { return nil }
        do throws(NumberError) {
            return try Ratio(decimal: text)
        } catch {
            throw UnusableRecord("a figure that is no decimal number of at most 36 digits")
        }
    }

    private func measure(_ value: Accountability_V1_IndicatorValue?) throws -> Measure? {
        guard let value, let number = try number(value.value) else { return nil }
        return Measure(
            value: number,
            count: value.hasCount ? Int64(value.count) : nil,
            difficultyQuartile: Int(min(value.difficultyQuartile, 4)),
            counted: value.supplied || value.divisor == 0 ? nil : value.sum,
            enrollment: value.hasNonHighEnrollment && value.hasHighEnrollment
                ? SpanEnrollment(nonHigh: value.nonHighEnrollment, high: value.highEnrollment) : nil
        )
    }

    private func target(_ target: Accountability_V1_Target?) throws -> TargetFact? {
        guard let target else { return nil }
        return TargetFact(
            baseline: try number(target.baseline),
            target: try number(target.target),
            path: TargetPath(wireName: target.path)
        )
    }

    // MARK: What is dirty

    private mutating func facts(_ code: OrganizationCode, _ year: Int) -> OrganizationFacts {
        if let known = years[year]?[code] { return known }
        let made = OrganizationFacts()
        years[year, default: [:]][code] = made
        return made
    }

    /// Marks an organization; what marked it before keeps its cause where the newer change names none.
    private mutating func mark(_ code: OrganizationCode, _ year: Int, _ cause: String) {
        guard cause.isEmpty else {
            dirty[year, default: [:]][code] = cause
            return
        }
        dirty[year, default: [:]][code, default: ""] += ""
    }

    /// Marks an organization in a year whose annual percentage may have changed, and in the next, whose prior one and
    /// prior values it is.
    private mutating func markWithNext(_ code: OrganizationCode, _ year: Int, _ cause: String) {
        years[year]?[code]?.annual = nil
        mark(code, year, cause)
        guard let next = years[year + 1]?[code] else { return }
        next.annual = nil
        mark(code, year + 1, cause)
        // The values of this year are prior values of the next, whose annual percentage the one after next weighs.
        if years[year + 2]?[code] != nil { mark(code, year + 2, cause) }
    }

    /// Marks a school in the years after one that may have identified it.
    ///
    /// 20 U.S.C. 6311 keeps those identified for years.
    private mutating func markFederal(_ code: OrganizationCode, after year: Int, _ cause: String) {
        for later in years.keys where later > year {
            if years[later]?[code] != nil, dirty[later]?[code] == nil { mark(code, later, cause) }
        }
    }

    /// Takes note that an organization was declared or withdrawn: of a district it matters whether it has several
    /// schools.
    private mutating func declare(
        _ code: OrganizationCode,
        _ year: Int,
        _ organization: Accountability_V1_Organization?,
        _ cause: String
    ) {
        markWithNext(code, year, cause)
        guard code.isSchool else { return }
        let district = code.district
        func isMultiSchool() -> [Bool] {
            LowestPerformingParameters.CountedSchools.allCases.map { self.isMultiSchool(district, year, $0) }
        }
        let before = isMultiSchool()
        schools[year, default: [:]][district, default: [:]][code] = organization.map(Self.servesBeyondKindergarten)
        if before != isMultiSchool(), years[year]?[district] != nil { markWithNext(district, year, cause) }
    }

    private func isMultiSchool(
        _ district: OrganizationCode,
        _ year: Int,
        _ counted: LowestPerformingParameters.CountedSchools
    ) -> Bool {
        (schools[year]?[district] ?? [:]).count { counted == .every || $0.value } > 1
    }

    /// Whether a school serves a grade beyond kindergarten; one whose grades are not declared does.
    private static func servesBeyondKindergarten(_ school: Accountability_V1_Organization) -> Bool {
        GradesServed(school.gradesServed)?.grades.contains { $0.number > 0 } ?? true
    }

    /// Marks every organization of a year that is complete: nothing but that is the cause.
    mutating func markAll(year: Int) {
        for code in years[year]?.keys.map({ $0 }) ?? [] { dirty[year, default: [:]][code] = "" }
    }

    /// Marks the organizations whose points a moved threshold changes; others stay as they are.
    mutating func spreadThresholds(year: Int) throws {
        // The prior year's thresholds decide its annual percentage, which counts in this year.
        for moved in [year - 1, year] {
            guard let keys = movedThresholds.removeValue(forKey: moved) else { continue }
            let before = settledStatewide[moved] ?? StatewideTable()
            let after = statewide[moved] ?? StatewideTable()
            settledStatewide[moved] = after
            guard let framework = try frameworks[moved], framework.points != nil else { continue }
            for (code, facts) in years[moved] ?? [:] {
                if let cause = dirty[moved]?[code] {
                    // It is made anew in any case; so is what follows from it in the year after.
                    markWithNext(code, moved, cause)
                    continue
                }
                guard let computation = try computation(code, facts, moved, framework) else { continue }
                for (key, cause) in keys where key.type == computation.type {
                    let affected = try StatewideTable.affected(by: key.group)
                        .contains { group in
                            guard facts.value(group, key.span, key.indicator) != nil else { return false }
                            let old = try computation.points(group, key.span, key.indicator, before)
                            let new = try computation.points(group, key.span, key.indicator, after)
                            return old?.outcome != new?.outcome
                        }
                    if affected {
                        markWithNext(code, moved, cause)
                        break
                    }
                }
            }
        }
    }

    /// The dirty organizations of a year in order, with the cause of each.
    mutating func takeDirty(year: Int) -> [(key: OrganizationCode, value: String)] {
        (dirty.removeValue(forKey: year) ?? [:]).sorted { $0.key < $1.key }
    }

    // MARK: Determinations

    /// Whether a year reports measures of organizations: with a determination, or without as 2022.
    func isReported(year: Int, framework: Framework) -> Bool {
        framework.determination != nil
    }

    /// The determination of an organization, or nil where there is none to issue: it is not a declared district or
    /// school.
    func determination(
        of code: OrganizationCode,
        year: Int,
        framework: Framework,
        digest: String
    ) throws -> Accountability_V1_Determination? {
        guard let facts = years[year]?[code], facts.organization != nil,
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
            targets: targets,
            federal: computation.type == .school ? try federal(code, year, framework) : []
        )
        .make()
    }

    private func computation(
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
            prior: years[year - 1]?[code],
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
            before = try federal(code, prior, priorFramework)
                .filter { !directives.hasEnded($0, of: code, in: year, framework) }
        }
        var earlier: [FederalFacts] = []
        var reported = try reportedYear(before: year)
        let years = framework.federal?.consistentlyLowYears.value ?? 1
        while earlier.count + 1 < years, let (prior, priorFramework) = reported,
            let facts = try federalFacts(code, prior, priorFramework)
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

    /// The latest year before one that identifies schools; at most two years in a row did not.
    private func reportedYear(before year: Int) throws -> (year: Int, framework: Framework)? {
        for prior in stride(from: year - 1, through: year - 3, by: -1) {
            if let framework = try frameworks[prior], framework.federal != nil { return (prior, framework) }
        }
        return nil
    }

    private func federalFacts(_ code: OrganizationCode, _ year: Int, _ framework: Framework) throws -> FederalFacts? {
        guard let facts = years[year]?[code], let organization = facts.organization else { return nil }
        let percentiles = facts.percentilesByGroup()
        return FederalFacts(
            year: year,
            isTitle1: organization.title1,
            isLowestTitle1: percentiles[.allStudents]?.isLowestTitle1 ?? false,
            isLowGraduation: try facts.isLowGraduation(framework) ?? false,
            percentiles: percentiles.mapValues(\.percentile)
        )
    }

    /// The annual percentage of the year before, as its framework carries it over; nil where it does not count.
    ///
    /// It counts where the organization had a determination of that year, in the comparison group that it is in now,
    /// and was not reconfigured since.
    private func priorAnnual(of code: OrganizationCode, before year: Int, _ framework: Framework) throws -> Ratio? {
        let prior = year - 1
        guard let priorFramework = try frameworks[prior], priorFramework.determination?.issued.value == true,
            let rule = framework.percentage?.priorYear.value,
            let now = years[year]?[code]?.organization, let before = years[prior]?[code]?.organization,
            PriorYear.counts(
                group: now.declaredComparison,
                before: before.declaredComparison,
                isReconfigured: directives.isReconfigured(code, after: prior, until: year),
                rule
            ), let annual = try annual(of: code, year: prior)
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
    /// What a report shows that a threshold could change.
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
