import Messages
import Rules
import StreamingTesting
import Testing
@testable import Stages
@testable import Streaming

/// Participation that was supplied for single grades only: it is not judged, and the determination says so.
@Suite struct ParticipationOfGradesTests {
    private static let school = "00010505"

    private static func counts(_ grade: String, _ subject: String, absent: Int, action: String = "") -> String {
        table(
            .participationCounts,
            [
                [
                    "school_year": "2019", "org_code": school, "grade": grade, "group": "all_students",
                    "subject": subject, "standard": "40", "absent": "\(absent)", "action": action,
                ]
            ]
        )
    }

    private func run() throws -> ValidationBench {
        let pipeline = Pipeline()
        let bench = try ValidationBench(
            partitions: 2,
            stages: [
                ValidationStage(pipeline: pipeline), ParticipationStage(pipeline: pipeline),
                IndicatorStage(pipeline: pipeline), PercentileStage(pipeline: pipeline),
                DeterminationStage(pipeline: pipeline, clock: { 1_569_000_000_000 }),
            ]
        )
        try bench.openYears(2019)
        let organizations = [Self.school, "00010000"]
            .map { code in
                [
                    "school_year": "2019", "org_code": code, "name": "Org", "comparison_group": "non_high",
                    "org_type": code == Self.school ? "school" : "district",
                ]
            }
        try bench.submit(table(.organizations, organizations))
        return bench
    }

    private func determination(_ bench: ValidationBench) throws -> Accountability_V1_Determination {
        try bench.driver.run()
        let record = try #require(try bench.standing(Topics.determinations)["2019/\(Self.school)"])
        return try decoded(Accountability_V1_Determination.self, record)
    }

    private func explained(_ determination: Accountability_V1_Determination) throws -> [String] {
        let report = try DeterminationReport(determination)
        let framework = try Framework.of(schoolYear: 2019)
        let participation = try #require(ParticipationReport.explained(report.participation, by: framework))
        return [participation.value] + participation.inputs.map { "\($0.title): \($0.value)" }
    }

    /// 603 CMR 2.03(2)(d).
    @Test("The rows of grades are not summed up; the row of all grades is judged")
    func gradesOnly() throws {
        let bench = try run()
        // Eight of 48 are absent in each grade: far below the standard.
        for grade in ["03", "04"] { try bench.submit(Self.counts(grade, "ELA", absent: 8)) }
        try bench.driver.close(scope: "2019", topic: bench.pipeline.name(Topics.submissions))
        let alone = try determination(bench)
        #expect(alone.participation.map(\.subject) == ["ELA"] && alone.participation.map(\.students) == [0])
        #expect(!alone.participation.contains { $0.hasMet || $0.hasRate } && alone.reasons.isEmpty)
        #expect(
            try explained(alone) == [
                "no group was judged",
                "All Students, ELA: not judged: only rows of single grades were supplied, and no row of all grades",
            ]
        )
        // Of another subject there is the row of all grades, which says nothing of this one.
        try bench.submit(Self.counts("all", "Math", absent: 0))
        let other = try determination(bench)
        #expect(other.participation.map(\.subject) == ["combined", "ELA"] && other.reasons.isEmpty)
        try bench.submit(Self.counts("all", "ELA", absent: 16))
        let judged = try determination(bench)
        #expect(judged.participation.map(\.subject) == ["combined"] && judged.reasons == ["low_participation"])
        for subject in ["ELA", "Math"] { try bench.submit(Self.counts("all", subject, absent: 0, action: "delete")) }
        #expect(try determination(bench).participation == alone.participation)
        // Without the rows there is nothing to say.
        for grade in ["03", "04"] { try bench.submit(Self.counts(grade, "ELA", absent: 0, action: "delete")) }
        #expect(try determination(bench).participation.isEmpty)
    }
}
