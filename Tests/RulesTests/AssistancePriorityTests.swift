internal import Rules
internal import Testing

@Suite struct AssistancePriorityTests {
    private func history(_ code: UInt32, _ severities: [Int: AssistanceSeverity]) throws -> AssistanceHistory {
        AssistanceHistory(try #require(OrganizationCode(rawValue: code)), severities)
    }

    /// 603 CMR 2.03(8)(b).
    @Test func putsTheMostSevereFirstAndOfEqualsTheLongest() throws {
        let histories = [
            try history(10_000, [2019: .focused]),
            try history(10_005, [2018: .focused, 2019: .focused]),
            try history(20_005, [2018: .notRequired, 2019: .broad]),
            try history(30_005, [2017: .focused, 2018: .focused, 2019: .focused]),
            try history(40_000, [2019: .notRequired]),
            try history(50_000, [2018: .broad, 2019: .broad]),
            try history(60_005, [2019: .chronic]),
            try history(60_010, [2016: .focused, 2018: .focused, 2019: .focused]),
        ]
        let list = AssistancePriority.list(histories, in: 2019)
        #expect(list.map(\.district.description) == ["00060000", "00050000", "00020000", "00030000", "00010000"])
        #expect(list.map(\.duration) == [1, 2, 1, 3, 2])
        #expect(list.map(\.requiring) == [2, 1, 1, 1, 2])
        #expect(list[0].organizations.map(\.description) == ["00060005"])
        #expect(list == AssistancePriority.list(histories.reversed(), in: 2019))
    }

    /// 603 CMR 2.03(1).
    @Test func yearsWithoutDeterminationsNeitherAddNorEnd() throws {
        let list = AssistancePriority.list(
            [
                try history(10_005, [2018: .focused, 2019: .focused, 2023: .broad]),
                try history(20_005, [2018: .focused, 2019: .notRequired, 2023: .broad]),
            ],
            in: 2023
        )
        #expect(list.map(\.duration) == [3, 1])
    }

    /// 603 CMR 2.03(8).
    @Test(arguments: [
        (
            DeterminationLevel.broadComprehensive as DeterminationLevel?,
            Designation.chronicallyUnderperforming as Designation?, AssistanceSeverity.chronic
        ),
        (.broadComprehensive, .underperforming, .broad), (.focusedTargeted, nil, .focused),
        (.meeting, nil, .notRequired), (nil, nil, .notRequired),
    ])
    func readsTheSeverityOfADetermination(
        level: DeterminationLevel?,
        designation: Designation?,
        severity: AssistanceSeverity
    ) {
        #expect(AssistanceSeverity(level: level, designation: designation) == severity)
    }
}
