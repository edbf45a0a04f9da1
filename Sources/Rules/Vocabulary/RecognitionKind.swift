/// What the commissioner recognises a school for: 603 CMR 2.03(2)(f).
public enum RecognitionKind: UInt8, WireNamed {
    /// High achievement.
    case highAchievement
    /// High growth.
    case highGrowth
    /// Exceeding targets.
    case exceedingTargets
    /// Meeting targets.
    case meetingTargets
    /// Significant improvement.
    case significantImprovement
    /// National Blue Ribbon School.
    case nationalBlueRibbon
    /// National ESEA Distinguished School.
    case eseaDistinguished

    /// The name in the column `kind`.
    public var wireName: String {
        switch self {
        case .highAchievement: "high_achievement"
        case .highGrowth: "high_growth"
        case .exceedingTargets: "exceeding_targets"
        case .meetingTargets: "meeting_targets"
        case .significantImprovement: "significant_improvement"
        case .nationalBlueRibbon: "national_blue_ribbon"
        case .eseaDistinguished: "esea_distinguished"
        }
    }
}
