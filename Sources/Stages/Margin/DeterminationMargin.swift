public import Messages
import Rules

/// The headline figures of a determination.
public struct DeterminationOutcome: Sendable, Hashable, Codable {
    /// The classification; empty if there is no determination.
    public let classification: String
    /// The level.
    public let level: String

    /// The outcome of a determination; that of none is empty.
    public init(of message: Accountability_V1_Determination?) {
        classification = message?.classification ?? ""
        level = message?.level ?? ""
    }

    fileprivate init(classification: String, level: String) {
        self.classification = classification
        self.level = level
    }
}

/// How far a determination is from a cut, counted in students' results.
public struct DeterminationMargin: Sendable, Hashable, Codable {
    /// What is cut.
    public enum Cut: String, Sendable, Codable, CaseIterable {
        /// The percentile of the lowest performing schools, 10.
        case percentile
        /// The percentile of low subgroups, 5.
        case subgroupPercentile = "subgroup_percentile"
        /// The graduation rate, 66.7.
        case graduation
        /// The participation rate, 95.
        case participation
        /// A band of the cumulative percentage: 25, 50, 75.
        case band
    }

    /// What is counted.
    public enum Unit: String, Sendable, Codable, CaseIterable {
        /// Students, each with its results in every indicator.
        case students
        /// Tests, each of a student in a subject.
        case tests
    }

    /// What is cut.
    public let cut: Cut
    /// The group, with the subject for a rate; empty for all students.
    public let about: String
    /// The figure.
    public let value: String
    /// The value that it would have to reach: `> 10`, `<= 5`, `>= 75`, `< 50`, `met`, `not met`, `low`, `not low`.
    public let limit: String
    /// The least number of results that would have to differ; nil if not even all of them are enough, or if their
    /// number is unknown.
    public let results: Int64?
    /// What is counted.
    public let unit: Unit
    /// The classification and level on the other side of this cut-off, with all other figures unchanged; empty if the
    /// determination cannot be recomputed from its figures.
    public let outcome: DeterminationOutcome?

    /// Whether the classification or the level hangs on it.
    public let decides: Bool
    /// Whether the number of results is known: if so and it is nil, not even all of them are enough.
    public private(set) var isKnown = true

    private enum CodingKeys: String, CodingKey {
        case cut, about, value, limit, results, unit, outcome, decides
    }
}

/// The margins of one determination.
struct MarginMaker {
    let message: Accountability_V1_Determination
    let tables: MarginTables

    private var framework: Framework { tables.framework }
    private var isSchool: Bool { message.type == .school }

    /// Every cut, the nearest first; none of a year that issues no determinations.
    func margins() throws -> [DeterminationMargin] {
        guard let parameters = framework.determination, parameters.issued.value, !message.classification.isEmpty else {
            return []
        }
        var margins: [DeterminationMargin] = []
        if isSchool { margins += try percentiles(parameters) }
        if let graduation = try graduation(parameters) { margins.append(graduation) }
        margins += try participation()
        margins += try bands()
        return margins.sorted { left, right in
            let places = (left.results ?? .max, right.results ?? .max)
            guard places.0 == places.1 else { return places.0 < places.1 }
            let cuts = DeterminationMargin.Cut.allCases
            return (cuts.firstIndex(of: left.cut) ?? 0, left.about, left.limit)
                < (cuts.firstIndex(of: right.cut) ?? 0, right.about, right.limit)
        }
    }

    private func margin(
        _ cut: DeterminationMargin.Cut,
        about: String,
        value: String,
        limit: String,
        results: Int64?,
        unit: DeterminationMargin.Unit = .students,
        isKnown: Bool = true,
        _ change: (inout DeterminationInput) -> Void
    ) -> DeterminationMargin {
        let outcome = outcome(change)
        let now = DeterminationOutcome(of: message)
        return DeterminationMargin(
            cut: cut,
            about: about,
            value: value,
            limit: limit,
            results: results,
            unit: unit,
            outcome: outcome,
            decides: outcome.map { $0 != now } ?? false,
            isKnown: isKnown
        )
    }

    // MARK: Percentiles

    private func percentiles(_ parameters: DeterminationParameters) throws -> [DeterminationMargin] {
        var margins: [DeterminationMargin] = []
        if message.hasPercentile {
            let cut = parameters.lowestPerformingPercentile.value
            let now = Int(message.percentile)
            let (results, isKnown) = try students(.allStudents, percentile: now, cut: cut)
            margins.append(
                margin(
                    .percentile,
                    about: "",
                    value: "\(now)",
                    limit: now <= cut ? "> \(cut)" : "<= \(cut)",
                    results: results,
                    isKnown: isKnown
                ) { $0.percentile = now <= cut ? cut + 1 : cut }
            )
        }
        let cut = parameters.lowSubgroupPercentile.value
        for entry in message.groupPercentiles where entry.group != StudentGroup.allStudents.wireName {
            guard let group = StudentGroup(wireName: entry.group) else { continue }
            let now = Int(entry.percentile)
            let (results, isKnown) = try students(group, percentile: now, cut: cut)
            margins.append(
                margin(
                    .subgroupPercentile,
                    about: entry.group,
                    value: "\(now)",
                    limit: now <= cut ? "> \(cut)" : "<= \(cut)",
                    results: results,
                    isKnown: isKnown
                ) { input in
                    if now <= cut {
                        input.lowSubgroups.removeAll { $0 == group }
                    } else {
                        input.lowSubgroups.append(group)
                    }
                }
            )
        }
        return margins
    }

    /// The least number of students whose results would have to differ, and whether that is known.
    private func students(_ group: StudentGroup, percentile: Int, cut: Int) throws -> (Int64?, isKnown: Bool) {
        switch try tables.ranks.students(of: message.orgCode, group, percentile: percentile, cut: cut) {
        case .students(let number): (number, true)
        case .outOfReach: (nil, true)
        case .unknown: (nil, false)
        }
    }

    // MARK: Counted rates

    private func graduation(_ parameters: DeterminationParameters) throws -> DeterminationMargin? {
        guard !message.graduationRate.isEmpty, message.hasCumulative || !parameters.lowGraduationNeedsPercentage.value
        else { return nil }
        let cohort = Int64(message.graduationCohort)
        var results: Int64?
        if message.hasGraduates {
            results = try CountMargin.graduates(cohort: cohort, graduates: Int64(message.graduates), framework)
        }
        let isLow = message.lowGraduation
        return margin(
            .graduation,
            about: "",
            value: message.graduationRate,
            limit: isLow ? "not low" : "low",
            results: results,
            isKnown: message.hasGraduates
        ) { input in
            input.suppliedGraduationRate = nil
            input.cohort = isLow ? nil : cohort
            input.graduates = isLow ? nil : 0
        }
    }

    private func participation() throws -> [DeterminationMargin] {
        let published = tables.participation[message.orgCode] ?? []
        return try message.participation.filter(\.hasMet)
            .compactMap { rate in
                guard let group = StudentGroup(wireName: rate.group) else { return nil }
                let row = published.first { $0.group == rate.group && $0.subject == rate.subject }
                var prior: (participants: Int64, tests: Int64)?
                if let row, row.priorDenominator > 0, row.priorParticipants <= row.priorDenominator {
                    prior = (Int64(row.priorParticipants), Int64(row.priorDenominator))
                }
                let results = try CountMargin.tests(
                    participants: Int64(rate.participants),
                    of: Int64(rate.denominator),
                    students: Int64(rate.students),
                    prior: prior,
                    Subject(wireName: rate.subject).map(ParticipationUnit.subject) ?? .combined,
                    framework
                )
                // A group that misses the requirement in another subject as well stays on the list.
                let misses = message.participation.count { $0.group == rate.group && $0.hasMet && !$0.met }
                return margin(
                    .participation,
                    about: "\(rate.group)/\(rate.subject)",
                    value: rate.judgedRateExact,
                    limit: rate.met ? "not met" : "met",
                    results: results,
                    unit: .tests
                ) { input in
                    if rate.met {
                        if !input.lowParticipationGroups.contains(group) { input.lowParticipationGroups.append(group) }
                    } else if misses == 1 {
                        input.lowParticipationGroups.removeAll { $0 == group }
                    }
                }
            }
    }

    // MARK: The band

    private func bands() throws -> [DeterminationMargin] {
        guard message.hasCumulative, let bands = framework.percentage?.bands.value else { return [] }
        let now = Int64(message.cumulative)
        let target = try targetMargin()
        // Figures that cannot be recomputed from the published lines are not counted.
        let isKnown = try target.cumulative() == now
        var margins: [DeterminationMargin] = []
        let minimums = bands.map { Int64($0.minimum) }.sorted()
        if let above = minimums.first(where: { $0 > now }) {
            margins.append(
                margin(
                    .band,
                    about: "",
                    value: "\(now)",
                    limit: ">= \(above)",
                    results: isKnown ? try target.students(toReach: above, upwards: true) : nil,
                    isKnown: isKnown
                ) { $0.cumulative = above }
            )
        }
        if let own = minimums.last(where: { $0 <= now }), own > 0 {
            margins.append(
                margin(
                    .band,
                    about: "",
                    value: "\(now)",
                    limit: "< \(own)",
                    results: isKnown ? try target.students(toReach: own, upwards: false) : nil,
                    isKnown: isKnown
                ) { $0.cumulative = own - 1 }
            )
        }
        return margins
    }

    private func targetMargin() throws -> TargetMargin {
        var lines: [TargetMargin.Line] = []
        for span in message.spans {
            guard let gradeSpan = GradeSpan(wireName: span.gradeSpan) else { continue }
            for column in span.columns {
                guard let group = StudentGroup(wireName: column.group) else { continue }
                for line in column.indicators {
                    guard let indicator = Indicator(wireName: line.indicator), line.hasPoints, !line.value.isEmpty
                    else { continue }
                    func number(_ text: String) throws -> Ratio? { text.isEmpty ? nil : try Ratio(decimal: text) }
                    let input = PointsInput(
                        indicator,
                        gradeSpan,
                        current: try number(line.value),
                        prior: try number(line.prior),
                        target: try number(line.target),
                        count: line.hasCount
                            ? Int64(line.count) : Int64(framework.minimumSize.accountability.value),
                        statewide: try thresholds(span.gradeSpan, column.group, line),
                        path: TargetPath(wireName: line.path)
                    )
                    lines.append(
                        TargetMargin.Line(
                            input,
                            group: group,
                            points: Int(line.points),
                            isCounted: line.hasCount
                        )
                    )
                }
            }
        }
        let weights = message.spans.filter(\.hasPercent)
        let weight = weights.count > 1 ? weights.first { $0.gradeSpan == GradeSpan.nonHigh.wireName }?.weight : nil
        return TargetMargin(
            lines,
            nonHighWeight: weight.map { Ratio(Int64($0)) },
            prior: message.priorAnnualExact.isEmpty ? nil : try Ratio(decimal: message.priorAnnualExact),
            framework
        )
    }

    private func thresholds(
        _ span: String,
        _ group: String,
        _ line: Accountability_V1_IndicatorPoints
    ) throws -> StatewideThresholds {
        var result = StatewideThresholds()
        func fill(_ population: PointParameters.Population, _ group: String, _ quartile: UInt32) throws {
            let key = MarginTables.ThresholdKey(
                type: message.type,
                span: span,
                group: group,
                indicator: line.indicator,
                quartile: quartile
            )
            guard let threshold = tables.thresholds[key] else { return }
            if !threshold.at80.isEmpty { result[population, 80] = try Ratio(decimal: threshold.at80) }
            if !threshold.at90.isEmpty { result[population, 90] = try Ratio(decimal: threshold.at90) }
        }
        let all = StudentGroup.allStudents.wireName
        try fill(.allStudents, all, 0)
        try fill(.ownGroup, group, 0)
        if line.difficultyQuartile > 0 {
            let isOwn = framework.points?.difficultyQuartileValues.value == .ownGroup
            try fill(.difficultyQuartile, isOwn ? group : all, line.difficultyQuartile)
        }
        return result
    }

    // MARK: What would come of it

    /// The determination with one changed figure; nil if the rule does not reproduce the published determination, for
    /// example with suspended measures.
    private func outcome(_ change: (inout DeterminationInput) -> Void) -> DeterminationOutcome? {
        var input = DeterminationInput(type: isSchool ? .school : .district)
        input.designations = Designation(wireName: message.designation).map { [$0] } ?? []
        if message.hasPercentile { input.percentile = Int(message.percentile) }
        input.lowSubgroups = message.lowSubgroups.compactMap { StudentGroup(wireName: $0) }
        input.lowParticipationGroups = message.lowParticipationGroups.compactMap { StudentGroup(wireName: $0) }
        input.recognitions = message.recognitions
        if message.hasCumulative { input.cumulative = Int64(message.cumulative) }
        input.sufficientData = message.hasCumulative || message.hasPercentile
        if message.lowGraduation { (input.cohort, input.graduates) = (.max, 0) }
        guard let same = DeterminationOutcome(input, framework), same == DeterminationOutcome(of: message) else {
            return nil
        }
        change(&input)
        return DeterminationOutcome(input, framework)
    }
}

extension DeterminationOutcome {
    /// The rule's result for an input; nil if there is none.
    fileprivate init?(_ input: DeterminationInput, _ framework: Framework) {
        do {
            let made = try Determination(input, framework)
            self.init(classification: made.classification.wireName, level: made.level?.wireName ?? "")
        } catch {
            return nil
        }
    }
}
