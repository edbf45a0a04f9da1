/// What is reported of the points of an indicator: what may not be published is nil.
public struct PointsReport: Hashable, Sendable {
    /// The indicator.
    public var indicator: Indicator
    /// The span.
    public var span: GradeSpan
    /// The row of the table of points that decided; nil where the year gives none.
    public var row: PointsRow?
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
    public init(_ indicator: Indicator, _ span: GradeSpan, row: PointsRow?, statement: String) {
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

    /// The parameters of the row that decided.
    private func records(_ parameters: PointParameters, _ framework: Framework) -> [ParameterRecord] {
        let scale = IndicatorPoints.scale(indicator, span, framework)
        let records: [ParameterRecord?]
        switch row {
        case .noValue, .noTarget: records = []
        case nil:
            // A message of an earlier version does not name its row: whatever could have decided.
            records =
                scale == .growth
                ? parameters.growthBands.sorted { $0.key > $1.key }.map(\.value.record)
                : [parameters.metTolerance[scale]?.record, parameters.noChangeBand[scale]?.record]
        case .belowMinimumSize: records = [framework.minimumSize.accountability.record]
        case .growthBand:
            // The edge that the value reaches, and the next one, which it does not.
            let edges = [points, points.map { $0 + 1 }].compactMap { $0 }
            records = edges.map { parameters.growthBands[$0]?.record }
        case .highCut:
            records = [parameters.highCut[scale]?.record, scale == .cpi ? parameters.highCutSubjects.record : nil]
        case .statewide:
            let isByQuartile = difficultyQuartile > 0
            records = [
                parameters.statewide[scale]?.record,
                isByQuartile ? framework.indicators?.difficultyRounding.record : nil,
                isByQuartile ? parameters.difficultyQuartileValues.record : nil,
            ]
        case .exceededTarget, .metTarget, .improvedBelowTarget, .noPriorValue:
            records = [parameters.metTolerance[scale]?.record]
        case .noChange, .declined: records = [parameters.noChangeBand[scale]?.record]
        }
        return records.compactMap { $0 }
    }
}

extension WireNamed {
    /// The name with spaces, for people.
    var words: String { wireName.replacing("_", with: " ") }
}
