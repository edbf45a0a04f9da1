import Crypto
import Foundation
import Messages
import Rules
import Stages
import Streaming
import StreamingTesting
import SwiftProtobuf
import Testing

/// A school year of three districts, from the ledger to the notices: student records in one, supplied values in the
/// others, targets, an act of the Department, garbage, and corrections after the close.
struct SmallYear {
    private static let partitions: Int32 = 3
    /// When everything happens: determinations are issued, acts recorded, plans looked at.
    private static let now: Int64 = 1_569_283_200_000
    /// Records of garbage in the topics, counted once for each stage that reads them.
    static let garbage = 19

    // Few rows a block, so that a file has several.
    let pipeline = Pipeline(blocks: BlockLimits(rows: 3))
    private let before: [(topic: String, partition: Int32, record: StoredRecord)]
    private let corrections: [[(topic: String, partition: Int32, record: StoredRecord)]]

    private static let districts = ["00010000", "00020000", "00030000"]
    private static let schools = ["00010505", "00010010", "00020505", "00020010", "00030505", "00030010"]

    /// Ingests the files once: the ledger is the same for every seed.
    init() throws {
        let pipeline = pipeline
        var count = 0
        func ingest(_ text: String, into sink: ValidationBench.Transaction) throws {
            count += 1
            try Self.ingest(text, number: count, pipeline, into: sink)
        }
        let whole = ValidationBench.Transaction()
        for year in [2018, 2019] { try pipeline.openYear(year, partitions: Self.partitions, into: whole) }
        for file in Self.files() { try ingest(file, into: whole) }
        before = whole.records
        corrections = try Self.corrections()
            .map { file in
                let transaction = ValidationBench.Transaction()
                try ingest(file, into: transaction)
                return transaction.records
            }
    }

    /// Ingests a file.
    ///
    /// - `number`: makes the name of its submission.
    private static func ingest(
        _ text: String,
        number: Int,
        _ pipeline: Pipeline,
        into sink: ValidationBench.Transaction
    ) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("small-year-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        let ingestion = FileIngestion(
            pipeline: pipeline,
            path: file.path,
            submission: "20190901T000000000Z-\(String(number + 0x100000, radix: 16))",
            fileName: "\(number).csv",
            key: try PseudonymKey(bytes: ValidationBench.keyBytes),
            partitions: partitions
        )
        _ = try ingestion.run(into: sink, receivedUnixMilliseconds: 0)
    }

    /// Submits figures of a school that has student records: they are rejected.
    func submitShadowed(to driver: InMemoryDriver) throws {
        let counts = validRow(.participationCounts)
            .merging(
                [
                    "org_code": Self.schools[0], "grade": "all", "subject": "ELA", "enrolled": "60", "standard": "59",
                    "absent": "1",
                ]
            ) { $1 }
        let transaction = ValidationBench.Transaction()
        let value = Self.supplied(2019, Self.schools[0], "ela_achievement", "499")
        for (place, file) in [table(.indicatorValues, [value]), table(.participationCounts, [counts])].enumerated() {
            try Self.ingest(file, number: 900 + place, pipeline, into: transaction)
        }
        for entry in transaction.records { driver.append(entry.record, topic: entry.topic, partition: entry.partition) }
        try driver.run()
    }

    private static func result(_ number: Int, _ school: String, score: Int) -> [String: String] {
        validRow(.assessmentResults)
            .merging(
                [
                    "student_id": "S\(number)", "org_code": school, "grade": "\(3 + number % 6)",
                    "ela_scaled_score": "\(score)",
                    "math_scaled_score": "\(score - 5)", "ela_sgp": "\(1 + number * 7 % 99)",
                    "math_sgp": "\(1 + number * 11 % 99)",
                    "low_income": number % 3 == 0 ? "Y" : "N", "swd": number % 5 == 0 ? "Y" : "N",
                    "prior_org_code": school,
                    "science_status": "NR", "science_scaled_score": "",
                ]
            ) { $1 }
    }

    private static func supplied(
        _ year: Int,
        _ school: String,
        _ indicator: String,
        _ value: String,
        group: String = "all_students"
    ) -> [String: String] {
        validRow(.indicatorValues)
            .merging(
                [
                    "school_year": "\(year)", "org_code": school, "grade_span": "non_high", "group": group,
                    "indicator": indicator, "value": value,
                    "count": "60", "comparison_group": "non_high",
                ]
            ) { $1 }
    }

    private static func files() -> [String] {
        var files: [String] = []
        for year in [2018, 2019] {
            let organizations = (districts + schools)
                .map { code in
                    [
                        "school_year": "\(year)", "org_code": code, "name": "Org \(code)",
                        "org_type": code.hasSuffix("0000") ? "district" : "school",
                        "district_code": code.hasSuffix("0000") ? "" : code.prefix(4) + "0000",
                        "comparison_group": code.hasSuffix("0000") ? "" : "non_high", "enrollment": "120",
                        "non_high_enrollment": "120",
                        "high_enrollment": "0",
                    ]
                }
            files.append(table(.organizations, organizations))
        }
        // Student records of the first district, two of them broken, one of an unknown school.
        var results = (0..<48).map { result($0, schools[$0 % 2], score: 470 + $0 * 13 % 60) }
        results.append(result(90, schools[0], score: 9_999))
        results.append(result(91, schools[1], score: 500).merging(["ela_status": "ABS"]) { $1 })
        results.append(result(92, "00990505", score: 500))
        files.append(table(.assessmentResults, results))
        files.append(
            table(
                .attendance,
                (0..<48)
                    .map {
                        validRow(.attendance)
                            .merging([
                                "student_id": "S\($0)", "org_code": schools[$0 % 2], "grade": "\(3 + $0 % 6)",
                                "days_absent": "\($0 % 40)",
                            ]) { $1 }
                    }
            )
        )
        var values: [[String: String]] = []
        var targets: [[String: String]] = []
        var counts: [[String: String]] = []
        for (place, school) in schools.enumerated() {
            for (index, indicator) in [
                "ela_achievement", "math_achievement", "ela_growth", "math_growth", "chronic_absenteeism",
            ]
            .enumerated() {
                let base = [490, 488, 45, 47, 12][index]
                for year in [2018, 2019] where place > 1 || year == 2018 {
                    for group in ["all_students", "lowest_performing", "high_needs"] {
                        values.append(supplied(year, school, indicator, "\(base + place * 2 + year % 2)", group: group))
                    }
                }
                for group in ["all_students", "lowest_performing", "high_needs"] {
                    targets.append(
                        validRow(.targets)
                            .merging([
                                "org_code": school, "group": group, "indicator": indicator, "baseline": "\(base)",
                                "target": "\(base + 3)",
                            ]) { $1 }
                    )
                }
            }
            for subject in ["ELA", "Math"] where place > 1 {
                counts.append(
                    validRow(.participationCounts)
                        .merging(
                            [
                                "org_code": school, "grade": "all", "subject": subject, "enrolled": "60",
                                "standard": place == 5 ? "40" : "59", "absent": place == 5 ? "20" : "1",
                            ]
                        ) { $1 }
                )
            }
        }
        files.append(table(.indicatorValues, values))
        files.append(table(.targets, targets))
        files.append(table(.participationCounts, counts))
        files.append(table(.directives, [validRow(.directives).merging(["org_code": schools[4]]) { $1 }]))
        return files
    }

    /// Each changes something after the close: scores, a row taken back, a student who moves, a supplied value, an act.
    private static func corrections() -> [String] {
        [
            table(.assessmentResults, [result(3, schools[1], score: 555), result(4, schools[0], score: 441)]),
            table(
                .assessmentResults,
                [
                    result(5, schools[1], score: 500).merging(["action": "delete"]) { $1 },
                    result(6, schools[1], score: 480),
                ]
            ),
            table(.indicatorValues, [supplied(2019, schools[3], "ela_achievement", "470.5")]),
            table(.directives, [validRow(.directives).merging(["org_code": schools[2]]) { $1 }]),
            // Twice the same changes nothing: the record that stands is the first one's.
            table(.directives, [validRow(.directives).merging(["org_code": schools[2]]) { $1 }]),
            table(.indicatorValues, [supplied(2019, schools[3], "ela_achievement", "470.5")]),
        ]
    }

    /// The whole year with one seed's faults.
    func run(seed: UInt64, _ disturbances: InMemoryDriver.Disturbances) throws -> Outcome {
        let driver = try makeDriver(seed, disturbances)
        litter(driver)
        var outcome = Outcome()
        for entry in before { driver.append(entry.record, topic: entry.topic, partition: entry.partition) }
        for year in [2018, 2019] { try driver.close(scope: "\(year)", topic: pipeline.name(Topics.submissions)) }
        try driver.run()
        outcome.closed = try determinations(driver)
        for correction in corrections {
            for entry in correction { driver.append(entry.record, topic: entry.topic, partition: entry.partition) }
            try driver.run()
        }
        outcome.last = try determinations(driver).mapValues(Outcome.core)
        outcome.tables[Topics.records.entity] = try facts(driver)
        outcome.tables[Topics.publications.entity] = try driver.table(pipeline.name(Topics.publications))
            .mapValues(Outcome.shown)
        for topic in Topics.all
        where topic.retention == .compacted
            && ![Topics.determinations, Topics.confirmations, Topics.publications].contains(topic)
        {
            outcome.tables[topic.entity] = driver.table(pipeline.name(topic))
        }
        for record in all(Topics.rejections, driver) { outcome.rejections[record.key, default: 0] += 1 }
        for record in all(Topics.quarantine, driver) { outcome.quarantined[record.key, default: 0] += 1 }
        try checkNotices(driver, &outcome)
        checkRepetitions(driver, &outcome)
        outcome.disturbed = driver.disturbed
        // No fault of the runtime's own may look like a loss.
        if !driver.mended.isEmpty { outcome.faults.append("made anew: \(driver.mended.joined(separator: ", "))") }
        outcome.fenced = driver.fenced
        return outcome
    }

    /// Garbage where nothing else is yet, so that it has the same place in every run: in the ledger and in every topic
    /// that a stage reads.
    private func litter(_ driver: InMemoryDriver) {
        let places: [(TopicDefinition, Int32)] = [
            (Topics.submissions, 1), (Topics.records, 0), (Topics.participation, 2), (Topics.indicators, 1),
            (Topics.standings, 0),
            (Topics.percentiles, 2), (Topics.directives, 0), (Topics.determinations, 1),
        ]
        for (topic, partition) in places {
            driver.append(
                StoredRecord(key: Array("2019/garbage".utf8), value: [0xFF, 0xFE, 0x00], eventType: topic.eventType),
                topic: pipeline.name(topic),
                partition: partition
            )
        }
        driver.append(
            StoredRecord(key: [], value: [1], eventType: ""),
            topic: pipeline.name(Topics.directives),
            partition: 0
        )
        driver.append(
            StoredRecord(key: Array("2019/00010000/all".utf8), value: [1], eventType: "com.example.other"),
            topic: pipeline.name(Topics.standings),
            partition: 1
        )
    }

    private func all(_ topic: TopicDefinition, _ driver: InMemoryDriver) -> [StoredRecord] {
        (driver.topics[pipeline.name(topic)] ?? []).joined().filter { !CompletionMarker.isMarker(key: $0.key.span) }
    }

    private func determinations(_ driver: InMemoryDriver) throws -> [String: Accountability_V1_Determination] {
        var result: [String: Accountability_V1_Determination] = [:]
        for (key, value) in driver.table(pipeline.name(Topics.determinations)) {
            guard let message = try? Accountability_V1_Determination(serializedBytes: value) else { continue }
            result[String(decoding: key, as: UTF8.self)] = message
        }
        return result
    }

    /// For each published determination one notice; revisions count up without a gap.
    private func checkNotices(_ driver: InMemoryDriver, _ outcome: inout Outcome) throws {
        var expected: [String: Int] = [:]
        var newest: [String: UInt32] = [:]
        for record in all(Topics.determinations, driver) {
            guard let value = record.value, let message = try? Accountability_V1_Determination(serializedBytes: value)
            else { continue }
            let key = String(decoding: record.key, as: UTF8.self)
            if message.revision != (newest[key] ?? 0) + 1 {
                outcome.faults.append("revision \(message.revision) of \(key)")
            }
            newest[key] = message.revision
            if message.revision > 1 { outcome.revised += 1 }
            expected["\(key)/\(message.revision)", default: 0] += 1
        }
        var found: [String: Int] = [:]
        for record in all(Topics.notices, driver) {
            let notice = try Accountability_V1_Notice(serializedBytes: record.value ?? [])
            outcome.notices[record.key, default: 0] += 1
            if notice.event.hasPrefix("determination_") {
                found[String(decoding: record.key, as: UTF8.self), default: 0] += 1
            }
            if notice.event == "directive" { outcome.acts.insert(record.key) }
        }
        for (key, count) in outcome.notices where count != 1 {
            outcome.faults.append("notice \(String(decoding: key, as: UTF8.self)) \(count) times")
        }
        if found != expected || found.values.contains(where: { $0 != 1 }) {
            let keys = Set(found.keys).union(expected.keys).filter { found[$0] != 1 || expected[$0] != 1 }.sorted()
            outcome.faults.append("notices of \(keys.joined(separator: ", "))")
        }
    }

    /// What did not change is not published again, and a last restart of everything publishes nothing.
    private func checkRepetitions(_ driver: InMemoryDriver, _ outcome: inout Outcome) {
        for topic in [
            Topics.participation, Topics.indicators, Topics.standings, Topics.percentiles, Topics.determinations,
        ] {
            for partition in driver.topics[pipeline.name(topic)] ?? [] {
                var newest: [[UInt8]: [UInt8]?] = [:]
                for record in partition where !CompletionMarker.isMarker(key: record.key.span) {
                    if let former = newest.updateValue(record.value, forKey: record.key), former == record.value {
                        outcome.faults.append("\(topic.entity) \(String(decoding: record.key, as: UTF8.self)) again")
                    }
                }
            }
        }
        let count = driver.topics.values.joined().reduce(0) { $0 + $1.count }
        driver.restartAll()
        do {
            try driver.run()
        } catch {
            outcome.faults.append("\(error)")
        }
        let after = driver.topics.values.joined().reduce(0) { $0 + $1.count } - count
        if after > 0 { outcome.faults.append("\(after) records after a restart") }
    }

    /// The stages of the pipeline, computing under these frameworks.
    func stages(under frameworks: FrameworkSet) -> [any Stage] {
        let clock: @Sendable () -> Int64 = { Self.now }
        return [
            ValidationStage(pipeline: pipeline, frameworks: frameworks),
            ParticipationStage(pipeline: pipeline, frameworks: frameworks),
            IndicatorStage(pipeline: pipeline, frameworks: frameworks),
            PercentileStage(pipeline: pipeline, frameworks: frameworks),
            DeterminationStage(pipeline: pipeline, frameworks: frameworks, clock: clock),
            NotificationStage(pipeline: pipeline, clock: clock),
        ]
    }

    /// A driver of the whole pipeline that has read nothing.
    private func makeDriver(
        _ seed: UInt64,
        _ disturbances: InMemoryDriver.Disturbances,
        _ frameworks: FrameworkSet = .builtIn
    ) throws -> InMemoryDriver {
        var topics: [String: Int32] = [:]
        for topic in Topics.all { topics[pipeline.name(topic)] = topic.partitionCount(tables: Self.partitions) }
        return try InMemoryDriver(
            stages: stages(under: frameworks),
            topics: topics,
            progressTopic: pipeline.name(Topics.progress),
            completionType: Topics.completionType,
            quarantine: pipeline.quarantine,
            seed: seed,
            disturbances: disturbances
        )
    }

    /// A driver that has run the year and its corrections, without litter.
    ///
    /// - `corrections`: how many of them; all when nil.
    func settled(seed: UInt64, corrections count: Int? = nil, under frameworks: FrameworkSet = .builtIn) throws
        -> InMemoryDriver
    {
        let driver = try makeDriver(seed, .init(), frameworks)
        for entry in before { driver.append(entry.record, topic: entry.topic, partition: entry.partition) }
        for year in [2018, 2019] { try driver.close(scope: "\(year)", topic: pipeline.name(Topics.submissions)) }
        try driver.run()
        for correction in corrections.prefix(count ?? .max) {
            for entry in correction { driver.append(entry.record, topic: entry.topic, partition: entry.partition) }
            try driver.run()
        }
        return driver
    }

    /// The facts that stand in the records, by partition and key.
    private func facts(_ driver: InMemoryDriver) throws -> [[UInt8]: [UInt8]] {
        var facts: [[UInt8]: [UInt8]] = [:]
        for (partition, log) in (driver.topics[pipeline.name(Topics.records)] ?? []).enumerated() {
            for record in log where record.key != Array("2019/garbage".utf8) {
                guard !CompletionMarker.isMarker(key: record.key.span) else { continue }
                for row in try RecordReading.rows(decoded(Accountability_V1_Record.self, record).block) {
                    facts[[UInt8(partition)] + row.key.utf8] = try row.record?.serializedBytes()
                }
            }
        }
        return facts
    }

    /// Every table of a driver but those of the runtime; determinations without what belongs to their publication.
    func tables(_ driver: InMemoryDriver) throws -> [String: [[UInt8]: [UInt8]]] {
        var tables: [String: [[UInt8]: [UInt8]]] = [:]
        for topic in Topics.all where topic.retention == .compacted && topic != Topics.progress {
            var table: [[UInt8]: [UInt8]] = [:]
            for (partition, records) in (driver.topics[pipeline.name(topic)] ?? []).enumerated() {
                for record in records where !CompletionMarker.isMarker(key: record.key.span) {
                    table[[UInt8(partition)] + record.key] = record.value
                }
            }
            tables[topic.entity] = table
        }
        // A confirmation names the bytes of its determination; what is the same everywhere is that it does.
        let determined = tables[Topics.determinations.entity] ?? [:]
        tables[Topics.confirmations.entity] = try tables[Topics.confirmations.entity]?
            .reduce(into: [:]) { named, entry in
                let confirmed = try Accountability_V1_Confirmation(serializedBytes: entry.value).sha256
                named[entry.key] = determined[entry.key].map { confirmed == Data(SHA256.hash(data: $0)) ? [1] : [0] }
            }
        tables[Topics.records.entity] = try facts(driver)
        tables[Topics.publications.entity] = try tables[Topics.publications.entity]?.mapValues(Outcome.shown)
        tables[Topics.determinations.entity] = try tables[Topics.determinations.entity]?
            .mapValues { Outcome.core(try Accountability_V1_Determination(serializedBytes: $0)) }
        return tables
    }
}
