/// Linear equations in the form in which each has an unknown that no other has, sparse.
///
/// It computes modulo the prime 2^61 - 1, in which no number grows. A count that the equations determine comes out as
/// it is; one would be missed only where a determinant of sums of students were a multiple of that prime.
struct LinearSystem {
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
        for row in rows where row.terms.count == 1 {
            if let pivot = row.terms.first?.key { solved[pivot] = row.value.signed }
        }
        return solved
    }

    /// What follows from the equations: those in which each unknown is added or taken away once.
    var consequences: [CountSystem.Row] {
        rows.filter { row in row.terms.count > 1 && row.terms.values.allSatisfy(\.isUnit) }
            .map { row in
                var next = CountSystem.Row()
                for (number, weight) in row.terms { next.add(number, Int64(weight.signed)) }
                next.value = row.value.signed
                return next
            }
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
        let inverse = lead == Residue(1) ? lead : lead.inverse
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
struct Residue: Equatable {
    private static let prime: UInt128 = (1 << 61) - 1
    private let value: UInt64

    init(_ number: Int128) {
        let prime = Int128(Self.prime)
        let rest = number % prime
        value = UInt64(rest < 0 ? rest + prime : rest)
    }

    /// What a number less than the square of the prime leaves: 2^61 is 1 here.
    private init(reducing number: UInt128) {
        let once = UInt64(truncatingIfNeeded: number & Self.prime) + UInt64(truncatingIfNeeded: number >> 61)
        value = once >= UInt64(Self.prime) ? once - UInt64(Self.prime) : once
    }

    /// The number nearest to nothing that it can be.
    var signed: Int128 {
        let number = Int128(value)
        return number > Int128(Self.prime) / 2 ? number - Int128(Self.prime) : number
    }

    /// Whether it is one or minus one.
    var isUnit: Bool { value == 1 || value == UInt64(Self.prime) - 1 }

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
