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
    /// By number, the tables and places of the count.
    private let places: [[(table: Int, place: Int)]]
    private var counts: [Count] = []
    private var sums: [Sum] = []
    /// The numbers of the small groups.
    private let small: [Int]
    /// What counts can be while nothing is shown.
    private let bounds: CountBounds

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
        var places: [[(table: Int, place: Int)]] = counts.map { _ in [] }
        for (table, numbers) in numbers.enumerated() {
            for (place, number) in numbers.enumerated() { places[number].append((table, place)) }
        }
        self.places = places
        small = counts.indices.filter { counts[$0].isSmall }
        var seen: Set<Sum> = []
        for (table, numbers) in zip(tables, numbers) {
            for sum in table.sums {
                let sum = Sum(total: numbers[sum.total], parts: sum.parts.map { numbers[$0] })
                if seen.insert(sum).inserted { sums.append(sum) }
            }
        }
        let rows = sums.map { sum in
            var row = CountSystem.Row()
            row.add(sum.total, -1)
            for part in sum.parts { row.add(part, 1) }
            return row
        }
        bounds = CountBounds(rows, least: counts.map(\.least))
    }

    /// Where a count stands, and where everybody knows it to be the same: by table and place.
    func places(of table: Int, _ place: Int) -> [(table: Int, place: Int)] { places[numbers[table][place]] }

    /// What can be computed from what is shown.
    struct Attack {
        fileprivate var isShown: [Bool]
        fileprivate var system: CountSystem

        /// Shows one more count, unless the size of a small group could then be computed.
        ///
        /// Returns whether it is shown.
        mutating func show(_ table: Int, _ place: Int, _ knowledge: PublicKnowledge) -> Bool {
            let number = knowledge.numbers[table][place]
            guard !isShown[number] else { return true }
            guard !knowledge.counts[number].isSmall,
                system.learn(number, knowledge.counts[number].count, unlessDetermining: knowledge.small)
            else { return false }
            isShown[number] = true
            return true
        }
    }

    /// Attacks what is shown, by table and place.
    func attack(_ isShown: [[Bool]]) -> Attack {
        let shown = numbersShown(isShown)
        return attack(shown, narrowed(shown))
    }

    /// Some of the ``leaks(_:)``, and none only where there is none: those that are soon found first.
    func someLeaks(_ isShown: [[Bool]]) -> [String] {
        let shown = numbersShown(isShown)
        let bounds = narrowed(shown)
        let found = small.filter { shown[$0] || bounds.isExact($0) }
        return found.isEmpty ? leaks(attack(shown, bounds)) : names(found)
    }

    /// The names of the small groups of which the number of students can be computed, in order.
    func leaks(_ isShown: [[Bool]]) -> [String] { leaks(attack(isShown)) }

    /// By number, whether a count is shown in any table.
    private func numbersShown(_ isShown: [[Bool]]) -> [Bool] {
        var shown = counts.map { _ in false }
        for (table, places) in isShown.enumerated() {
            for (place, isShown) in places.enumerated() where isShown { shown[numbers[table][place]] = true }
        }
        return shown
    }

    /// What counts can be where some are shown.
    private func narrowed(_ shown: [Bool]) -> CountBounds {
        var bounds = bounds
        bounds.narrow(knowing: shown) { counts[$0].count }
        return bounds
    }

    private func attack(_ shown: [Bool], _ bounds: CountBounds) -> Attack {
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
        return Attack(isShown: shown, system: CountSystem(rows, bounds))
    }

    private func leaks(_ attack: Attack) -> [String] {
        let solved = attack.system.solved(small)
        return names(small.filter { attack.isShown[$0] || solved[$0] != nil })
    }

    private func names(_ numbers: [Int]) -> [String] { Set(numbers.map { counts[$0].name }).sorted() }
}
