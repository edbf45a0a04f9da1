import Crypto
import Messages
public import Rules
import Streaming

/// Makes the determination of an organization in a school year from everything known of it: 603 CMR 2.03(3).
struct DeterminationMaker {
    let year: Int
    let code: OrganizationCode
    let type: OrganizationType
    let framework: Framework
    let frameworkDigest: String
    let facts: OrganizationFacts
    let directives: DirectiveTable
    let priorAnnual: Ratio?
    /// The latest year before that reports results; nil if there is none.
    let reportedYear: Int?
    let targets: TargetResults
    let federal: [FederalDesignation]

    /// The determination, without what belongs to its publication: revision, changes, cause, time.
    func make() throws -> Accountability_V1_Determination {
        let organization = facts.organization ?? Accountability_V1_Organization()
        var message = Accountability_V1_Determination()
        message.schoolYear = UInt32(clamping: year)
        message.orgCode = code.description
        message.type = type == .district ? .district : .school
        message.name = organization.name
        message.districtCode = organization.districtCode.isEmpty ? code.district.description : organization.districtCode
        message.framework = framework.name
        message.frameworkDigest = frameworkDigest
        let suspensions = directives.suspensions(in: year)
        let suspended = Set(suspensions.map(\.measure))
        message.suspendedMeasures = suspensions.map { suspension in
            var entry = Accountability_V1_SuspendedMeasure()
            entry.measure = suspension.measure.wireName
            entry.reason = suspension.reason
            entry.reference = suspension.reference
            return entry
        }
        addStatus(to: &message)
        message.history = directives.history(of: code, in: year, reported: reportedYear, framework).steps
            .map(Self.message(of:))

        var input = DeterminationInput(type: type)
        if !suspended.contains(.criterionReferenced) {
            if framework.points == nil { addValues(to: &message) }
            input.cumulative = try addPercentages(to: &message)?.percent
        }
        try addPercentiles(to: &message, input: &input, suspended)
        if !suspended.contains(.participation) { addParticipation(to: &message, input: &input) }
        input.sufficientData = input.cumulative != nil || input.percentile != nil
        facts.takeGraduation(into: &input)
        let designations = directives.designations(of: code, in: year, framework)
        let recognitions =
            suspended.contains(.exemplaryPerformance) ? [] : directives.recognitions(of: code, in: year)
        input.designations = designations.map(\.designation)
        input.recognitions = recognitions.map(\.kind)
        message.designation = designations.first?.designation.wireName ?? ""
        message.recognitions = input.recognitions
        message.reasonTexts = (designations.map(\.reason) + recognitions.map(\.reason)).filter { !$0.isEmpty }
        message.federalDesignations = federal.map(Self.message(of:))
        if framework.determination?.issued.value == true, !suspended.contains(.determinations) {
            try addDetermination(Determination(input, framework), to: &message)
        }
        if suspended.contains(.needForAssistance) { withholdNeed(from: &message) }
        return message
    }

    private func addDetermination(
        _ determination: Determination,
        to message: inout Accountability_V1_Determination
    ) throws {
        message.classification = determination.classification.wireName
        message.level = determination.level?.wireName ?? ""
        message.band = determination.progress?.wireName ?? ""
        message.reasons = determination.reasons.map(\.wireName)
        message.lowGraduation = determination.reasons.contains(.lowGraduation)
        message.decisionRow = Accountability_V1_DecisionRow(determination.row)
        guard let judged = determination.graduation, Suppression(students: judged.cohort, framework) != .hidden
        else { return }
        message.graduationCohort = UInt32(clamping: judged.cohort)
        message.graduationDataYear = UInt32(clamping: year - (framework.indicators?.lag(.fourYearGraduation) ?? 0))
        let minimum = framework.determination?.graduationRateMinimum.value ?? 0
        guard let rate = judged.rate, judged.cohort >= Int64(minimum) else { return }
        message.graduationRate = rate.shortText
        if let graduates = judged.graduates { message.graduates = UInt32(clamping: graduates) }
    }

    /// Leaves out everything that states a need for assistance or intervention, 603 CMR 2.03(2)(e): the measures it
    /// is read from stay.
    private func withholdNeed(from message: inout Accountability_V1_Determination) {
        message.reasons = []
        message.decisionRow = .unspecified
        message.reasonTexts = []
        message.lowSubgroups = []
        message.lowParticipationGroups = []
        message.lowGraduation = false
        message.designation = ""
        message.federalDesignations = []
    }

    private static func message(of designation: FederalDesignation) -> Accountability_V1_FederalDesignation {
        var message = Accountability_V1_FederalDesignation()
        message.designation = designation.support.wireName
        message.reason = designation.reason.wireName
        message.identified = UInt32(clamping: designation.identified)
        message.groups = designation.groups.map(\.wireName)
        return message
    }

    private static func message(of step: OrganizationHistory.Step) -> Accountability_V1_HistoryStep {
        var message = Accountability_V1_HistoryStep()
        message.schoolYear = UInt32(clamping: step.schoolYear)
        message.change = step.kind.wireName
        message.formerOrgCodes = step.formers.map(\.description)
        message.takenOrgCode = step.taken?.description ?? ""
        message.contradicted = step.isContradicted
        return message
    }

    /// As far as the Department has released the results; official only under a framework that the Board has approved:
    /// 603 CMR 2.03(3), (10).
    ///
    /// A correction after the release is told by its revision, and by a note where the Department announced it. A
    /// status `revised` would depend on what had been published before, and the same facts would no longer give the
    /// same figures.
    private func addStatus(to message: inout Accountability_V1_Determination) {
        message.publicationNotes = directives.publicationNotes(of: code, in: year)
        let stage = directives.stage(ofDistrict: code.district, in: year)
        message.status = min(stage, .preliminary).rawValue
        if stage == .preliminary { message.embargoUntil = directives.embargo(ofDistrict: code.district, in: year) }
        guard stage == .official else { return }
        let life = directives.frameworkLife(in: year)
        guard life.approves(framework) else {
            message.statusReason =
                "released, but the framework is \(life.lastStep.map { "\($0.wireName), not approved" } ?? "not approved") by the Board:"
                + " \(Paragraph.consultation)"
            return
        }
        if let approved = directives.approvedDigest(in: year), approved != frameworkDigest {
            message.statusReason =
                "released, but the Board approved the framework \(approved.prefix(12)), and this was made under "
                + "\(frameworkDigest.prefix(12)): \(Paragraph.consultation)"
            return
        }
        message.status = stage.rawValue
    }

    /// The values of a year that gives no points for them.
    private func addValues(to message: inout Accountability_V1_Determination) {
        for group in StudentGroup.allCases {
            var spans: [Accountability_V1_Span] = []
            for span in GradeSpan.allCases {
                var column = Accountability_V1_Column()
                column.group = group.wireName
                column.indicators = Indicator.allCases.compactMap { indicator in
                    facts.value(group, span, indicator).flatMap { valueAlone(indicator, $0) }
                }
                guard !column.indicators.isEmpty else { continue }
                var entry = Accountability_V1_Span()
                entry.gradeSpan = span.wireName
                entry.columns = [column]
                spans.append(entry)
            }
            guard !spans.isEmpty else { continue }
            if group == .allStudents || group == .lowestPerforming {
                for span in spans {
                    if let index = message.spans.firstIndex(where: { $0.gradeSpan == span.gradeSpan }) {
                        message.spans[index].columns += span.columns
                    } else {
                        message.spans.append(span)
                    }
                }
            } else {
                var percentage = Accountability_V1_GroupPercentage()
                percentage.group = group.wireName
                percentage.spans = spans
                message.groupPercentages.append(percentage)
            }
        }
    }

    /// A value without points, as it may be published; nil where nothing of it may.
    private func valueAlone(_ indicator: Indicator, _ measure: Measure) -> Accountability_V1_IndicatorPoints? {
        let suppression: Suppression = measure.count.map { Suppression(students: $0, framework) } ?? .full
        guard suppression != .hidden else { return nil }
        var message = Accountability_V1_IndicatorPoints()
        message.indicator = indicator.wireName
        if let count = measure.count { message.count = UInt32(clamping: count) }
        message.rule = "Reported without points"
        if suppression == .full { message.value = measure.value.shortText }
        return message
    }

    private func addPercentages(to message: inout Accountability_V1_Determination) throws -> CumulativePercentage? {
        guard framework.percentage != nil else { return nil }
        message.spans = try spans(targets.columns, annual: targets.annual)
        for group in targets.groups {
            let spans = try spans(group.columns, annual: group.annual)
            guard !spans.isEmpty else { continue }
            var percentage = Accountability_V1_GroupPercentage()
            percentage.group = group.group.wireName
            if let annual = group.annual {
                percentage.annualExact = annual.percent.shortText
                percentage.annual = UInt32(clamping: annual.displayed)
            }
            percentage.spans = spans
            message.groupPercentages.append(percentage)
        }
        guard let annual = targets.annual else { return nil }
        message.annual = UInt32(clamping: annual.displayed)
        message.annualExact = annual.percent.shortText
        let cumulative = try CumulativePercentage(current: annual.percent, prior: priorAnnual, framework)
        message.priorAnnualExact = cumulative.prior?.shortText ?? ""
        message.cumulative = UInt32(clamping: cumulative.percent)
        return cumulative
    }

    private func addPercentiles(
        to message: inout Accountability_V1_Determination,
        input: inout DeterminationInput,
        _ suspended: Set<ReportedMeasure>
    ) throws {
        // Districts have no percentile: 603 CMR 2.03(2)(a) ranks schools.
        guard type == .school else { return }
        var chosen = facts.percentilesByGroup()
        // The percentile of all students is the accountability percentile of (2)(a), those of other groups are (2)(c).
        if suspended.contains(.accountabilityPercentile) { chosen[.allStudents] = nil }
        if suspended.contains(.subgroupPercentile) { chosen = chosen.filter { $0.key == .allStudents } }
        if let own = chosen[.allStudents] {
            input.percentile = own.percentile
            message.percentile = UInt32(clamping: own.percentile)
        }
        if framework.determination != nil {
            input.lowSubgroups = try Determination.lowSubgroups(chosen.mapValues(\.percentile), framework)
        }
        message.lowSubgroups = input.lowSubgroups.map(\.wireName)
        for group in StudentGroup.allCases {
            guard let fact = chosen[group] else { continue }
            var percentile = Accountability_V1_GroupPercentile()
            percentile.group = group.wireName
            percentile.percentile = UInt32(clamping: fact.percentile)
            percentile.comparisonGroup = fact.comparison.wireName
            message.groupPercentiles.append(percentile)
        }
    }

    private func addParticipation(
        to message: inout Accountability_V1_Determination,
        input: inout DeterminationInput
    ) {
        for fact in facts.participation {
            if fact.met == false, !input.lowParticipationGroups.contains(fact.group) {
                input.lowParticipationGroups.append(fact.group)
            }
            let suppression = Suppression(students: Int64(fact.students), framework)
            guard suppression != .hidden else { continue }
            var rate = Accountability_V1_GroupParticipation()
            rate.group = fact.group.wireName
            rate.subject = fact.subject
            rate.students = fact.students
            if suppression == .full {
                rate.participants = fact.participants
                rate.denominator = fact.denominator
                if let whole = fact.rate { rate.rate = whole }
                rate.judgedRateExact = fact.judgedRate
                if let met = fact.met { rate.met = met }
            }
            message.participation.append(rate)
        }
        // Nothing says whether the grades that were supplied are all, so they are not summed up.
        for cell in facts.participationOfGradesOnly {
            var rate = Accountability_V1_GroupParticipation()
            rate.group = cell.group.wireName
            rate.subject = cell.subject
            message.participation.append(rate)
        }
        message.lowParticipationGroups = input.lowParticipationGroups.map(\.wireName)
    }

    private func spans(_ columns: [ColumnResult], annual: AnnualPercentage?) throws -> [Accountability_V1_Span] {
        var spans: [Accountability_V1_Span] = []
        for span in GradeSpan.allCases {
            let shown = columns.filter { $0.span == span }.compactMap(message(of:))
            guard !shown.isEmpty else { continue }
            var message = Accountability_V1_Span()
            message.gradeSpan = span.wireName
            message.columns = shown
            if let percentage = annual?.spans.first(where: { $0.span == span }) {
                message.percent = UInt32(clamping: percentage.displayed)
                message.percentExact = percentage.percent.shortText
                let weight = try annual?.nonHighWeight.map { try span == .nonHigh ? $0.floor : 100 - $0.floor } ?? 100
                message.weight = UInt32(clamping: weight)
            }
            spans.append(message)
        }
        return spans
    }

    /// A column as it may be published; nil where nothing of it may.
    private func message(of result: ColumnResult) -> Accountability_V1_Column? {
        let indicators = result.indicators.compactMap(message(of:))
        guard !indicators.isEmpty else { return nil }
        var message = Accountability_V1_Column()
        message.group = result.group.wireName
        message.indicators = indicators
        if let column = result.column {
            message.weightedEarned = column.weightedEarned.text(decimals: 1)
            message.weightedPossible = column.weightedPossible.text(decimals: 1)
            message.percent = column.percent.shortText
            message.renormalized = !column.missing.isEmpty
            message.missingCategories = column.missing.map(\.wireName)
            message.categories = column.categories.map { category in
                var total = Accountability_V1_CategoryTotal()
                total.category = category.category.wireName
                total.earned = UInt32(clamping: category.earned)
                total.possible = UInt32(clamping: category.possible)
                total.weight = category.weight.shortText
                return total
            }
        }
        return message
    }

    private func message(of result: IndicatorResult) -> Accountability_V1_IndicatorPoints? {
        let points = result.points
        let suppression: Suppression = result.count.map { Suppression(students: $0, framework) } ?? .full
        guard suppression != .hidden else { return nil }
        var message = Accountability_V1_IndicatorPoints()
        message.indicator = points.input.indicator.wireName
        if let count = result.count { message.count = UInt32(clamping: count) }
        message.rule = points.reason
        message.row = Accountability_V1_PointsRow(PointsReport.Row(points.row))
        message.path = points.input.path?.wireName ?? ""
        message.difficultyQuartile = UInt32(clamping: result.difficultyQuartile)
        guard suppression == .full else { return message }
        message.value = points.input.current?.shortText ?? ""
        message.prior = points.input.prior?.shortText ?? ""
        message.target = points.input.target?.shortText ?? ""
        message.priorIsBaseline = result.priorIsBaseline
        if let earned = points.points { message.points = UInt32(clamping: earned) }
        if case .statewide(let rule) = points.row {
            switch (rule.population, rule.percentile) {
            case (.allStudents, 80): message.at80 = result.threshold?.at80?.shortText ?? ""
            case (.allStudents, _): message.at90 = result.threshold?.at90?.shortText ?? ""
            case (.ownGroup, 80): message.groupAt80 = result.groupThreshold?.at80?.shortText ?? ""
            case (.ownGroup, _): message.groupAt90 = result.groupThreshold?.at90?.shortText ?? ""
            case (.difficultyQuartile, 80):
                message.at80 = points.input.statewide[.difficultyQuartile, 80]?.shortText ?? ""
            case (.difficultyQuartile, _):
                message.at90 = points.input.statewide[.difficultyQuartile, 90]?.shortText ?? ""
            }
        }
        return message
    }
}

extension Framework {
    /// The identity of a framework: SHA-256 of its canonical text, hexadecimal.
    public var digest: String {
        SHA256.hash(data: Array(canonicalText.utf8)).hexadecimal
    }
}
