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
    static let schoolType = Layout.indicatorValues.place("school_type")
    static let nonHigh = Layout.indicatorValues.place("non_high_enrollment")
    static let high = Layout.indicatorValues.place("high_enrollment")
    static let difficultyQuartile = Layout.indicatorValues.place("difficulty_quartile")
    static let baseline = Layout.targets.place("baseline")
    static let target = Layout.targets.place("target")
    static let path = Layout.targets.place("path")
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
        supplied.schoolType = text(Place.schoolType, line)
        if let enrolled = integer(Place.nonHigh, line) { supplied.nonHighEnrollment = UInt32(clamping: enrolled) }
        if let enrolled = integer(Place.high, line) { supplied.highEnrollment = UInt32(clamping: enrolled) }
        if let quartile = integer(Place.difficultyQuartile, line), measured.indicator == .elProgress {
            supplied.difficultyQuartile = UInt32(clamping: quartile)
        }
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
        checkScale(of: target, measured)
        if let path = choice(Place.path, line).flatMap({ TargetPath(rawValue: UInt8($0)) }) {
            let paths = framework?.points?.paths.value ?? []
            if !paths.contains(path) || measured.indicator.map({ $0.category != .achievement }) ?? false {
                fault(.pathNotOfTarget, Place.path)
            }
            target.path = path.wireName
        }
        return .record(.target(target))
    }

    /// Holds a target of achievement, and its baseline, against the scales that achievement is measured on.
    ///
    /// A target is compared with values, so it is on the scale of its baseline. Without one it is on the scale of the
    /// year's framework.
    private mutating func checkScale(of target: Accountability_V1_Target, _ measured: Measured) {
        guard let indicator = measured.indicator, indicator.category == .achievement, let records = records(),
            let goal = Ratio.reading(target.target)
        else { return }
        let scaled = Ratio(records.currentScale.value.lowerBound)...Ratio(records.currentScale.value.upperBound)
        let index = Ratio.zero...Ratio.hundred
        var expected = [scaled, index]
        if let baseline = Ratio.reading(target.baseline) {
            expected = expected.filter { $0.contains(baseline) }
            if expected.isEmpty { return fault(.targetOffScale, Place.baseline) }
        } else if let measure = GradeSpan(wireName: measured.gradeSpan)
            .flatMap({ framework?.indicators?.measure(indicator, $0) })
        {
            expected = [measure == .cpi ? index : scaled]
        }
        if !expected.contains(where: { $0.contains(goal) }) { fault(.targetOffScale, Place.target) }
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
}
