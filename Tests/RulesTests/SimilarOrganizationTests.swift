internal import Rules
internal import Testing

@Suite struct SimilarOrganizationTests {
    private func school(_ code: UInt32, _ enrollment: Int64, lowIncome: Int64 = 0, type: String = "high") throws
        -> ComparedOrganization
    {
        ComparedOrganization(
            code: try #require(OrganizationCode(rawValue: code)),
            gradeSpanClass: type,
            enrollment: enrollment,
            lowIncome: lowIncome,
            disability: enrollment / 5,
            englishLearner: 0
        )
    }

    /// 603 CMR 2.03(5).
    @Test func measuresInStandardDeviations() throws {
        // Enrolments 100, 200, 300: standard deviation √(20000/3); low income 10, 10, 40 percent: √200.
        let schools = [
            try school(10_001, 100, lowIncome: 10), try school(10_002, 200, lowIncome: 20),
            try school(10_003, 300, lowIncome: 120),
        ]
        let found = try SimilarOrganization.nearest(
            to: schools[0].code,
            among: schools,
            try Framework.of(schoolYear: 2019)
        )
        // √1.5 and √(6 + 4.5).
        #expect(found.map(\.code) == [schools[1].code, schools[2].code])
        #expect(found.map(\.distance) == [1_224_744, 3_240_370])
    }

    /// 603 CMR 2.03(5).
    @Test func staysWithinTheClassAndGivesTen() throws {
        var schools: [ComparedOrganization] = []
        for number in 1...20 { schools.append(try school(UInt32(10_000 + number), Int64(100 + 10 * number))) }
        schools.append(try school(20_001, 110, type: "non_high"))
        schools.append(try school(20_002, 0))
        let found = try SimilarOrganization.nearest(
            to: schools[0].code,
            among: schools.shuffled(),
            try Framework.of(schoolYear: 2019)
        )
        #expect(found.map(\.code) == schools[1...10].map(\.code))
        // Two as far away as each other stand in the order of their codes.
        let middle = try SimilarOrganization.nearest(
            to: schools[9].code,
            among: schools.shuffled(),
            try Framework.of(schoolYear: 2019)
        )
        #expect(middle.prefix(2).map(\.code) == [schools[8].code, schools[10].code])
        #expect(
            try SimilarOrganization.nearest(to: schools[21].code, among: schools, try Framework.of(schoolYear: 2019))
                .isEmpty
        )
    }

    @Test func holdsWithLargeNumbers() throws {
        var schools: [ComparedOrganization] = []
        for number in Int64(0)..<2_000 {
            schools.append(try school(UInt32(10_001 + number), 100_000 + number * 4_000, lowIncome: number % 7 * 1_000))
        }
        let found = try SimilarOrganization.nearest(
            to: schools[1_000].code,
            among: schools,
            try Framework.of(schoolYear: 2019)
        )
        #expect(found.count == 10 && found[0].distance > 0)
        #expect(throws: RuleError.self) {
            try SimilarOrganization.nearest(
                to: schools[0].code,
                among: [schools[0], try school(9_999, 10_000_001)],
                try Framework.of(schoolYear: 2019)
            )
        }
    }
}
