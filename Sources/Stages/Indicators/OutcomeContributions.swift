internal import Messages
internal import Rules
internal import Streaming

/// Student outcomes: progress, coursework, graduation and dropout.
extension IndicatorYear {
    /// The contribution of a student's outcome in a school year; nil if the row adds nothing.
    func contribution(
        outcome student: StudentFact,
        of layout: Layout,
        in schoolYear: Int,
        record: Digest
    ) -> OutcomeContribution? {
        switch layout {
        case .englishProficiency: contribution(progress: student, record: record)
        case .graduationCohort: contribution(member: student, in: schoolYear, record: record)
        case .advancedCoursework: contribution(coursework: student, record: record)
        case .enrollmentOutcomes: contribution(outcome: student, record: record)
        case .organizations, .assessmentResults, .attendance, .participationCounts, .indicatorValues, .targets,
            .directives, .organizationChanges:
            nil
        }
    }

    /// The contribution of an English learner's progress; nil if the grade belongs to no span.
    private func contribution(progress: StudentFact, record: Digest) -> OutcomeContribution? {
        var contribution = outcome(
            .elProgress,
            progress.flags.contains(.metProgress),
            grade: progress.grade,
            groups: progress.groups,
            counts: parameters.countsInOthers(enrolledSinceOctober: progress.flags.contains(.enrolledSinceOctober))
                && parameters.progressGrades.contains(Int(progress.grade)),
            record
        )
        contribution?.difficulty = UInt8(clamping: min(progress.difficultyQuartile, 4))
        return contribution
    }

    /// The contribution of a student's advanced coursework; nil if the grade belongs to no span.
    private func contribution(coursework: StudentFact, record: Digest) -> OutcomeContribution? {
        outcome(
            .advancedCoursework,
            coursework.flags.contains(.completed),
            grade: coursework.grade,
            groups: coursework.groups,
            counts: parameters.countsInOthers(enrolledSinceOctober: coursework.flags.contains(.enrolledSinceOctober)),
            record
        )
    }

    /// The contribution of a cohort member to the cohort's rates in a school year; nil if there is none.
    private func contribution(member: StudentFact, in schoolYear: Int, record: Digest) -> OutcomeContribution? {
        var reported: OutcomeSet = []
        var positive: OutcomeSet = []
        for indicator in [Indicator.fourYearGraduation, .extendedEngagement]
        where parameters.judges(indicator, cohort: Int(member.cohortYear), in: schoolYear) {
            reported.insert(OutcomeSet(indicator))
            let tally = StudentContribution.cohort(
                indicator,
                fourYearGraduate: member.flags.contains(.fourYearGraduate),
                fiveYearGraduate: member.flags.contains(.fiveYearGraduate),
                stillEnrolledAfterFive: member.flags.contains(.stillEnrolledAfterFive)
            )
            if (tally?.sum ?? 0) > 0 { positive.insert(OutcomeSet(indicator)) }
        }
        guard !reported.isEmpty else { return nil }
        let counts = parameters.countsInCohort(enrolledSinceOctober: member.flags.contains(.enrolledSinceOctober))
        return OutcomeContribution(
            record: record,
            groups: StudentGroupSet(recorded: member.groups),
            span: .high,
            reported: reported,
            counted: counts ? reported : [],
            positive: counts ? positive : []
        )
    }

    /// The contribution of a student's previous year to the dropout rate, which always belongs to the high span.
    private func contribution(outcome: StudentFact, record: Digest) -> OutcomeContribution {
        let tally = StudentContribution.dropout(
            enrolledOctober: outcome.flags.contains(.enrolledOctober),
            droppedOut: outcome.flags.contains(.droppedOut),
            returned: outcome.flags.contains(.returnedByOctober)
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
        _ indicator: Indicator,
        _ isPositive: Bool,
        grade number: UInt32,
        groups: UInt32,
        counts: Bool,
        _ record: Digest
    ) -> OutcomeContribution? {
        guard let grade = Grade(number: Int(number)), let span = GradeSpan(grade: grade) else { return nil }
        let set = OutcomeSet(indicator)
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
