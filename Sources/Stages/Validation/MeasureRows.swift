import Messages
import Rules
import Tables

/// What a measure is of.
private struct Measured {
    var gradeSpan = ""
    var group = ""
    var indicator: Indicator?
}

private enum Place {
    static let comparisonGroup = Layout.indicatorValues.place("comparison_group")
    static let value = Layout.indicatorValues.place("value")
    static let count = Layout.indicatorValues.place("count")
    static let baseline = Layout.targets.place("baseline")
    static let target = Layout.targets.place("target")
    static let directive = Layout.directives.place("directive")
    static let kind = Layout.directives.place("kind")
    static let effective = Layout.directives.place("effective_date")
    static let end = Layout.directives.place("end_date")
    static let reason = Layout.directives.place("reason")
    static let reference = Layout.directives.place("reference")
}

extension RowCheck {
    mutating func indicatorValue(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        let measured = measured(line)
        guard !isDeletion else { return .none }
        var supplied = Accountability_V1_SuppliedValue()
        supplied.comparisonGroup = word(Place.comparisonGroup, line)
        supplied.gradeSpan = measured.gradeSpan
        supplied.group = measured.group
        supplied.indicator = measured.indicator?.wireName ?? ""
        supplied.value = figure(Place.value, of: measured.indicator, line)
        if let count = integer(Place.count, line) { supplied.count = UInt32(clamping: count) }
        return .record(.suppliedValue(supplied))
    }

    mutating func target(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        let measured = measured(line)
        guard !isDeletion else { return .none }
        var target = Accountability_V1_Target()
        target.gradeSpan = measured.gradeSpan
        target.group = measured.group
        target.indicator = measured.indicator?.wireName ?? ""
        target.baseline = figure(Place.baseline, of: measured.indicator, line)
        target.target = figure(Place.target, of: measured.indicator, line)
        return .record(.target(target))
    }

    /// Span, group and indicator; writes the key.
    private mutating func measured(_ line: Span<UInt8>) -> Measured {
        let span = choice(layout.place("grade_span"), line).flatMap { GradeSpan(rawValue: UInt8($0)) }
        let group = group(layout.place("group"), line)
        let place = layout.place("indicator")
        let indicator = choice(place, line).flatMap { Indicator(rawValue: UInt8($0)) }
        if let span, let indicator, !indicator.spans.contains(span) { fault(.indicatorNotInSpan, place) }
        let measured = Measured(gradeSpan: span?.wireName ?? "", group: group?.wireName ?? "", indicator: indicator)
        appendToKey(RowCheck.organizationColumn, line)
        appendToKey(measured.gradeSpan)
        appendToKey(measured.group)
        appendToKey(indicator?.wireName ?? "")
        return measured
    }

    /// A value of an indicator, as it was written; empty where there is none.
    private mutating func figure(_ column: Int, of indicator: Indicator?, _ line: Span<UInt8>) -> String {
        guard let figure = decimal(column, line) else { return "" }
        if let indicator, indicator.isRate || indicator.category == .growth, figure.isAbove(100) {
            fault(.rateAboveHundred, column)
        }
        return figure.text
    }

    /// The key of a directive is its key in the topic of directives: `<school year>/<directive>/<org>/<kind>`.
    mutating func directive(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        var directive = Accountability_V1_Directive()
        directive.directive = word(Place.directive, line)
        directive.kind = word(Place.kind, line)
        directive.orgCode = organization?.description ?? ""
        key.removeAll(keepingCapacity: true)
        appendToKey(RowCheck.yearColumn, line)
        appendToKey(directive.directive)
        appendToKey(directive.orgCode)
        appendToKey(directive.kind)
        if let kinds = RowCheck.kinds[directive.directive] {
            if !directive.kind.isEmpty, !kinds.contains(directive.kind) { fault(.kindNotOfDirective, Place.kind) }
        } else if !directive.directive.isEmpty {
            fault(.reservedDirective, Place.directive)
        }
        guard !isDeletion else { return .none }
        directive.effectiveDate = date(Place.effective, line) ?? ""
        directive.endDate = date(Place.end, line) ?? ""
        // ISO dates of four-digit years sort as text.
        if !directive.endDate.isEmpty, directive.endDate < directive.effectiveDate { fault(.endBeforeStart, Place.end) }
        directive.reason = text(Place.reason, line)
        directive.reference = text(Place.reference, line)
        directive.schoolYear = UInt32(clamping: year ?? 0)
        return .directive(directive)
    }

    /// The kinds of each directive that is carried out.
    private static let kinds: [String: [String]] = [
        "designation": ["underperforming", "chronically_underperforming", "directed_focused"],
        "recognition": [
            "high_achievement", "high_growth", "exceeding_targets", "meeting_targets", "significant_improvement",
            "national_blue_ribbon", "esea_distinguished",
        ],
        "release": ["preliminary", "official"],
    ]
}
