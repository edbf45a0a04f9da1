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

    /// The row of the decision table; nil where the message names none, or none that this version knows.
    public var row: DecisionRow? { DecisionRow.allCases.first { Self($0) == self } }
}

extension Accountability_V1_PointsRow {
    /// The row of the table of points in messages.
    public init(_ row: PointsRow) {
        self =
            switch row {
            case .exceededTarget: .exceededTarget
            case .highCut: .highCut
            case .statewide(let rule):
                switch rule.population {
                case .allStudents: .statewideAllStudents
                case .ownGroup: .statewideOwnGroup
                case .difficultyQuartile: .statewideDifficultyQuartile
                }
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
    ///
    /// - Parameters:
    ///   - percentile: of a statewide row, the percentile that was reached.
    ///   - points: the points that it gave.
    /// - Returns: the row, with the statewide rule that it names.
    public func row(percentile: Int, points: Int) -> PointsRow? {
        func statewide(_ population: PointParameters.Population) -> PointsRow {
            .statewide(.init(percentile: percentile, population: population, points: points))
        }
        return switch self {
        case .exceededTarget: .exceededTarget
        case .highCut: .highCut
        case .statewideAllStudents: statewide(.allStudents)
        case .statewideOwnGroup: statewide(.ownGroup)
        case .statewideDifficultyQuartile: statewide(.difficultyQuartile)
        case .metTarget: .metTarget
        case .improvedBelowTarget: .improvedBelowTarget
        case .noChange: .noChange
        case .declined: .declined
        case .growthBand: .growthBand
        case .belowMinimumSize: .belowMinimumSize
        case .noValue: .noValue
        case .noTarget: .noTarget
        case .noPriorValue: .noPriorValue
        case .unspecified, .UNRECOGNIZED: nil
        }
    }
}
