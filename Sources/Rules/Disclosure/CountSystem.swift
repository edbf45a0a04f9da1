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

    private var linear = LinearSystem()
    private var bounds: CountBounds

    /// A system of rows.
    ///
    /// - Parameters:
    ///   - rows: what holds.
    ///   - least: by number, the least that an unknown can be.
    init(_ rows: [Row], least: [Int64]) {
        self.init(rows, CountBounds(rows, least: least))
    }

    /// A system of rows, and what counts can be by these rows.
    init(_ rows: [Row], _ bounds: CountBounds) {
        for row in rows.enumerated()
            .sorted(by: { ($0.element.terms.count, $0.offset) < ($1.element.terms.count, $1.offset) })
        where !row.element.terms.isEmpty {
            linear.take(
                Dictionary(uniqueKeysWithValues: row.element.terms.map { ($0.number, $0.weight) }),
                value: row.element.value
            )
        }
        self.bounds = bounds
        self.bounds.narrow(with: linear.solved)
    }

    /// What is determined, by number.
    var solved: [Int: Int128] { bounds.exact }

    /// Whether an unknown is determined.
    func isDetermined(_ number: Int) -> Bool { bounds.isExact(number) }

    /// Learns the value of an unknown, unless that determines one of some others.
    ///
    /// - Parameters:
    ///   - number: the unknown.
    ///   - value: its value.
    ///   - secrets: what must not be determined.
    /// - Returns: whether it was learned; otherwise nothing is changed.
    mutating func learn(_ number: Int, _ value: Int64, unlessDetermining secrets: [Int] = []) -> Bool {
        var narrowed = bounds
        // Narrowing is soon done, and finds most of what there is to find.
        narrowed.narrow(with: [number: Int128(value)])
        guard !secrets.contains(where: narrowed.isExact) else { return false }
        let before = linear
        linear.take([number: 1], value: Int128(value))
        narrowed.narrow(with: linear.solved)
        guard !secrets.contains(where: narrowed.isExact) else {
            linear = before
            return false
        }
        bounds = narrowed
        return true
    }
}
