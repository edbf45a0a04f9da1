/// What a participation rate is of.
public enum ParticipationUnit: Hashable, Sendable, CustomStringConvertible {
    /// One subject.
    case subject(Subject)
    /// All subjects together.
    case combined

    /// `ELA`, `Math`, `STE` or `combined`.
    public var description: String {
        switch self {
        case .subject(let subject): subject.wireName
        case .combined: "combined"
        }
    }
}

/// The participation rate of a group in a unit: 603 CMR 2.03(2)(d)(1).
public struct ParticipationRate: Hashable, Sendable {
    /// The subject, or all combined.
    public let unit: ParticipationUnit
    /// Tests taken.
    public let participants: Int64
    /// Tests due.
    public let denominator: Int64
    /// The exact rate in percent; nil where no test was due.
    public let exact: Ratio?
    /// The rate as displayed, whole percent; nil where no test was due.
    public let displayed: Int64?
    /// What the minimum size is held against: students, or tests where the framework says so.
    public let size: Int64
    /// Whether the group is large enough to be judged.
    public let meetsMinimumSize: Bool

    /// The rate of a tally under a framework.
    ///
    /// Throws where a count is negative.
    public init(_ tally: ParticipationTally, _ unit: ParticipationUnit, _ framework: Framework) throws(NumberError) {
        let parameters = framework.participation
        let checked = try tally.checked()
        let counted: ParticipationTally
        switch unit {
        case .subject(let subject):
            counted = checked.counted(in: subject, parameters)
            size = counted.tests
        case .combined:
            counted = checked
            size = parameters.sizeCounts.value == .tests ? counted.tests : counted.students
        }
        self.unit = unit
        participants = counted.participants
        denominator = counted.tests
        meetsMinimumSize = size >= Int64(framework.minimumSize.accountability.value)
        guard counted.tests > 0 else {
            exact = nil
            displayed = nil
            return
        }
        let rate = try Ratio(counted.participants, over: counted.tests) * .hundred
        exact = rate
        displayed = try parameters.displayRounding.value(rate).floor
    }
}

/// Whether a group met the participation requirement: 603 CMR 2.03(2)(d)(2).
public struct ParticipationJudgement: Hashable, Sendable {
    /// The current year.
    public let current: ParticipationRate
    /// The year before, where the framework looks back and there is one.
    public let prior: ParticipationRate?
    /// The rate that was held against the standard; nil where no test was due.
    public let judged: Ratio?
    /// Whether the requirement was met, looking back where the framework does; nil below the minimum size or where no
    /// test was due.
    public let met: Bool?
    /// Whether the current year on its own reaches the standard; nil below the minimum size or where no test was due.
    public let metInYear: Bool?

    /// Judges a tally, with the year before where the framework looks back.
    ///
    /// Throws where a count is negative.
    public init(
        current tally: ParticipationTally,
        prior priorTally: ParticipationTally?,
        _ unit: ParticipationUnit,
        _ framework: Framework
    ) throws(NumberError) {
        let parameters = framework.participation
        let current = try ParticipationRate(tally, unit, framework)
        self.current = current
        let looksBack = parameters.lookBack.value != .current
        var prior: ParticipationRate?
        if looksBack, let priorTally { prior = try ParticipationRate(priorTally, unit, framework) }
        self.prior = prior?.exact == nil ? nil : prior

        var judged = current.exact
        if let now = current.exact, let prior, let before = prior.exact {
            switch parameters.lookBack.value {
            case .current: break
            case .aggregate:
                judged = try Self.pooled(current, prior)
            case .higherOfCurrentAndPooled:
                judged = max(now, try Self.pooled(current, prior))
            case .higherOfCurrentAndAverage:
                judged = max(now, try (now + before) / Ratio(2))
            }
        }
        self.judged = judged
        guard let judged, let now = current.exact, current.meetsMinimumSize else {
            met = nil
            metInYear = nil
            return
        }
        met = try Self.reachesStandard(judged, parameters)
        metInYear = try Self.reachesStandard(now, parameters)
    }

    private static func reachesStandard(_ rate: Ratio, _ parameters: ParticipationParameters) throws(NumberError)
        -> Bool
    {
        let held = parameters.judgedRate.value == .rounded ? try parameters.displayRounding.value(rate) : rate
        return held >= parameters.standard.value
    }

    private static func pooled(_ current: ParticipationRate, _ prior: ParticipationRate) throws(NumberError) -> Ratio {
        try (Ratio(current.participants) + Ratio(prior.participants))
            / (Ratio(current.denominator) + Ratio(prior.denominator)) * .hundred
    }
}

extension ParticipationRate: CarriesOut {
    /// Assessment participation rates.
    public static let paragraphs: [Paragraph] = [.participation, .participationRates]
}

extension ParticipationJudgement: CarriesOut {
    /// Whether the requirement was met.
    public static let paragraphs: [Paragraph] = [.participationRequirement]
}
