/// Points against targets: 603 CMR 2.03(2)(b).
public struct PointParameters: Sendable {
    /// What shares tolerances and cuts: achievement by its measure, growth, and every rate by itself.
    public enum Scale: Hashable, Sendable {
        /// Achievement, by how it is measured.
        case achievement(AchievementMeasure)
        /// Mean student growth percentile.
        case growth
        /// A rate.
        case rate(Indicator)

        /// The name in frameworks.
        var name: String {
            switch self {
            case .achievement(let measure): measure.rawValue
            case .growth: "growth"
            case .rate(let indicator): indicator.wireName
            }
        }
    }

    /// Among whom a statewide percentile is taken.
    public enum Population: String, Hashable, Sendable, CaseIterable {
        /// All students of all organizations of the type.
        case allStudents = "all_students"
        /// The same group of all organizations of the type.
        case ownGroup = "own_group"
        /// Organizations of the same difficulty quartile (EL progress).
        case difficultyQuartile = "difficulty_quartile"
    }

    /// Of whose values the statewide percentiles within a difficulty quartile are.
    public enum QuartileValues: String, Sendable, CaseIterable {
        /// All students of the organizations of the group's own quartile.
        case allStudents = "all_students"
        /// The same group of them.
        case ownGroup = "own_group"
    }

    /// At or above a statewide percentile gives at least these points, even after a decline.
    public struct StatewideRule: Hashable, Sendable {
        /// The percentile.
        public let percentile: Int
        /// Among whom.
        public let population: Population
        /// The points.
        public let points: Int
    }

    /// The most points of an indicator.
    public let maximum: Parameter<Int>
    /// The distance from the target within which it is met, by scale; beyond it, exceeded.
    public let metTolerance: [Scale: Parameter<Ratio>]
    /// The greatest decline that still counts as no change, by scale.
    public let noChangeBand: [Scale: Parameter<Ratio>]
    /// The value from which all points are given whatever the target, by scale.
    public let highCut: [Scale: Parameter<Ratio>]
    /// The subjects whose CPI has the fixed value of ``highCut``.
    public let highCutSubjects: Parameter<[Subject]>
    /// Of whose values the statewide percentiles within a difficulty quartile are.
    public let difficultyQuartileValues: Parameter<QuartileValues>
    /// The least mean SGP for 4, 3, 2 and 1 points.
    public let growthBands: [Int: Parameter<Ratio>]
    /// The statewide percentile rules, by scale.
    public let statewide: [Scale: Parameter<[StatewideRule]>]
    /// The paths that targets of achievement follow; none where there is only one.
    public let paths: Parameter<[TargetPath]>

    /// The points of a framework that has these indicators: each of their scales needs its tolerances.
    init(_ reader: ParameterReader, indicators: Set<Indicator>) throws(FrameworkError) {
        maximum = try reader.integer("points.maximum", in: 1...100)
        var metTolerance: [Scale: Parameter<Ratio>] = [:]
        var noChangeBand: [Scale: Parameter<Ratio>] = [:]
        var highCut: [Scale: Parameter<Ratio>] = [:]
        var statewide: [Scale: Parameter<[StatewideRule]>] = [:]
        let rates = indicators.filter(\.isRate).sorted().map { Scale.rate($0) }
        for scale in AchievementMeasure.allCases.map({ Scale.achievement($0) }) + rates {
            metTolerance[scale] = try reader.ratio("points.met_tolerance.\(scale.name)")
            noChangeBand[scale] = try reader.ratio("points.no_change_band.\(scale.name)")
            highCut[scale] = try reader.optional("points.high_cut.\(scale.name)") { path throws(FrameworkError) in
                try reader.ratio(path)
            }
            statewide[scale] = try reader.optional("points.statewide.\(scale.name)") {
                path throws(FrameworkError) in
                try reader.read(path, "a list of {percentile, population, points}") { Self.statewideRules($0) }
            }
        }
        self.metTolerance = metTolerance
        self.noChangeBand = noChangeBand
        self.highCut = highCut
        highCutSubjects = try reader.read("points.high_cut_subjects", "a list of subjects") { $0.names(Subject.self) }
        difficultyQuartileValues = try reader.choice("points.difficulty_quartile_values")
        self.statewide = statewide
        var bands: [Int: Parameter<Ratio>] = [:]
        for points in 1...4 { bands[points] = try reader.ratio("points.growth.\(points)") }
        growthBands = bands
        paths = try reader.read("points.paths", "a list of paths of targets") { $0.names(TargetPath.self) }
    }

    /// The value from which an indicator has all points whatever its target; nil where it has none.
    func highCut(_ indicator: Indicator, _ scale: Scale) -> Ratio? {
        let subjects = highCutSubjects.value
        guard scale != .achievement(.cpi) || subjects.contains(where: { Indicator.achievement($0) == indicator }) else {
            return nil
        }
        return highCut[scale]?.value
    }

    private static func statewideRules(_ value: ParameterValue) -> [StatewideRule]? {
        let rules = value.list?
            .compactMap { rule -> StatewideRule? in
                guard let entry = rule.table,
                    let percentile = entry["percentile"]?.integer, (1...99).contains(percentile),
                    let population = entry["population"]?.scalar.flatMap(Population.init(rawValue:)),
                    let points = entry["points"]?.integer
                else { return nil }
                return StatewideRule(percentile: percentile, population: population, points: points)
            }
        return rules?.count == value.list?.count ? rules : nil
    }
}
