internal import Rules
internal import Testing

/// Under which codes the earlier years of an organization stand.
@Suite struct OrganizationChangesTests {
    private typealias Row = (year: Int, code: Int, kind: OrganizationChangeKind, former: Int?, enrollment: Int?)

    private static let (a, b, c, d) = (10_001, 10_002, 10_003, 10_004)

    private func code(_ number: Int) throws -> OrganizationCode {
        try #require(OrganizationCode(rawValue: UInt32(number)))
    }

    private func set(_ row: Row, in changes: inout OrganizationChanges, removing: Bool = false) throws {
        let former = try row.former.map(code)
        let change = OrganizationChange(
            schoolYear: row.year,
            organization: try code(row.code),
            kind: row.kind,
            former: former,
            formerEnrollment: row.enrollment
        )
        #expect(change.fault == nil)
        changes.set(removing ? nil : change, schoolYear: row.year, of: try code(row.code), former: former)
    }

    private func table(_ rows: [Row]) throws -> OrganizationChanges {
        var changes = OrganizationChanges()
        for row in rows { try set(row, in: &changes) }
        return changes
    }

    private func framework(_ changed: String = "") throws -> OrganizationChangeParameters {
        let text = """
            name: "changed"
            title: The framework of 2019 with another rule
            school_years: [2019]
            based_on: "2019"
            \(changed.isEmpty ? "" : "organization_changes:\n  \(changed)")
            """
        let bases = Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        let framework = try Framework.load(file: "changed.yaml", text: text, bases: bases)
        return try #require(framework.organizationChanges)
    }

    private func history(_ changes: OrganizationChanges, _ number: Int, _ year: Int, rule: String = "") throws
        -> OrganizationHistory
    {
        changes.history(of: try code(number), in: year, back: 4, try framework(rule))
    }

    private func codes(_ history: OrganizationHistory) -> [Int] { history.codes.map { Int($0.rawValue) } }

    @Test func everyFrameworkStatesTheRules() throws {
        for year in [2007, 2017, 2019, 2024] {
            #expect(try Framework.of(schoolYear: year).organizationChanges != nil)
        }
    }

    /// A → B in 2019, B → C in 2020.
    @Test func aChainIsFollowedThrough() throws {
        let changes = try table([
            (2019, Self.b, .recoded, Self.a, nil), (2020, Self.c, .recoded, Self.b, nil),
        ])
        let found = try history(changes, Self.c, 2021)
        #expect(codes(found) == [Self.c, Self.c, Self.b, Self.a, Self.a])
        #expect(found.reconfigured == nil && found.counts(4))
        #expect(found.steps.map(\.schoolYear) == [2020, 2019])
        #expect(Set(changes.heirs(of: try code(Self.a))) == Set([try code(Self.b), try code(Self.c)]))
        // A code that comes back is followed both ways.
        let back = try table([(2019, Self.b, .recoded, Self.a, nil), (2020, Self.a, .recoded, Self.b, nil)])
        #expect(codes(try history(back, Self.a, 2020)) == [Self.a, Self.b, Self.a, Self.a, Self.a])
        #expect(changes.history(of: try code(Self.c), in: 2021, back: 4, nil).reconfigured == 1)
    }

    @Test func theRulesOfTheFrameworkDecide() throws {
        let recoded = try table([(2019, Self.b, .recoded, Self.a, nil)])
        #expect(codes(try history(recoded, Self.b, 2019))[1] == Self.a)
        let fresh = try history(
            recoded,
            Self.b,
            2019,
            rule: "recoded: {value: not_carried, status: assumed, source: T}"
        )
        #expect(codes(fresh)[1] == Self.b && fresh.reconfigured == 0 && fresh.steps[0].taken == nil)

        let merged = try table([(2019, Self.c, .merged, Self.a, 200), (2019, Self.c, .merged, Self.b, 201)])
        #expect(codes(try history(merged, Self.c, 2019))[1] == Self.b)
        let tied = try table([(2019, Self.c, .merged, Self.b, 200), (2019, Self.c, .merged, Self.a, 200)])
        #expect(codes(try history(tied, Self.c, 2019))[1] == Self.a)
        let none = try history(merged, Self.c, 2019, rule: "merged: {value: not_carried, status: assumed, source: T}")
        #expect(!none.counts(1) && none.counts(0))
        // The larger one keeps its code.
        let absorbed = try table([(2019, Self.a, .merged, Self.a, 500), (2019, Self.a, .merged, Self.b, 20)])
        let kept = try history(absorbed, Self.a, 2019)
        #expect(codes(kept)[1] == Self.a && kept.counts(1) && kept.formers.isEmpty)

        let split = try table([(2019, Self.b, .split, Self.a, nil), (2019, Self.c, .split, Self.a, nil)])
        #expect(try [Self.b, Self.c].map { codes(try history(split, $0, 2019))[1] } == [Self.a, Self.a])

        let grades = try table([(2019, Self.a, .gradesChanged, nil, nil)])
        #expect(try history(grades, Self.a, 2020).reconfigured == 1)
        let same = try history(
            grades,
            Self.a,
            2020,
            rule: "grades_changed: {value: carried, status: assumed, source: T}"
        )
        #expect(same.counts(4) && same.steps.isEmpty)
        // With a new code the years before are known, and do not count.
        let both = try table([(2019, Self.b, .recoded, Self.a, nil), (2019, Self.b, .gradesChanged, nil, nil)])
        let moved = try history(both, Self.b, 2019)
        #expect(codes(moved)[1] == Self.a && !moved.counts(1))
    }

    /// An act of the Department and a row that the grades changed are one and the same.
    @Test func aReconfigurationAndOtherGradesAreTheSame() throws {
        var act = OrganizationChanges()
        act.set(reconfigurations: [2019], of: try code(Self.a))
        let row = try table([(2019, Self.a, .gradesChanged, nil, nil)])
        for year in 2018...2021 {
            #expect(try history(act, Self.a, year).reconfigured == history(row, Self.a, year).reconfigured)
        }
        act.set(reconfigurations: [], of: try code(Self.a))
        #expect(act.isEmpty)
    }

    private static let contradictions: [[Row]] = [
        [(2019, b, .recoded, a, nil), (2019, b, .recoded, c, nil)],
        [(2019, b, .recoded, a, nil), (2019, c, .recoded, a, nil)],
        [(2019, b, .recoded, a, nil), (2019, c, .split, a, nil)],
        [(2019, b, .merged, a, 10), (2019, c, .merged, a, 10)],
        [(2019, b, .recoded, a, nil), (2019, b, .closed, nil, nil)],
        [(2019, c, .merged, a, 10), (2019, c, .split, b, nil)],
    ]

    @Test(arguments: contradictions.indices, [false, true])
    func rowsThatContradictCarryNothing(_ index: Int, _ isReversed: Bool) throws {
        let rows = Self.contradictions[index]
        var changes = try table(isReversed ? rows.reversed() : rows)
        for row in rows {
            #expect(changes.isContradicted(try code(row.code), in: 2019))
            let found = try history(changes, row.code, 2019)
            #expect(codes(found)[1] == row.code && !found.counts(1))
            #expect(!found.steps.contains { !$0.isContradicted })
            #expect(!changes.isClosed(try code(row.code), in: 2019))
        }
        // What stands when one of them is withdrawn is as if it had never come.
        try set(rows[1], in: &changes, removing: true)
        #expect(!changes.isContradicted(try code(rows[0].code), in: 2019))
        #expect(try codes(history(changes, rows[0].code, 2019))[1] == rows[0].former)
        try set(rows[0], in: &changes, removing: true)
        #expect(changes.isEmpty)
    }

    /// A former code is that of the year before, so each organization has the history of the one before it.
    @Test(arguments: [false, true]) func codesThatMoveOnWithinAYearAreFollowed(_ isReversed: Bool) throws {
        let rows: [Row] = [(2019, Self.b, .recoded, Self.a, nil), (2019, Self.c, .recoded, Self.b, nil)]
        let changes = try table(isReversed ? rows.reversed() : rows)
        for row in rows {
            #expect(!changes.isContradicted(try code(row.code), in: 2019))
            let found = try history(changes, row.code, 2019)
            #expect(codes(found)[1] == row.former && found.counts(1))
        }
        // The organization that had the code in 2018 is another one from 2019 on.
        #expect(changes.wasGivenUp(try code(Self.b), after: 2018, by: 2019))
        #expect(!changes.wasGivenUp(try code(Self.b), after: 2019, by: 2021))
        #expect(!changes.wasGivenUp(try code(Self.c), after: 2017, by: 2021))
    }

    /// Two schools swap their codes, or three hand theirs on: each has the history of the one before it.
    @Test(arguments: [[a, b], [a, b, c]], [false, true])
    func codesThatGoInACircleAreFollowed(_ circle: [Int], _ isReversed: Bool) throws {
        let rows = circle.indices.map { place -> Row in
            (2019, circle[place], .recoded, circle[(place + 1) % circle.count], nil)
        }
        let changes = try table(isReversed ? rows.reversed() : rows)
        for row in rows {
            let code = try self.code(row.code)
            let former = try row.former.map { try self.code($0) }
            #expect(!changes.isContradicted(code, in: 2019))
            let found = try history(changes, row.code, 2020)
            #expect(found.code(1) == code && found.code(2) == former && found.counts(2))
            // The code was another organization's until then.
            #expect(changes.wasGivenUp(code, after: 2018, by: 2019))
            #expect(changes.heirs(of: code).count == circle.count - 1)
        }
    }

    @Test func anOrganizationIsClosedUntilItChangesAgain() throws {
        let changes = try table([(2019, Self.a, .closed, nil, nil), (2021, Self.a, .recoded, Self.b, nil)])
        #expect(
            try (2018...2022).map { changes.isClosed(try code(Self.a), in: $0) } == [false, true, true, false, false]
        )
        #expect(try history(changes, Self.a, 2020).reconfigured == nil)
    }

    @Test func aChangeHasTheFaultsOfARow() throws {
        func fault(_ number: Int, _ kind: OrganizationChangeKind, _ former: Int?, _ enrollment: Int? = nil) throws
            -> OrganizationChange.Fault?
        {
            OrganizationChange(
                schoolYear: 2019,
                organization: try code(number),
                kind: kind,
                former: try former.map(code),
                formerEnrollment: enrollment
            )
            .fault
        }
        #expect(try fault(0, .closed, nil) == .state)
        #expect(try fault(Self.a, .recoded, nil) == .formerCode)
        #expect(try fault(Self.a, .closed, Self.b) == .formerCode)
        #expect(try fault(Self.a, .recoded, Self.a) == .itself)
        #expect(try fault(Self.a, .merged, Self.a, 10) == nil)
        #expect(try fault(Self.a, .recoded, 20_001) == .otherDistrict)
        #expect(try fault(20_000, .recoded, 10_000) == .otherDistrict)
        #expect(try fault(Self.a, .recoded, 10_000) == .otherDistrict)
        #expect(try fault(Self.a, .merged, Self.b) == .enrollment)
        #expect(try fault(Self.a, .recoded, Self.b, 10) == .enrollment)
    }

    /// Nobody's rank moves when a school has another code, and its own is what it would have been.
    ///
    /// 603 CMR 2.03(2)(a).
    @Test func aRecodedSchoolIsRankedAsIfItHadKeptItsCode() throws {
        func year(_ score: Int64) -> PercentileYearValues {
            var year = PercentileYearValues(comparisonGroup: .nonHigh)
            year[.nonHigh, .elaAchievement] = Ratio(score)
            year[.nonHigh, .elaGrowth] = Ratio(50)
            year[.nonHigh, .chronicAbsenteeism] = Ratio(10)
            return year
        }
        let framework = try Framework.of(schoolYear: 2019)
        let scores: [(before: Int64, now: Int64)] = [(530, 500), (500, 501), (510, 502), (520, 503)]
        let others = try scores.indices.dropFirst()
            .map {
                PercentileEntry(
                    organization: try code(20_001 + $0),
                    years: [0: year(scores[$0].now), 1: year(scores[$0].before)]
                )
            }
        let kept = [PercentileEntry(organization: try code(Self.a), years: [0: year(500), 1: year(530)])]
        let recoded = [
            PercentileEntry(organization: try code(Self.b), years: [0: year(500)], formers: [1: try code(Self.a)]),
            PercentileEntry(organization: try code(Self.a), years: [1: year(530)]),
        ]
        let before = try Percentiles.rank(kept + others, framework)
        let after = try Percentiles.rank(recoded + others, framework)
        #expect(after[0].weightedMean == before[0].weightedMean && after[0].percentile == before[0].percentile)
        #expect(after[0].years.map(\.yearsBefore) == [0, 1] && after[1].percentile == nil)
        #expect(after.dropFirst(2).map(\.percentile) == before.dropFirst().map(\.percentile))
        // Two parts of one school do not crowd the ranks of the year before.
        let parts = try Percentiles.rank(
            recoded + [
                PercentileEntry(organization: try code(Self.c), years: [0: year(499)], formers: [1: try code(Self.a)])
            ]
                + others,
            framework
        )
        #expect(parts[0].years[1].mean == before[0].years[1].mean && parts[2].years[1].mean == before[0].years[1].mean)
        // A former code without a result has none to carry, and another comparison group does not count.
        let unknown = [
            PercentileEntry(organization: try code(Self.b), years: [0: year(500)], formers: [1: try code(Self.d)])
        ]
        #expect(try Percentiles.rank(unknown + others, framework)[0].years.map(\.yearsBefore) == [0])
        var high = PercentileYearValues(comparisonGroup: .high)
        high[.high, .elaAchievement] = Ratio(80)
        high[.high, .elaGrowth] = Ratio(50)
        let other = [recoded[0], PercentileEntry(organization: try code(Self.a), years: [1: high])]
        #expect(try Percentiles.rank(other + others, framework)[0].years[1].counts == false)
    }
}
