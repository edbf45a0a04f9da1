public import Rules

extension Accountability_V1_DecisionRow {
    /// The row of the decision table in messages.
    public init(_ row: DecisionRow) {
        self =
            switch row {
            case .designation: .designation
            case .directedFocused: .directedFocused
            case .lowest10Percent: .lowest10Percent
            case .lowSubgroup: .lowSubgroup
            case .lowGraduation: .lowGraduation
            case .lowParticipation: .lowParticipation
            case .insufficientData: .insufficientData
            case .recognition: .recognition
            case .progress: .progress
            }
    }
}

extension Accountability_V1_PointsRow {
    /// The row of the table of points in messages.
    public init(_ row: PointsReport.Row) {
        self =
            switch row {
            case .exceededTarget: .exceededTarget
            case .highCut: .highCut
            case .statewideAllStudents: .statewideAllStudents
            case .statewideOwnGroup: .statewideOwnGroup
            case .statewideDifficultyQuartile: .statewideDifficultyQuartile
            case .metTarget: .metTarget
            case .improvedBelowTarget: .improvedBelowTarget
            case .noChange: .noChange
            case .declined: .declined
            case .growthBand: .growthBand
            case .belowMinimumSize: .belowMinimumSize
            case .noValue: .noValue
            case .noTarget: .noTarget
            case .noPriorValue: .noPriorValue
            }
    }

    /// The row of the table of points; nil where the message names none, or none that this version knows.
    var row: PointsReport.Row? { PointsReport.Row.allCases.first { Self($0) == self } }
}
