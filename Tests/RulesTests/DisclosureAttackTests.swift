import Testing
@testable import Rules

/// What everything that was published of a district gives away.
@Suite struct DisclosureAttackTests {
    private func races(_ counts: [Int64]) -> DisclosureTable {
        var table = DisclosureTable()
        table.add("all", counts.reduce(0, +))
        for (place, count) in counts.enumerated() { table.add("race \(place)", count) }
        table.addSum("all", of: counts.indices.map { "race \($0)" }, rest: "races")
        return table
    }

    private func leaks(_ measures: [DisclosureAttack.Measure]) -> [String] {
        DisclosureAttack(measures, minimum: 10).leaks.sorted().map { "\($0.measure) \($0.cell) \($0.count)" }
    }

    @Test func whatIsLeftOfASumIsComputed() {
        let table = races([50, 42, 8])
        let all: [String: Int64] = ["all": 100, "race 0": 50]
        #expect(leaks([.init("ela", table, shown: all)]).isEmpty)
        #expect(leaks([.init("ela", table, shown: all.merging(["race 1": 42]) { $1 })]) == ["ela race 2 8"])
        // A group of ten may be computed.
        #expect(leaks([.init("ela", races([50, 42, 10]), shown: ["all": 102, "race 0": 50, "race 1": 42])]).isEmpty)
    }

    @Test func aSmallGroupThatIsShownIsFound() {
        #expect(leaks([.init("ela", races([50, 8]), shown: ["race 1": 8])]) == ["ela race 1 8"])
        #expect(leaks([.init("ela", races([50, 10]), shown: ["race 1": 10])]).isEmpty)
    }

    /// None of three sums tells anything by itself; together they tell everything.
    @Test func measuresAreAttackedTogether() {
        func measure(_ name: String, _ parts: [(name: String, count: Int64)]) -> DisclosureAttack.Measure {
            var table = DisclosureTable()
            let total = parts.reduce(0) { $0 + $1.count }
            table.add("all \(name)", total)
            for part in parts { table.add(part.name, part.count) }
            table.addSum("all \(name)", of: parts.map(\.name), rest: "rest")
            return .init(name, table, shown: ["all \(name)": total])
        }
        let measures = [
            measure("ela", [("a", 5), ("b", 7)]), measure("math", [("b", 7), ("c", 9)]),
            measure("science", [("a", 5), ("c", 9)]),
        ]
        for pair in [[0, 1], [1, 2], [0, 2]] { #expect(leaks(pair.map { measures[$0] }).isEmpty) }
        #expect(leaks(measures) == ["ela a 5", "ela b 7", "math c 9"])
        // A count that is another in one of them is another number.
        #expect(leaks([measures[0], measures[1], measure("science", [("a", 5), ("c", 8)])]).isEmpty)
    }

    /// Four hidden groups come to four students: no sum alone says so.
    @Test func whatFollowsFromSeveralSumsIsNarrowedToo() {
        var table = DisclosureTable()
        let counts: [(name: String, count: Int64)] = [
            ("one", 10), ("two", 16), ("three", 10), ("s", 2), ("t", 2), ("e", 5), ("f", 3), ("v", 8), ("a", 1),
            ("b", 1),
            ("c", 1), ("d", 1),
        ]
        for entry in counts { table.add(entry.name, entry.count) }
        for (total, parts) in [
            ("one", ["s", "e", "f"]), ("two", ["e", "f", "v"]), ("three", ["v", "t"]), ("s", ["a", "b"]),
            ("t", ["c", "d"]),
        ] {
            table.addSum(total, of: parts, rest: "rest")
        }
        let found = leaks([.init("ela", table, shown: ["one": 10, "two": 16, "three": 10])])
        #expect(found == ["ela a 1", "ela b 1", "ela c 1", "ela d 1", "ela s 2", "ela t 2", "ela v 8"])
    }

    /// Numbers that were corrected after they were published give a wrong result, which tells nothing.
    @Test func aWrongResultIsNoLeak() {
        #expect(leaks([.init("ela", races([50, 42, 8]), shown: ["all": 100, "race 0": 51, "race 1": 42])]).isEmpty)
    }
}
