import Testing
@testable import Rules

@Suite struct ReleaseDaysTests {
    private static let district = OrganizationCode("00350000")!
    private static let other = OrganizationCode("00360000")!

    /// Who has an embargo until 24 September, and whose official release is tried.
    @Test(arguments: [
        (OrganizationCode.state, OrganizationCode.state, true), (.state, district, true), (district, .state, true),
        (district, district, true), (district, other, false),
    ])
    func anOfficialReleaseWaitsForTheEmbargo(
        _ owner: OrganizationCode,
        _ organization: OrganizationCode,
        isConcerned: Bool
    ) {
        var days = ReleaseDays()
        #expect(days.allows(officialOn: "2019-09-01", of: organization))
        days.set(embargoUntil: "2019-09-24", of: owner)
        #expect(days.allows(officialOn: "2019-09-23", of: organization) == !isConcerned)
        #expect(days.allows(officialOn: "2019-09-24", of: organization))
        days.set(embargoUntil: "", of: owner)
        #expect(days.allows(officialOn: "2019-09-23", of: organization))

        // The other way round: an embargo that is set or moved afterwards.
        days.set(officialOn: "2019-09-10", of: organization)
        #expect(days.allows(embargoUntil: "2019-09-11", of: owner) == !isConcerned)
        #expect(days.allows(embargoUntil: "2019-09-10", of: owner) && days.allows(embargoUntil: "", of: owner))
        days.set(officialOn: nil, of: organization)
        #expect(days.allows(embargoUntil: "2019-09-11", of: owner))
    }

    @Test func aDistrictThatMayBeUndeclaredDoesNotConcernTheState() {
        var days = ReleaseDays()
        days.set(embargoUntil: "2019-09-24", of: Self.district)
        #expect(days.allows(officialOn: "2019-09-10", of: .state, districtsBindState: false))
        #expect(!days.allows(officialOn: "2019-09-10", of: Self.district, districtsBindState: false))
        days.set(embargoUntil: "2019-09-24", of: .state)
        #expect(!days.allows(officialOn: "2019-09-10", of: .state, districtsBindState: false))
        #expect(!days.allows(officialOn: "2019-09-10", of: Self.other, districtsBindState: false))
    }
}
