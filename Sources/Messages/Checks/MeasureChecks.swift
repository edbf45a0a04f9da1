import Rules

private let otherKey = "it is another record's than its key names"
private let absurdCount = "a count that no state has"
private let absurdValue = "a value that is not a number in range"

extension Accountability_V1_Participation: TableMessage {
    /// The record's own key names it, and its counts can be.
    public func fault(under key: ParticipationKey) -> String? {
        guard schoolYear == key.schoolYear, orgCode == key.organization.description, grade == key.grade,
            group == key.group.wireName, subject == key.unit.description
        else { return otherKey }
        guard
            FigureCheck.areCounts(participants, denominator, priorParticipants, priorDenominator, students),
            participants <= denominator, priorParticipants <= priorDenominator
        else { return absurdCount }
        guard !hasRate || rate <= 100, FigureCheck.isValue(rateExact), FigureCheck.isValue(judgedRateExact) else {
            return absurdValue
        }
        return nil
    }
}

extension Accountability_V1_IndicatorEntry: TableMessage {
    /// The record's own key names it, and its figures can be.
    public func fault(under key: IndicatorKey) -> String? {
        guard schoolYear == key.schoolYear, orgCode == key.organization.description else { return otherKey }
        switch (entry, key.entry) {
        case (.organization(let organization)?, .organization): return organization.fault
        case (.value(let value)?, .value(let place)):
            guard value.gradeSpan == place.span.wireName, value.group == place.group.wireName,
                value.indicator == place.indicator.wireName
            else { return otherKey }
            return value.fault(of: place.indicator)
        case (.target(let target)?, .target(let place)):
            guard target.gradeSpan == place.span.wireName, target.group == place.group.wireName,
                target.indicator == place.indicator.wireName
            else { return otherKey }
            return FigureCheck.isValue(target.baseline) && FigureCheck.isValue(target.target) ? nil : absurdValue
        default: return otherKey
        }
    }
}

extension Accountability_V1_IndicatorValue {
    /// What cannot be about its figures.
    fileprivate func fault(of indicator: Indicator) -> String? {
        guard !value.isEmpty, FigureCheck.isValue(value), !indicator.isRate || FigureCheck.isPercentage(value) else {
            return absurdValue
        }
        guard !hasCount || FigureCheck.areCounts(count), FigureCheck.areCounts(nonHighEnrollment, highEnrollment) else {
            return absurdCount
        }
        guard FigureCheck.isQuartile(difficultyQuartile) else { return absurdValue }
        // A computed value has its numerator and denominator; those of a rate count students.
        guard divisor != 0 else { return sum == 0 ? nil : absurdCount }
        guard hasCount, divisor == Int64(count) else { return absurdCount }
        // Who dropped out need not have been enrolled on October 1, and then is not among the students.
        if indicator == .dropout { return (0...Int64(FigureCheck.largestCount)).contains(sum) ? nil : absurdCount }
        let (most, overflows) = divisor.multipliedReportingOverflow(
            by: indicator.isRate ? 1 : Int64(FigureCheck.values.upperBound)
        )
        return !overflows && (0...most).contains(sum) ? nil : absurdCount
    }
}

extension Accountability_V1_Organization {
    /// What cannot be about its figures.
    var fault: String? {
        FigureCheck.areCounts(
            enrollment,
            nonHighEnrollment,
            highEnrollment,
            enrollmentLowIncome,
            enrollmentSwd,
            enrollmentEl
        ) ? nil : absurdCount
    }
}

extension Accountability_V1_Standing: TableMessage {
    /// The record's own key names it, and its figures can be.
    public func fault(under key: StandingKey) -> String? {
        guard schoolYear == key.schoolYear, group == key.group.wireName, orgCode == key.organization.description else {
            return otherKey
        }
        return fault
    }

    /// What cannot be about its figures.
    fileprivate var fault: String? {
        guard FigureCheck.isYear(schoolYear) else { return "a school year out of range" }
        guard FigureCheck.areCounts(nonHighEnrollment, highEnrollment) else { return absurdCount }
        guard reconfigured <= FigureCheck.mostYears else { return "more school years than there are" }
        for former in formerCodes {
            guard former.schoolYear < schoolYear, OrganizationCode(former.orgCode) != nil else {
                return "a former code of no earlier year, or no code"
            }
        }
        for value in values {
            guard GradeSpan(wireName: value.gradeSpan) != nil, Indicator(wireName: value.indicator) != nil else {
                return "a value of an unknown grade span or indicator"
            }
            guard !value.value.isEmpty, FigureCheck.isValue(value.value) else { return absurdValue }
            guard !value.hasCount || FigureCheck.areCounts(value.count) else { return absurdCount }
            guard FigureCheck.isQuartile(value.difficultyQuartile) else { return absurdValue }
        }
        return nil
    }
}

extension Accountability_V1_PercentileEntry: TableMessage {
    /// The record's own key names it, and its figures can be.
    public func fault(under key: PercentileKey) -> String? {
        guard schoolYear == key.schoolYear else { return otherKey }
        switch (entry, key.entry) {
        case (.percentile(let value)?, .percentile(let organization, let group, let comparison)):
            // The key always names a comparison group, even if none is known.
            guard value.orgCode == organization.description, value.group == group.wireName,
                value.comparisonGroup == comparison.wireName
                    || value.comparisonGroup.isEmpty && !value.missing.isEmpty
            else { return otherKey }
            return value.missing.isEmpty == (1...99).contains(value.percentile) && value.percentile <= 99
                ? nil : "a percentile outside of 1 to 99, or none without the reason"
        case (.threshold(let value)?, .threshold(let type, let place, let quartile)):
            guard value.type == (type == .district ? .district : .school), value.gradeSpan == place.span.wireName,
                value.group == place.group.wireName, value.indicator == place.indicator.wireName,
                value.difficultyQuartile == UInt32(quartile ?? 0)
            else { return otherKey }
            return FigureCheck.isValue(value.at80) && FigureCheck.isValue(value.at90) ? nil : absurdValue
        case (.norm(let norm)?, .norm(let group, _)):
            // A norm weighs the years before its own; none after it.
            for standing in norm.standings {
                guard standing.group == group.wireName, standing.schoolYear <= schoolYear else { return otherKey }
                if let fault = standing.fault { return fault }
            }
            return nil
        default: return otherKey
        }
    }
}
