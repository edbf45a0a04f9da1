internal import PublishedFigures
internal import Rules
internal import Testing

/// Identifications under federal law (20 USC 6311), beside the determination.
@Suite struct FederalDesignationTests {
    private func identify(
        _ year: Int,
        _ facts: FederalFacts,
        earlier: [FederalFacts] = [],
        before: [FederalDesignation] = []
    ) throws -> [FederalDesignation] {
        FederalDesignation.identify(facts, earlier: earlier, before: before, try Framework.of(schoolYear: year))
    }

    /// 603 CMR 2.03(2)(e).
    @Test func theLowestUnderTitle1AreInComprehensiveSupport() throws {
        let lowest = FederalFacts(year: 2018, isTitle1: true, isLowestTitle1: true, percentiles: [.swd: 2])
        #expect(try identify(2018, lowest) == [FederalDesignation(.comprehensive, .lowestTitle1, identified: 2018)])
        let other = FederalFacts(year: 2018, isTitle1: true, percentiles: [.swd: 6])
        #expect(try identify(2018, other).isEmpty)
    }

    @Test func lowGraduationIdentifiesSchoolsUnderTitle1Alone() throws {
        let title1 = FederalFacts(year: 2018, isTitle1: true, isLowGraduation: true)
        #expect(try identify(2018, title1) == [FederalDesignation(.comprehensive, .lowGraduation, identified: 2018)])
        #expect(try identify(2018, FederalFacts(year: 2018, isTitle1: false, isLowGraduation: true)).isEmpty)
    }

    @Test func anIdentificationLastsUntilTheNextYearThatIdentifies() throws {
        let before = [FederalDesignation(.comprehensive, .lowestTitle1, identified: 2018)]
        // In 2019 the school does better, and nobody new comes in.
        #expect(try identify(2019, FederalFacts(year: 2019, isTitle1: true), before: before) == before)
        #expect(try identify(2019, FederalFacts(year: 2019, isTitle1: true, isLowestTitle1: true)).isEmpty)
        #expect(try identify(2022, FederalFacts(year: 2022, isTitle1: true), before: before).isEmpty)
    }

    @Test func asubgroupIsConsistentlyLowInTwoYears() throws {
        let now = FederalFacts(
            year: 2019,
            isTitle1: false,
            percentiles: [.swd: 5, .white: 1, .asian: 6, .allStudents: 1]
        )
        #expect(try identify(2019, now).isEmpty)
        let before = FederalFacts(year: 2018, isTitle1: false, percentiles: [.swd: 3, .white: 7])
        #expect(
            try identify(2019, now, earlier: [before]) == [
                FederalDesignation(.targeted, .consistentlyLowSubgroups, identified: 2019, groups: [.swd])
            ]
        )
    }

    @Test func additionalTargetedSupportThatIsNotLeftBecomesComprehensive() throws {
        let facts = FederalFacts(year: 2018, isTitle1: true, percentiles: [.elFormerEL: 4])
        let first = try identify(2018, facts)
        #expect(
            first == [
                FederalDesignation(
                    .additionalTargeted,
                    .subgroupsLikeLowestTitle1,
                    identified: 2018,
                    groups: [.elFormerEL]
                )
            ]
        )
        let later = FederalFacts(year: 2022, isTitle1: true, percentiles: [.elFormerEL: 5])
        #expect(
            try identify(2022, later, before: first) == [
                FederalDesignation(.comprehensive, .notExiting, identified: 2022, groups: [.elFormerEL])
            ]
        )
        // Without Title I it stays in additional targeted support.
        let other = FederalFacts(year: 2022, isTitle1: false, percentiles: [.elFormerEL: 5])
        #expect(try identify(2022, other, before: first).map(\.support) == [.additionalTargeted])
    }

    @Test(arguments: [(1, 1), (20, 1), (21, 2), (40, 2), (41, 3), (100, 5)])
    func theShareIsNotLessThanFivePercent(schools: Int, lowest: Int) throws {
        let framework = try Framework.of(schoolYear: 2018)
        let percentiles = Array((1...schools).reversed())
        let cut = try #require(
            try FederalDesignation.lowestTitle1Cut(percentiles, ofSchools: schools, framework)
        )
        #expect((1...schools).count { $0 <= cut } == lowest)
        // Schools with the percentile of the last are among them.
        #expect(try FederalDesignation.lowestTitle1Cut([7, 3, 3, 3], ofSchools: 4, framework) == 3)
        #expect(try FederalDesignation.lowestTitle1Cut([], ofSchools: 40, framework) == nil)
    }

    /// What the parameters rest on: every school in comprehensive support of 2019 is under Title I, every one in
    /// targeted support has a low subgroup, and nobody is in additional targeted support alone.
    @Test(.enabled(if: PublishedData.has("determinations-2019-schools.csv"), "the published figures are not there"))
    func thePublishedDesignationsOf2019() throws {
        var comprehensive = 0
        var targeted = 0
        for row in try PublishedData.rows("determinations-2019-schools.csv") {
            let designation = row["Federal Designation"] ?? ""
            if designation.contains("(CSI)") {
                comprehensive += 1
                #expect(row["Title I Status"] == "Title I School")
                #expect(!designation.contains("TSI"))
            } else if !designation.isEmpty {
                targeted += 1
                #expect(row["2019 Low Performing Subgroup(s)"] != nil)
                #expect(designation.contains("(TSI)"))
            }
        }
        #expect(comprehensive > 10 && targeted > 10)
    }
}
