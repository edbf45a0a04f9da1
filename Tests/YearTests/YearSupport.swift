import Foundation
import Messages
import Rules
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf
import Tables

@testable import Year
@testable import statewide

/// A synthetic state in a folder of its own, removed at the end.
final class StateFiles: Sendable {
    let folder: String
    /// The files of the years before their close.
    let files: [InputFile]
    /// Those for after it.
    let corrections: [InputFile]

    init(students: Int = 1500, seed: UInt64 = 1) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("year-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let generated = try Generator.write(Plan(seed: seed, students: students, year: 2019), into: folder)
        let folder = folder
        files = try InputFolder(path: folder).files
        corrections = generated.corrections.map { InputFile(path: "\(folder)/\($0.name)") }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Another file of the state.
    func write(_ name: String, _ text: String) throws -> InputFile {
        let path = "\(folder)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return InputFile(path: path)
    }

    /// The rows of a file in pieces, the rows of all pieces in another order.
    func pieces(of file: InputFile, _ count: Int, seed: UInt64) throws -> [InputFile] {
        var lines = try String(contentsOfFile: file.path, encoding: .utf8).split(separator: "\n").map(String.init)
        let header = lines.removeFirst()
        var random = SplitMix64(seed: seed)
        lines.shuffle(using: &random)
        let size = max(1, (lines.count + count - 1) / count)
        return try stride(from: 0, to: lines.count, by: size)
            .map { start in
                let rows = lines[start..<min(start + size, lines.count)]
                return try write(
                    "corrections-piece-\(start)-\(seed)-\(file.name)",
                    ([header] + rows).joined(separator: "\n") + "\n"
                )
            }
    }

    /// The acts that make the results of 2019 official, with the framework's life before them.
    func release() throws -> InputFile {
        try write(
            "corrections-release.csv",
            """
            school_year,org_code,directive,kind,effective_date,end_date,reason,reference,rating,parts
            2019,00000000,framework_step,proposed,2018-01-10,,,,,
            2019,00000000,framework_step,comment_opened,2018-02-01,2018-03-15,,,,
            2019,00000000,framework_step,recommended,2018-05-01,,,,,
            2019,00000000,framework_step,approved,2018-06-20,,,Board vote of 2018-06-20,,
            2019,00000000,release,official,2019-09-24,,,,,

            """
        )
    }
}

/// Everything that two computations have to agree in.
struct Figures: Equatable {
    var determinations: [String: [UInt8]] = [:]
    var participation: [String: [UInt8]] = [:]
    var percentiles: [String: [UInt8]] = [:]
    var publications: [String: [UInt8]] = [:]

    /// The determination without what belongs to its publication: what `determinations --canonical` prints.
    static func core(_ message: Accountability_V1_Determination) throws -> [UInt8] {
        try message.withoutPublication.serializedBytes()
    }

    /// Norms name the submission that released them, which is no figure.
    static func core(_ message: Accountability_V1_PercentileEntry) throws -> [UInt8] {
        var message = message
        if case .norm = message.entry { message.norm.release = "" }
        return try message.serializedBytes()
    }

    init() {}

    init(_ tables: YearTables) throws {
        for (key, message) in try tables.determinations() { determinations[key.text] = try Self.core(message) }
        for (key, message) in try tables.messages(TableTopics.participation) {
            participation[key.text] = try message.serializedBytes()
        }
        for (key, message) in try tables.messages(TableTopics.percentiles) {
            percentiles[key.text] = try Self.core(message)
        }
        for (key, message) in try tables.messages(TableTopics.publications) {
            publications[key.text] = try message.withoutRevision.serializedBytes()
        }
    }

    /// What the in-memory driver of the tests published.
    init(_ driver: InMemoryDriver, _ pipeline: Pipeline) throws {
        for (key, value) in driver.table(pipeline.name(Topics.determinations)) {
            determinations[String(decoding: key, as: UTF8.self)] =
                try Self.core(Accountability_V1_Determination(serializedBytes: value))
        }
        for (key, value) in driver.table(pipeline.name(Topics.participation)) {
            participation[String(decoding: key, as: UTF8.self)] = value
        }
        for (key, value) in driver.table(pipeline.name(Topics.percentiles)) {
            percentiles[String(decoding: key, as: UTF8.self)] =
                try Self.core(Accountability_V1_PercentileEntry(serializedBytes: value))
        }
        for (key, value) in driver.table(pipeline.name(Topics.publications)) {
            publications[String(decoding: key, as: UTF8.self)] =
                try Accountability_V1_Publication(serializedBytes: value).withoutRevision.serializedBytes()
        }
    }
}

/// Files as records of the in-memory driver's ledger.
final class StoredLedger: RecordSink {
    var records: [(topic: String, partition: Int32, record: StoredRecord)] = []

    func send(
        topic: String,
        partition: Int32,
        key: Span<UInt8>,
        value: Span<UInt8>?,
        eventType: String,
        cause: String
    ) throws {
        let bytes: [UInt8]? = if let value { [UInt8](copying: value) } else { nil }
        records.append(
            (
                topic, partition,
                StoredRecord(key: [UInt8](copying: key), value: bytes, eventType: eventType, cause: cause)
            )
        )
    }
}

/// The same files through the driver that the stages are tested with: as workers fold, commit and flush, in an order
/// from a seed.
///
/// - `atOnce`: whether all corrections are in the ledger before the first of them is processed.
func driven(
    _ files: [InputFile],
    corrections: [InputFile],
    partitions: Int32,
    seed: UInt64,
    atOnce: Bool = false
) throws -> Figures {
    let pipeline = Pipeline()
    var topics: [String: Int32] = [:]
    for topic in Topics.all { topics[pipeline.name(topic)] = topic.partitionCount(tables: partitions) }
    let driver = try InMemoryDriver(
        stages: [
            ValidationStage(pipeline: pipeline), ParticipationStage(pipeline: pipeline),
            IndicatorStage(pipeline: pipeline), PercentileStage(pipeline: pipeline),
            DeterminationStage(pipeline: pipeline),
        ],
        topics: topics,
        progressTopic: pipeline.name(Topics.progress),
        completionType: Topics.completionType,
        seed: seed
    )
    func take(_ files: [InputFile], from number: Int) throws {
        let sink = StoredLedger()
        for (place, file) in files.enumerated() {
            let ingestion = FileIngestion(
                pipeline: pipeline,
                path: file.path,
                submission: "s\(number + place)",
                fileName: file.name,
                key: try PseudonymKey(bytes: [UInt8](repeating: 7, count: 32)),
                partitions: partitions
            )
            _ = try ingestion.run(into: sink, receivedUnixMilliseconds: 0)
        }
        for entry in sink.records { driver.append(entry.record, topic: entry.topic, partition: entry.partition) }
    }
    let opening = StoredLedger()
    for year in [2018, 2019] { try pipeline.openYear(year, partitions: partitions, into: opening) }
    for entry in opening.records { driver.append(entry.record, topic: entry.topic, partition: entry.partition) }
    try take(files, from: 0)
    for year in [2018, 2019] { try driver.close(scope: "\(year)", topic: pipeline.name(Topics.submissions)) }
    try driver.run()
    for (place, file) in corrections.enumerated() {
        try take([file], from: 1000 + place)
        if !atOnce { try driver.run() }
    }
    try driver.run()
    return try Figures(driver, pipeline)
}

extension FrameworkSet {
    /// That of 2019 as the Department publishes: without hiding more.
    static func asPublished() throws -> FrameworkSet {
        let draft = try Framework.load(
            file: "draft.yaml",
            text: """
                name: draft
                title: As the Department publishes
                school_years: [2019]
                based_on: "2019"
                disclosure:
                  mode: {value: as_published, status: published, source: a test of modes}
                """,
            bases: Dictionary(uniqueKeysWithValues: Framework.documents.map { ($0.name, $0.text) })
        )
        return FrameworkSet(drafts: [draft])
    }
}
