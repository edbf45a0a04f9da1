/// Sums of counts, and what they tell of those counts that are not known.
///
/// Solved exactly, and then narrowed by what counts can be. More can be learned later.
struct CountSystem {
    /// An equation over unknowns: how often each counts, and what they come to.
    struct Row: Hashable {
        /// By number, in order; none counts nothing.
        private(set) var terms: [Term] = []
        var value: Int128 = 0

        /// An unknown, and how often it counts.
        struct Term: Hashable {
            let number: Int
            var weight: Int64
        }

        /// Adds an unknown.
        mutating func add(_ number: Int, _ weight: Int64) {
            let place = terms.firstIndex { $0.number >= number } ?? terms.count
            if place < terms.count, terms[place].number == number {
                terms[place].weight += weight
                if terms[place].weight == 0 { terms.remove(at: place) }
            } else {
                terms.insert(Term(number: number, weight: weight), at: place)
            }
        }
    }

    /// What is determined, by number.
    private(set) var solved: [Int: Int128] = [:]

    private var linear = LinearSystem()
    /// The rows that narrow bounds.
    ///
    /// A factor other than one comes from a number that is the same twice: such a row narrows nothing.
    private let narrowing: [Row]
    private var low: [Int128]
    private var high: [Int128?]

    /// A system of rows.
    ///
    /// - Parameters:
    ///   - rows: what holds.
    ///   - least: by number, the least that an unknown can be.
    ///   - isSolved: whether the rows are solved; otherwise they only narrow each other, which is soon done.
    init(_ rows: [Row], least: [Int64], isSolved: Bool = true) {
        var seen: Set<Row> = []
        // The same students stand behind several measures: their sums come again.
        let rows = rows.filter { !$0.terms.isEmpty && seen.insert($0).inserted }
        if isSolved {
            for row in rows.enumerated()
                .sorted(by: { ($0.element.terms.count, $0.offset) < ($1.element.terms.count, $1.offset) })
            {
                linear.take(
                    Dictionary(uniqueKeysWithValues: row.element.terms.map { ($0.number, $0.weight) }),
                    value: row.element.value
                )
            }
        }
        narrowing = rows.filter { $0.terms.allSatisfy { $0.weight.magnitude == 1 } }
        low = least.map { Int128($0) }
        high = least.map { _ in nil }
        solved = linear.solved
        narrow()
    }

    /// Learns the value of an unknown.
    mutating func learn(_ number: Int, _ value: Int64) {
        linear.take([number: 1], value: Int128(value))
        solved.merge(linear.solved) { _, new in new }
        solved[number] = Int128(value)
        narrow()
    }

    /// Narrows the bounds of each unknown by those of the others in its equations, until nothing moves.
    private mutating func narrow() {
        for (number, value) in solved { (low[number], high[number]) = (value, value) }
        let farthest: Int128 = 1 << 62
        var isMoved = true
        var rounds = 0
        while isMoved, rounds < 100 {
            (isMoved, rounds) = (false, rounds + 1)
            for row in narrowing {
                for term in row.terms where low[term.number] != high[term.number] {
                    // sign * x = value - the others.
                    var ends: (least: Int128?, most: Int128?) = (row.value, row.value)
                    for other in row.terms where other.number != term.number {
                        let (small, large) =
                            other.weight > 0
                            ? (low[other.number], high[other.number]) : (high[other.number], low[other.number])
                        let weight = Int128(other.weight)
                        ends.least = if let now = ends.least, let large { now - large * weight } else { nil }
                        ends.most = if let now = ends.most, let small { now - small * weight } else { nil }
                    }
                    if term.weight < 0 { ends = (ends.most.map { -$0 }, ends.least.map { -$0 }) }
                    // Equations that contradict each other would move bounds for ever.
                    if let bound = ends.least, bound > low[term.number], bound < farthest {
                        low[term.number] = bound
                        isMoved = true
                    }
                    if let bound = ends.most, bound > -farthest, high[term.number].map({ bound < $0 }) ?? true {
                        high[term.number] = bound
                        isMoved = true
                    }
                }
            }
        }
        for number in low.indices where high[number] == low[number] { solved[number] = low[number] }
    }
}
