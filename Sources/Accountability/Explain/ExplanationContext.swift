import Messages
import Rules

/// A determination with what its explanation looks up.
struct ExplanationContext {
    let determination: Accountability_V1_Determination
    let framework: Framework
    let percentiles: [Accountability_V1_Percentile]
    private let parameters: [String: ParameterRecord]

    init(
        determination: Accountability_V1_Determination,
        framework: Framework,
        percentiles: [Accountability_V1_Percentile]
    ) {
        self.determination = determination
        self.framework = framework
        self.percentiles = percentiles
        parameters = Dictionary(framework.parameters.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    }

    var isSchool: Bool { determination.type != .district }

    /// The parameters of these paths that the framework has.
    func records(_ paths: String...) -> [ParameterRecord] {
        paths.compactMap { parameters[$0] }
    }

    /// Begins the titles of reasons.
    static let reasonPrefix = "Reason: "

    /// What stands beside the headline figures and has a value of its own: participation, graduation, recognition and
    /// the like.
    func remarkable() -> [Derivation] {
        [lowGroups(), participation(), graduation(), recognition(), federal(), suspension()].compactMap { $0 }
    }

    /// The whole derivation.
    func root() -> Derivation {
        let spring = Int(determination.schoolYear)
        let name =
            determination.name.isEmpty ? determination.orgCode : "\(determination.name) (\(determination.orgCode))"
        let classification =
            Classification(wireName: determination.classification)?.title ?? determination.classification
        let level = DeterminationLevel(wireName: determination.level)?.title ?? determination.level
        var inputs = reasons()
        inputs.append(contentsOf: [percentile(), cumulative()].compactMap { $0 })
        if let groups = groupPercentages() { inputs.append(groups) }
        inputs += remarkable()
        inputs.append(publication())
        return Derivation(
            "Annual performance determination of school year \(spring - 1)-\(spring), \(name)",
            classification.isEmpty ? "none is issued" : level.isEmpty ? classification : "\(classification); \(level)",
            paragraph: isSchool ? .schoolDeterminations : .districtDeterminations,
            row: summary(),
            inputs: inputs
        )
    }

    private func summary() -> String {
        switch determination.classification {
        case "":
            determination.suspendedMeasures.contains { $0.measure == ReportedMeasure.determinations.wireName }
                ? "suspended by the Commissioner; its measures are reported as far as they are not"
                : "the framework of the school year issues no determinations; its measures are reported"
        case "requiring_assistance":
            "\(determination.reasons.count == 1 ? "one reason applies" : "\(determination.reasons.count) reasons apply");"
                + " the most severe gives the level"
        case "insufficient_data": "neither an annual percentage nor a percentile, and no reason for assistance"
        default:
            determination.level == "school_of_recognition"
                ? "no reason for assistance applies; recognised by the commissioner"
                : "no reason for assistance applies; the band of the cumulative percentage gives the level"
        }
    }

    private func reasons() -> [Derivation] {
        determination.reasons.map { reason in
            switch reason {
            case "designation":
                Derivation(
                    Self.reasonPrefix + "designation",
                    determination.designation.replacing("_", with: " "),
                    paragraph: isSchool ? .schoolDesignation : .districtDesignation,
                    row: determination.reasonTexts.isEmpty ? nil : determination.reasonTexts.joined(separator: "; ")
                )
            case "lowest_10_percent":
                Derivation(
                    Self.reasonPrefix + "among the lowest performing 10 percent of schools",
                    "percentile \(determination.percentile)",
                    paragraph: .lowestPerformingSchools,
                    parameters: records("determination.lowest_performing_percentile")
                )
            case "low_subgroup":
                Derivation(
                    Self.reasonPrefix + "low performing subgroups",
                    titles(determination.lowSubgroups),
                    paragraph: .lowSubgroups,
                    parameters: records("determination.low_subgroup_percentile"),
                    inputs: determination.groupPercentiles.filter { determination.lowSubgroups.contains($0.group) }
                        .map {
                            Derivation(
                                "Percentile of \(title($0.group))",
                                "\($0.percentile)",
                                paragraph: .subgroupPercentile
                            )
                        }
                )
            case "low_graduation":
                Derivation(
                    Self.reasonPrefix + "low graduation rate",
                    "\(determination.graduationRate) percent",
                    paragraph: isSchool ? .schoolLowGraduation : .districtLowGraduation,
                    parameters: records("determination.low_graduation_threshold", "determination.low_graduation_rate")
                )
            case "low_participation":
                Derivation(
                    Self.reasonPrefix + "low participation",
                    titles(determination.lowParticipationGroups),
                    paragraph: isSchool ? .schoolLowParticipation : .districtLowParticipation,
                    parameters: records("participation.standard")
                )
            default: Derivation(Self.reasonPrefix + reason, "")
            }
        }
    }

    func title(_ group: String) -> String { StudentGroup(wireName: group)?.title ?? group }

    func titles(_ groups: [String]) -> String { groups.map(title).joined(separator: ", ") }

    private func participation() -> Derivation? {
        guard !determination.participation.isEmpty else { return nil }
        let lacking = determination.participation.filter { $0.hasMet && !$0.met }.count
        return Derivation(
            "Assessment participation",
            lacking == 0 ? "met by every group judged" : "not met in \(lacking == 1 ? "one case" : "\(lacking) cases")",
            paragraph: .participation,
            parameters: records(
                "participation.standard",
                "participation.unit",
                "participation.look_back",
                "participation.judged_rate",
                "minimum_size.accountability"
            ),
            inputs: determination.participation.map { rate in
                let name = "\(title(rate.group)), \(rate.subject)"
                guard rate.hasMet else {
                    return Derivation(name, "not judged, \(rate.students) students", paragraph: .participationRates)
                }
                let exact = "\(rate.participants)/\(rate.denominator) tests = \(rate.rate) percent"
                return Derivation(
                    name,
                    "\(exact), \(rate.met ? "met" : "not met")",
                    paragraph: .participationRequirement,
                    row: "rate judged: \(rate.judgedRateExact)",
                    rounding: framework.participation.displayRounding.value
                )
            }
        )
    }

    private func graduation() -> Derivation? {
        guard !determination.graduationRate.isEmpty else { return nil }
        return Derivation(
            "Four-year graduation rate of \(determination.graduationDataYear)",
            (determination.hasGraduates
                ? "\(determination.graduates)/\(determination.graduationCohort) = \(determination.graduationRate) percent,"
                : "\(determination.graduationRate) percent of \(determination.graduationCohort), as it was supplied,")
                + " \(determination.lowGraduation ? "low" : "not a reason")",
            paragraph: isSchool ? .schoolLowGraduation : .districtLowGraduation,
            rounding: framework.indicators?.valueRounding.value,
            parameters: records(
                "determination.low_graduation",
                "determination.low_graduation_threshold",
                "determination.low_graduation_rate",
                "determination.minimum_cohort",
                "determination.low_graduation_needs_percentage",
                "indicators.data_lags"
            )
        )
    }

    /// Low groups where no reason lists them: in a year without determinations.
    private func lowGroups() -> Derivation? {
        guard determination.classification.isEmpty, !determination.lowSubgroups.isEmpty else { return nil }
        return Derivation(
            "Low performing subgroups",
            titles(determination.lowSubgroups),
            paragraph: .needForAssistance,
            parameters: records("determination.low_subgroup_percentile")
        )
    }

    private func federal() -> Derivation? {
        guard !determination.federalDesignations.isEmpty else { return nil }
        return Derivation(
            "Federal designations, beside the determination",
            determination.federalDesignations.map { $0.designation.uppercased() }.joined(separator: ", "),
            paragraph: .needForAssistance,
            inputs: determination.federalDesignations.map { designation in
                let reason = FederalReason(wireName: designation.reason)
                let groups = designation.groups.isEmpty ? "" : ": \(titles(designation.groups))"
                return Derivation(
                    FederalSupport(wireName: designation.designation)?.title ?? designation.designation,
                    "identified in \(designation.identified)",
                    row: (reason?.title ?? designation.reason) + groups,
                    parameters: reason.map(federalParameters) ?? []
                )
            }
        )
    }

    private func federalParameters(_ reason: FederalReason) -> [ParameterRecord] {
        switch reason {
        case .lowestTitle1: records("federal.lowest_title1_percent", "federal.identifies")
        case .lowGraduation:
            records("determination.low_graduation", "federal.graduation_title1_only", "federal.identifies")
        case .notExiting: records("federal.not_exiting_is_comprehensive", "federal.additional_targeted_percentile")
        case .consistentlyLowSubgroups:
            records("determination.low_subgroup_percentile", "federal.consistently_low_years")
        case .subgroupsLikeLowestTitle1: records("federal.additional_targeted_percentile", "federal.identifies")
        case .directive: []
        }
    }

    private func suspension() -> Derivation? {
        guard !determination.suspendedMeasures.isEmpty else { return nil }
        return Derivation(
            "Suspended by the Commissioner",
            "absent here",
            paragraph: .suspension,
            parameters: records("publication.suspension_allowed", "publication.suspension_cause"),
            inputs: determination.suspendedMeasures.map { suspended in
                let measure = ReportedMeasure(wireName: suspended.measure)
                return Derivation(
                    measure?.title ?? suspended.measure,
                    suspended.reason,
                    paragraph: measure?.paragraph,
                    row: suspended.reference.isEmpty ? nil : suspended.reference
                )
            }
        )
    }

    private func recognition() -> Derivation? {
        guard !determination.recognitions.isEmpty else { return nil }
        return Derivation(
            "Recognition by the commissioner",
            determination.recognitions.map { $0.replacing("_", with: " ") }.joined(separator: ", "),
            paragraph: .exemplaryPerformance
        )
    }

    private func publication() -> Derivation {
        var inputs = determination.changes.map { Derivation("Changed", $0) }
        if !determination.statusReason.isEmpty {
            inputs.append(Derivation("Not official", determination.statusReason, paragraph: .consultation))
        }
        inputs += determination.publicationNotes.map { note in
            Derivation(
                note.kind == "appeal" ? "Changed on appeal" : "Revised",
                "\(note.date): \(note.reason)",
                row: "submission \(note.reference)"
            )
        }
        if !determination.cause.isEmpty { inputs.append(Derivation("Cause", "submission \(determination.cause)")) }
        return Derivation(
            "Publication",
            "revision \(determination.revision), \(determination.status)",
            paragraph: .determinations,
            row: "framework \(determination.framework), \(determination.frameworkDigest.prefix(16))",
            inputs: inputs
        )
    }
}
