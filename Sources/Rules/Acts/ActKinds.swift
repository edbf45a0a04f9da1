/// The kinds of a release.
public enum ReleaseKind: UInt8, WireNamed {
    /// Each district sees its own results.
    case preliminary
    /// Everybody sees the results.
    case official
    /// A revision that the Department announces.
    case revised
    /// A change on appeal.
    case appeal

    /// The name in the column `kind`.
    public var wireName: String {
        switch self {
        case .preliminary: "preliminary"
        case .official: "official"
        case .revised: "revised"
        case .appeal: "appeal"
        }
    }

    /// The stage that it brings results to; nil of one that announces changed figures.
    public var stage: ResultsStage? {
        switch self {
        case .preliminary: .preliminary
        case .official: .official
        case .revised, .appeal: nil
        }
    }

    /// Whether it announces changed figures, and so gives a reason and names the submission that corrected them.
    public var isOfChangedFigures: Bool { stage == nil }
}

/// The acts about an appeal, except granting it, which is a release.
public enum AppealStep: UInt8, WireNamed {
    /// An organization filed it.
    case filed
    /// The Department denied it.
    case denied

    /// The name in the column `kind`.
    public var wireName: String {
        switch self {
        case .filed: "filed"
        case .denied: "denied"
        }
    }
}

extension DepartmentAct {
    /// The acts that rows of the layout `directives` state.
    public static let ofDirectives = allCases.filter { $0 != .organizationChange }

    /// The names of its kinds, in the order of the layout.
    public var kinds: [String] {
        switch self {
        case .designation: Designation.allCases.map(\.wireName) + FederalSupport.allCases.map(\.wireName)
        case .recognition: RecognitionKind.allCases.map(\.wireName)
        case .release: ReleaseKind.allCases.map(\.wireName)
        case .suspension: ReportedMeasure.kinds
        case .frameworkStep: FrameworkStep.allCases.map(\.wireName)
        case .review: DistrictReview.kinds
        case .planFiling: PlanKind.allCases.map(\.wireName)
        case .reconfiguration: ["reconfigured"]
        case .appeal: AppealStep.allCases.map(\.wireName)
        case .organizationChange: OrganizationChangeKind.allCases.map(\.wireName)
        }
    }
}
