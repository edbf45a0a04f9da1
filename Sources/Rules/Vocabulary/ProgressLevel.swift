/// The degree to which an organization met its targets: 603 CMR 2.03(3)(a)(2), (3)(b)(2).
public enum ProgressLevel: UInt8, WireNamed {
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

    /// The name in files and messages.
    public var wireName: String {
        switch self {
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
        case .meeting: "Meeting or exceeding targets"
        case .substantial: "Substantial progress toward targets"
        case .moderate: "Moderate progress toward targets"
        case .limited: "Limited or no progress toward targets"
        case .partiallyMeeting: "Partially meeting targets"
        }
    }
}
