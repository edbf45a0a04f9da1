/// What is counted of every school, group and grade span, to compute baselines and supplied values from.
enum Measure: Int, CaseIterable {
    case ela, math, science, chronic, graduation, engagement, dropout, progress, advanced

    /// The indicator's wire name.
    var indicator: String {
        switch self {
        case .ela: "ela_achievement"
        case .math: "math_achievement"
        case .science: "science_achievement"
        case .chronic: "chronic_absenteeism"
        case .graduation: "four_year_graduation"
        case .engagement: "extended_engagement"
        case .dropout: "dropout"
        case .progress: "el_progress"
        case .advanced: "advanced_coursework"
        }
    }

    /// What one student adds at most: scores and CPI points count as they are, all else is a percentage.
    var unit: Int {
        switch self {
        case .ela, .math, .science: 1
        default: 100
        }
    }

    /// Whether values come already computed: what no student file of the year covers.
    ///
    /// The cohort that the prior year judges and the one that is in its fifth year had left before the state begins.
    func isSupplied(inPriorYear isPrior: Bool) -> Bool {
        switch self {
        case .engagement: true
        case .graduation, .dropout: isPrior
        case .ela, .math, .science, .chronic, .progress, .advanced: false
        }
    }
}

/// A sum over students.
struct Sum {
    var count = 0
    var total = 0

    static func += (left: inout Sum, right: Sum) {
        left.count += right.count
        left.total += right.total
    }

    /// The mean in tenths, half up.
    func tenths(of measure: Measure) -> Int {
        count == 0 ? 0 : (total * measure.unit * 20 + count) / (2 * count)
    }
}

/// Sums by organization, year (0 or 1), grade span, group and measure.
struct Tally {
    /// The groups a tally knows: all but the lowest performing, in the vocabulary's order.
    static let groups = 12
    private var sums: [Sum]

    init(organizations: Int) {
        sums = [Sum](repeating: Sum(), count: organizations * 2 * 2 * Tally.groups * Measure.allCases.count)
    }

    private static func index(_ organization: Int, _ year: Int, _ high: Bool, _ group: Int, _ measure: Measure) -> Int {
        (((organization * 2 + year) * 2 + (high ? 1 : 0)) * groups + group) * Measure.allCases.count + measure.rawValue
    }

    subscript(organization: Int, year: Int, high: Bool, group: Int, measure: Measure) -> Sum {
        get { sums[Tally.index(organization, year, high, group, measure)] }
        set { sums[Tally.index(organization, year, high, group, measure)] = newValue }
    }

    /// Counts a student in every group of `mask`.
    mutating func add(
        _ organization: Int,
        _ year: Int,
        _ high: Bool,
        groups mask: UInt16,
        _ measure: Measure,
        _ value: Int
    ) {
        var rest = mask
        while rest != 0 {
            let index = Tally.index(organization, year, high, rest.trailingZeroBitCount, measure)
            sums[index].count += 1
            sums[index].total += value
            rest &= rest - 1
        }
    }

    /// Adds what was counted of one organization to another.
    mutating func merge(_ source: Tally, from: Int, into target: Int) {
        let width = 2 * 2 * Tally.groups * Measure.allCases.count
        for offset in 0..<width { sums[target * width + offset] += source.sums[from * width + offset] }
    }
}

/// Scores of the prior year in order, to find what the lowest quarter reached.
struct Ranking {
    private static let bins = 121
    private static let measures: [Measure] = [.ela, .math, .science, .chronic]
    private var sums: [Sum]

    init(organizations: Int) {
        sums = [Sum](repeating: Sum(), count: organizations * 2 * Ranking.bins * Ranking.measures.count)
    }

    /// Counts a student under the mean of two scores from 440 to 560.
    mutating func add(_ organization: Int, _ high: Bool, rank: Int, ela: Int, math: Int, science: Int?, chronic: Bool) {
        let bin = min(max(rank - 440, 0), Ranking.bins - 1)
        let index = ((organization * 2 + (high ? 1 : 0)) * Ranking.bins + bin) * Ranking.measures.count
        sums[index] += Sum(count: 1, total: ela)
        sums[index + 1] += Sum(count: 1, total: math)
        if let science { sums[index + 2] += Sum(count: 1, total: science) }
        sums[index + 3] += Sum(count: 1, total: chronic ? 1 : 0)
    }

    mutating func merge(_ source: Ranking, from: Int, into target: Int) {
        let width = 2 * Ranking.bins * Ranking.measures.count
        for offset in 0..<width { sums[target * width + offset] += source.sums[from * width + offset] }
    }

    /// What the lowest quarter of an organization reached; ties at the cut are in.
    func lowestQuarter(_ organization: Int, high: Bool) -> [(measure: Measure, sum: Sum)] {
        let start = (organization * 2 + (high ? 1 : 0)) * Ranking.bins * Ranking.measures.count
        let students = (0..<Ranking.bins).reduce(0) { $0 + sums[start + $1 * Ranking.measures.count].count }
        var result = [Sum](repeating: Sum(), count: Ranking.measures.count)
        for bin in 0..<Ranking.bins where result[0].count * 4 < students {
            for measure in result.indices { result[measure] += sums[start + bin * Ranking.measures.count + measure] }
        }
        return Array(zip(Ranking.measures, result))
    }
}
