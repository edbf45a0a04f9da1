import Messages
import Rules
import StreamingTesting
import SwiftProtobuf
import Testing

@testable import Stages
@testable import Streaming

/// How long determinations wait for what else a correction brings.
@Suite("Arrivals") struct ArrivalsTests {
    private static let school = "00010005"

    private static func rank(_ group: StudentGroup, in year: Int = 2019) throws -> Arrivals.Rank {
        let code = try #require(OrganizationCode(school))
        return Arrivals.Rank(schoolYear: year, organization: code, group: group)
    }

    /// A worker commits when all its tasks have waited, so a task to which nothing came keeps no other waiting.
    @Test func whereNothingCameNothingIsWaitedFor() {
        #expect(Arrivals().settling == .zero)
    }

    @Test func ranksOnTheirWayAreWaitedForLongest() throws {
        var arrivals = Arrivals()
        arrivals.note()
        let joined = arrivals.settling
        arrivals.await(try Self.rank(.allStudents))
        arrivals.await(try Self.rank(.highNeeds))
        let awaiting = arrivals.settling
        #expect(awaiting > joined && joined > .zero)
        // Another school year's or group's says nothing of those.
        arrivals.noteRanking(try Self.rank(.allStudents, in: 2018))
        arrivals.noteRanking(try Self.rank(.allStudents))
        #expect(arrivals.settling == awaiting)
        arrivals.noteRanking(try Self.rank(.highNeeds))
        #expect(arrivals.settling < joined && arrivals.settling > .zero)
    }

    /// The topics may be read in another order than they were written.
    @Test func aRankMayComeBeforeItsValue() throws {
        var arrivals = Arrivals()
        arrivals.note()
        arrivals.noteRanking(try Self.rank(.allStudents))
        let ranked = arrivals.settling
        arrivals.await(try Self.rank(.allStudents))
        #expect(arrivals.settling == ranked)
    }

    /// Every task gets the thresholds of a change.
    ///
    /// One that got nothing else keeps the task of the change waiting no longer than its ranks do. One whose ranks are
    /// under way goes on waiting for them.
    @Test func thresholdsComeWithTheRanks() throws {
        var ranked = Arrivals()
        ranked.noteRanking(try Self.rank(.allStudents))
        var other = Arrivals()
        other.noteRanking(nil)
        #expect(other.settling == ranked.settling && other.settling > .zero)
        var awaiting = Arrivals()
        awaiting.note()
        awaiting.await(try Self.rank(.allStudents))
        let longest = awaiting.settling
        awaiting.noteRanking(nil)
        #expect(awaiting.settling == longest)
        // The task does as they say.
        let bench = try Bench()
        try bench.threshold()
        #expect(bench.task.settling == ranked.settling)
    }

    /// The task waits as what came to it says, until it has published that.
    @Test func aTaskWaitsForThePercentileOfAChangedValue() throws {
        let bench = try Bench()
        #expect(bench.task.settling == .zero)
        try bench.percentile(41)
        try bench.value("500.0", count: 40)
        try bench.task.flush(output: bench.output)
        #expect(bench.task.settling == .zero)
        // The number of students alone moves no rank, nor does a group without a percentile, or a figure not in it.
        try bench.value("500.0", count: 41)
        try bench.value("480.0", count: 30, of: .highNeeds)
        try bench.value("490.0", count: 40, of: .allStudents, .mathAchievement)
        let joined = bench.task.settling
        try bench.value("501.0", count: 41)
        let awaiting = bench.task.settling
        #expect(awaiting > joined && joined > .zero)
        try bench.percentile(43)
        #expect(bench.task.settling < joined && bench.task.settling > .zero)
        try bench.task.flush(output: bench.output)
        #expect(bench.task.settling == .zero)
        // A value that is withdrawn leaves the rank.
        try bench.value(nil, count: 0)
        #expect(bench.task.settling == awaiting)
    }

    /// A task that is given one record after the other.
    private struct Bench {
        let task: any StageTask
        let output: TaskOutput

        init() throws {
            let stage = DeterminationStage(pipeline: Pipeline(), clock: { 0 })
            let partitions = stage.outputs.map { _ in Int32(1) }
            task = stage.makeTask(TaskContext(partition: 0, partitions: 1, outputPartitions: partitions))
            output = TaskOutput(outputs: stage.outputs, partition: 0, partitions: partitions, sink: Nowhere())
        }

        func value(
            _ value: String?,
            count: UInt32,
            of group: StudentGroup = .allStudents,
            _ indicator: Indicator = .elaAchievement
        ) throws {
            var entry = Accountability_V1_IndicatorEntry()
            entry.schoolYear = 2019
            entry.orgCode = school
            entry.value.gradeSpan = GradeSpan.nonHigh.wireName
            entry.value.group = group.wireName
            entry.value.indicator = indicator.wireName
            entry.value.value = value ?? ""
            entry.value.count = count
            let place = IndicatorPlace(.nonHigh, group, indicator)
            let code = try #require(OrganizationCode(school))
            let key = IndicatorKey(schoolYear: 2019, organization: code, .value(place))
            try fold(DeterminationStage.indicators, key.utf8, value == nil ? nil : try entry.serializedBytes())
        }

        func percentile(_ percentile: UInt32) throws {
            var entry = Accountability_V1_PercentileEntry()
            entry.schoolYear = 2019
            entry.percentile.orgCode = school
            entry.percentile.group = StudentGroup.allStudents.wireName
            entry.percentile.comparisonGroup = ComparisonGroup.nonHigh.wireName
            entry.percentile.percentile = percentile
            var figure = Accountability_V1_PercentileStage()
            figure.schoolYear = 2019
            figure.gradeSpan = GradeSpan.nonHigh.wireName
            figure.stage = PercentileFigure.value.wireName
            figure.indicatorOrCategory = Indicator.elaAchievement.wireName
            figure.value = "500"
            entry.percentile.stages = [figure]
            let code = try #require(OrganizationCode(school))
            let key = PercentileKey(schoolYear: 2019, .percentile(code, .allStudents, .nonHigh))
            try fold(DeterminationStage.percentiles, key.utf8, try entry.serializedBytes())
        }

        func threshold() throws {
            var entry = Accountability_V1_PercentileEntry()
            entry.schoolYear = 2019
            entry.threshold.type = .school
            entry.threshold.gradeSpan = GradeSpan.nonHigh.wireName
            entry.threshold.group = StudentGroup.allStudents.wireName
            entry.threshold.indicator = Indicator.elaAchievement.wireName
            entry.threshold.at80 = "500"
            let place = IndicatorPlace(.nonHigh, .allStudents, .elaAchievement)
            let key = PercentileKey(schoolYear: 2019, .threshold(.school, place, difficultyQuartile: nil))
            try fold(DeterminationStage.percentiles, key.utf8, try entry.serializedBytes())
        }

        private func fold(_ source: Int, _ key: [UInt8], _ value: [UInt8]?) throws {
            let cause = Array("s1".utf8)
            func record(_ value: Span<UInt8>?) throws {
                try task.fold(
                    InputRecord(
                        source: source,
                        offset: 0,
                        timestamp: 0,
                        key: key.span,
                        value: value,
                        cause: cause.span
                    ),
                    output: output
                )
            }
            if let value { try record(value.span) } else { try record(nil) }
        }
    }
}
