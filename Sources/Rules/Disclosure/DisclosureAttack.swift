/// What somebody can compute who has everything that was published of a district.
///
/// The attacker knows which sums hold, and which numbers that are not shown are the same. It solves the equations
/// exactly, and then narrows what they leave open by what counts can be.
public struct DisclosureAttack: Sendable {
    /// The counts of a measure at a time, and those that were published.
    public struct Measure: Sendable {
        let name: String
        let counts: DisclosureTable
        let shown: [String: Int64]

        /// A measure.
        ///
        /// - Parameters:
        ///   - name: says which measure it is.
        ///   - counts: every count, including those that are hidden.
        ///   - shown: the published ones, by the names of their cells. A number stays published as it was when it is
        ///     corrected later.
        public init(_ name: String, _ counts: DisclosureTable, shown: [String: Int64]) {
            self.name = name
            self.counts = counts
            self.shown = shown
        }
    }

    /// A small group whose number of students is published or can be computed.
    public struct Leak: Sendable, Hashable, Comparable {
        /// The measure whose number it is.
        public let measure: String
        /// The cell: the organization and its group.
        public let cell: String
        /// The number of students.
        public let count: Int64

        /// By measure, then by cell.
        public static func < (left: Leak, right: Leak) -> Bool {
            (left.measure, left.cell, left.count) < (right.measure, right.cell, right.count)
        }
    }

    /// Every small group whose number of students is published or can be computed.
    public let leaks: Set<Leak>

    /// Attacks the measures of one district.
    ///
    /// - Parameters:
    ///   - measures: those of which something was published; a measure stands in it once for each time.
    ///   - minimum: the size from which on a group may be seen.
    public init(_ measures: [Measure], minimum: Int) {
        var system = Equations(minimum: Int64(minimum))
        for measure in measures { system.take(measure) }
        leaks = system.published.union(system.computed)
    }

    /// The sums of some measures, over the counts that are not shown.
    private struct Equations {
        private let minimum: Int64
        private var numbers: [DisclosureTable.Identity: Int] = [:]
        private var least: [Int64] = []
        private var rows: [CountSystem.Row] = []
        /// The small groups among the numbers, each with its measure.
        private var small: [DisclosureTable.Identity: String] = [:]
        /// Small groups that were published.
        private(set) var published: Set<Leak> = []

        init(minimum: Int64) { self.minimum = minimum }

        mutating func take(_ measure: Measure) {
            let cells = measure.counts.cells
            for cell in cells {
                guard cell.isPersonal, let shown = measure.shown[cell.name], shown > 0, shown < minimum else {
                    continue
                }
                published.insert(Leak(measure: measure.name, cell: cell.name, count: shown))
            }
            for sum in measure.counts.sums {
                var row = CountSystem.Row()
                take(cells[sum.total], -1, measure, &row)
                for part in sum.parts { take(cells[part], 1, measure, &row) }
                rows.append(row)
            }
        }

        private mutating func take(
            _ cell: DisclosureTable.Cell,
            _ sign: Int64,
            _ measure: Measure,
            _ row: inout CountSystem.Row
        ) {
            if let count = measure.shown[cell.name] {
                row.value -= Int128(sign) * Int128(count)
                return
            }
            let number = numbers[cell.identity] ?? least.count
            if number == least.count {
                numbers[cell.identity] = number
                least.append(0)
            }
            if !cell.isImplied, cell.count > 0 { least[number] = 1 }
            if cell.isSmall(minimum), small[cell.identity] == nil { small[cell.identity] = measure.name }
            row.add(number, sign)
        }

        /// Small groups that can be computed from what was published.
        ///
        /// What comes out wrong, because numbers were corrected after they were published, gives nothing away.
        var computed: Set<Leak> {
            let solved = CountSystem(rows, least: least).solved(small.keys.compactMap { numbers[$0] })
            return Set(
                small.compactMap { identity, measure in
                    guard let number = numbers[identity], solved[number] == Int128(identity.count) else { return nil }
                    return Leak(measure: measure, cell: identity.name, count: identity.count)
                }
            )
        }
    }
}
