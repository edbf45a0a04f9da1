internal import Rules
internal import Testing

@testable import Stages

/// What the indicators are counted from.
@Suite struct StudentSourceTests {
    /// A set of outcomes has room for each of them.
    @Test func everyOutcomeHasABitOfItsOwn() {
        var all: OutcomeSet = []
        for indicator in Indicator.allCases {
            let set = OutcomeSet(indicator)
            #expect(set.rawValue.nonzeroBitCount == (indicator.basis == .outcomes ? 1 : 0), "\(indicator)")
            #expect(all.isDisjoint(with: set), "\(indicator)")
            all.formUnion(set)
        }
        var places: [Int] = []
        all.forEachIndex { places.append($0) }
        #expect(places == Array(StudentSource.outcomes.indices) && !places.isEmpty)
    }

    /// The values of a test result belong to the indicators of the tests, each once.
    @Test func testsCountInTheirIndicators() {
        let (first, second, third, fourth, fifth) = ResultContribution.indicators
        let named = [first, second, third, fourth, fifth]
        let achievement = Subject.allCases.map { Indicator.achievement($0) }
        let growth = Subject.allCases.compactMap { Indicator.growth($0) }
        #expect(named == achievement + growth)
        #expect(Set(named) == Set(Indicator.allCases.filter { $0.basis == .tests }))
        for indicator in named { #expect(StudentSource(of: indicator) == .tests) }
        #expect(StudentSource(of: .chronicAbsenteeism) == .attendance)
        #expect(StudentSource(of: .dropout) == .outcome(.dropout))
    }
}
