/// What the Commissioner may suspend: a reported measure of 603 CMR 2.03(2), or the determinations of (3).
public enum ReportedMeasure: UInt8, WireNamed {
    /// (2)(a) The accountability percentile.
    case accountabilityPercentile
    /// (2)(b) The criterion-referenced measure.
    case criterionReferenced
    /// (2)(c) Subgroup percentiles.
    case subgroupPercentile
    /// (2)(d) Assessment participation.
    case participation
    /// (2)(e) The need for assistance or intervention.
    case needForAssistance
    /// (2)(f) Exemplary performance.
    case exemplaryPerformance
    /// (3) Annual performance determinations.
    case determinations

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .accountabilityPercentile: "accountability_percentile"
        case .criterionReferenced: "criterion_referenced"
        case .subgroupPercentile: "subgroup_percentile"
        case .participation: "participation"
        case .needForAssistance: "need_for_assistance"
        case .exemplaryPerformance: "exemplary_performance"
        case .determinations: "determinations"
        }
    }

    /// The words of the reports.
    public var title: String {
        switch self {
        case .accountabilityPercentile: "accountability percentile"
        case .criterionReferenced: "criterion-referenced measure"
        case .subgroupPercentile: "subgroup percentiles"
        case .participation: "assessment participation"
        case .needForAssistance: "need for assistance or intervention"
        case .exemplaryPerformance: "exemplary performance"
        case .determinations: "annual performance determinations"
        }
    }

    /// The paragraph that asks for the measure.
    public var paragraph: Paragraph {
        switch self {
        case .accountabilityPercentile: .accountabilityPercentile
        case .criterionReferenced: .criterionReferenced
        case .subgroupPercentile: .subgroupPercentile
        case .participation: .participation
        case .needForAssistance: .needForAssistance
        case .exemplaryPerformance: .exemplaryPerformance
        case .determinations: .determinations
        }
    }

    /// The measures that a directive of this kind suspends: one, or with `all_measures` every one.
    ///
    /// - Returns: nil for a kind that names no measure.
    public static func suspended(byKind kind: String) -> [ReportedMeasure]? {
        if kind == allKind { return allCases }
        return ReportedMeasure(wireName: kind).map { [$0] }
    }

    /// The kind of a directive that suspends every measure.
    public static let allKind = "all_measures"
    /// The kinds of suspension directives.
    public static let kinds = allCases.map(\.wireName) + [allKind]
}

/// Whether the Commissioner may suspend measures of a school year: 603 CMR 2.03(11).
public enum Suspension {
    /// Why a suspension is refused.
    public enum Refusal: Hashable, Sendable {
        /// The paragraph does not reach that school year.
        case schoolYear
        /// The good cause is not stated.
        case cause
    }

    /// Why a suspension may not be; nil where it may.
    ///
    /// - `framework`: that of the school year; nil for a year without one.
    /// - `reason`: what the directive states.
    public static func refusal(framework: Framework?, reason: String) -> Refusal? {
        guard let parameters = framework?.publication, parameters.suspensionAllowed.value else { return .schoolYear }
        return reason.uppercased().contains(parameters.suspensionCause.value.uppercased()) ? nil : .cause
    }
}

extension Suspension: CarriesOut {
    /// The Commissioner's authority to suspend.
    public static let paragraphs: [Paragraph] = [.suspension]
}
