/// The overall classification: 603 CMR 2.03(3).
public enum Classification: UInt8, WireNamed {
    /// In need of assistance or intervention.
    case requiringAssistance
    /// Not in need of it.
    case notRequiringAssistance
    /// Too few data to say.
    case insufficientData

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .requiringAssistance: "requiring_assistance"
        case .notRequiringAssistance: "not_requiring_assistance"
        case .insufficientData: "insufficient_data"
        }
    }

    /// The words of the reports.
    public var title: String {
        switch self {
        case .requiringAssistance: "Requiring assistance or intervention"
        case .notRequiringAssistance: "Not requiring assistance or intervention"
        case .insufficientData: "Insufficient data"
        }
    }
}

/// The level within the classification.
public enum DeterminationLevel: UInt8, WireNamed {
    /// In need of broad or comprehensive support.
    case broadComprehensive
    /// In need of focused or targeted support.
    case focusedTargeted
    /// Recognised by the commissioner.
    case schoolOfRecognition
    /// Meeting or exceeding targets.
    case meeting
    /// Substantial progress toward targets.
    case substantial
    /// Moderate progress toward targets.
    case moderate
    /// Limited or no progress toward targets.
    case limited
    /// Partially meeting targets: only in 2018.
    case partiallyMeeting

    /// The level of a band of progress.
    public init(_ progress: ProgressLevel) {
        switch progress {
        case .meeting: self = .meeting
        case .substantial: self = .substantial
        case .moderate: self = .moderate
        case .limited: self = .limited
        case .partiallyMeeting: self = .partiallyMeeting
        }
    }

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .broadComprehensive: "broad_comprehensive"
        case .focusedTargeted: "focused_targeted"
        case .schoolOfRecognition: "school_of_recognition"
        case .meeting: "meeting"
        case .substantial: "substantial"
        case .moderate: "moderate"
        case .limited: "limited"
        case .partiallyMeeting: "partially_meeting"
        }
    }

    /// The words of the reports.
    public var title: String {
        switch self {
        case .broadComprehensive: "In need of broad/comprehensive support"
        case .focusedTargeted: "In need of focused/targeted support"
        case .schoolOfRecognition: "School of recognition"
        case .meeting: ProgressLevel.meeting.title
        case .substantial: ProgressLevel.substantial.title
        case .moderate: ProgressLevel.moderate.title
        case .limited: ProgressLevel.limited.title
        case .partiallyMeeting: ProgressLevel.partiallyMeeting.title
        }
    }
}

/// Why an organization requires assistance or intervention: 603 CMR 2.03(3)(a)(1), (3)(b)(1).
public enum DeterminationReason: UInt8, WireNamed {
    /// Designated under 2.05 or 2.06, or placed by the Department.
    case designation
    /// Among the lowest performing 10 percent of schools.
    case lowest10Percent
    /// One or more low performing subgroups.
    case lowSubgroup
    /// A low graduation rate.
    case lowGraduation
    /// Low assessment participation.
    case lowParticipation

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .designation: "designation"
        case .lowest10Percent: "lowest_10_percent"
        case .lowSubgroup: "low_subgroup"
        case .lowGraduation: "low_graduation"
        case .lowParticipation: "low_participation"
        }
    }

    /// The words of the reports.
    public var title: String {
        switch self {
        case .designation: "Designation"
        case .lowest10Percent: "Among the lowest performing 10% of schools"
        case .lowSubgroup: "Low subgroup performance"
        case .lowGraduation: "Low graduation rate"
        case .lowParticipation: "Low participation rate"
        }
    }
}

/// An act of the Department that places an organization.
public enum Designation: UInt8, WireNamed {
    /// Underperforming: 603 CMR 2.05.
    case underperforming
    /// Chronically underperforming: 603 CMR 2.06.
    case chronicallyUnderperforming
    /// Placed in focused or targeted support, with a stated reason.
    case directedFocused

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .underperforming: "underperforming"
        case .chronicallyUnderperforming: "chronically_underperforming"
        case .directedFocused: "directed_focused"
        }
    }
}
