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
    /// The cohort that is in its fifth year in the prior year had left before the state begins.
    func isSupplied(inPriorYear isPrior: Bool) -> Bool { self == .engagement && isPrior }
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

/// Sums by organization, year, grade span, group and measure.
///
/// A year is that of the determinations that judge the measure: 0 (before the prior one), 1 or 2.
struct Tally {
    /// The groups a tally knows: all but the lowest performing, in the vocabulary's order.
    static let groups = 12
    private var sums: [Sum]

    init(organizations: Int) {
        sums = [Sum](repeating: Sum(), count: organizations * 3 * 2 * Tally.groups * Measure.allCases.count)
    }

    private static func index(_ organization: Int, _ year: Int, _ high: Bool, _ group: Int, _ measure: Measure) -> Int {
        (((organization * 3 + year) * 2 + (high ? 1 : 0)) * groups + group) * Measure.allCases.count + measure.rawValue
    }

    subscript(organization: Int, year: Int, high: Bool, group: Int, measure: Measure) -> Sum {
        get { sums[Tally.index(organization, year, high, group, measure)] }
        set { sums[Tally.index(organization, year, high, group, measure)] = newValue }
    }

    /// Counts a student in every group of `mask`; one who is not `counted` only adds to the total.
    mutating func add(
        _ organization: Int,
        _ year: Int,
        _ high: Bool,
        groups mask: UInt16,
        _ measure: Measure,
        _ value: Int,
        counted: Bool = true
    ) {
        var rest = mask
        while rest != 0 {
            let index = Tally.index(organization, year, high, rest.trailingZeroBitCount, measure)
            if counted { sums[index].count += 1 }
            sums[index].total += value
            rest &= rest - 1
        }
    }

    /// Adds what was counted of one organization to another.
    mutating func merge(_ source: Tally, from: Int, into target: Int) {
        let width = 3 * 2 * Tally.groups * Measure.allCases.count
        for offset in 0..<width { sums[target * width + offset] += source.sums[from * width + offset] }
    }
}

/// Scores in order, to find what the lowest quarter reached in the years 0 and 1.
struct Ranking {
    private static let bins = 241
    private static let measures: [Measure] = [.ela, .math, .science, .chronic]
    private static let width = 2 * 2 * bins * measures.count
    private var sums: [Sum]

    /// What a student adds.
    struct Entry {
        /// The sum of two scores from 440 to 560.
        var rank: Int
        var ela: Int?
        var math: Int?
        var science: Int?
        var chronic: Bool
    }

    init(organizations: Int) {
        sums = [Sum](repeating: Sum(), count: organizations * Ranking.width)
    }

    private static func start(_ organization: Int, _ year: Int, _ high: Bool) -> Int {
        organization * width + (year * 2 + (high ? 1 : 0)) * bins * measures.count
    }

    mutating func add(_ organization: Int, _ year: Int, _ high: Bool, _ entry: Entry) {
        let bin = min(max(entry.rank - 880, 0), Ranking.bins - 1)
        let index = Ranking.start(organization, year, high) + bin * Ranking.measures.count
        for (place, value) in [entry.ela, entry.math, entry.science].enumerated() {
            if let value { sums[index + place] += Sum(count: 1, total: value) }
        }
        sums[index + 3] += Sum(count: 1, total: entry.chronic ? 1 : 0)
    }

    /// What the lowest quarter of an organization reached; ties at the cut are in.
    func lowestQuarter(_ organization: Int, _ year: Int, high: Bool) -> [(measure: Measure, sum: Sum)] {
        let start = Ranking.start(organization, year, high)
        let count = Ranking.measures.count
        let students = (0..<Ranking.bins).reduce(0) { $0 + sums[start + $1 * count + 3].count }
        var result = [Sum](repeating: Sum(), count: count)
        // A quarter, half up.
        let size = (students + 2) / 4
        for bin in 0..<Ranking.bins where result[3].count < size {
            for measure in result.indices { result[measure] += sums[start + bin * count + measure] }
        }
        // Science is reported of the group only in high school.
        return zip(Ranking.measures, result).filter { high || $0.0 != .science }
    }
}
