/// What is reported of a determination: the figures as they were published, without what may not be.
///
/// It holds everything that explains the determination, so anybody who has the published message and the framework can
/// derive it.
public struct DeterminationReport: Hashable, Sendable {
    /// The school year, by its spring.
    public var schoolYear: Int
    /// The organization's code.
    public var code: String
    /// The organization's name; empty where none was declared.
    public var name = ""
    /// School or district.
    public var type: OrganizationType
    /// The classification; nil where no determination is issued.
    public var classification: Classification?
    /// The level.
    public var level: DeterminationLevel?
    /// Every reason for assistance.
    public var reasons: [DeterminationReason] = []
    /// The stated reasons of the Department's acts.
    public var statedReasons: [String] = []
    /// The designation in force.
    public var designation: Designation?
    /// The kinds of recognition.
    public var recognitions: [String] = []
    /// The accountability percentile.
    public var percentile: Int?
    /// The percentiles of groups.
    public var percentiles: [PercentileReport] = []
    /// The low performing subgroups.
    public var lowSubgroups: [StudentGroup] = []
    /// The annual percentage, with its spans; without a percentage where there is none.
    public var annual: PercentageReport
    /// The cumulative percentage.
    public var cumulative: CumulativeReport?
    /// The percentages of all other groups.
    public var groups: [PercentageReport] = []
    /// Participation.
    public var participation: [ParticipationReport] = []
    /// The groups that did not meet the participation requirement.
    public var lowParticipationGroups: [StudentGroup] = []
    /// The graduation rate that was judged.
    public var graduation: GraduationReport?
    /// Identifications under federal law.
    public var federal: [FederalDesignation] = []
    /// Measures that are suspended.
    public var suspended: [SuspendedMeasure] = []
    /// The changes of the organization through which its earlier years were found.
    public var history: [OrganizationHistory.Step] = []
    /// The publication.
    public var publication: PublicationReport

    /// A report of nothing but the publication.
    public init(schoolYear: Int, code: String, type: OrganizationType, publication: PublicationReport) {
        self.schoolYear = schoolYear
        self.code = code
        self.type = type
        self.publication = publication
        annual = PercentageReport(.allStudents, percent: nil, displayed: 0, spans: [])
    }
}

extension DeterminationReport {
    /// How the determination came about, from the classification down to the values.
    public func explained(by framework: Framework) throws(NumberError) -> Derivation {
        var inputs = explainedReasons(by: framework)
            .map { reason in
                Derivation(
                    "Reason: \(reason.title)",
                    reason.value,
                    paragraph: reason.paragraph,
                    parameters: reason.parameters,
                    inputs: reason.inputs
                )
            }
        let measures = [
            explainedStatedReasons(), explainedHistory(by: framework),
            PercentileReport.explained(percentiles, own: percentile, by: framework),
            try cumulative?.explained(annual, by: framework), explainedGroups(by: framework),
        ]
        inputs += measures.compactMap { $0 }
        inputs += explainedConditions(by: framework)
        inputs.append(publication.explained())
        return Derivation(
            "Annual performance determination of school year \(schoolYear - 1)-\(schoolYear), "
                + (name.isEmpty ? code : "\(name) (\(code))"),
            [classification?.title ?? "none is issued", level?.title].compactMap { $0 }.joined(separator: "; "),
            paragraph: type == .school ? .schoolDeterminations : .districtDeterminations,
            row: summary,
            inputs: inputs
        )
    }

    /// Why the classification is what it is, in a sentence.
    private var summary: String {
        switch classification {
        case nil:
            suspended.contains { $0.measure == .determinations }
                ? "suspended by the Commissioner; its measures are reported as far as they are not"
                : "the framework of the school year issues no determinations; its measures are reported"
        case .requiringAssistance:
            if reasons.isEmpty {
                "the Commissioner suspended the need for assistance: its reasons are not reported"
            } else if reasons.count == 1 {
                "one reason applies and gives the level"
            } else {
                "\(reasons.count) reasons apply; "
                    + (level == .broadComprehensive
                        ? "the designation, the most severe, gives the level" : "each gives this level")
            }
        case .insufficientData: "neither an annual percentage nor a percentile, and no reason for assistance"
        case .notRequiringAssistance:
            switch level {
            case .schoolOfRecognition: "no reason for assistance applies; recognised by the commissioner"
            case nil: "no reason for assistance applies; there is no cumulative percentage that would give a level"
            default: "no reason for assistance applies; the band of the cumulative percentage gives the level"
            }
        }
    }

    /// Every reason for assistance, each with what decided it.
    public func explainedReasons(by framework: Framework) -> [Derivation] {
        reasons.map { reason in
            Derivation(
                reason.title,
                value(of: reason),
                paragraph: reason.paragraph(of: type),
                parameters: reason.parameters(framework),
                inputs: inputs(of: reason, framework)
            )
        }
    }

    private func value(of reason: DeterminationReason) -> String {
        switch reason {
        case .designation: designation?.words ?? ""
        case .lowest10Percent: "percentile \(percentile.map(String.init) ?? "none")"
        case .lowSubgroup: Self.titles(lowSubgroups)
        case .lowGraduation: graduation.map { "\($0.rate.shortText) percent" } ?? "of a cohort too small to publish"
        case .lowParticipation: Self.titles(lowParticipationGroups)
        }
    }

    private func inputs(of reason: DeterminationReason, _ framework: Framework) -> [Derivation] {
        switch reason {
        case .designation, .lowest10Percent, .lowGraduation: []
        case .lowSubgroup:
            percentiles.filter { $0.percentile != nil && lowSubgroups.contains($0.group) }
                .map { entry in
                    Derivation(
                        "Percentile of \(entry.group.title)",
                        entry.percentile.map(String.init) ?? "none",
                        paragraph: .subgroupPercentile
                    )
                }
        case .lowParticipation: participation.filter(\.isMissed).map { $0.explained(by: framework) }
        }
    }

    /// The percentages of other groups, or the values of a year that gives no points for them; nil of none.
    private func explainedGroups(by framework: Framework) -> Derivation? {
        // Where nothing is shown above, because there is no percentage, the points of all students stand here.
        let own = cumulative == nil ? annual.explainedSpans(by: framework) : []
        let inputs = own + groups.map { $0.explained(by: framework) }
        guard !inputs.isEmpty else { return nil }
        return Derivation(
            framework.points == nil ? "Values, without points" : "Performance against targets, other groups",
            "",
            paragraph: .criterionReferenced,
            inputs: inputs
        )
    }

    /// What stands beside the headline figures and has a value of its own: participation, graduation, recognition and
    /// the like.
    public func explainedConditions(by framework: Framework) -> [Derivation] {
        [
            explainedLowGroups(by: framework), ParticipationReport.explained(participation, by: framework),
            graduation?.explained(type, by: framework), explainedRecognition(),
            FederalDesignation.explained(federal, by: framework), SuspendedMeasure.explained(suspended, by: framework),
        ]
        .compactMap { $0 }
    }

    /// The stated reasons of the acts, designations and recognitions: a published message does not say which act each
    /// is of.
    public func explainedStatedReasons() -> Derivation? {
        guard !statedReasons.isEmpty else { return nil }
        return Derivation("Stated reasons", statedReasons.joined(separator: "; "))
    }

    /// Under which codes the earlier years stand, and by which rule; nil if the organization did not change.
    public func explainedHistory(by framework: Framework) -> Derivation? {
        guard !history.isEmpty else { return nil }
        return Derivation(
            "Changes of the organization",
            history.map(\.statement).joined(separator: "; "),
            paragraph: .criterionReferenced,
            inputs: history.map { step in
                Derivation(
                    "School year \(step.schoolYear): \(step.kind.words)",
                    step.taken.map { "earlier years are those of \($0)" } ?? "no earlier year counts",
                    row: step.isContradicted
                        ? "rows of organization_changes contradict each other" : nil,
                    parameters: [framework.organizationChanges?.record(step.kind)].compactMap { $0 }
                )
            }
        )
    }

    /// Low groups where no reason lists them: in a year without determinations.
    private func explainedLowGroups(by framework: Framework) -> Derivation? {
        guard classification == nil, !lowSubgroups.isEmpty else { return nil }
        return Derivation(
            "Low performing subgroups",
            Self.titles(lowSubgroups),
            paragraph: .needForAssistance,
            parameters: DeterminationReason.lowSubgroup.parameters(framework)
        )
    }

    private func explainedRecognition() -> Derivation? {
        guard !recognitions.isEmpty else { return nil }
        return Derivation(
            "Recognition by the commissioner",
            recognitions.map { $0.replacing("_", with: " ") }.joined(separator: ", "),
            paragraph: .exemplaryPerformance
        )
    }

    private static func titles(_ groups: [StudentGroup]) -> String { groups.map(\.title).joined(separator: ", ") }
}
