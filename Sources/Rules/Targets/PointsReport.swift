/// What is reported of the points of an indicator: what may not be published is nil.
public struct PointsReport: Hashable, Sendable {
    /// The indicator.
    public var indicator: Indicator
    /// The span.
    public var span: GradeSpan
    /// The row of the table of points that decided; nil where the year gives none.
    public var row: Row?
    /// What the row says, in the words of the report.
    public var statement: String
    /// The points; nil where none can be given.
    public var points: Int?
    /// The value.
    public var current: Ratio?
    /// The value that it was compared with.
    public var prior: Ratio?
    /// Whether the prior value is the baseline of the target.
    public var priorIsBaseline = false
    /// The target.
    public var target: Ratio?
    /// The students.
    public var count: Int64?
    /// Of EL progress: the quartile that it is compared in; 0 where that is not known.
    public var difficultyQuartile = 0
    /// The statewide values that gave the points.
    public var thresholds: [Threshold] = []

    /// A row of the table of points by its name: a report does not say which rule a statewide row has.
    public enum Row: CaseIterable, Hashable, Sendable {
        /// Better than the target by more than the tolerance.
        case exceededTarget
        /// At or beyond the fixed value that gives all points.
        case highCut
        /// At or beyond a statewide percentile of all students.
        case statewideAllStudents
        /// At or beyond a statewide percentile of the same group.
        case statewideOwnGroup
        /// At or beyond a percentile of the organizations of the same difficulty quartile.
        case statewideDifficultyQuartile
        /// Within the tolerance of the target.
        case metTarget
        /// Better than the year before, short of the target.
        case improvedBelowTarget
        /// A decline within the no-change band, or none at all.
        case noChange
        /// A larger decline.
        case declined
        /// The band of a mean student growth percentile.
        case growthBand
        /// No points: the group is below the minimum size.
        case belowMinimumSize
        /// No points: there is no value.
        case noValue
        /// No points: the Department set no target.
        case noTarget
        /// No points: there is no earlier value to compare with.
        case noPriorValue

        /// The name of a row that decided.
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
    }

    /// The value at a statewide percentile.
    public struct Threshold: Hashable, Sendable {
        /// Whether it is that of the own group, and not that of all students.
        public let isOfOwnGroup: Bool
        /// The percentile.
        public let percentile: Int
        /// The value.
        public let value: Ratio

        /// A threshold.
        public init(isOfOwnGroup: Bool, percentile: Int, value: Ratio) {
            self.isOfOwnGroup = isOfOwnGroup
            self.percentile = percentile
            self.value = value
        }
    }

    /// A report of nothing but the row.
    public init(_ indicator: Indicator, _ span: GradeSpan, row: Row?, statement: String) {
        self.indicator = indicator
        self.span = span
        self.row = row
        self.statement = statement
    }

    /// How the points came about.
    public func explained(by framework: Framework) -> Derivation {
        var facts: [String] = []
        if let prior, let current {
            facts.append("\(prior.shortText) → \(current.shortText)")
        } else if let current {
            facts.append(current.shortText)
        }
        if difficultyQuartile > 0 { facts.append("difficulty quartile \(difficultyQuartile)") }
        if priorIsBaseline { facts.append("prior is the target's baseline") }
        if let target { facts.append("target \(target.shortText)") }
        if let count { facts.append("N \(count)") }
        facts += thresholds.map {
            "\($0.isOfOwnGroup ? "group's" : "statewide") \($0.percentile)th percentile \($0.value.shortText)"
        }
        if let remark = Self.thresholdRemark(indicator, framework) { facts.append(remark) }
        let text = facts.joined(separator: ", ")
        guard let parameters = framework.points else { return Derivation(indicator.words, text, row: statement) }
        let earned = points.map { "\($0) of \(parameters.maximum.value) points" } ?? "no points"
        return Derivation(
            indicator.words,
            facts.isEmpty ? earned : "\(earned): \(text)",
            row: statement,
            parameters: records(parameters, framework)
        )
    }

    /// What is not known of a rate of chronic absenteeism under a framework with several thresholds; nil under others.
    private static func thresholdRemark(_ indicator: Indicator, _ framework: Framework) -> String? {
        guard indicator == .chronicAbsenteeism,
            let thresholds = framework.indicators?.chronicAbsenceThresholds.value.map(\.shortText), thresholds.count > 1
        else { return nil }
        return
            "counted from \(thresholds[0]) percent of the days; a supplied rate does not say whether it is at \(thresholds.joined(separator: " or ")) percent"
    }

    /// The parameters of the row that decided.
    ///
    /// A message of an earlier version does not name its row: then they are those of every row that could have.
    private func records(_ parameters: PointParameters, _ framework: Framework) -> [ParameterRecord] {
        if let row { return records(row, parameters, framework) }
        let isGrowth = IndicatorPoints.scale(indicator, span, framework) == .growth
        var seen: Set<ParameterRecord> = []
        return Row.allCases.filter { $0 == .belowMinimumSize || ($0 == .growthBand) == isGrowth }
            .filter { $0 != .statewideDifficultyQuartile || difficultyQuartile > 0 }
            .flatMap { records($0, parameters, framework) }
            .filter { seen.insert($0).inserted }
    }

    private func records(_ row: Row, _ parameters: PointParameters, _ framework: Framework) -> [ParameterRecord] {
        let scale = IndicatorPoints.scale(indicator, span, framework)
        let records: [ParameterRecord?] =
            switch row {
            case .noValue, .noTarget: []
            case .belowMinimumSize: [framework.minimumSize.accountability.record]
            case .growthBand:
                // The edge that the value reaches, and the next one, which it does not.
                [points, points.map { $0 + 1 }].map { edge in edge.flatMap { parameters.growthBands[$0]?.record } }
            case .highCut:
                [
                    parameters.highCut[scale]?.record,
                    scale == .achievement(.cpi) ? parameters.highCutSubjects.record : nil,
                ]
            case .statewideAllStudents, .statewideOwnGroup: [parameters.statewide[scale]?.record]
            case .statewideDifficultyQuartile:
                [
                    parameters.statewide[scale]?.record, framework.indicators?.difficultyRounding.record,
                    parameters.difficultyQuartileValues.record,
                ]
            case .exceededTarget, .metTarget, .improvedBelowTarget, .noPriorValue:
                [parameters.metTolerance[scale]?.record]
            case .noChange, .declined: [parameters.noChangeBand[scale]?.record]
            }
        return records.compactMap { $0 }
    }
}

extension WireNamed {
    /// The name with spaces, for people.
    var words: String { wireName.replacing("_", with: " ") }
}
