/// What counts can be at least and at most, narrowed by the sums that they stand in.
struct CountBounds {
    /// The sums: what their counts come to, each added or taken away once.
    private struct Sums {
        /// The sums' counts, one sum after the other: the number, or its complement where it is taken away.
        var terms: [Int] = []
        /// By sum, where its counts begin.
        var starts: [Int] = [0]
        var values: [Int128] = []
        /// By number, the sums that it stands in.
        var ofNumber: [[Int]]
    }

    private let sums: Sums
    private var low: [Int128]
    private var high: [Int128]
    /// No bound.
    private static let none = Int128.max
    /// Sums that contradict each other would move bounds for ever.
    private static let farthest: Int128 = 1 << 62
    private static let mostRounds = 100

    /// Bounds that only the sums narrow: nothing is known yet.
    ///
    /// - Parameters:
    ///   - rows: the sums. Those in which a count has another weight than one or minus one narrow nothing.
    ///   - least: by number, what a count is at least.
    init(_ rows: [CountSystem.Row], least: [Int64]) {
        self.init(rows, least: least.map { Int128($0) })
    }

    /// Bounds that only the sums narrow.
    init(_ rows: [CountSystem.Row], least: [Int128]) {
        var sums = Sums(ofNumber: least.map { _ in [] })
        let narrowing = rows.filter { $0.terms.allSatisfy { $0.weight.magnitude == 1 } }
        for (index, row) in narrowing.enumerated() {
            for term in row.terms {
                sums.terms.append(term.weight > 0 ? term.number : ~term.number)
                sums.ofNumber[term.number].append(index)
            }
            sums.starts.append(sums.terms.count)
            sums.values.append(row.value)
        }
        self.sums = sums
        low = least
        high = least.map { _ in Self.none }
        narrow(Array(narrowing.indices))
    }

    /// By number, what a count is at least.
    var least: [Int128] { low }

    /// Whether a count can be only one number.
    func isExact(_ number: Int) -> Bool { low[number] == high[number] }

    /// The counts that can be only one number.
    var exact: [Int: Int128] {
        Dictionary(uniqueKeysWithValues: low.indices.filter(isExact).map { ($0, low[$0]) })
    }

    /// Narrows the bounds of each count by those of the others in its sums, until nothing moves.
    ///
    /// - Parameter known: counts that are known.
    mutating func narrow(with known: [Int: Int128]) {
        var open: [Int] = []
        for (number, value) in known where low[number] != value || high[number] != value {
            (low[number], high[number]) = (value, value)
            open += sums.ofNumber[number]
        }
        narrow(open)
    }

    /// Narrows the bounds where some of the counts are known.
    ///
    /// - Parameters:
    ///   - isKnown: by number, whether a count is known.
    ///   - values: the value of a known count.
    mutating func narrow(knowing isKnown: [Bool], _ values: (Int) -> Int64) {
        for number in isKnown.indices where isKnown[number] {
            let value = Int128(values(number))
            (low[number], high[number]) = (value, value)
        }
        narrow(Array(sums.values.indices))
    }

    /// Narrows the bounds in these sums, and then in those in which something moved.
    private mutating func narrow(_ first: [Int]) {
        guard !first.isEmpty else { return }
        var (open, later) = (first, [Int]())
        var isOpen = sums.values.map { _ in false }
        for _ in 0..<Self.mostRounds where !open.isEmpty {
            for sum in open { isOpen[sum] = false }
            for sum in open {
                for number in narrow(sum) {
                    for other in sums.ofNumber[number] where !isOpen[other] {
                        isOpen[other] = true
                        later.append(other)
                    }
                }
            }
            (open, later) = (later, [])
        }
    }

    /// Narrows the bounds of the counts of one sum, and returns those that moved.
    private mutating func narrow(_ sum: Int) -> [Int] {
        let places = sums.starts[sum]..<sums.starts[sum + 1]
        var together = Together()
        for place in places { together.add(ends(sums.terms[place])) }
        var moved: [Int] = []
        for place in places {
            let term = sums.terms[place]
            let number = term < 0 ? ~term : term
            guard !isExact(number) else { continue }
            let own = ends(term)
            together.take(away: own)
            // It is the least that it can be when the others are the most that they can be, and the other way round.
            var (least, most) = together.complement(to: sums.values[sum])
            if term < 0 { (least, most) = (most.map { -$0 }, least.map { -$0 }) }
            let (isRaised, isLowered) = (raise(number, to: least), lower(number, to: most))
            if isRaised || isLowered { moved.append(number) }
            together.add(ends(term))
        }
        return moved
    }

    /// Notes what a count is at least, and returns whether that is new.
    private mutating func raise(_ number: Int, to bound: Int128?) -> Bool {
        guard let bound, bound > low[number], bound < Self.farthest else { return false }
        low[number] = bound
        return true
    }

    /// Notes what a count is at most, and returns whether that is new.
    private mutating func lower(_ number: Int, to bound: Int128?) -> Bool {
        guard let bound, bound < high[number], bound > -Self.farthest else { return false }
        high[number] = bound
        return true
    }

    /// What a count adds to a sum at least and at most.
    private func ends(_ term: Int) -> Ends {
        if term >= 0 { return Ends(least: low[term], most: high[term]) }
        let number = ~term
        return Ends(least: high[number] == Self.none ? -Self.none : -high[number], most: -low[number])
    }

    /// What something is at least and at most; the most that there is stands for no bound.
    private struct Ends {
        let least: Int128
        let most: Int128
    }

    /// What some counts of a sum add to it together.
    private struct Together {
        /// Without those that have no bound.
        private var (least, most): (Int128, Int128) = (0, 0)
        /// How many have no bound.
        private var (withoutLeast, withoutMost) = (0, 0)

        mutating func add(_ ends: Ends) { change(ends, 1) }

        mutating func take(away ends: Ends) { change(ends, -1) }

        private mutating func change(_ ends: Ends, _ sign: Int) {
            if ends.least == -CountBounds.none { withoutLeast += sign } else { least += Int128(sign) * ends.least }
            if ends.most == CountBounds.none { withoutMost += sign } else { most += Int128(sign) * ends.most }
        }

        /// What is left of a value, at least and at most; nil for no bound.
        func complement(to value: Int128) -> (least: Int128?, most: Int128?) {
            (withoutMost == 0 ? value - most : nil, withoutLeast == 0 ? value - least : nil)
        }
    }
}
