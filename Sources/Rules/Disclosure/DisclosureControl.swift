/// Which counts of tables may be published.
///
/// A group below the minimum is hidden: primary suppression. Whatever it could be computed from is hidden with it, as
/// few counts as a careful choice finds: complementary suppression. The tables are those of one district, one of each
/// measure: the students behind two measures are often the same, so what one hides another may not give away. What is
/// left is attacked with everything that is known before it is let go.
public struct DisclosureControl: Sendable {
    /// By table and place, whether the count may be published.
    public private(set) var isShown: [[Bool]]

    private let tables: [DisclosureTable]
    private let minimum: Int64
    /// By table and place, the sums that a count stands in.
    private let sumsOf: [[[Int]]]
    private let knowledge: PublicKnowledge

    /// The counts of a table that are too small to be published.
    public func primary(_ table: Int) -> Set<Int> {
        Set(
            tables[table].cells.indices
                .filter { tables[table].cells[$0].isSmall(minimum) && !tables[table].cells[$0].isImplied }
        )
    }

    /// How many counts primary suppression alone would publish, and how many of them are published.
    public var kept: (all: Int, shown: Int) {
        var (all, shown) = (0, 0)
        for (number, table) in tables.enumerated() {
            let primary = primary(number)
            for (place, cell) in table.cells.enumerated() where !cell.isImplied && !primary.contains(place) {
                all += 1
                if isShown[number][place] { shown += 1 }
            }
        }
        return (all, shown)
    }

    /// Whether a count of a table may be published.
    public func shows(_ name: String, table: Int) -> Bool {
        tables[table].place(of: name).map { isShown[table][$0] } ?? false
    }

    /// Decides on the tables of a district.
    ///
    /// - Parameters:
    ///   - tables: the counts, a table a measure.
    ///   - parameters: how much is hidden.
    ///   - minimum: the size from which on a group may be seen.
    public init(
        _ tables: [DisclosureTable],
        _ parameters: DisclosureParameters,
        minimum: Int
    ) {
        self.tables = tables
        self.minimum = Int64(minimum)
        sumsOf = tables.map { table in
            var places: [[Int]] = Array(repeating: [], count: table.cells.count)
            for (number, sum) in table.sums.enumerated() {
                for place in [sum.total] + sum.parts { places[place].append(number) }
            }
            return places
        }
        knowledge = PublicKnowledge(tables, minimum: Int64(minimum))
        isShown = tables.map { $0.cells.map { !$0.isImplied } }
        for table in tables.indices { for place in primary(table) { isShown[table][place] = false } }
        guard parameters.mode.value == .protected else { return }
        for table in tables.indices { closeSums(table, tables[table].sums.indices) }
        withstand()
        showAgain()
    }

    /// Hides counts until those that a sum leaves open are together of the minimum: what one sum alone gives away.
    private mutating func closeSums(_ table: Int, _ sums: some Sequence<Int>) {
        var open = Array(sums)
        while let number = open.popLast() {
            while let place = next(in: number, table) {
                isShown[table][place] = false
                open += sumsOf[table][place].filter { $0 != number }
            }
        }
    }

    /// What has to be hidden next in a sum; nil where it gives nothing away.
    private func next(in number: Int, _ table: Int) -> Int? {
        let sum = tables[table].sums[number]
        let hidden = sum.parts.filter { !isShown[table][$0] }
        guard isShown[table][sum.total], hidden.contains(where: { tables[table].cells[$0].isSmall(minimum) }) else {
            return nil
        }
        let together = hidden.reduce(0) { $0 + tables[table].cells[$1].count }
        return together < minimum ? candidate(in: number, table) : nil
    }

    /// The count of a sum that is hidden with the least loss: one whose other sums have a hidden one already, then the
    /// smallest; the total only where no part is left.
    private func candidate(in number: Int, _ table: Int) -> Int? {
        let (sum, cells) = (tables[table].sums[number], tables[table].cells)
        func open(_ place: Int) -> Int {
            sumsOf[table][place]
                .count { other in
                    let sum = tables[table].sums[other]
                    return other != number
                        && !([sum.total] + sum.parts).contains { $0 != place && !isShown[table][$0] }
                }
        }
        let best = sum.parts.filter { isShown[table][$0] && cells[$0].count > 0 }
            .map { (open($0), cells[$0].count, cells[$0].name, $0) }
            .min { ($0.0, $0.1, $0.2) < ($1.0, $1.1, $1.2) }
        return best?.3 ?? (isShown[table][sum.total] ? sum.total : nil)
    }

    /// Hides counts until an attack with everything that is published finds nothing.
    ///
    /// An attack takes long, so several counts are hidden before the next one, and more of them each time that the last
    /// ones were not enough. What need not have been hidden is shown again in the end.
    private mutating func withstand() {
        var (mends, before) = (1, Int.max)
        while case let leaks = knowledge.someLeaks(isShown), !leaks.isEmpty {
            mends = leaks.count < before ? 1 : 2 * mends
            before = leaks.count
            var isMended = false
            for leak in leaks.prefix(max(1, leaks.count / Self.leaksForEachMend)) {
                if hideWhatOthersHide(leak, mends) || hideBeside(leak, mends) { isMended = true }
            }
            // Where no careful choice helps, everything is hidden around the leaks. What need not be is shown again.
            if !isMended, !hideTables(leaks.flatMap(places).map(\.table)), !hideTables(tables.indices) { return }
        }
    }

    /// Hides all counts of some tables, and returns whether any was shown.
    private mutating func hideTables(_ tables: some Sequence<Int>) -> Bool {
        // In order: what is hidden with one of them depends on what is hidden already.
        let shown = Set(tables).sorted()
            .flatMap { table in isShown[table].indices.map { Place(table: table, place: $0) } }
        return hide(shown, .max) > 0
    }

    /// Of so many leaks one is mended before the next attack.
    private static let leaksForEachMend = 4

    /// Hides a count in every measure: who sees it in one knows it in all.
    private mutating func hide(_ at: Place) {
        for (table, place) in knowledge.places(of: at.table, at.place) where isShown[table][place] {
            isShown[table][place] = false
            closeSums(table, sumsOf[table][place])
        }
    }

    /// Shows again what need not be hidden, the largest counts first.
    ///
    /// What was hidden last often protects what was hidden first.
    private mutating func showAgain() {
        var hidden: [Place] = []
        for table in tables.indices {
            let primary = primary(table)
            for (place, cell) in tables[table].cells.enumerated()
            where !isShown[table][place] && !cell.isImplied && !primary.contains(place) {
                hidden.append(Place(table: table, place: place))
            }
        }
        guard !hidden.isEmpty else { return }
        var known = knowledge.attack(isShown)
        var again: [Place] = []
        for at in hidden.sorted(by: { (count($1), $0) < (count($0), $1) }) {
            isShown[at.table][at.place] = true
            let isClosed = sumsOf[at.table][at.place].allSatisfy { next(in: $0, at.table) == nil }
            if isClosed, known.show(at.table, at.place, knowledge) {
                again.append(at)
            } else {
                isShown[at.table][at.place] = false
            }
        }
        takeBack(again)
    }

    /// Hides those counts again that give something away to the whole attack, which finds more than one step by step.
    ///
    /// - Parameter again: what was shown again, in order; without it nothing is given away.
    private mutating func takeBack(_ again: [Place]) {
        var rest = again[...]
        var tries = 0
        while !rest.isEmpty, !knowledge.leaks(isShown).isEmpty {
            // The first of them with which something is given away.
            var (safe, leaking) = (rest.startIndex, rest.endIndex)
            while leaking - safe > 1 {
                let middle = safe + (leaking - safe) / 2
                setShown(rest[middle...], false)
                if knowledge.leaks(isShown).isEmpty { safe = middle } else { leaking = middle }
                setShown(rest[middle...], true)
            }
            tries += 1
            // Where very many give something away, the others stay hidden as well.
            let last = tries < Self.mostTakenBack ? safe + 1 : rest.endIndex
            setShown(rest[safe..<last], false)
            rest = rest[last...]
        }
    }

    private static let mostTakenBack = 32

    private mutating func setShown(_ places: some Sequence<Place>, _ isShown: Bool) {
        for at in places { self.isShown[at.table][at.place] = isShown }
    }

    /// Hides counts in every measure that are hidden in one, in a sum with a leak: two measures of the same students
    /// gave it away.
    ///
    /// - Parameters:
    ///   - leak: the name of what is given away.
    ///   - most: how many are hidden at most.
    /// - Returns: whether any was hidden.
    private mutating func hideWhatOthersHide(_ leak: String, _ most: Int) -> Bool {
        var hidden: Set<String> = [leak]
        for at in places(of: leak) {
            for sum in sumsOf[at.table][at.place].map({ tables[at.table].sums[$0] }) {
                for other in sum.parts where !isShown[at.table][other] {
                    hidden.insert(tables[at.table].cells[other].name)
                }
            }
        }
        return hide(hidden.sorted().flatMap(places), most) > 0
    }

    /// Hides counts near a leak: in its sums, or in those of hidden counts beside it, and so on.
    ///
    /// - Parameters:
    ///   - leak: the name of what is given away.
    ///   - most: how many are hidden at most.
    /// - Returns: whether any was hidden.
    private mutating func hideBeside(_ leak: String, _ most: Int) -> Bool {
        var (front, seen, left) = (places(of: leak), Set<Place>(), most)
        while !front.isEmpty, left > 0 {
            seen.formUnion(front)
            var (best, next): (Set<Place>, Set<Place>) = ([], [])
            for at in front {
                for number in sumsOf[at.table][at.place] {
                    if let other = candidate(in: number, at.table) { best.insert(Place(table: at.table, place: other)) }
                    let sum = tables[at.table].sums[number]
                    for other in [sum.total] + sum.parts where !isShown[at.table][other] {
                        next.insert(Place(table: at.table, place: other))
                    }
                }
            }
            left -= hide(best.sorted { (count($0), $0) < (count($1), $1) }, left)
            // A count that is known to be the same in another table is hidden there, too.
            let everywhere = next.flatMap { at in
                knowledge.places(of: at.table, at.place).map { Place(table: $0.table, place: $0.place) }
            }
            front = Set(everywhere).subtracting(seen).sorted()
        }
        return left < most
    }

    /// Hides the first of these counts that are shown, and returns how many.
    private mutating func hide(_ places: some Sequence<Place>, _ most: Int) -> Int {
        var number = 0
        for at in places where number < most && isShown[at.table][at.place] {
            hide(at)
            number += 1
        }
        return number
    }

    private struct Place: Hashable, Comparable {
        let table: Int
        let place: Int

        static func < (left: Place, right: Place) -> Bool { (left.table, left.place) < (right.table, right.place) }
    }

    private func places(of name: String) -> [Place] {
        tables.indices.compactMap { table in tables[table].place(of: name).map { Place(table: table, place: $0) } }
    }

    private func count(_ at: Place) -> Int64 { tables[at.table].cells[at.place].count }
}
