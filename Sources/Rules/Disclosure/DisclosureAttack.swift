/// What somebody can compute who has everything that was ever published.
///
/// The attacker knows which sums hold, and which numbers that are not shown are the same. It solves the equations
/// exactly, and then narrows what they leave open by what counts can be.
public struct DisclosureAttack: Sendable {
    /// A number in an equation.
    public enum Term: Hashable, Sendable {
        /// It was published.
        case known(Int64)
        /// It was not. The same name is the same number; it is known to be at least so much.
        case unknown(String, least: Int64)
    }

    /// A sum that holds: the total is that of its parts.
    public struct Equation: Hashable, Sendable {
        /// What the parts come to.
        public let total: Term
        /// What is added.
        public let parts: [Term]

        /// An equation.
        public init(total: Term, parts: [Term]) {
            self.total = total
            self.parts = parts
        }
    }

    /// Everything that can be computed although it was not published, by name.
    public let found: [String: Int64]

    /// Attacks equations.
    public init(_ equations: [Equation]) {
        var numbers: [String: Int] = [:]
        var names: [String] = []
        var low: [Int128] = []
        var rows: [Row] = []
        for equation in equations {
            var row = Row()
            for (place, term) in ([equation.total] + equation.parts).enumerated() {
                let sign: Int64 = place == 0 ? -1 : 1
                switch term {
                case .known(let count): row.value -= Int128(sign) * Int128(count)
                case .unknown(let name, let least):
                    let number = numbers[name] ?? names.count
                    if number == names.count {
                        numbers[name] = number
                        names.append(name)
                        low.append(Int128(least))
                    }
                    low[number] = max(low[number], Int128(least))
                    row.terms[number, default: 0] += sign
                }
            }
            row.terms = row.terms.filter { $0.value != 0 }
            if !row.terms.isEmpty { rows.append(row) }
        }
        var system = LinearSystem()
        for row in rows.sorted(by: { $0.terms.count < $1.terms.count }) { system.take(row.terms, value: row.value) }
        var solved = system.solved
        Self.narrow(rows, low, &solved)
        found = Dictionary(uniqueKeysWithValues: solved.map { (names[$0.key], Int64(clamping: $0.value)) })
    }

    /// An equation over unknowns: how often each counts, and what they come to.
    private struct Row {
        var terms: [Int: Int64] = [:]
        var value: Int128 = 0
    }

    /// Narrows the bounds of each unknown by those of the others in its equations, until nothing moves.
    private static func narrow(_ rows: [Row], _ least: [Int128], _ solved: inout [Int: Int128]) {
        var low = least
        var high: [Int128?] = least.map { _ in nil }
        for (number, value) in solved { (low[number], high[number]) = (value, value) }
        // A factor other than one comes from a number that is the same twice: such an equation narrows nothing.
        let equations = rows.filter { $0.terms.values.allSatisfy { $0.magnitude == 1 } }
            .map { ($0.terms.sorted { $0.key < $1.key }, $0.value) }
        let farthest: Int128 = 1 << 62
        var isMoved = true
        var rounds = 0
        while isMoved, rounds < 100 {
            (isMoved, rounds) = (false, rounds + 1)
            for (terms, value) in equations {
                for (number, sign) in terms where low[number] != high[number] {
                    // sign * x = value - the others.
                    var ends: (least: Int128?, most: Int128?) = (value, value)
                    for (other, weight) in terms where other != number {
                        let (small, large) = weight > 0 ? (low[other], high[other]) : (high[other], low[other])
                        ends.least = if let now = ends.least, let large { now - large * Int128(weight) } else { nil }
                        ends.most = if let now = ends.most, let small { now - small * Int128(weight) } else { nil }
                    }
                    if sign < 0 { ends = (ends.most.map { -$0 }, ends.least.map { -$0 }) }
                    // Equations that contradict each other would move bounds for ever.
                    if let bound = ends.least, bound > low[number], bound < farthest {
                        low[number] = bound
                        isMoved = true
                    }
                    if let bound = ends.most, bound > -farthest, high[number].map({ bound < $0 }) ?? true {
                        high[number] = bound
                        isMoved = true
                    }
                }
            }
        }
        for number in low.indices where high[number] == low[number] { solved[number] = low[number] }
    }
}

/// Linear equations in the form in which each has an unknown that no other has, sparse.
///
/// It computes modulo the prime 2^61 - 1, in which no number grows. A count that the equations determine comes out as
/// it is; one would be missed only where a determinant of sums of students were a multiple of that prime.
private struct LinearSystem {
    private struct Row {
        var terms: [Int: Residue]
        var value: Residue

        mutating func subtract(_ other: Row, times factor: Residue) {
            for (number, weight) in other.terms {
                let left = (terms[number] ?? Residue(0)) - weight * factor
                terms[number] = left == Residue(0) ? nil : left
            }
            value = value - other.value * factor
        }
    }

    private var rows: [Row] = []
    private var rowOf: [Int: Int] = [:]
    /// The rows that an unknown stands in.
    private var holders: [Int: Set<Int>] = [:]

    /// The unknowns that are determined: those that stand alone in a row.
    var solved: [Int: Int128] {
        var solved: [Int: Int128] = [:]
        for (pivot, row) in rowOf where rows[row].terms.count == 1 { solved[pivot] = rows[row].value.signed }
        return solved
    }

    /// Takes an equation.
    mutating func take(_ terms: [Int: Int64], value: Int128) {
        var next = Row(terms: terms.mapValues { Residue(Int128($0)) }, value: Residue(value))
        for number in terms.keys {
            if let row = rowOf[number], let factor = next.terms[number] { next.subtract(rows[row], times: factor) }
        }
        func weight(_ number: Int) -> (Int, Int) { (holders[number]?.count ?? 0, number) }
        guard let pivot = next.terms.keys.min(by: { weight($0) < weight($1) }), let lead = next.terms[pivot] else {
            return
        }
        let inverse = lead.inverse
        next = Row(terms: next.terms.mapValues { $0 * inverse }, value: next.value * inverse)
        for row in holders[pivot] ?? [] {
            guard let factor = rows[row].terms[pivot] else { continue }
            for number in rows[row].terms.keys { holders[number]?.remove(row) }
            rows[row].subtract(next, times: factor)
            for number in rows[row].terms.keys { holders[number, default: []].insert(row) }
        }
        rowOf[pivot] = rows.count
        for number in next.terms.keys { holders[number, default: []].insert(rows.count) }
        rows.append(next)
    }
}

/// A number modulo the prime 2^61 - 1.
private struct Residue: Equatable {
    private static let prime: UInt128 = (1 << 61) - 1
    private let value: UInt64

    init(_ number: Int128) {
        let prime = Int128(Self.prime)
        let rest = number % prime
        value = UInt64(rest < 0 ? rest + prime : rest)
    }

    private init(reducing number: UInt128) { value = UInt64(number % Self.prime) }

    /// The number nearest to nothing that it can be.
    var signed: Int128 {
        let number = Int128(value)
        return number > Int128(Self.prime) / 2 ? number - Int128(Self.prime) : number
    }

    /// What it has to be multiplied with to give 1: its power to the prime less 2.
    var inverse: Residue {
        var (result, base, exponent) = (Residue(1), self, UInt64(Self.prime) - 2)
        while exponent > 0 {
            if exponent & 1 == 1 { result = result * base }
            base = base * base
            exponent >>= 1
        }
        return result
    }

    static func - (left: Residue, right: Residue) -> Residue {
        Residue(reducing: UInt128(left.value) + prime - UInt128(right.value))
    }

    static func * (left: Residue, right: Residue) -> Residue {
        Residue(reducing: UInt128(left.value) * UInt128(right.value))
    }
}
