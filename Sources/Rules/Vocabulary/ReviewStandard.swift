/// The standards of effective policy and practice: 603 CMR 2.03(6)(a).
public enum ReviewStandard: UInt8, WireNamed {
    /// Leadership and governance.
    case leadershipAndGovernance
    /// Curriculum and instruction.
    case curriculumAndInstruction
    /// Assessment.
    case assessment
    /// Human resources and professional development.
    case humanResources
    /// Student support.
    case studentSupport
    /// Financial and asset management.
    case financialManagement

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .leadershipAndGovernance: "leadership_and_governance"
        case .curriculumAndInstruction: "curriculum_and_instruction"
        case .assessment: "assessment"
        case .humanResources: "human_resources_and_professional_development"
        case .studentSupport: "student_support"
        case .financialManagement: "financial_and_asset_management"
        }
    }

    /// The words of the regulation.
    public var title: String {
        switch self {
        case .leadershipAndGovernance: "Leadership and governance"
        case .curriculumAndInstruction: "Curriculum and instruction"
        case .assessment: "Assessment"
        case .humanResources: "Human resources and professional development"
        case .studentSupport: "Student support"
        case .financialManagement: "Financial and asset management"
        }
    }
}

/// How a district meets a standard.
public enum ReviewRating: UInt8, WireNamed {
    /// Better than the standard asks.
    case exemplary
    /// As the standard asks.
    case proficient
    /// Not yet as the standard asks.
    case needsImprovement
    /// Far from what the standard asks.
    case unsatisfactory

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .exemplary: "exemplary"
        case .proficient: "proficient"
        case .needsImprovement: "needs_improvement"
        case .unsatisfactory: "unsatisfactory"
        }
    }
}
