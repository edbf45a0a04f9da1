import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf

@testable import statewide

/// A generated state's two years through every stage, over topics in memory.
struct WholeYear {
    /// The determinations of 2019, by organization.
    let determinations: [String: Accountability_V1_Determination]
    /// The indicator values of 2018, by organization, span, group and indicator.
    let values: [[String]: String]
    /// The codes of the rows that were refused.
    let rejections: [String]

    private final class Transaction: RecordSink {
        let driver: InMemoryDriver

        init(_ driver: InMemoryDriver) { self.driver = driver }

        func send(
            topic: String,
            partition: Int32,
            key: Span<UInt8>,
            value: Span<UInt8>?,
            eventType: String,
            cause: String
        ) throws {
            let bytes: [UInt8]? = if let value { [UInt8](copying: value) } else { nil }
            let record = StoredRecord(key: [UInt8](copying: key), value: bytes, eventType: eventType, cause: cause)
            driver.append(record, topic: topic, partition: partition)
        }
    }

    init(_ state: GeneratedState) throws {
        let pipeline = Pipeline()
        let clock: @Sendable () -> Int64 = { 1_569_283_200_000 }
        var topics: [String: Int32] = [:]
        for topic in Topics.all { topics[pipeline.name(topic)] = topic.partitionCount(tables: 1) }
        let driver = try InMemoryDriver(
            stages: [
                ValidationStage(pipeline: pipeline), ParticipationStage(pipeline: pipeline),
                IndicatorStage(pipeline: pipeline), PercentileStage(pipeline: pipeline),
                DeterminationStage(pipeline: pipeline, clock: clock),
            ],
            topics: topics,
            progressTopic: pipeline.name(Topics.progress),
            completionType: Topics.completionType,
            seed: 1,
            disturbances: InMemoryDriver.Disturbances()
        )
        let sink = Transaction(driver)
        let years = [2018, 2019]
        for year in years { try pipeline.openYear(year, partitions: 1, into: sink) }
        for (number, entry) in state.generated.files.enumerated() {
            let ingestion = FileIngestion(
                pipeline: pipeline,
                path: "\(state.directory)/\(entry.name)",
                submission: "20190901T000000000Z-\(String(number + 0x100000, radix: 16))",
                fileName: entry.name,
                key: try PseudonymKey(bytes: [UInt8](repeating: 0x5A, count: 32)),
                partitions: 1
            )
            _ = try ingestion.run(into: sink, receivedUnixMilliseconds: 0)
        }
        for year in years { try driver.close(scope: "\(year)", topic: pipeline.name(Topics.submissions)) }
        try driver.run()
        rejections = try (driver.topics[pipeline.name(Topics.rejections)] ?? []).joined()
            .filter { !CompletionMarker.isMarker(key: $0.key.span) }
            .map { try Accountability_V1_Rejection(serializedBytes: $0.value ?? []).code }
        var determinations: [String: Accountability_V1_Determination] = [:]
        for value in driver.table(pipeline.name(Topics.determinations)).values {
            let message = try Accountability_V1_Determination(serializedBytes: value)
            if message.schoolYear == 2019 { determinations[message.orgCode] = message }
        }
        self.determinations = determinations
        var values: [[String]: String] = [:]
        for value in driver.table(pipeline.name(Topics.indicators)).values {
            let entry = try Accountability_V1_IndicatorEntry(serializedBytes: value)
            guard case .value(let value)? = entry.entry, entry.schoolYear == 2018 else { continue }
            values[[entry.orgCode, value.gradeSpan, value.group, value.indicator]] = value.value
        }
        self.values = values
    }

    /// Whether a determination is so.
    func has(_ holds: (Accountability_V1_Determination) -> Bool) -> Bool {
        determinations.values.contains(where: holds)
    }

    /// How often each number of points was given, by indicator.
    var points: [String: [UInt32: Int]] {
        var counts: [String: [UInt32: Int]] = [:]
        for determination in determinations.values {
            for span in determination.spans + determination.groupPercentages.flatMap(\.spans) {
                for column in span.columns {
                    for point in column.indicators where point.hasPoints {
                        counts[point.indicator, default: [:]][point.points, default: 0] += 1
                    }
                }
            }
        }
        return counts
    }
}
