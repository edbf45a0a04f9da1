/// The rules that carry out the regulation.
public enum RuleCitations {
    /// Every rule that names its paragraphs; a test finds one that is missing here.
    public static let rules: [any CarriesOut.Type] = [
        FrameworkLife.self, Percentiles.self, IndicatorPoints.self, TargetColumn.self, AnnualPercentage.self,
        CumulativePercentage.self,
        ParticipationRate.self, ParticipationJudgement.self, Determination.self, RecognitionCandidate.self,
        DirectiveTerm.self, LowGraduation.self,
        DistrictReview.self, SimilarOrganization.self, PlanObligation.self, PlanTemplate.self, AssistancePriority.self,
        Suspension.self,
        StatewideResults.self, FederalDesignation.self, OrganizationChanges.self,
    ]

    /// The names of the rules that carry out a paragraph.
    public static func rules(of paragraph: Paragraph) -> [String] {
        rules.filter { $0.paragraphs.contains(paragraph) }.map { String(describing: $0) }
    }
}
