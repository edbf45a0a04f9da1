import Foundation
import Messages
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf
import Testing

/// Ingestion and validation over an in-memory ledger.
final class ValidationBench {
    static let keyBytes = [UInt8](repeating: 0x5A, count: 32)

    let pipeline: Pipeline
    let partitions: Int32
    let driver: InMemoryDriver
    private let folder: URL
    private var submissions = 0
    /// Whether submissions wait after a release, as in an installation.
    var holds = false
    private var releases = OfficialReleases()
    private var followed = 0

    /// - `stages`: those that run; validation alone when none is named.
    /// - `rowsPerBlock`: few, so that a small file has several blocks.
    init(
        partitions: Int32 = 3,
        seed: UInt64 = 1,
        disturbances: InMemoryDriver.Disturbances = .init(),
        stages: [any Stage]? = nil,
        rowsPerBlock: Int = 3
    ) throws {
        self.partitions = partitions
        pipeline = Pipeline(blocks: BlockLimits(rows: rowsPerBlock))
        var topics: [String: Int32] = [:]
        for topic in Topics.all { topics[pipeline.name(topic)] = topic.partitionCount(tables: partitions) }
        driver = try InMemoryDriver(
            stages: stages ?? [ValidationStage(pipeline: pipeline)],
            topics: topics,
            progressTopic: pipeline.name(Topics.progress),
            completionType: Topics.completionType,
            seed: seed,
            disturbances: disturbances
        )
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("validation-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Collects what one submission sends, and hands it over only when it is whole.
    final class Transaction: RecordSink {
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

    func openYears(_ years: Int...) throws {
        let transaction = Transaction()
        for year in years { try pipeline.openYear(year, partitions: partitions, into: transaction) }
        commit(transaction)
    }

    func commit(_ transaction: Transaction) {
        for entry in transaction.records { driver.append(entry.record, topic: entry.topic, partition: entry.partition) }
    }

    /// Submits a file; returns its identifier and what became of it.
    @discardableResult
    func submit(
        _ text: String,
        options: FileIngestion.Options = .init(),
        name: String = "file.csv"
    ) throws -> (id: String, summary: IngestionSummary) {
        try submit(bytes: Array(text.utf8), options: options, name: name)
    }

    @discardableResult
    func submit(
        bytes: [UInt8],
        options: FileIngestion.Options = .init(),
        name: String = "file.csv"
    ) throws -> (id: String, summary: IngestionSummary) {
        submissions += 1
        let id = "20190901T000000000Z-\(String(submissions + 0x100000, radix: 16))"
        let file = folder.appendingPathComponent("\(submissions).csv")
        try Data(bytes).write(to: file)
        let ingestion = FileIngestion(
            pipeline: pipeline,
            path: file.path,
            submission: id,
            fileName: name,
            options: options,
            key: try PseudonymKey(bytes: ValidationBench.keyBytes),
            partitions: partitions,
            official: holds ? official() : []
        )
        let transaction = Transaction()
        let summary = try ingestion.run(into: transaction, receivedUnixMilliseconds: 0)
        commit(transaction)
        return (id, summary)
    }

    /// The results that are official, by the acts of the ledger.
    func official() -> [Accountability_V1_OfficialResults] {
        let ledger = driver.topics[pipeline.name(Topics.submissions)] ?? []
        let acts = ledger[Int(OfficialReleases.partition(of: partitions))]
        for record in acts[followed...] where !CompletionMarker.isMarker(key: record.key.span) {
            if let value = record.value { releases.take(key: record.key.span, value: value.span) }
        }
        followed = acts.count
        return releases.results()
    }

    /// Opens 2018, 2019 and 2022 and declares the organizations of the tests in the first two.
    func prepare() throws {
        try openYears(2018, 2019, 2022)
        for year in [2018, 2019] {
            try submit(
                table(
                    .organizations,
                    ["00010000", "00010505", "00020000", "00020505", "00030000", "00030505"]
                        .map { code in
                            [
                                "school_year": "\(year)", "org_code": code, "name": "Org \(code)",
                                "org_type": code.hasSuffix("0000") ? "district" : "school",
                            ]
                        }
                )
            )
        }
        try driver.run()
    }

    // MARK: Results

    /// What stands in a compacted topic, by key, in all partitions together.
    func standing(_ topic: TopicDefinition) throws -> [String: StoredRecord] {
        var all: [String: StoredRecord] = [:]
        for partition in driver.topics[pipeline.name(topic)] ?? [] {
            var table: [String: StoredRecord] = [:]
            for record in partition where !CompletionMarker.isMarker(key: record.key.span) {
                table[String(decoding: record.key, as: UTF8.self)] = record.value == nil ? nil : record
            }
            for (key, record) in table {
                #expect(all[key] == nil, "\(key) stands in two partitions of \(topic.entity)")
                all[key] = record
            }
        }
        return all
    }

    /// The facts that stand, by key, in all partitions together.
    func records() throws -> [String: Accountability_V1_Record] {
        var all: [String: Accountability_V1_Record] = [:]
        for partition in try recordRows() {
            var table: [String: Accountability_V1_Record] = [:]
            for row in partition { table[row.key] = row.record }
            for (key, record) in table {
                #expect(all[key] == nil, "\(key) stands in two partitions")
                all[key] = record
            }
        }
        return all
    }

    /// Every row of every block of records, by partition.
    func recordRows() throws -> [[RecordReading]] {
        try (driver.topics[pipeline.name(Topics.records)] ?? [])
            .map { partition in
                let blocks = partition.filter { !CompletionMarker.isMarker(key: $0.key.span) }
                #expect(Set(blocks.map(\.key)).count == blocks.count, "two blocks under one key")
                return try blocks.flatMap { try RecordReading.rows(decoded(Accountability_V1_Record.self, $0).block) }
            }
    }

    /// The rows of the ledger that could be read, by partition.
    func ledgerRows() throws -> [[LedgerRowReading]] {
        try (driver.topics[pipeline.name(Topics.submissions)] ?? [])
            .map { partition in
                try partition.flatMap {
                    try LedgerRowReading.rows(decoded(Accountability_V1_SubmissionEntry.self, $0).block)
                }
            }
    }

    func rejections() throws -> [Accountability_V1_Rejection] {
        try (driver.topics[pipeline.name(Topics.rejections)] ?? []).flatMap { $0 }
            .filter { $0.eventType != Topics.completionType }
            .map { try decoded(Accountability_V1_Rejection.self, $0) }
    }

    func receipts(_ id: String) throws -> [Accountability_V1_Receipt] {
        try standing(Topics.receipts).filter { $0.key.hasPrefix("\(id)/") }
            .map { try decoded(Accountability_V1_Receipt.self, $0.value) }
            .sorted { $0.partition < $1.partition }
    }

    /// All partitions' receipts of a submission added up.
    func receipt(_ id: String) throws -> Accountability_V1_Receipt {
        try receipts(id)
            .reduce(into: Accountability_V1_Receipt()) { sum, part in
                sum.rows += part.rows
                sum.accepted += part.accepted
                sum.rejected += part.rejected
                sum.unchanged += part.unchanged
                sum.replaced += part.replaced
                sum.deleted += part.deleted
                sum.undeclared += part.undeclared
                sum.withdrawn += part.withdrawn
                sum.held += part.held
                sum.heldYears = Set(sum.heldYears + part.heldYears).sorted()
            }
    }

    /// How many records a topic has got, markers aside; of the records, how many rows, and -1 where they do not read.
    func count(_ topic: TopicDefinition) -> Int {
        guard topic != Topics.records else { return (try? recordRows().joined().count) ?? -1 }
        return (driver.topics[pipeline.name(topic)] ?? []).reduce(0) { $0 + $1.count }
    }
}

/// The message of a record that is no tombstone.
func decoded<M: SwiftProtobuf.Message>(_ type: M.Type, _ record: StoredRecord) throws -> M {
    let bytes = record.value ?? []
    return try decode(type, from: bytes.span)
}

/// A row that is accepted, by column.
func validRow(_ layout: Layout) -> [String: String] {
    let student = [
        "school_year": "2019", "org_code": "00010505", "student_id": "S1", "grade": "5", "race": "white",
        "low_income": "N", "el_status": "N", "swd": "N", "enrolled_since_october": "Y",
    ]
    return switch layout {
    case .organizations:
        [
            "school_year": "2019", "org_code": "00010505", "org_type": "school", "name": "A school",
            "district_code": "00010000",
        ]
    case .assessmentResults:
        student.merging(
            [
                "ela_status": "T", "ela_scaled_score": "500", "ela_sgp": "50", "ela_prior_scaled_score": "498",
                "math_status": "T", "math_scaled_score": "510", "math_sgp": "60", "science_status": "T",
                "science_scaled_score": "240", "prior_org_code": "00010505",
            ]
        ) { $1 }
    case .attendance: student.merging(["days_enrolled": "180", "days_absent": "18"]) { $1 }
    case .participationCounts:
        [
            "school_year": "2019", "org_code": "00010505", "grade": "05", "group": "All Students", "subject": "ELA",
            "enrolled": "42", "standard": "41", "absent": "1",
        ]
    case .indicatorValues:
        [
            "school_year": "2019", "org_code": "00010505", "grade_span": "high", "group": "white",
            "indicator": "dropout",
            "value": "0.5", "count": "77",
        ]
    case .targets:
        [
            "school_year": "2019", "org_code": "00010505", "grade_span": "non_high", "group": "all_students",
            "indicator": "ela_achievement", "baseline": "499.0", "target": "501.5",
        ]
    case .directives:
        [
            "school_year": "2019", "org_code": "00010505", "directive": "designation", "kind": "underperforming",
            "effective_date": "2019-09-24", "reason": "Four years of low performance",
        ]
    case .englishProficiency:
        student.merging(["el_status": "EL", "difficulty_quartile": "2", "met_progress": "Y"]) { $1 }
    case .graduationCohort:
        student.merging(
            [
                "grade": "12", "cohort_year": "2018", "four_year_graduate": "Y", "five_year_graduate": "Y",
                "still_enrolled_after_five": "N",
                "dropped_out": "N",
            ]
        ) { $1 }
    case .advancedCoursework: student.merging(["grade": "11", "completed": "Y"]) { $1 }
    case .enrollmentOutcomes:
        student.merging(
            ["grade": "9", "enrolled_october": "Y", "dropped_out": "Y", "returned_by_october": "N"]
        ) { $1 }
    case .organizationChanges:
        [
            "school_year": "2019", "org_code": "00010505", "change": "recoded", "prior_org_code": "00010510",
            "reason": "A new building",
        ]
    }
}

/// A file of a layout, all columns, fields quoted where they have to be.
func table(_ layout: Layout, _ rows: [[String: String]]) -> String {
    let names = layout.columns.map(\.name)
    let lines = rows.map { row in
        names.map { name in
            let value = row[name] ?? ""
            return value.contains { ",\"\n".contains($0) }
                ? "\"\(value.replacingOccurrences(of: "\"", with: "\"\""))\"" : value
        }
        .joined(separator: ",")
    }
    return ([names.joined(separator: ",")] + lines).joined(separator: "\n") + "\n"
}
