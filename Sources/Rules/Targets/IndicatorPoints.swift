/// The statewide values that some point rules ask for, of one indicator, span and organization type.
public struct StatewideThresholds: Hashable, Sendable {
    private var values: [PointParameters.Population: [Int: Ratio]] = [:]

    /// No thresholds: no statewide rule applies.
    public init() {}

    /// The value at a percentile (90, 80) of a population; for indicators where lower is better, the value not to be
    /// exceeded.
    public subscript(population: PointParameters.Population, percentile: Int) -> Ratio? {
        get { values[population]?[percentile] }
        set { values[population, default: [:]][percentile] = newValue }
    }

    /// The values as they are compared: at the decimals of publication, like the values of organizations.
    fileprivate func rounded(_ rounding: Rounding) throws(NumberError) -> StatewideThresholds {
        var rounded = StatewideThresholds()
        for (population, thresholds) in values {
            for (percentile, value) in thresholds { rounded[population, percentile] = try rounding(value) }
        }
        return rounded
    }
}

/// What the points of an indicator are decided from.
public struct PointsInput: Hashable, Sendable {
    /// The indicator.
    public let indicator: Indicator
    /// The span.
    public let span: GradeSpan
    /// The current value, as rounded for publication; nil where there is none.
    public let current: Ratio?
    /// The value of the year before, as rounded for publication.
    public let prior: Ratio?
    /// The target that the Department set; growth has none.
    public let target: Ratio?
    /// The number of students of the current value.
    public let count: Int64
    /// The statewide values.
    public let statewide: StatewideThresholds
    /// The path that the target follows; nil where there is only one path.
    public let path: TargetPath?

    /// The input of one decision.
    public init(
        _ indicator: Indicator,
        _ span: GradeSpan,
        current: Ratio?,
        prior: Ratio? = nil,
        target: Ratio? = nil,
        count: Int64,
        statewide: StatewideThresholds = StatewideThresholds(),
        path: TargetPath? = nil
    ) {
        self.indicator = indicator
        self.span = span
        self.current = current
        self.prior = prior
        self.target = target
        self.count = count
        self.statewide = statewide
        self.path = path
    }
}

extension PointsInput {
    /// The input with its values as they are compared: at the decimals of publication.
    fileprivate func rounded(_ rounding: Rounding?) throws(NumberError) -> PointsInput {
        guard let rounding else { return self }
        func round(_ value: Ratio?) throws(NumberError) -> Ratio? {
            if let value { try rounding(value) } else { nil }
        }
        return PointsInput(
            indicator,
            span,
            current: try round(current),
            prior: try round(prior),
            target: try round(target),
            count: count,
            statewide: try statewide.rounded(rounding),
            path: path
        )
    }
}

/// The row of the point table that decided.
public enum PointsRow: Hashable, Sendable {
    /// Better than the target by more than the tolerance.
    case exceededTarget
    /// At or beyond the fixed value that gives all points.
    case highCut
    /// At or beyond a statewide percentile.
    case statewide(PointParameters.StatewideRule)
    /// Within the tolerance of the target.
    case metTarget
    /// Better than the year before, short of the target.
    case improvedBelowTarget
    /// A decline within the no-change band, or none at all.
    case noChange
    /// A larger decline.
    case declined
    /// Growth: the band the value lies in.
    case growthBand
    /// No points: the group is below the minimum size.
    case belowMinimumSize
    /// No points: there is no value.
    case noValue
    /// No points: the Department set no target.
    case noTarget
    /// No points: the target is missed and there is no earlier value to compare with.
    case noPriorValue

    /// The words for people.
    public var title: String {
        switch self {
        case .exceededTarget: "Exceeded Target"
        case .highCut: "Exceeded Target: at or beyond the fixed high value"
        case .statewide(let rule):
            "At or beyond the statewide \(rule.percentile)th percentile (\(rule.population.rawValue))"
        case .metTarget: "Met Target"
        case .improvedBelowTarget: "Improved Below Target"
        case .noChange: "No Change"
        case .declined: "Declined"
        case .growthBand: "Band of the mean student growth percentile"
        case .belowMinimumSize: "No points: below the minimum size"
        case .noValue: "No points: no value"
        case .noTarget: "No points: no target"
        case .noPriorValue: "No points: no earlier value"
        }
    }
}

/// The points of an indicator for a group: 603 CMR 2.03(2)(b).
public struct IndicatorPoints: Hashable, Sendable {
    /// What was decided on, values at the decimals of publication.
    public let input: PointsInput
    /// 0 to 4, or nil where none can be given.
    public let points: Int?
    /// The row that matched first.
    public let row: PointsRow

    /// Why, in the words of the reports: the row, behind the path of the target where it led to points.
    public var reason: String {
        guard let path = input.path, points != nil else { return row.title }
        return "\(path.title): \(row.title)"
    }

    /// The points under a framework.
    ///
    /// Throws where the year has none.
    public init(_ input: PointsInput, _ framework: Framework) throws(RuleError) {
        let parameters = try framework.section(\.points, "points")
        do {
            let compared = try input.rounded(framework.indicators?.valueRounding.value)
            self.input = compared
            (points, row) = try Self.decide(compared, framework, parameters)
        } catch {
            throw RuleError.number(error)
        }
    }

    /// What shares the tolerances of an indicator in a span.
    public static func scale(_ indicator: Indicator, _ span: GradeSpan, _ framework: Framework)
        -> PointParameters.Scale
    {
        switch indicator.category {
        case .achievement: .achievement(framework.indicators?.measure(indicator, span) ?? .scaledScore)
        case .growth: .growth
        case .highSchoolCompletion, .elProgress, .additional: .rate(indicator)
        }
    }

    private static func decide(
        _ input: PointsInput,
        _ framework: Framework,
        _ parameters: PointParameters
    ) throws(NumberError) -> (Int?, PointsRow) {
        guard input.count >= Int64(framework.minimumSize.accountability.value) else { return (nil, .belowMinimumSize) }
        guard let current = input.current else { return (nil, .noValue) }
        let scale = scale(input.indicator, input.span, framework)
        if scale == .growth { return (growthPoints(current, parameters), .growthBand) }

        let maximum = parameters.maximum.value
        let lower = input.indicator.lowerIsBetter
        let statewide = statewideRule(current, lower: lower, scale, input, parameters)
        let tolerance = parameters.metTolerance[scale]?.value ?? .zero
        // Positive where the value is better than the target.
        let margin: Ratio? =
            if let target = input.target { lower ? try target - current : try current - target } else { nil }

        // The first row that matches wins, from the most points down.
        if let statewide, statewide.points >= maximum { return (maximum, .statewide(statewide)) }
        if let cut = parameters.highCut(input.indicator, scale), lower ? current <= cut : current >= cut {
            return (maximum, .highCut)
        }
        if let margin, margin > tolerance { return (maximum, .exceededTarget) }
        if let margin, margin.magnitude <= tolerance { return (maximum - 1, .metTarget) }
        if let statewide { return (statewide.points, .statewide(statewide)) }
        guard input.target != nil else { return (nil, .noTarget) }
        guard let prior = input.prior else { return (nil, .noPriorValue) }
        let gain = lower ? try prior - current : try current - prior
        if gain > .zero { return (2, .improvedBelowTarget) }
        let band = parameters.noChangeBand[scale]?.value ?? .zero
        return gain.magnitude <= band ? (1, .noChange) : (0, .declined)
    }

    private static func growthPoints(_ value: Ratio, _ parameters: PointParameters) -> Int {
        for points in [4, 3, 2, 1] {
            if let least = parameters.growthBands[points]?.value, value >= least { return points }
        }
        return 0
    }

    /// The statewide rule that gives the most points, of those that hold.
    private static func statewideRule(
        _ current: Ratio,
        lower: Bool,
        _ scale: PointParameters.Scale,
        _ input: PointsInput,
        _ parameters: PointParameters
    ) -> PointParameters.StatewideRule? {
        var best: PointParameters.StatewideRule?
        for rule in parameters.statewide[scale]?.value ?? [] {
            guard let threshold = input.statewide[rule.population, rule.percentile],
                lower ? current <= threshold : current >= threshold
            else { continue }
            if let points = best?.points, points >= rule.points { continue }
            best = rule
        }
        return best
    }
}

extension IndicatorPoints: CarriesOut {
    /// Performance against the target of each indicator.
    public static let paragraphs: [Paragraph] = [.criterionReferenced, .eachSubgroup]
}
