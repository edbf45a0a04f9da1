import Messages
import Rules
import Streaming

/// The tables of a task: every organization of its districts by school year, with statewide thresholds and directives.
struct DeterminationState {
    let frameworks: YearFrameworks
    var years: [Int: [OrganizationCode: OrganizationFacts]] = [:]
    var statewide: [Int: StatewideTable] = [:]
    /// The thresholds as they stood when determinations were last made from them, of those that changed since.
    private var movedThresholds: [Int: [StatewideTable.ThresholdKey: String]] = [:]
    var settledStatewide: [Int: StatewideTable] = [:]
    var directives = DirectiveTable()
    private var dirty: [Int: [OrganizationCode: String]] = [:]
    /// Declared schools by district; whether they serve a grade beyond kindergarten.
    var schools: [Int: [OrganizationCode: [OrganizationCode: Bool]]] = [:]

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
}
