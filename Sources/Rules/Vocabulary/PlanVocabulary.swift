/// What a district or school files in its improvement planning: 603 CMR 2.03(7).
public enum PlanKind: UInt8, WireNamed {
    /// The district's yearly self-evaluation.
    case selfEvaluation
    /// The three-year District Improvement Plan.
    case districtImprovementPlan
    /// The district's plan of action for a year of it.
    case districtActionPlan
    /// The yearly School Improvement Plan.
    case schoolImprovementPlan

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .selfEvaluation: "self_evaluation"
        case .districtImprovementPlan: "district_improvement_plan"
        case .districtActionPlan: "district_action_plan"
        case .schoolImprovementPlan: "school_improvement_plan"
        }
    }

    /// The words for people.
    public var title: String {
        switch self {
        case .selfEvaluation: "self-evaluation"
        case .districtImprovementPlan: "District Improvement Plan"
        case .districtActionPlan: "District Action Plan"
        case .schoolImprovementPlan: "School Improvement Plan"
        }
    }

    /// Who files it.
    public var organizationType: OrganizationType { self == .schoolImprovementPlan ? .school : .district }

    /// The paragraph that asks for it.
    public var paragraph: Paragraph {
        switch self {
        case .selfEvaluation: .improvementPlanning
        case .districtImprovementPlan: .districtPlan
        case .districtActionPlan: .planForm
        case .schoolImprovementPlan: .schoolPlan
        }
    }
}

/// A part of a plan that the law names: 603 CMR 2.03(7)(b) to (d).
public enum PlanPart: UInt8, WireNamed {
    /// An analysis of data on student performance: (7)(c).
    case dataAnalysis
    /// An assessment of the actions that have to be taken: (7)(c).
    case actionAssessment
    /// Performance goals: (7)(b).
    case performanceGoals
    /// Gaps in achievement by group and subject.
    case achievementGaps
    /// Objectives.
    case objectives
    /// Initiatives that reach them.
    case initiatives
    /// Benchmarks that progress is measured against.
    case benchmarks
    /// Professional development.
    case professionalDevelopment
    /// Induction of new teachers.
    case induction

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .dataAnalysis: "data_analysis"
        case .actionAssessment: "action_assessment"
        case .performanceGoals: "performance_goals"
        case .achievementGaps: "achievement_gaps"
        case .objectives: "objectives"
        case .initiatives: "initiatives"
        case .benchmarks: "benchmarks"
        case .professionalDevelopment: "professional_development"
        case .induction: "induction"
        }
    }

    /// The paragraph that asks for it.
    public var paragraph: Paragraph {
        switch self {
        case .dataAnalysis, .actionAssessment: .planData
        case .performanceGoals: .schoolPlan
        default: .planForm
        }
    }
}
