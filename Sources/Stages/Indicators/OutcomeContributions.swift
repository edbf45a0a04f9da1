internal import Messages
internal import Rules
internal import Streaming

/// What became of students: progress, coursework, graduation and dropout.
extension IndicatorYear {
    /// What an English learner's progress adds; nil where the grade belongs to no span.
    func contribution(_ progress: Accountability_V1_EnglishProficiency, record: Digest) -> OutcomeContribution? {
        var contribution = outcome(
            .elProgress,
            progress.metProgress,
            grade: progress.grade,
            groups: progress.groups,
            counts: parameters.countsInOthers(enrolledSinceOctober: progress.enrolledSinceOctober)
                && parameters.progressGrades.contains(Int(progress.grade)),
            record
        )
        contribution?.difficulty = UInt8(clamping: min(progress.difficultyQuartile, 4))
        return contribution
    }

    /// What a student's advanced coursework adds; nil where the grade belongs to no span.
    func contribution(_ coursework: Accountability_V1_AdvancedCoursework, record: Digest) -> OutcomeContribution? {
        outcome(
            .advancedCoursework,
            coursework.completed,
            grade: coursework.grade,
            groups: coursework.groups,
            counts: parameters.countsInOthers(enrolledSinceOctober: coursework.enrolledSinceOctober),
            record
        )
    }

    /// What a member of a cohort adds to the rates that judge the cohort in a school year; nil where none does.
    func contribution(_ member: Accountability_V1_CohortMember, in schoolYear: Int, record: Digest)
        -> OutcomeContribution?
    {
        var reported: OutcomeSet = []
        var positive: OutcomeSet = []
        for measure in [StudentMeasure.fourYearGraduation, .extendedEngagement]
        where parameters.judges(measure.indicator, cohort: Int(member.cohortYear), in: schoolYear) {
            reported.insert(OutcomeSet(measure))
            let tally = StudentContribution.cohort(
                measure.indicator,
                fourYearGraduate: member.fourYearGraduate,
                fiveYearGraduate: member.fiveYearGraduate,
                stillEnrolledAfterFive: member.stillEnrolledAfterFive
            )
            if (tally?.sum ?? 0) > 0 { positive.insert(OutcomeSet(measure)) }
        }
        guard !reported.isEmpty else { return nil }
        let counts = parameters.countsInCohort(enrolledSinceOctober: member.enrolledSinceOctober)
        return OutcomeContribution(
            record: record,
            groups: StudentGroupSet(recorded: member.groups),
            span: .high,
            reported: reported,
            counted: counts ? reported : [],
            positive: counts ? positive : []
        )
    }

    /// What a student's year before adds to the dropout rate, which is always one of the high span.
    func contribution(_ outcome: Accountability_V1_EnrollmentOutcome, record: Digest) -> OutcomeContribution {
        let tally = StudentContribution.dropout(
            enrolledOctober: outcome.enrolledOctober,
            droppedOut: outcome.droppedOut,
            returned: outcome.returnedByOctober
        )
        let set = OutcomeSet(.dropout)
        return OutcomeContribution(
            record: record,
            groups: StudentGroupSet(recorded: outcome.groups),
            span: .high,
            reported: set,
            counted: tally.count > 0 ? set : [],
            positive: tally.sum > 0 ? set : []
        )
    }

    private func outcome(
        _ measure: StudentMeasure,
        _ isPositive: Bool,
        grade number: UInt32,
        groups: UInt32,
        counts: Bool,
        _ record: Digest
    ) -> OutcomeContribution? {
        guard let grade = Grade(number: Int(number)), let span = GradeSpan(grade: grade) else { return nil }
        let set = OutcomeSet(measure)
        return OutcomeContribution(
            record: record,
            groups: StudentGroupSet(recorded: groups),
            span: span,
            reported: set,
            counted: counts ? set : [],
            positive: counts && isPositive ? set : []
        )
    }
}
