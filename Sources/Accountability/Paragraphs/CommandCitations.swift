internal import Rules

extension FrameworkCommand: CitesParagraphs {
    static let paragraphs: [Paragraph] = [.framework]
}

extension DeterminationsCommand: CitesParagraphs {
    static let paragraphs: [Paragraph] = [
        .needForAssistance, .exemplaryPerformance, .determinations, .districtDeterminations, .districtsRequiring,
        .districtsNotRequiring,
        .schoolDeterminations, .schoolsRequiring, .schoolsNotRequiring,
    ]
}

extension ExplainCommand: CitesParagraphs {
    static let paragraphs: [Paragraph] = [
        .criterionReferenced, .allAndLowestPerforming, .eachSubgroup, .needForAssistance, .districtDesignation,
        .districtLowGraduation,
        .districtLowParticipation, .schoolDesignation, .lowestPerformingSchools, .lowSubgroups, .schoolLowGraduation,
        .schoolLowParticipation,
    ]
}

extension ParticipationCommand: CitesParagraphs {
    static let paragraphs: [Paragraph] = [.participation, .participationRates, .participationRequirement]
}

extension PercentilesCommand: CitesParagraphs {
    static let paragraphs: [Paragraph] = [.accountabilityPercentile, .subgroupPercentile]
}

extension EvaluateParticipation: CitesParagraphs {
    static let paragraphs: [Paragraph] = [.participation, .participationRates, .participationRequirement]
}

extension EvaluatePercentiles: CitesParagraphs {
    static let paragraphs: [Paragraph] = [.accountabilityPercentile, .subgroupPercentile]
}

extension EvaluatePoints: CitesParagraphs {
    static let paragraphs: [Paragraph] = [.criterionReferenced, .allAndLowestPerforming]
}

extension EvaluateDeterminations: CitesParagraphs {
    static let paragraphs: [Paragraph] = [.determinations, .districtDeterminations, .schoolDeterminations]
}
