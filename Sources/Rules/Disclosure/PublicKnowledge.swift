/// What everybody knows of the tables of a district whatever is shown: which sums hold, and which counts are the same.
///
/// The attacker is given more than anyone has: a count under the same name that is the same in two measures is taken to
/// be known as the same.
struct PublicKnowledge {
    /// A count of one name and size, in whatever tables.
    private struct Count {
        let name: String
        let count: Int64
        /// What it is known to be at least: a group that is named is of somebody; what is left over may be of nobody.
        var least: Int64
        /// Whether it is a group to be protected.
        var isSmall: Bool
    }

    /// A sum that holds: the total's number, and those of its parts.
    private struct Sum: Hashable {
        let total: Int
        let parts: [Int]
    }

    /// By table and place, the number of the count.
    private let numbers: [[Int]]
    private var counts: [Count] = []
    private var sums: [Sum] = []

    /// Numbers the counts of tables.
    init(_ tables: [DisclosureTable], minimum: Int64) {
        var known: [DisclosureTable.Identity: Int] = [:]
        var counts: [Count] = []
        numbers = tables.map { table in
            table.cells.map { cell in
                let least: Int64 = cell.isImplied || cell.count == 0 ? 0 : 1
                let isSmall = cell.isSmall(minimum)
                guard let number = known[cell.identity] else {
                    known[cell.identity] = counts.count
                    counts.append(Count(name: cell.name, count: cell.count, least: least, isSmall: isSmall))
                    return counts.count - 1
                }
                counts[number].least = max(counts[number].least, least)
                counts[number].isSmall = counts[number].isSmall || isSmall
                return number
            }
        }
        self.counts = counts
        var seen: Set<Sum> = []
        for (table, numbers) in zip(tables, numbers) {
            for sum in table.sums {
                let sum = Sum(total: numbers[sum.total], parts: sum.parts.map { numbers[$0] })
                if seen.insert(sum).inserted { sums.append(sum) }
            }
        }
    }

    /// What can be computed from what is shown.
    struct Attack {
        fileprivate var isShown: [Bool]
        fileprivate var system: CountSystem

        /// The same with one more count shown; nil where that cannot be.
        func learning(_ table: Int, _ place: Int, _ knowledge: PublicKnowledge) -> Attack? {
            let number = knowledge.numbers[table][place]
            guard !isShown[number] else { return self }
            var more = self
            more.isShown[number] = true
            more.system.learn(number, knowledge.counts[number].count)
            return more
        }

        /// Whether the size of a small group is known.
        func leaks(_ knowledge: PublicKnowledge) -> Bool {
            system.solved.keys.contains { knowledge.counts[$0].isSmall }
                || knowledge.counts.indices.contains { isShown[$0] && knowledge.counts[$0].isSmall }
        }
    }

    /// Attacks what is shown.
    ///
    /// - Parameters:
    ///   - isShown: by table and place.
    ///   - isSolved: whether the sums are solved; otherwise they only narrow each other.
    /// - Returns: what was found.
    func attack(_ isShown: [[Bool]], isSolved: Bool = true) -> Attack {
        var shown = counts.map { _ in false }
        for (table, places) in isShown.enumerated() {
            for (place, isShown) in places.enumerated() where isShown { shown[numbers[table][place]] = true }
        }
        let rows = sums.map { sum in
            var row = CountSystem.Row()
            func take(_ number: Int, _ sign: Int64, _ row: inout CountSystem.Row) {
                if shown[number] {
                    row.value -= Int128(sign) * Int128(counts[number].count)
                } else {
                    row.add(number, sign)
                }
            }
            take(sum.total, -1, &row)
            for part in sum.parts { take(part, 1, &row) }
            return row
        }
        return Attack(isShown: shown, system: CountSystem(rows, least: counts.map(\.least), isSolved: isSolved))
    }

    /// Some of the ``leaks(_:)``, and none only where there is none: those that are soon found first.
    func someLeaks(_ isShown: [[Bool]]) -> [String] {
        let leaks = leaks(attack(isShown, isSolved: false))
        return leaks.isEmpty ? self.leaks(isShown) : leaks
    }

    /// The names of the small groups of which the number of students can be computed, in order.
    func leaks(_ isShown: [[Bool]]) -> [String] { leaks(attack(isShown)) }

    private func leaks(_ attack: Attack) -> [String] {
        let found = counts.indices.filter {
            counts[$0].isSmall && (attack.isShown[$0] || attack.system.solved[$0] != nil)
        }
        return Set(found.map { counts[$0].name }).sorted()
    }
}
