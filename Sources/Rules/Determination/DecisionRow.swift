/// A row of the decision table of 603 CMR 2.03(3).
///
/// Rows of a lower rank go first. Rows of the same rank give the same classification and level, which
/// `DeterminationTests` holds them to: which of them decides changes neither.
public enum DecisionRow: UInt8, WireNamed {
    /// Designated underperforming or chronically underperforming.
    case designation
    /// Placed by the Department in focused or targeted support.
    case directedFocused
    /// Among the lowest performing 10 percent of schools.
    case lowest10Percent
    /// One or more low performing subgroups.
    case lowSubgroup
    /// A low graduation rate.
    case lowGraduation
    /// Low assessment participation.
    case lowParticipation
    /// Neither a percentage nor a percentile.
    case insufficientData
    /// Recognised by the commissioner.
    case recognition
    /// The band of the cumulative percentage.
    case progress

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .designation: "designation"
        case .directedFocused: "directed_focused"
        case .lowest10Percent: "lowest_10_percent"
        case .lowSubgroup: "low_subgroup"
        case .lowGraduation: "low_graduation"
        case .lowParticipation: "low_participation"
        case .insufficientData: "insufficient_data"
        case .recognition: "recognition"
        case .progress: "progress"
        }
    }

    /// The row that a designation adds.
    init(_ designation: Designation) {
        switch designation {
        case .underperforming, .chronicallyUnderperforming: self = .designation
        case .directedFocused: self = .directedFocused
        }
    }

    /// The rank: 1 goes first.
    public var rank: Int {
        switch self {
        case .designation: 1
        case .directedFocused, .lowest10Percent, .lowSubgroup, .lowGraduation, .lowParticipation: 2
        case .insufficientData: 3
        case .recognition: 4
        case .progress: 5
        }
    }

    /// The classification that the row gives.
    public var classification: Classification {
        switch self {
        case .designation, .directedFocused, .lowest10Percent, .lowSubgroup, .lowGraduation, .lowParticipation:
            .requiringAssistance
        case .insufficientData: .insufficientData
        case .recognition, .progress: .notRequiringAssistance
        }
    }

    /// The level that the row gives, with this band of the cumulative percentage.
    public func level(_ progress: ProgressLevel?) -> DeterminationLevel? {
        switch self {
        case .designation: .broadComprehensive
        case .directedFocused, .lowest10Percent, .lowSubgroup, .lowGraduation, .lowParticipation: .focusedTargeted
        case .insufficientData: nil
        case .recognition: .schoolOfRecognition
        case .progress: progress.map(DeterminationLevel.init)
        }
    }

    /// The reason that the row states.
    public var reason: DeterminationReason? {
        switch self {
        case .designation, .directedFocused: .designation
        case .lowest10Percent: .lowest10Percent
        case .lowSubgroup: .lowSubgroup
        case .lowGraduation: .lowGraduation
        case .lowParticipation: .lowParticipation
        case .insufficientData, .recognition, .progress: nil
        }
    }

    /// The paragraph that the row carries out for an organization of this type.
    public func paragraph(of type: OrganizationType) -> Paragraph {
        let isSchool = type == .school
        switch self {
        case .designation, .directedFocused, .lowest10Percent, .lowSubgroup, .lowGraduation, .lowParticipation:
            return reason?.paragraph(of: type) ?? .determinations
        case .insufficientData: return .determinations
        case .recognition: return .exemplaryPerformance
        case .progress: return isSchool ? .schoolsNotRequiring : .districtsNotRequiring
        }
    }

    /// The row that decides: the first, in canonical order, of those of the first rank that applies.
    ///
    /// The row of progress always applies.
    static func deciding(_ rows: [DecisionRow]) -> DecisionRow {
        rows.min { ($0.rank, $0) < ($1.rank, $1) } ?? .progress
    }
}

extension DeterminationReason {
    /// The paragraph that makes it a reason for an organization of this type.
    public func paragraph(of type: OrganizationType) -> Paragraph {
        let isSchool = type == .school
        return switch self {
        case .designation: isSchool ? .schoolDesignation : .districtDesignation
        case .lowest10Percent: .lowestPerformingSchools
        case .lowSubgroup: .lowSubgroups
        case .lowGraduation: isSchool ? .schoolLowGraduation : .districtLowGraduation
        case .lowParticipation: isSchool ? .schoolLowParticipation : .districtLowParticipation
        }
    }

    /// The parameters that decide whether it applies.
    public func parameters(_ framework: Framework) -> [ParameterRecord] {
        let parameters = framework.determination
        let records: [ParameterRecord?] =
            switch self {
            case .designation: [parameters?.designationDay.record]
            case .lowest10Percent: [parameters?.lowestPerformingPercentile.record]
            case .lowSubgroup: [parameters?.lowSubgroupPercentile.record]
            case .lowGraduation:
                [
                    parameters?.lowGraduation.record, parameters?.lowGraduationThreshold.record,
                    parameters?.lowGraduationRate.record, parameters?.minimumCohort.record,
                    parameters?.lowGraduationNeedsPercentage.record,
                ]
            case .lowParticipation: [framework.participation.standard.record]
            }
        return records.compactMap { $0 }
    }
}
