import Neighbour
import Testing
@testable import Rules

/// Disclosure control against an attacker who has everything that was published.
@Suite(.timeLimit(.minutes(30))) struct DisclosureTests {
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    /// A district of made-up students, some of whom miss one test or the other.
    private struct District {
        struct Student {
            var school: Int
            var race: StudentGroup
            var conditions: [StudentGroup]
            var draw: Int
        }

        static let code = OrganizationCode("00010000") ?? .state
        var students: [Student]

        init(_ numbers: inout Numbers, schools: ClosedRange<Int> = 2...6, sizes: ClosedRange<Int> = 15...120) {
            students = []
            for school in 0..<Int.random(in: schools, using: &numbers) {
                for _ in 0..<Int.random(in: sizes, using: &numbers) {
                    // Some groups are everywhere, some are rare.
                    let draw = Int.random(in: 0..<100, using: &numbers)
                    let race: StudentGroup =
                        draw < 62
                        ? .white
                        : draw < 80
                            ? .hispanic
                            : draw < 89
                                ? .black
                                : draw < 95
                                    ? .asian
                                    : draw < 98 ? .multiRace : .americanIndianAlaskaNative
                    var conditions: [StudentGroup] = []
                    for (group, share) in [(StudentGroup.lowIncome, 40), (.elFormerEL, 9), (.swd, 17)]
                    where Int.random(in: 0..<100, using: &numbers) < share { conditions.append(group) }
                    if !conditions.isEmpty { conditions.append(.highNeeds) }
                    let miss = Int.random(in: 0..<100, using: &numbers)
                    students.append(Student(school: school, race: race, conditions: conditions, draw: miss))
                }
            }
        }

        func table(_ isCounted: (Student) -> Bool = { _ in true }) -> DisclosureTable {
            var counts: [OrganizationCode: [StudentGroup: Int64]] = [:]
            for student in students where isCounted(student) {
                guard let school = OrganizationCode(rawValue: 10_001 + UInt32(student.school)) else { continue }
                for organization in [school, Self.code] {
                    for group in [.allStudents, student.race] + student.conditions {
                        counts[organization, default: [:]][group, default: 0] += 1
                    }
                }
            }
            return DisclosureTable(counts: counts, district: Self.code, complements: true)
        }

        /// Twenty measures: some of the same students, some of nearly the same.
        var manyMeasures: [DisclosureTable] {
            (0..<5).flatMap { _ in measures } + (0..<5).map { miss in table { $0.draw != miss } }
        }

        /// Two tests that nearly everybody takes, and one that a third takes.
        var measures: [DisclosureTable] { [table { $0.draw > 0 }, table { $0.draw != 1 }, table { $0.draw < 33 }] }
    }

    private func parameters(_ text: String = "") throws -> DisclosureParameters {
        guard !text.isEmpty else { return try #require(try Framework.of(schoolYear: 2019).disclosure) }
        let framework = try Framework.load(
            file: "draft.yaml",
            text: "name: draft\ntitle: Draft\nschool_years: [2019]\nbased_on: \"2019\"\ndisclosure:\n\(text)\n",
            bases: Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        )
        return try #require(framework.disclosure)
    }

    private func asPublished() throws -> DisclosureParameters {
        try parameters("  mode: {value: as_published, status: published, source: a test of modes}")
    }

    private func control(_ tables: [DisclosureTable]) throws -> DisclosureControl {
        DisclosureControl(tables, try parameters(), minimum: 10)
    }

    private func leaks(_ tables: [DisclosureTable], _ isShown: [[Bool]]) -> [String] {
        PublicKnowledge(tables, minimum: 10).leaks(isShown)
    }

    private func races(_ counts: [Int64], all: Int64? = nil) -> DisclosureTable {
        var table = DisclosureTable()
        table.add("all", all ?? counts.reduce(0, +))
        for (place, count) in counts.enumerated() { table.add("race \(place)", count) }
        table.addSum("all", of: counts.indices.map { "race \($0)" }, rest: "races")
        return table
    }

    private func row(_ value: Int128, _ terms: [(number: Int, weight: Int64)]) -> CountSystem.Row {
        var row = CountSystem.Row()
        row.value = value
        for term in terms { row.add(term.number, term.weight) }
        return row
    }

    @Test func equationsAreSolvedExactly() {
        let equations = [
            row(10, [(0, 1), (1, 1)]), row(14, [(1, 1), (2, 1)]), row(1, [(3, 1), (2, -1)]),
        ]
        let least = Array(repeating: Int64(0), count: 4)
        #expect(CountSystem(equations, least: least).solved([]).isEmpty)
        let third = row(8, [(0, 1), (2, 1)])
        #expect(CountSystem(equations + [third], least: least).solved([]) == [0: 2, 1: 8, 2: 6, 3: 7])
        // What becomes known later tells as much.
        var system = CountSystem(equations, least: least)
        let isTold = system.learn(1, 8, unlessDetermining: [3])
        #expect(!isTold && system.solved([]).isEmpty)
        let isLearned = system.learn(1, 8)
        #expect(isLearned && system.solved([]) == [0: 2, 1: 8, 2: 6, 3: 7])
        // Nobody is fewer than none.
        #expect(CountSystem([row(2, [(0, 1), (1, 1)])], least: [1, 1]).solved([]) == [0: 1, 1: 1])
        // From below and from above: of five the second has four at most, and of nine the first has eight at most.
        let bounds = [row(12, [(0, 1), (1, 1)]), row(5, [(1, 1), (2, 1)]), row(9, [(0, 1), (3, 1)])]
        #expect(CountSystem(bounds, least: [1, 1, 1, 1]).solved([]) == [0: 8, 1: 4, 2: 1, 3: 1])
        // What counts twice is not taken for itself: this can be 3, 4, 1, 4 or 4, 2, 3, 3.
        let twice = [row(10, [(0, 2), (1, 1)]), row(5, [(1, 1), (2, 1)]), row(7, [(0, 1), (3, 1)])]
        #expect(CountSystem(twice, least: [1, 1, 1, 1]).solved([]).isEmpty)
        let signed = [row(3, [(0, 1), (1, 1)]), row(5, [(1, 1)])]
        #expect(CountSystem(signed, least: [-9, -9]).solved([]) == [0: -2, 1: 5])
    }

    @Test func aHiddenGroupTakesAnotherWithIt() throws {
        let table = races([50, 42, 8])
        // As the Department publishes, the third is all less the two others.
        let published = DisclosureControl([table], try asPublished(), minimum: 10)
        #expect(published.isShown == [[true, true, true, false]])
        #expect(leaks([table], published.isShown) == ["race 2"])
        let control = try control([table])
        #expect(control.isShown == [[true, true, false, false]])
        #expect(leaks([table], control.isShown).isEmpty)
        #expect(control.kept == (all: 3, shown: 2))
        // Nothing small, nothing hidden.
        #expect(try self.control([races([50, 42, 10])]).isShown == [[true, true, true, true]])
        // Nobody is no group: its count may be known.
        #expect(try self.control([races([50, 42, 0])]).isShown == [[true, true, true, true]])
        // What nobody can be counted into protects as a hidden group does.
        #expect(try self.control([races([50, 42, 8], all: 120)]).isShown == [[true, true, true, false, false]])
    }

    /// Nine students are a small group, whatever two groups they are of.
    @Test func hiddenGroupsAreTogetherOfTheMinimum() throws {
        #expect(try control([races([50, 12, 5, 4])]).isShown == [[true, true, false, false, false]])
        #expect(try control([races([50, 12, 5, 5])]).isShown == [[true, true, true, false, false]])
    }

    /// Two hidden groups of one student each come to two: they are known without being computed.
    @Test func boundsGiveCountsAway() throws {
        let table = races([50, 1, 1])
        #expect(leaks([table], [[true, true, false, false]]) == ["race 1", "race 2"])
        let control = try control([table])
        #expect(control.isShown == [[true, false, false, false]])
        #expect(leaks([table], control.isShown).isEmpty)
    }

    @Test func whoIsNotInAGroupIsProtectedToo() throws {
        let school = OrganizationCode("00010505") ?? .state
        func shown(_ counts: [StudentGroup: Int64], _ complements: Bool) throws -> Set<String> {
            let table = DisclosureTable(counts: [school: counts], district: District.code, complements: complements)
            let control = try control([table])
            return Set(counts.keys.map(\.wireName).filter { control.shows("00010505/\($0)", table: 0) })
        }
        let poor: [StudentGroup: Int64] = [.allStudents: 30, .lowIncome: 25]
        #expect(try shown(poor, true) == ["all_students"])
        #expect(try shown(poor, false) == ["all_students", "low_income"])
        #expect(try shown([.allStudents: 30, .white: 22, .asian: 8], false) == ["all_students"])
        // Of groups that overlap nothing can be computed.
        #expect(try shown([.allStudents: 30, .white: 26, .asian: 8], false) == ["all_students", "white"])
        // Five with high needs are not of low income, and sixty of all have none.
        let needy: [StudentGroup: Int64] = [.allStudents: 100, .highNeeds: 40, .lowIncome: 35]
        #expect(try shown(needy, true).count == 2)
        #expect(try shown(needy, false).count == 3)
    }

    /// Students of a school without results are what is left of the district's.
    @Test func whatSchoolsLeaveOfADistrictIsProtected() throws {
        let schools = (0..<3).compactMap { OrganizationCode(rawValue: 10_505 + $0) }
        func shown(_ all: Int64) throws -> [Bool] {
            let numbers: [Int64] = [15, 31, 26]
            var counts = Dictionary(
                uniqueKeysWithValues: zip(schools, numbers).map { ($0, [StudentGroup.allStudents: $1]) }
            )
            counts[District.code] = [.allStudents: all]
            let table = DisclosureTable(counts: counts, district: District.code, complements: true)
            let control = try control([table])
            return ([District.code] + schools).map { control.shows("\($0)/all_students", table: 0) }
        }
        #expect(try shown(72) == [true, true, true, true])
        // Seven are in none of the three; with the fifteen that are hidden beside them they are enough.
        #expect(try shown(79) == [true, false, true, true])
        #expect(try shown(82) == [true, true, true, true])
    }

    /// Where a careful choice finds nothing more to hide, everything is hidden, and shown again as far as it can be.
    ///
    /// Two schools and four measures of nearly the same students.
    @Test(arguments: Array(UInt64(1)...40)) func nearlyEqualMeasuresDoNotHideEverything(seed: UInt64) throws {
        var numbers = Numbers(state: seed &* 104_729)
        let district = District(&numbers, schools: 1...3, sizes: 60...150)
        let tables = (0..<6).map { miss in district.table { $0.draw % 50 != miss } }
        let control = try control(tables)
        #expect(leaks(tables, control.isShown).isEmpty)
        #expect(control.kept.shown * 4 > control.kept.all, "\(control.kept)")
    }

    /// The lowest performing of a district are not those of its schools.
    @Test func theLowestPerformingOfSchoolsDoNotAddUp() throws {
        let school = try #require(OrganizationCode("00010505"))
        let table = DisclosureTable(
            counts: Dictionary(
                uniqueKeysWithValues: [District.code, school]
                    .map { ($0, [StudentGroup.allStudents: Int64(100), .lowestPerforming: 25]) }
            ),
            district: District.code,
            complements: true
        )
        let totals = table.sums.filter { $0.parts.count == 1 }.map { table.cells[$0.total].name }
        #expect(totals == ["00010000/all_students"])
    }

    /// Two measures of the same students, each safe by itself, hide different groups.
    @Test func twoMeasuresGiveNothingAway() throws {
        let (first, second) = (races([50, 42, 12, 8]), races([50, 41, 12, 8], all: 111))
        let alone = [[true, true, true, false, false], [true, false, true, true, false]]
        #expect(leaks([first], [alone[0]]).isEmpty && leaks([second], [alone[1]]).isEmpty)
        #expect(leaks([first, second], alone) == ["race 3"])
        #expect(try leaks([first, second], control([first, second]).isShown).isEmpty)
    }

    @Test(arguments: Array(UInt64(1)...20)) func nothingCanBeComputed(seed: UInt64) throws {
        var numbers = Numbers(state: seed &* 7919)
        let district = District(&numbers)
        let tables = district.measures
        let control = try control(tables)
        #expect(leaks(tables, control.isShown).isEmpty)
        for (number, table) in tables.enumerated() {
            for (place, cell) in table.cells.enumerated() where control.isShown[number][place] {
                #expect(!cell.isImplied && (cell.count == 0 || cell.count >= 10))
            }
        }
        // Something is left to be published, and the order of what comes in does not matter.
        #expect(control.kept.shown * 10 > control.kept.all * 3)
        #expect(try self.control(tables).isShown == control.isShown)
        #expect(!leaks(tables, DisclosureControl(tables, try asPublished(), minimum: 10).isShown).isEmpty)
    }

    /// The largest districts have a hundred schools and twenty measures.
    ///
    /// Three times the schools once took twenty-four times as long, and more with other numbers.
    @Test func aLargeDistrictIsDecidedSoon() throws {
        func tables(_ schools: Int) -> [DisclosureTable] {
            var numbers = Numbers(state: 7919)
            return District(&numbers, schools: schools...schools, sizes: 80...320).manyMeasures
        }
        let (small, large) = (tables(20), tables(60))
        let control = try control(large)
        #expect(leaks(large, control.isShown).isEmpty)
        #expect(control.kept.shown * 10 > control.kept.all * 9, "\(control.kept)")
        let ratio = try Neighbour.ratio(of: { _ = try self.control(large) }, to: { _ = try self.control(small) })
        #expect(ratio < 12)
    }

    @Test func ratesAreCodedAtTheirEnds() throws {
        func coded(_ rate: Int, _ size: Int64) -> String { "\(CodedRate(Ratio(rate), of: size, minimum: 10))" }
        #expect(coded(100, 20) == ">=50" && coded(50, 20) == "<=50" && coded(51, 20) == ">=50")
        #expect(coded(95, 40) == ">=75" && coded(74, 40) == "74" && coded(25, 40) == "<=25")
        #expect(coded(95, 1000) == "95" && coded(99, 1000) == ">=99" && coded(0, 1000) == "<=1")
        #expect(coded(50, 19).isEmpty && coded(50, 0).isEmpty)
    }

    /// Whoever knows a rate and how many students it is of finds no fewer than ten in it, nor outside of it.
    @Test(arguments: [0, 1, 2]) func noRateCountsFewStudents(decimals: Int) throws {
        let rounding = Rounding(.halfUp, decimals: decimals)
        for size in Int64(10)...420 {
            for counted in 0...size {
                let rate = try rounding(Ratio(100 * counted, over: size))
                guard case .exact = CodedRate(rate, of: size, minimum: 10) else { continue }
                #expect(counted >= 10 && size - counted >= 10, "\(counted) of \(size)")
            }
        }
    }
}
