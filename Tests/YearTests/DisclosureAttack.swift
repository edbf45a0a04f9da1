@testable import Rules

/// What somebody can compute who has everything that was ever published.
///
/// The attacker knows which sums hold, and which numbers that are not shown are the same. It solves the equations
/// exactly, and then narrows what they leave open by what counts can be.
struct DisclosureAttack {
    /// A number in an equation.
    enum Term {
        /// It was published.
        case known(Int64)
        /// It was not. The same name is the same number; it is known to be at least so much.
        case unknown(String, least: Int64)
    }

    /// A sum that holds: the total is that of its parts.
    struct Equation {
        /// What the parts come to.
        let total: Term
        /// What is added.
        let parts: [Term]
    }

    /// Everything that can be computed although it was not published, by name.
    let found: [String: Int64]

    /// Attacks equations.
    init(_ equations: [Equation]) {
        var numbers: [String: Int] = [:]
        var names: [String] = []
        var least: [Int64] = []
        let rows = equations.map { equation in
            var row = CountSystem.Row()
            for (place, term) in ([equation.total] + equation.parts).enumerated() {
                let sign: Int64 = place == 0 ? -1 : 1
                switch term {
                case .known(let count): row.value -= Int128(sign) * Int128(count)
                case .unknown(let name, let atLeast):
                    let number = numbers[name] ?? names.count
                    if number == names.count {
                        numbers[name] = number
                        names.append(name)
                        least.append(atLeast)
                    }
                    least[number] = max(least[number], atLeast)
                    row.add(number, sign)
                }
            }
            return row
        }
        let solved = CountSystem(rows, least: least).solved
        found = Dictionary(uniqueKeysWithValues: solved.map { (names[$0.key], Int64(clamping: $0.value)) })
    }
}
