public import Rules

/// A published message that this version of the program cannot read as a report.
public struct ReportFault: Error, Hashable, CustomStringConvertible {
    /// Where in the message.
    public let field: String
    /// What stands there.
    public let value: String

    /// What is wrong, and what to do.
    public var description: String {
        "the message names '\(value)' in \(field), which this version does not know: use the version that published it"
    }

    static func word<Word: WireNamed>(_ text: String, _ field: String) throws(ReportFault) -> Word {
        guard let word = Word(wireName: text) else { throw ReportFault(field: field, value: text) }
        return word
    }

    static func words<Word: WireNamed>(_ texts: [String], _ field: String) throws(ReportFault) -> [Word] {
        var words: [Word] = []
        for text in texts { words.append(try word(text, field)) }
        return words
    }

    /// The word; nil of an empty text.
    static func optional<Word: WireNamed>(_ text: String, _ field: String) throws(ReportFault) -> Word? {
        text.isEmpty ? nil : try word(text, field)
    }

    /// The number, a decimal or a fraction; nil of an empty text.
    static func number(_ text: String, _ field: String) throws(ReportFault) -> Ratio? {
        guard !text.isEmpty else { return nil }
        guard let number = Ratio.reading(text) ?? Ratio.reading(fraction: text) else {
            throw ReportFault(field: field, value: text)
        }
        return number
    }
}

extension DeterminationReport {
    /// The report that a published message holds.
    ///
    /// - Parameters:
    ///   - message: the determination as it was published.
    ///   - percentiles: the organization's entries of the topic of percentiles: they have the figures on the way.
    /// - Throws: ``ReportFault`` for a word or a number that this version does not know.
    public init(
        _ message: Accountability_V1_Determination,
        percentiles: [Accountability_V1_Percentile] = []
    ) throws(ReportFault) {
        self.init(
            schoolYear: Int(message.schoolYear),
            code: message.orgCode,
            type: message.type == .district ? .district : .school,
            publication: PublicationReport(message)
        )
        name = message.name
        classification = try ReportFault.optional(message.classification, "classification")
        level = try ReportFault.optional(message.level, "level")
        reasons = try ReportFault.words(message.reasons, "reasons")
        statedReasons = message.reasonTexts
        designation = try ReportFault.optional(message.designation, "designation")
        recognitions = message.recognitions
        lowSubgroups = try ReportFault.words(message.lowSubgroups, "low_subgroups")
        lowParticipationGroups = try ReportFault.words(message.lowParticipationGroups, "low_participation_groups")
        try readPercentiles(message, percentiles)
        try readPercentages(message)
        for row in message.participation { participation.append(try ParticipationReport(row)) }
        if let rate = try ReportFault.number(message.graduationRate, "graduation_rate") {
            graduation = GraduationReport(
                rate: rate,
                cohort: Int64(message.graduationCohort),
                graduates: message.hasGraduates ? Int64(message.graduates) : nil,
                dataYear: Int(message.graduationDataYear),
                isReason: message.lowGraduation
            )
        }
        for designation in message.federalDesignations {
            federal.append(
                FederalDesignation(
                    try ReportFault.word(designation.designation, "federal_designations.designation"),
                    try ReportFault.word(designation.reason, "federal_designations.reason"),
                    identified: Int(designation.identified),
                    groups: try ReportFault.words(designation.groups, "federal_designations.groups")
                )
            )
        }
        for step in message.history { history.append(try OrganizationHistory.Step(step)) }
        for measure in message.suspendedMeasures {
            suspended.append(
                SuspendedMeasure(
                    try ReportFault.word(measure.measure, "suspended_measures.measure"),
                    reason: measure.reason,
                    reference: measure.reference
                )
            )
        }
    }

    private mutating func readPercentiles(
        _ message: Accountability_V1_Determination,
        _ published: [Accountability_V1_Percentile]
    ) throws(ReportFault) {
        percentile = message.hasPercentile ? Int(message.percentile) : nil
        for entry in message.groupPercentiles {
            var report = PercentileReport(
                try ReportFault.word(entry.group, "group_percentiles.group"),
                percentile: Int(entry.percentile),
                comparisonGroup: try ReportFault.optional(entry.comparisonGroup, "group_percentiles.comparison_group")
            )
            let own = published.first { $0.group == entry.group && $0.comparisonGroup == entry.comparisonGroup }
            if let own { try report.readFigures(own) }
            percentiles.append(report)
        }
        for entry in published where !entry.missing.isEmpty {
            var report = PercentileReport(
                try ReportFault.word(entry.group, "group"),
                percentile: nil,
                comparisonGroup: try ReportFault.optional(entry.comparisonGroup, "comparison_group")
            )
            try report.readFigures(entry)
            percentiles.append(report)
        }
    }

    private mutating func readPercentages(_ message: Accountability_V1_Determination) throws(ReportFault) {
        annual = PercentageReport(
            .allStudents,
            percent: try ReportFault.number(message.annualExact, "annual_exact"),
            displayed: Int(message.annual),
            spans: try SpanReport.list(message.spans)
        )
        if message.hasCumulative {
            cumulative = CumulativeReport(
                prior: try ReportFault.number(message.priorAnnualExact, "prior_annual_exact"),
                percent: Int(message.cumulative),
                band: try ReportFault.optional(message.band, "band")
            )
        }
        for group in message.groupPercentages {
            groups.append(
                PercentageReport(
                    try ReportFault.word(group.group, "group_percentages.group"),
                    percent: try ReportFault.number(group.annualExact, "group_percentages.annual_exact"),
                    displayed: Int(group.annual),
                    spans: try SpanReport.list(group.spans)
                )
            )
        }
    }
}

extension OrganizationHistory.Step {
    fileprivate init(_ message: Accountability_V1_HistoryStep) throws(ReportFault) {
        var formers: [OrganizationCode] = []
        for code in message.formerOrgCodes { formers.append(try Self.code(code, "history.former_org_codes")) }
        self.init(
            schoolYear: Int(message.schoolYear),
            kind: try ReportFault.word(message.change, "history.change"),
            formers: formers,
            taken: message.takenOrgCode.isEmpty ? nil : try Self.code(message.takenOrgCode, "history.taken_org_code"),
            isContradicted: message.contradicted
        )
    }

    private static func code(_ text: String, _ field: String) throws(ReportFault) -> OrganizationCode {
        guard let code = OrganizationCode(text) else { throw ReportFault(field: field, value: text) }
        return code
    }
}

extension PercentileReport {
    fileprivate mutating func readFigures(_ message: Accountability_V1_Percentile) throws(ReportFault) {
        population = Int(message.population)
        isFrozen = message.frozen
        missing = try ReportFault.optional(message.missing, "missing")
        weightedMean = try ReportFault.number(message.weightedMean, "weighted_mean")
        for step in message.stages {
            guard let value = try ReportFault.number(step.value, "stages.value") else { continue }
            steps.append(
                Step(
                    try ReportFault.word(step.stage, "stages.stage"),
                    schoolYear: Int(step.schoolYear),
                    span: try ReportFault.optional(step.gradeSpan, "stages.grade_span"),
                    name: step.indicatorOrCategory,
                    value: value
                )
            )
        }
    }
}

extension ParticipationReport {
    fileprivate init(_ message: Accountability_V1_GroupParticipation) throws(ReportFault) {
        self.init(
            try ReportFault.word(message.group, "participation.group"),
            unit: message.subject,
            students: Int64(message.students),
            participants: Int64(message.participants),
            denominator: Int64(message.denominator),
            rate: Int(message.rate),
            judged: try ReportFault.number(message.judgedRateExact, "participation.judged_rate_exact"),
            met: message.hasMet ? message.met : nil
        )
    }
}

extension PublicationReport {
    fileprivate init(_ message: Accountability_V1_Determination) {
        self.init(
            revision: Int(message.revision),
            status: message.status,
            embargoUntil: message.embargoUntil,
            statusReason: message.statusReason,
            framework: message.framework,
            frameworkDigest: message.frameworkDigest,
            changes: message.changes,
            notes: message.publicationNotes.map {
                Note(isAppeal: $0.isAppeal, date: $0.date, reason: $0.reason, reference: $0.reference)
            },
            causes: message.everyCause,
            hasMoreCauses: message.moreCauses
        )
    }
}
