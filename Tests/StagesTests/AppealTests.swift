import Messages
import Rules
import StreamingTesting
import Testing

@testable import Stages

/// An appeal is decided only if it was filed.
@Suite struct AppealTests {
    private static let school = "00010505"

    private func act(_ directive: String, _ kind: String, of code: String = school, year: Int = 2019) -> String {
        table(
            .directives,
            [
                [
                    "school_year": "\(year)", "org_code": code, "directive": directive, "kind": kind,
                    "effective_date": "2019-10-20", "reason": "Score", "reference": "20191019T120000Z-4f1",
                ]
            ]
        )
    }

    private func open(_ bench: ValidationBench) throws -> [String] {
        try bench.newestRejections().filter(\.closedBy.isEmpty).map(\.code)
    }

    @Test(arguments: [("release", "appeal"), ("appeal", "denied")], [Int32(1), 3])
    func aDecisionNeedsTheAppealOfItsOrganizationAndYear(_ decision: (String, String), partitions: Int32) throws {
        let bench = try ValidationBench(partitions: partitions)
        try bench.prepare()
        // Of another organization, and of another year.
        try bench.submit(act("appeal", "filed", of: "00020505"))
        try bench.submit(act("appeal", "filed", year: 2018))
        try bench.submit(act(decision.0, decision.1))
        try bench.driver.run()
        #expect(try open(bench) == ["appeal_not_filed"])
        #expect(try bench.newestRejections()[0].message.contains("submit the act appeal filed"))
        let (filing, _) = try bench.submit(act("appeal", "filed"))
        try bench.submit(act(decision.0, decision.1))
        try bench.driver.run()
        let key = "2019/\(decision.0)/\(Self.school)/\(decision.1)"
        #expect(try open(bench).isEmpty)
        #expect(try bench.standing(Topics.directives).keys.contains(key))
        // Without the appeal, the decision falls; with it, it counts again.
        let withdrawal = try bench.withdraw(filing)
        try bench.driver.run()
        #expect(try open(bench).contains("appeal_not_filed"))
        #expect(try !bench.standing(Topics.directives).keys.contains(key))
        _ = try bench.withdraw(withdrawal)
        try bench.driver.run()
        #expect(try bench.standing(Topics.directives).keys.contains(key))
    }

    /// An announced revision answers no appeal.
    @Test func aRevisionNeedsNone() throws {
        let bench = try ValidationBench(partitions: 2)
        try bench.prepare()
        try bench.submit(act("release", "revised"))
        try bench.driver.run()
        #expect(try open(bench).isEmpty)
        #expect(try bench.standing(Topics.directives).keys.sorted() == ["2019/release/\(Self.school)/revised"])
    }
}
