/// What is reported of the graduation rate that was judged: 603 CMR 2.03(3).
public struct GraduationReport: Hashable, Sendable {
    /// The rate, percent.
    public var rate: Ratio
    /// The members of the cohort.
    public var cohort: Int64
    /// The graduates; nil where only the rate was supplied.
    public var graduates: Int64?
    /// The school year that the data are of.
    public var dataYear: Int
    /// Whether it is a reason for assistance.
    public var isReason: Bool

    /// A rate.
    public init(rate: Ratio, cohort: Int64, graduates: Int64?, dataYear: Int, isReason: Bool) {
        self.rate = rate
        self.cohort = cohort
        self.graduates = graduates
        self.dataYear = dataYear
        self.isReason = isReason
    }

    /// How the rate was judged.
    public func explained(_ type: OrganizationType, by framework: Framework) -> Derivation {
        let counted = graduates.map { "\($0)/\(cohort) = \(rate.shortText) percent" }
        return Derivation(
            "Four-year graduation rate of \(dataYear)",
            (counted ?? "\(rate.shortText) percent of \(cohort), as it was supplied")
                + ", \(isReason ? "low" : "not a reason")",
            paragraph: DeterminationReason.lowGraduation.paragraph(of: type),
            rounding: framework.indicators?.valueRounding.value,
            parameters: DeterminationReason.lowGraduation.parameters(framework)
                + [framework.indicators?.dataLags.record].compactMap { $0 }
        )
    }
}

extension FederalDesignation {
    /// How the identification came about.
    func explained(by framework: Framework) -> Derivation {
        let titles = groups.map(\.title).joined(separator: ", ")
        return Derivation(
            support.title,
            "identified in \(identified)",
            row: groups.isEmpty ? reason.title : "\(reason.title): \(titles)",
            parameters: reason.parameters(framework)
        )
    }

    /// How the identifications of a school came about; nil of none.
    static func explained(_ designations: [FederalDesignation], by framework: Framework) -> Derivation? {
        guard !designations.isEmpty else { return nil }
        return Derivation(
            "Federal designations, beside the determination",
            designations.map { $0.support.wireName.uppercased() }.joined(separator: ", "),
            paragraph: .needForAssistance,
            inputs: designations.map { $0.explained(by: framework) }
        )
    }
}

extension FederalReason {
    /// The parameters that decide whether it applies.
    func parameters(_ framework: Framework) -> [ParameterRecord] {
        let federal = framework.federal
        let records: [ParameterRecord?] =
            switch self {
            case .lowestTitle1:
                [federal?.lowestTitle1Percent.record, federal?.lowestTitle1Of.record, federal?.identifies.record]
            case .lowGraduation:
                [
                    framework.determination?.lowGraduation.record,
                    framework.determination?.lowGraduationNeedsPercentage.record, federal?.graduationTitle1Only.record,
                    federal?.identifies.record,
                ]
            case .notExiting:
                [federal?.notExitingIsComprehensive.record, federal?.additionalTargetedPercentile.record]
            case .consistentlyLowSubgroups:
                [framework.determination?.lowSubgroupPercentile.record, federal?.consistentlyLowYears.record]
            case .subgroupsLikeLowestTitle1: [federal?.additionalTargetedPercentile.record, federal?.identifies.record]
            case .directive: []
            }
        return records.compactMap { $0 }
    }
}
