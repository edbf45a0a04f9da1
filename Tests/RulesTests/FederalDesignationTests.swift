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

    /// As for the determination, a low rate counts only with an annual percentage, if the year gives any.
    @Test func lowGraduationNeedsAnAnnualPercentage() throws {
        func facts(_ year: Int, _ hasPercentage: Bool?) -> FederalFacts {
            FederalFacts(year: year, isTitle1: true, isLowGraduation: true, hasPercentage: hasPercentage)
        }
        #expect(try identify(2018, facts(2018, true)).map(\.reason) == [.lowGraduation])
        #expect(try identify(2018, facts(2018, false)).isEmpty)
        #expect(try identify(2022, facts(2022, nil)).map(\.reason) == [.lowGraduation])
        let everyone = try Framework.proposed(
            """
            name: everyone
            title: Low rates of every school
            school_years: [2018]
            based_on: "2018"
            determination:
              low_graduation_needs_percentage: {value: false, status: assumed, alternatives: [true], source: a test}
            """
        )
        let found = FederalDesignation.identify(facts(2018, false), earlier: [], before: [], everyone)
        #expect(found.map(\.reason) == [.lowGraduation])
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

    /// The share is of all schools that receive funds, whether they have a percentile or not.
    ///
    /// A framework may take it of those that have one.
    @Test(arguments: [(20, 1, 1), (21, 2, 1), (41, 3, 1), (1000, 20, 1)])
    func theShareIsOfAllSchoolsThatReceiveFunds(schools: Int, receiving: Int, ranked: Int) throws {
        let percentiles = Array(1...20)
        let ofAll = try Framework.of(schoolYear: 2018)
        #expect(try FederalDesignation.lowestTitle1Cut(percentiles, ofSchools: schools, ofAll) == receiving)
        let ofRanked = try Framework.proposed(
            """
            name: ranked
            title: Of the schools with a percentile
            school_years: [2018]
            based_on: "2018"
            federal:
              lowest_title1_of: {value: ranked, status: assumed, alternatives: [receiving], source: a test}
            """
        )
        #expect(try FederalDesignation.lowestTitle1Cut(percentiles, ofSchools: schools, ofRanked) == ranked)
    }

    /// What the parameters rest on.
    ///
    /// Every school in comprehensive support of 2019 is under Title I and has the annual percentages of 2018, in which
    /// it was identified, and of 2019. Every one in targeted support has a low subgroup, and nobody is in additional
    /// targeted support alone. High schools under Title I without a percentage, most of them alternative schools, are
    /// not identified.
    @Test(.enabled(if: PublishedData.has("determinations-2019-schools.csv"), "the published figures are not there"))
    func thePublishedDesignationsOf2019() throws {
        var comprehensive = 0
        var targeted = 0
        var withoutPercentage = 0
        for row in try PublishedData.rows("determinations-2019-schools.csv") {
            let designation = row["Federal Designation"] ?? ""
            let percentages = [2018, 2019].map { row["\($0) Annual Criterion-Referenced Target Percentage (%)"] ?? "" }
            if row["Title I Status"] == "Title I School", ["HS", "MSHS/K-12"].contains(row["School Type"]),
                percentages.allSatisfy(\.isEmpty)
            {
                withoutPercentage += 1
                #expect(designation.isEmpty)
            }
            if designation.contains("(CSI)") {
                comprehensive += 1
                #expect(!percentages.contains(""))
                #expect(row["Title I Status"] == "Title I School")
                #expect(!designation.contains("TSI"))
            } else if !designation.isEmpty {
                targeted += 1
                #expect(row["2019 Low Performing Subgroup(s)"] != nil)
                #expect(designation.contains("(TSI)"))
            }
        }
        #expect(comprehensive == 16 && targeted == 17 && withoutPercentage == 13)
    }
}
