import Testing
@testable import Rules

@Suite struct ResultsStageTests {
    private static let school = OrganizationCode("00350012")
    private static let viewers: [(name: String, viewer: ResultsViewer)] = [
        ("department", .department), ("own district", .district(OrganizationCode("00350000")!)),
        ("another district", .district(OrganizationCode("00360000")!)), ("everybody", .everybody),
    ]

    /// Every cell of the table.
    @Test(arguments: [
        ("computed", "department", ResultsView.everything), ("computed", "own district", .nothing),
        ("computed", "another district", .nothing), ("computed", "everybody", .nothing),
        ("preliminary", "department", .everything), ("preliminary", "own district", .everything),
        ("preliminary", "another district", .nothing), ("preliminary", "everybody", .nothing),
        ("official", "department", .everything), ("official", "own district", .everything),
        ("official", "another district", .publication), ("official", "everybody", .publication),
    ]) func showsToEach(_ stage: String, _ viewer: String, _ view: ResultsView) throws {
        let stage = try #require(ResultsStage(rawValue: stage))
        let viewer = try #require(Self.viewers.first { $0.name == viewer }?.viewer)
        let school = try #require(Self.school)
        #expect(stage.view(of: school, for: viewer) == view)
        #expect(stage.view(of: school.district, for: viewer) == view)
    }

    @Test func stagesAreInTheOrderOfTheRelease() {
        #expect(ResultsStage.allCases == ResultsStage.allCases.sorted())
        #expect(ResultsStage.computed < .preliminary && ResultsStage.preliminary < .official)
    }
}
