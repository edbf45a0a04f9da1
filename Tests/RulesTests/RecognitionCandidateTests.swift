internal import Rules
internal import Testing

@Suite struct RecognitionCandidateTests {
    private func kinds(
        _ figures: RecognitionCandidate.Figures,
        _ classification: Classification? = .notRequiringAssistance
    ) throws -> [String] {
        try RecognitionCandidate.proposals(figures, classification: classification, try Framework.of(schoolYear: 2019))
            .map(\.kind)
    }

    /// 603 CMR 2.03(2)(f).
    @Test func proposesByEachFigure() throws {
        #expect(
            try kinds(.init(percentile: 90, growth: [Ratio(60), Ratio(61)], annual: Ratio(90), cumulative: 88)) == [
                "high_achievement", "high_growth", "exceeding_targets",
            ]
        )
        #expect(
            try kinds(
                .init(percentile: 89, growth: [Ratio(60), Ratio(599, over: 10)], annual: Ratio(89), cumulative: 75)
            ) == ["meeting_targets"]
        )
        #expect(try kinds(.init(percentile: 89, annual: Ratio(89), cumulative: 74)).isEmpty)
        #expect(try kinds(.init()).isEmpty)
    }

    @Test func proposesNobodyWhoRequiresAssistance() throws {
        let figures = RecognitionCandidate.Figures(
            percentile: 99,
            growth: [Ratio(70)],
            annual: Ratio(100),
            cumulative: 100
        )
        #expect(try kinds(figures, .requiringAssistance).isEmpty)
        #expect(try kinds(figures, .insufficientData).isEmpty)
        #expect(try kinds(figures, nil).isEmpty)
    }
}
