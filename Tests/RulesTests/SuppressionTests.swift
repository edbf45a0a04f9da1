internal import Rules
internal import Testing

/// What is published of a group, by its size.
@Suite struct SuppressionTests {
    /// Groups below 10 are never published; groups of 10 to 19 are, without accountability results (rules of 2018 to
    /// 2025).
    @Test(arguments: [
        (Int64(0), Suppression.hidden), (9, .hidden), (10, .countsOnly), (19, .countsOnly), (20, .full), (1000, .full),
    ])
    func aGroupIsShownByItsSize(_ students: Int64, _ expected: Suppression) throws {
        for year in [2018, 2019, 2022, 2023, 2024, 2025] {
            #expect(Suppression(students: students, try Framework.of(schoolYear: year)) == expected, "\(year)")
        }
    }
}
