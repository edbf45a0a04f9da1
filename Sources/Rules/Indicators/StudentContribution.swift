/// What one student adds to the indicators: pure functions from plain values.
public enum StudentContribution {
    /// Achievement in a subject: the scaled score, or its index points; nil where the score is outside the tables.
    public static func achievement(
        _ subject: Subject,
        scaledScore: Int,
        grade: Grade,
        span: GradeSpan,
        _ parameters: IndicatorParameters
    ) -> IndicatorTally? {
        switch parameters.measure(.achievement(subject), span) {
        case .cpi?:
            indexPoints(subject, scaledScore: scaledScore, grade: grade, parameters)
                .map { IndicatorTally(sum: Int64($0), count: 1) }
        case .scaledScore?, nil:
            IndicatorTally(sum: Int64(scaledScore), count: 1)
        }
    }

    /// The index points of a scaled score (CPI); nil where no row of the table holds it.
    public static func indexPoints(
        _ subject: Subject,
        scaledScore: Int,
        grade: Grade,
        _ parameters: IndicatorParameters
    ) -> Int? {
        let table = parameters.gradeIndexTables[subject]?[grade] ?? parameters.indexTables[subject]
        return table?.value.first { ($0.from...$0.to).contains(scaledScore) }?.points
    }

    /// Growth: the student growth percentile.
    public static func growth(_ studentGrowthPercentile: Int) -> IndicatorTally {
        IndicatorTally(sum: Int64(studentGrowthPercentile), count: 1)
    }

    /// Chronic absenteeism under a threshold of the framework (the first counts); nil where the student does not count.
    public static func chronicAbsence(
        grade: Grade,
        daysEnrolled: Int64,
        daysAbsent: Int64,
        threshold index: Int = 0,
        _ parameters: IndicatorParameters
    ) throws(NumberError) -> IndicatorTally? {
        let thresholds = parameters.chronicAbsenceThresholds.value
        guard thresholds.indices.contains(index),
            parameters.chronicAbsenceGrades.value.contains(grade),
            daysEnrolled > 0, daysEnrolled >= Int64(parameters.chronicAbsenceMinimumDays.value)
        else { return nil }
        return IndicatorTally(try Ratio(daysAbsent, over: daysEnrolled) * .hundred >= thresholds[index])
    }

    /// The annual dropout rate: whoever dropped out and did not return, of those enrolled on October 1.
    ///
    /// Who dropped out counts above the line, enrolled on October 1 or not; who was enrolled counts below it.
    /// Where more dropped out than were enrolled, the rate is 100 percent: ``IndicatorValue/exact``.
    public static func dropout(enrolledOctober: Bool, droppedOut: Bool, returned: Bool) -> IndicatorTally {
        IndicatorTally(sum: droppedOut && !returned ? 1 : 0, count: enrolledOctober ? 1 : 0)
    }

    /// Four-year graduation or extended engagement of a cohort member; nil for other indicators.
    public static func cohort(
        _ indicator: Indicator,
        fourYearGraduate: Bool,
        fiveYearGraduate: Bool,
        stillEnrolledAfterFive: Bool
    ) -> IndicatorTally? {
        switch indicator {
        case .fourYearGraduation: IndicatorTally(fourYearGraduate)
        // Whoever graduated in four years has also graduated within five.
        case .extendedEngagement: IndicatorTally(fourYearGraduate || fiveYearGraduate || stillEnrolledAfterFive)
        default: nil
        }
    }
}
