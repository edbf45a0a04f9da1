/// What the determination of an organization is made from.
public struct DeterminationInput: Hashable, Sendable {
    /// School, district or state: districts have fewer reasons.
    public var type: OrganizationType
    /// Whether there are enough data for a percentage or a percentile.
    public var sufficientData: Bool
    /// Designations in force.
    public var designations: [Designation]
    /// The accountability percentile: only schools have one; given for anything else it has no effect: 603 CMR
    /// 2.03(2)(a) ranks schools.
    public var percentile: Int?
    /// The low performing subgroups.
    public var lowSubgroups: [StudentGroup]
    /// The four-year cohort of the year before, all students.
    public var cohort: Int64?
    /// The graduates of that cohort within four years, as they were counted.
    public var graduates: Int64?
    /// The four-year rate of that cohort, percent, where it was supplied and nobody counted the graduates.
    public var suppliedGraduationRate: Ratio?
    /// The groups that did not meet the participation requirement.
    public var lowParticipationGroups: [StudentGroup]
    /// The kinds of recognition the commissioner gave.
    public var recognitions: [String]
    /// The cumulative target percentage; nil where there is no annual percentage.
    public var cumulative: Int64?

    /// An input; everything but the type defaults to nothing known.
    public init(
        type: OrganizationType,
        sufficientData: Bool = true,
        designations: [Designation] = [],
        percentile: Int? = nil,
        lowSubgroups: [StudentGroup] = [],
        cohort: Int64? = nil,
        graduates: Int64? = nil,
        suppliedGraduationRate: Ratio? = nil,
        lowParticipationGroups: [StudentGroup] = [],
        recognitions: [String] = [],
        cumulative: Int64? = nil
    ) {
        self.type = type
        self.sufficientData = sufficientData
        self.designations = designations
        self.percentile = percentile
        self.lowSubgroups = lowSubgroups
        self.cohort = cohort
        self.graduates = graduates
        self.suppliedGraduationRate = suppliedGraduationRate
        self.lowParticipationGroups = lowParticipationGroups
        self.recognitions = recognitions
        self.cumulative = cumulative
    }
}

/// An annual performance determination: 603 CMR 2.03(3).
public struct Determination: Hashable, Sendable {
    /// The classification.
    public let classification: Classification
    /// The level; nil with insufficient data, and where nothing but a percentile is known.
    public let level: DeterminationLevel?
    /// Every reason for assistance or intervention, in canonical order.
    public let reasons: [DeterminationReason]
    /// The band of the cumulative percentage, whatever the classification.
    public let progress: ProgressLevel?
    /// The graduation that was judged.
    public let graduation: LowGraduation?
    /// Every row of the table that applied.
    public let rows: [DecisionRow]
    /// The row that decided: the first in canonical order of those of the first rank.
    public let row: DecisionRow

    /// The determination under a framework.
    ///
    /// The rank that applies first gives the classification and the level; within a rank all rows agree.
    public init(_ input: DeterminationInput, _ framework: Framework) throws(RuleError) {
        let parameters = try framework.section(\.determination, "determinations")
        guard parameters.issued.value else {
            throw .framework(
                FrameworkError(
                    .measureAbsent,
                    file: "\(framework.name).yaml",
                    message:
                        "the framework of \(framework.schoolYears.map(String.init).joined(separator: ", ")) issues no determinations"
                )
            )
        }
        let graduation: LowGraduation? =
            if let cohort = input.cohort, let graduates = input.graduates {
                try LowGraduation(cohort: cohort, graduates: graduates, framework)
            } else if let cohort = input.cohort, let rate = input.suppliedGraduationRate {
                try LowGraduation(cohort: cohort, supplied: rate, framework)
            } else { nil }
        self.graduation = graduation
        let progress: ProgressLevel? =
            if let cumulative = input.cumulative { try CumulativePercentage.level(of: cumulative, framework) } else {
                nil
            }
        self.progress = progress

        let isSchool = input.type == .school
        var rows = input.designations.map(DecisionRow.init)
        let percentile = isSchool ? input.percentile : nil
        if let percentile, percentile <= parameters.lowestPerformingPercentile.value { rows.append(.lowest10Percent) }
        if isSchool, !input.lowSubgroups.isEmpty { rows.append(.lowSubgroup) }
        let hasPercentage = input.cumulative != nil || !parameters.lowGraduationNeedsPercentage.value
        if graduation?.isLow == true, hasPercentage { rows.append(.lowGraduation) }
        if !input.lowParticipationGroups.isEmpty { rows.append(.lowParticipation) }
        if !input.sufficientData || (percentile == nil && input.cumulative == nil) { rows.append(.insufficientData) }
        if isSchool, !input.recognitions.isEmpty { rows.append(.recognition) }
        rows.append(.progress)

        self.rows = rows
        row = DecisionRow.deciding(rows)
        classification = row.classification
        level = row.level(progress)
        reasons = Set(rows.compactMap(\.reason)).sorted()
    }

    /// The groups whose percentile is low, in canonical order: 603 CMR 2.03(3)(b)(1)(b)(ii).
    public static func lowSubgroups(
        _ percentiles: [StudentGroup: Int],
        _ framework: Framework
    ) throws(RuleError) -> [StudentGroup] {
        let cut = try framework.section(\.determination, "determinations").lowSubgroupPercentile.value
        return percentiles.filter { $0.key != .allStudents && $0.value <= cut }.keys.sorted()
    }
}

extension Determination: CarriesOut {
    /// Determinations, with every reason and what recognition adds.
    public static let paragraphs: [Paragraph] = [
        .needForAssistance, .exemplaryPerformance, .determinations, .districtDeterminations, .districtsRequiring,
        .districtDesignation,
        .districtLowGraduation, .districtLowParticipation, .districtsNotRequiring, .schoolDeterminations,
        .schoolsRequiring,
        .schoolDesignation, .lowestPerformingSchools, .lowSubgroups, .schoolLowGraduation, .schoolLowParticipation,
        .schoolsNotRequiring,
    ]
}
