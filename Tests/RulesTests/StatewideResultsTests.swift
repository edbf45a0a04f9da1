internal import Rules
internal import Testing

@Suite struct StatewideResultsTests {
    /// 603 CMR 2.03(9).
    @Test func countsEachOnceAndEachReason() {
        let entries: [StatewideResults.Entry] = [
            .init(
                type: .school,
                classification: .requiringAssistance,
                level: .focusedTargeted,
                reasons: [.lowSubgroup, .lowParticipation, .lowSubgroup]
            ),
            .init(
                type: .school,
                classification: .requiringAssistance,
                level: .focusedTargeted,
                reasons: [.lowParticipation]
            ),
            .init(
                type: .school,
                classification: .requiringAssistance,
                level: .broadComprehensive,
                reasons: [.designation]
            ),
            .init(type: .school, classification: .insufficientData, level: nil, reasons: []),
            .init(type: .district, classification: nil, level: nil, reasons: []),
            .init(type: .district, classification: .notRequiringAssistance, level: .meeting, reasons: []),
        ]
        let results = StatewideResults(entries)
        #expect(results == StatewideResults(entries.reversed()))
        #expect(results.outcomes.map(\.count) == [1, 1, 1, 2, 1])
        #expect(results.outcomes.map(\.level) == [.meeting, nil, .broadComprehensive, .focusedTargeted, nil])
        #expect(results.outcomes.map(\.count).reduce(0, +) == entries.count)
        #expect(results.reasons.map(\.reason) == [.designation, .lowSubgroup, .lowParticipation])
        #expect(results.reasons.map(\.count) == [1, 1, 2])
    }
}
