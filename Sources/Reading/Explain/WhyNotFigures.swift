internal import Messages
package import Rules

/// Graduation and participation: the changes that would make a reason apply.
extension WhyNot {
    private var graduationParagraph: Paragraph { DeterminationReason.lowGraduation.paragraph(of: type) }
    private var participationParagraph: Paragraph { DeterminationReason.lowParticipation.paragraph(of: type) }

    private func graduationRecords() -> [ParameterRecord] { DeterminationReason.lowGraduation.parameters(framework) }

    private func participationRecords() -> [ParameterRecord] {
        let parameters = framework.participation
        return [parameters.standard.record, parameters.judgedRate.record, parameters.lookBack.record]
    }

    /// Whether the rate of so many graduates is low; nil of a cohort that is not judged.
    private func isLow(_ graduates: Int64) throws -> Bool? {
        try LowGraduation(cohort: Int64(determination.graduationCohort), graduates: graduates, framework).isLow
    }

    /// A supplied rate without counted graduates; nil if they were counted.
    private func suppliedGraduation() -> String? {
        guard !determination.graduationRate.isEmpty, !determination.hasGraduates else { return nil }
        return "\(determination.graduationRate) percent of \(determination.graduationCohort), as it was supplied"
    }

    /// The rate from which graduation is not low, in words.
    private func leastRate() -> String {
        guard let parameters = framework.determination, parameters.lowGraduation.value == .belowThreshold else {
            return "more than two thirds"
        }
        return "\(parameters.lowGraduationThreshold.value.shortText) percent or more"
    }

    /// How many more graduates would make the rate pass.
    package func graduationAbove() throws -> Derivation {
        let title = "Four-year graduation rate of \(determination.graduationDataYear)"
        let cohort = Int64(determination.graduationCohort)
        let graduates = Int64(determination.graduates)
        if let supplied = suppliedGraduation() {
            return Derivation(
                title,
                "\(supplied); \(leastRate()) would be needed",
                paragraph: graduationParagraph,
                parameters: graduationRecords()
            )
        }
        guard !determination.graduationRate.isEmpty, graduates <= cohort,
            let enough = try Search.first(in: graduates...cohort, where: { try isLow($0) == false })
        else {
            return Derivation(
                "Four-year graduation rate",
                "low, of a cohort too small to publish",
                paragraph: graduationParagraph,
                parameters: graduationRecords()
            )
        }
        return Derivation(
            title,
            "\(graduates) of \(cohort) = \(determination.graduationRate) percent; \(enough) would be needed, \(enough - graduates) more",
            paragraph: graduationParagraph,
            parameters: graduationRecords()
        )
    }

    /// How many more participants each group would need that missed the requirement.
    package func participationAbove() throws -> [Derivation] {
        let records = participationRecords()
        var conditions: [Derivation] = []
        for group in determination.lowParticipationGroups {
            let rows = determination.participation.filter { $0.group == group && $0.hasMet && !$0.met }
            if rows.isEmpty {
                conditions.append(
                    Derivation(
                        "Participation of \(title(group))",
                        "missed, of a group too small to publish",
                        paragraph: participationParagraph,
                        parameters: records
                    )
                )
            }
            for row in rows {
                let absent = Int64(row.denominator) - Int64(row.participants)
                let more = absent < 0 ? nil : try Search.first(in: 0...absent) { try meets(row, changedBy: $0) }
                let answer =
                    more.map { "\($0) more participant\($0 == 1 ? "" : "s") would be needed" }
                    ?? "not even every student's test would be enough this year"
                conditions.append(
                    Derivation(
                        "Participation of \(title(group)), \(row.subject)",
                        "\(row.participants) of \(row.denominator), \(row.judgedRateExact) percent judged; \(answer)",
                        paragraph: participationParagraph,
                        row: priorNote(row),
                        parameters: records
                    )
                )
            }
        }
        return conditions
    }

    /// The published row of a rate, the only one that holds the year before.
    private func published(_ row: Accountability_V1_GroupParticipation) -> Accountability_V1_Participation? {
        participation.first { $0.grade == "all" && $0.group == row.group && $0.subject == row.subject }
    }

    private func priorNote(_ row: Accountability_V1_GroupParticipation) -> String? {
        guard framework.participation.lookBack.value != .current, let published = published(row),
            published.priorDenominator > 0
        else { return nil }
        return "the year before: \(published.priorParticipants) of \(published.priorDenominator)"
    }

    /// Whether the rate would meet the standard with some participants more, or fewer, of the same tests due: judged by
    /// the very rule, look-back included.
    private func meets(_ row: Accountability_V1_GroupParticipation, changedBy change: Int64) throws -> Bool {
        let participants = Int64(row.participants) + change
        let current = ParticipationTally(
            standard: participants,
            absent: Int64(row.denominator) - participants,
            students: Int64(row.students)
        )
        var prior: ParticipationTally?
        if let published = published(row), published.priorDenominator > 0,
            published.priorParticipants <= published.priorDenominator
        {
            let taken = Int64(published.priorParticipants)
            prior = ParticipationTally(standard: taken, absent: Int64(published.priorDenominator) - taken)
        }
        let unit = Subject(name: row.subject).map(ParticipationUnit.subject) ?? .combined
        return try ParticipationJudgement(current: current, prior: prior, unit, framework).met == true
    }

    // MARK: Requiring assistance

    /// A placement by the Department.
    package func placement(_ level: DeterminationLevel) -> Derivation {
        let text =
            level == .broadComprehensive
            ? "none as underperforming or chronically underperforming; it takes a directive of the Department under 603 CMR 2.05 or 2.06"
            : "none in focused or targeted support; it takes a directive of the Department with a stated reason"
        return Derivation("Designation", text, paragraph: DeterminationReason.designation.paragraph(of: type))
    }

    /// For each measured figure the nearest value at which it would be a reason for focused or targeted support.
    package func focusing() throws -> [Derivation] {
        var conditions: [Derivation] = []
        if isSchool, let parameters = framework.determination {
            if determination.hasPercentile {
                let cut = parameters.lowestPerformingPercentile
                if Int(determination.percentile) > cut.value {
                    conditions.append(
                        Derivation(
                            "Accountability percentile",
                            "\(determination.percentile); \(cut.value) or less would be a reason",
                            paragraph: .lowestPerformingSchools,
                            parameters: [cut.record]
                        )
                    )
                }
            }
            let cut = parameters.lowSubgroupPercentile
            let others = determination.groupPercentiles.filter {
                $0.group != StudentGroup.allStudents.wireName && Int($0.percentile) > cut.value
            }
            if let nearest = others.min(by: { $0.percentile < $1.percentile }) {
                conditions.append(
                    Derivation(
                        "Percentile of \(title(nearest.group)), the nearest of \(others.count) groups",
                        "\(nearest.percentile); \(cut.value) or less would be a reason",
                        paragraph: .lowSubgroups,
                        parameters: [cut.record]
                    )
                )
            }
        }
        if let graduation = try graduationBelow() { conditions.append(graduation) }
        if let participation = try participationBelow() { conditions.append(participation) }
        return conditions + [placement(.focusedTargeted)]
    }

    /// How many fewer graduates would make the rate low; nil if it is not judged or already low.
    private func graduationBelow() throws -> Derivation? {
        let cohort = Int64(determination.graduationCohort)
        let graduates = Int64(determination.graduates)
        let needsPercentage = framework.determination?.lowGraduationNeedsPercentage.value == true
        if let supplied = suppliedGraduation() {
            let rate = try Ratio(decimal: determination.graduationRate)
            guard try LowGraduation(cohort: cohort, supplied: rate, framework).isLow == false,
                determination.hasCumulative || !needsPercentage
            else { return nil }
            return Derivation(
                "Four-year graduation rate of \(determination.graduationDataYear)",
                "\(supplied); anything but \(leastRate()) would be a reason",
                paragraph: graduationParagraph,
                parameters: graduationRecords()
            )
        }
        guard !determination.graduationRate.isEmpty, graduates <= cohort, try isLow(graduates) == false,
            determination.hasCumulative || !needsPercentage,
            let fewer = try Search.first(in: 0...graduates, where: { try isLow(graduates - $0) == true })
        else { return nil }
        return Derivation(
            "Four-year graduation rate of \(determination.graduationDataYear)",
            "\(graduates) of \(cohort) = \(determination.graduationRate) percent; \(graduates - fewer) would be a reason, \(fewer) fewer",
            paragraph: graduationParagraph,
            parameters: graduationRecords()
        )
    }

    /// The judged rate that is closest to missing the requirement, by participants; nil if none is judged.
    private func participationBelow() throws -> Derivation? {
        var nearest: (row: Accountability_V1_GroupParticipation, fewer: Int64)?
        for row in determination.participation where row.hasMet && row.met && row.participants <= row.denominator {
            guard
                let fewer = try Search.first(
                    in: 0...Int64(row.participants),
                    where: { try !meets(row, changedBy: -$0) }
                )
            else { continue }
            if nearest.map({ fewer < $0.fewer }) ?? true { nearest = (row, fewer) }
        }
        guard let nearest else { return nil }
        let row = nearest.row
        return Derivation(
            "Participation of \(title(row.group)), \(row.subject), the nearest rate",
            "\(row.participants) of \(row.denominator), \(row.judgedRateExact) percent judged; \(nearest.fewer) "
                + "participant\(nearest.fewer == 1 ? "" : "s") fewer would be a reason",
            paragraph: participationParagraph,
            row: priorNote(row),
            parameters: participationRecords()
        )
    }
}
