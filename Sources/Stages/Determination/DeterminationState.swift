import Messages
import Rules
import Streaming

/// The tables of a task: every organization of its districts by school year, with statewide thresholds and directives.
struct DeterminationState {
    let frameworks: YearFrameworks
    var years: [Int: [OrganizationCode: OrganizationFacts]] = [:]
    var statewide: [Int: StatewideTable] = [:]
    /// For thresholds that changed since: their values when determinations were last made from them.
    private var movedThresholds: [Int: [StatewideTable.ThresholdKey: CauseSet]] = [:]
    private var settledStatewide: [Int: StatewideTable] = [:]
    var directives = DirectiveTable()
    /// Organizations whose determination may have changed, by year, each with the causes.
    private var dirty: [Int: [OrganizationCode: CauseSet]] = [:]
    /// Declared schools by district; whether they serve a grade beyond kindergarten.
    private var schools: [Int: [OrganizationCode: [OrganizationCode: Bool]]] = [:]

    init(frameworks: YearFrameworks) {
        self.frameworks = frameworks
    }

    // MARK: Folding

    mutating func foldParticipation(_ record: borrowing InputRecord) throws {
        let key = try record.key(of: TableTopics.participation)
        let rate = try record.message(of: TableTopics.participation, under: key)
        let subject = key.unit.description
        let cell = ParticipationCell(group: key.group, subject: subject)
        let isSupplied = rate?.supplied ?? false
        if facts(key.organization, key.schoolYear).set(suppliedGrade: key.grade, stands: isSupplied, of: cell) {
            mark(key.organization, in: key.schoolYear, CauseSet(record.cause))
        }
        // Only whole organizations, and groups that the framework knows, are judged. Grades are only reported.
        guard key.grade == ParticipationKey.allGrades else { return }
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
            // No later year depends on it: a rate over two years is judged by the stage that computes it.
            mark(key.organization, in: key.schoolYear, CauseSet(record.cause))
        }
    }

    /// Returns the rank that the changed value is part of, whose new percentile is on its way.
    mutating func foldIndicator(_ record: borrowing InputRecord) throws -> Arrivals.Rank? {
        let key = try record.key(of: TableTopics.indicators)
        let entry = try record.message(of: TableTopics.indicators, under: key)
        let (code, year) = (key.organization, key.schoolYear)
        let facts = facts(code, year)
        let hasChanged: Bool
        var rank: Arrivals.Rank?
        switch key.entry {
        case .organization:
            if facts.set(organization: entry?.organization) {
                declare(code, year, entry?.organization, CauseSet(record.cause))
            }
            return nil
        case .value(let place):
            let value = try measure(entry?.value)
            if facts.value(place.group, place.span, place.indicator)?.value != value?.value, facts.isRanked(place) {
                rank = Arrivals.Rank(schoolYear: year, organization: code, group: place.group)
            }
            hasChanged = facts.set(value: value, place.group, place.span, place.indicator)
        case .target(let place):
            let target = try target(entry?.target)
            hasChanged = facts.set(target: target, place.group, place.span, place.indicator)
        }
        if hasChanged { mark(code, from: year, CauseSet(record.cause)) }
        return rank
    }

    /// Returns the rank that came, or was withdrawn.
    mutating func foldPercentile(_ record: borrowing InputRecord) throws -> Arrivals.Rank? {
        let key = try record.key(of: TableTopics.percentiles)
        let entry = try record.message(of: TableTopics.percentiles, under: key)
        switch key.entry {
        // Only the ranking uses the norm, which is the basis of the ranks.
        case .norm: return nil
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
                movedThresholds[key.schoolYear, default: [:]][name, default: CauseSet()].insert(record.cause)
            }
            return nil
        case .percentile(let code, let group, let comparison):
            // 0 means no percentile, with the reason.
            let fact = (entry?.percentile).flatMap { $0.percentile == 0 ? nil : $0 }
                .map {
                    PercentileFact(
                        group: group,
                        comparison: comparison,
                        percentile: Int($0.percentile),
                        isLowestTitle1: $0.lowestTitle1,
                        ranked: ranked(in: $0, key.schoolYear)
                    )
                }
            if facts(code, key.schoolYear).set(percentile: fact, group, comparison) {
                mark(code, from: key.schoolYear, CauseSet(record.cause))
            }
            return Arrivals.Rank(schoolYear: key.schoolYear, organization: code, group: group)
        }
    }

    /// The figures of the school year that a percentile was made from.
    private func ranked(in percentile: Accountability_V1_Percentile, _ year: Int) -> Set<PercentileFact.Figure> {
        Set(
            percentile.stages.compactMap { stage in
                guard stage.stage == PercentileFigure.value.wireName, Int(stage.schoolYear) == year,
                    let span = GradeSpan(wireName: stage.gradeSpan),
                    let indicator = Indicator(wireName: stage.indicatorOrCategory)
                else { return nil }
                return PercentileFact.Figure(span: span, indicator: indicator)
            }
        )
    }

    mutating func foldDirective(_ record: borrowing InputRecord) throws {
        let key = try record.key(of: TableTopics.directives)
        guard directives.set(try record.message(of: TableTopics.directives, under: key), key) else { return }
        mark(concernedBy: key, CauseSet(record.cause))
    }

    /// Puts the official releases in effect whose markers have come, see ``DirectiveTable/arrive(scope:)``.
    mutating func arrive(scope: String) {
        for key in directives.arrive(scope: scope) {
            mark(concernedBy: key, CauseSet(ReleaseMark.submission(of: scope) ?? ""))
        }
    }

    private mutating func mark(concernedBy key: DirectiveKey, _ causes: CauseSet) {
        let code = key.organization
        // A designation lasts, so it counts in every year from its own on; one that says nothing new changes nothing.
        // A change of an organization concerns others of its district: their rows may name the same code.
        let concerned = Set(years.values.flatMap(\.keys))
            .filter {
                code == .state || code == $0 || code == $0.district
                    || key.act == .organizationChange && code.district == $0.district
            }
        for other in concerned { mark(other, from: .min, causes) }
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
        var others: [Ratio: Ratio] = [:]
        for other in value.otherThresholds {
            if let threshold = try self.number(other.threshold) { others[threshold] = try self.number(other.value) }
        }
        return Measure(
            value: number,
            count: value.hasCount ? Int64(value.count) : nil,
            difficultyQuartile: Int(min(value.difficultyQuartile, 4)),
            counted: value.supplied || value.divisor == 0 ? nil : value.sum,
            otherThresholds: others,
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

    /// Marks an organization in a year and in every later one that is known of it.
    ///
    /// A year affects later ones. Its percentage is weighed in the next year. Its values are the prior values of the
    /// next year, whose percentage the following year weighs. And 20 U.S.C. 6311 keeps a school identified for years.
    /// This code does not work out the exact effect of a change: an unchanged determination is simply not published.
    ///
    /// So it does for the organizations that have its history under another code.
    private mutating func mark(_ code: OrganizationCode, from year: Int, _ causes: CauseSet) {
        let concerned = [code] + directives.changes.heirs(of: code)
        for (later, known) in years where later >= year {
            for code in concerned {
                guard let facts = known[code] else { continue }
                facts.annual = nil
                mark(code, in: later, causes)
            }
        }
    }

    /// Marks an organization in only one year.
    private mutating func mark(_ code: OrganizationCode, in year: Int, _ causes: CauseSet) {
        dirty[year, default: [:]][code, default: CauseSet()].formUnion(causes)
    }

    /// Takes note that an organization was declared or withdrawn: of a district it matters whether it has several
    /// schools.
    private mutating func declare(
        _ code: OrganizationCode,
        _ year: Int,
        _ organization: Accountability_V1_Organization?,
        _ causes: CauseSet
    ) {
        mark(code, from: year, causes)
        guard code.isSchool else { return }
        let district = code.district
        func isMultiSchool() -> [Bool] {
            LowestPerformingParameters.CountedSchools.allCases.map { self.isMultiSchool(district, year, $0) }
        }
        let before = isMultiSchool()
        schools[year, default: [:]][district, default: [:]][code] = organization.map(Self.servesBeyondKindergarten)
        if before != isMultiSchool() { mark(district, from: year, causes) }
    }

    func isMultiSchool(
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

    /// Marks every organization of a year that has just become complete.
    ///
    /// The completion itself is the only cause.
    mutating func markAll(year: Int) {
        for code in years[year]?.keys.map({ $0 }) ?? [] { dirty[year, default: [:]][code] = CauseSet() }
    }

    /// Marks an organization of a year that is complete, known or not.
    mutating func markAlone(_ code: OrganizationCode, year: Int) {
        dirty[year, default: [:]][code, default: CauseSet()].formUnion(CauseSet())
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
            let all = Set(keys.values)
            for (code, facts) in years[moved] ?? [:] {
                var causes = dirty[moved]?[code]
                // It is made again in any case, and no other cause is needed, as for a first publication.
                if let known = causes, all.allSatisfy(known.isSuperset) {
                    mark(code, from: moved, known)
                    continue
                }
                guard let computation = try computation(code, facts, moved, framework) else { continue }
                for (key, moving) in keys where key.type == computation.type {
                    if let known = causes, known.isSuperset(of: moving) { continue }
                    guard try moves(key, from: before, to: after, facts, computation) else { continue }
                    causes = causes ?? CauseSet()
                    causes?.formUnion(moving)
                }
                if let causes { mark(code, from: moved, causes) }
            }
        }
    }

    /// Whether another threshold changes the points of an organization.
    private func moves(
        _ key: StatewideTable.ThresholdKey,
        from before: StatewideTable,
        to after: StatewideTable,
        _ facts: OrganizationFacts,
        _ computation: TargetComputation
    ) throws -> Bool {
        try StatewideTable.affected(by: key.group)
            .contains { group in
                guard facts.value(group, key.span, key.indicator) != nil else { return false }
                let old = try computation.points(group, key.span, key.indicator, before)
                let new = try computation.points(group, key.span, key.indicator, after)
                return old?.outcome != new?.outcome
            }
    }

    /// The dirty organizations of a year in order, with the causes of each.
    mutating func takeDirty(year: Int) -> [(key: OrganizationCode, value: CauseSet)] {
        (dirty.removeValue(forKey: year) ?? [:]).sorted { $0.key < $1.key }
    }
}
