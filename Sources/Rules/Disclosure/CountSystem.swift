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

        /// This row and another one, added or taken away; nil where an unknown then counts more than once.
        func combined(with other: Row, _ sign: Int64) -> Row? {
            var sum = self
            for term in other.terms { sum.add(term.number, sign * term.weight) }
            guard !sum.terms.isEmpty, sum.terms.allSatisfy({ $0.weight.magnitude == 1 }) else { return nil }
            sum.value += Int128(sign) * other.value
            return sum
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

    private let rows: [Row]
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
        self.rows = rows
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
    ///
    /// What follows from several sums together narrows the counts again.
    ///
    /// - Parameter secrets: the unknowns that are looked at most closely.
    /// - Returns: the values.
    func solved(_ secrets: some Sequence<Int>) -> [Int: Int128] {
        let all = rows + linear.consequences
        var isSecret = bounds.least.map { _ in false }
        for secret in secrets { isSecret[secret] = !bounds.isExact(secret) }
        var narrowed = CountBounds(all + Self.pairs(of: all, isSecret), least: bounds.least)
        narrowed.narrow(with: bounds.exact)
        return narrowed.exact
    }

    /// Longer rows tell too little of each of their unknowns.
    private static let longest = 16
    /// Pairs are made only of so few rows, because there are many, and are looked through often.
    private static let mostPaired = 2_000

    /// What a row with a secret and another row with an unknown of it come to together.
    private static func pairs(of rows: [Row], _ isSecret: [Bool]) -> [Row] {
        var holders: [Int: [Int]] = [:]
        guard rows.count <= mostPaired else { return [] }
        let short = rows.filter { $0.terms.count <= longest }
        for (index, row) in short.enumerated() {
            for term in row.terms { holders[term.number, default: []].append(index) }
        }
        var (pairs, seen) = ([Row](), Set(short))
        for (index, row) in short.enumerated() where row.terms.contains(where: { isSecret[$0.number] }) {
            let others = Set(row.terms.flatMap { holders[$0.number] ?? [] }).subtracting([index])
            for other in others.sorted() {
                for sign in [1, -1] as [Int64] {
                    guard let pair = row.combined(with: short[other], sign), pair.terms.count <= longest,
                        seen.insert(pair).inserted
                    else { continue }
                    pairs.append(pair)
                }
            }
        }
        return pairs
    }

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
