internal import Rules
internal import Testing

/// What records can be: parameters with status and source.
@Suite struct RecordParametersTests {
    @Test(arguments: [
        (500, Subject.ela, 2019, true), (439, .ela, 2019, false), (560, .math, 2019, true), (561, .math, 2019, false),
        (240, .ela, 2018, true), (240, .ela, 2019, false), (240, .math, 2019, false), (240, .science, 2025, true),
        (281, .science, 2019, false), (199, .ela, 2017, false),
    ])
    func scoresLieOnTheScalesOfTheirYear(_ score: Int, _ subject: Subject, _ year: Int, _ holds: Bool) throws {
        #expect(try Framework.records(schoolYear: year).records.holds(score, subject, in: year) == holds)
    }

    @Test func gradesAndCohorts() throws {
        let records = try Framework.records(schoolYear: 2019).records
        #expect((0...13).filter { records.testedGrades.contains($0) } == Array(3...12))
        #expect((0...13).filter { records.growthGrades.contains($0) } == [4, 5, 6, 7, 8, 10])
        #expect((0...13).filter { records.cohortGrades.contains($0) } == Array(9...12))
        #expect((0...13).filter { records.courseworkGrades.contains($0) } == [11, 12])
        #expect((2010...2022).filter { records.judges(cohort: $0, in: 2019) } == Array(2015...2019))
    }

    /// Records are submitted of years without a framework too: those of the newest before count, or of the first.
    @Test func everyYearHasThem() throws {
        for (year, name) in [(2000, "2007"), (2006, "2007"), (2020, "2019"), (2100, "2025")] {
            #expect(try Framework.records(schoolYear: year).name == name)
        }
    }

    /// A framework can say otherwise.
    @Test func anotherScale() throws {
        let framework = try Framework.load(
            file: "another.yaml",
            text: """
                name: another
                title: Scores of a new scale, and growth in grade 3
                school_years: []
                based_on: "2019"
                records:
                  scale:
                    current: {value: {from: 300, to: 900}, status: assumed, source: "A test of scales"}
                  growth_grades: {value: [3], status: assumed, source: "A test of grades"}
                """,
            bases: Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        )
        #expect(framework.records.holds(900, .ela, in: 2019) && framework.records.growthGrades.contains(3))
        #expect(!framework.records.growthGrades.contains(4))
        #expect(throws: FrameworkError.self) {
            try Framework.load(
                file: "bad.yaml",
                text: """
                    name: bad
                    title: A scale upside down
                    school_years: []
                    based_on: "2019"
                    records:
                      scale:
                        current: {value: {from: 560, to: 440}, status: assumed, source: "A test of scales"}
                    """,
                bases: Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
            )
        }
    }
}
