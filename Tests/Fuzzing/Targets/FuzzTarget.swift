internal import Messages
internal import Rules
internal import Stages
internal import Streaming
internal import StreamingTesting
internal import SwiftProtobuf
internal import Tables

/// What takes bytes from strangers: each with what must hold whatever they are.
///
/// A trap, or an error that is not the one that is meant, is a finding.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// The CSV reader over a file.
    case csv
    /// Header and rows of any layout through validation, directives included: the first byte chooses the layout.
    case rows
    /// A record of any topic, value and key, through every stage that reads it: the first byte chooses the stage and
    /// its source.
    case records
    /// The framework loader.
    case frameworks

    /// Why an input is a finding.
    public struct Finding: Error, CustomStringConvertible {
        /// What did not hold.
        public let description: String
    }

    /// Runs one input.
    ///
    /// - Throws: ``Finding``.
    public func run(_ bytes: [UInt8]) throws(Finding) {
        do {
            switch self {
            case .csv: try Self.csv(bytes)
            case .rows: try Self.rows(bytes)
            case .records: try Self.records(bytes)
            case .frameworks: try Self.frameworks(bytes)
            }
        } catch let finding as Finding {
            throw finding
        } catch {
            throw Finding(description: "\(rawValue): \(error)")
        }
    }

    private static func expect(_ condition: Bool, _ what: @autoclosure () -> String) throws(Finding) {
        guard condition else { throw Finding(description: what()) }
    }

    private static func csv(_ bytes: [UInt8]) throws {
        for limit in [64, CSVReader.defaultRowLimit] {
            var reader: CSVReader
            do {
                reader = try CSVReader(bytes: bytes, rowLimit: limit)
            } catch {
                continue
            }
            var turns = 0
            var line = 0
            while true {
                turns += 1
                // Each turn takes a line at least.
                try expect(turns <= bytes.count + 2, "the reader does not end")
                do {
                    guard try reader.next() else { break }
                    try expect(
                        reader.fieldCount == reader.header.count,
                        "\(reader.fieldCount) fields under \(reader.header.count) names"
                    )
                    for index in 0..<reader.fieldCount {
                        try expect(reader.field(index).count <= limit, "a field longer than a row")
                        _ = reader.text(index)
                    }
                } catch let error as CSVError {
                    try expect(error.isRecoverable, "\(error)")
                    try expect(reader.rejectedRow.count <= limit, "a rejected row longer than the limit")
                }
                try expect(reader.line >= line, "line \(reader.line) after \(line)")
                line = reader.line
            }
            var row = CSVRow()
            do throws(CSVError) {
                try row.parse(bytes.span)
                for index in 0..<row.fieldCount { _ = row.text(index, of: bytes.span) }
            } catch {
                try expect(!error.message.isEmpty, "an error that says nothing")
            }
        }
    }

    private static func frameworks(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let bases = Dictionary(Framework.documents.map { ($0.name, $0.text) }, uniquingKeysWith: { first, _ in first })
        do {
            let framework = try Framework.load(file: "fuzz.yaml", text: text, bases: bases)
            try expect(!framework.name.isEmpty, "a framework without a name")
            try expect(framework.parameters.allSatisfy { !$0.source.isEmpty }, "a parameter without a source")
        } catch is FrameworkError {
            return
        }
    }

    private static func rows(_ bytes: [UInt8]) throws {
        guard let first = bytes.first else { return }
        let layout = Layout.allCases[Int(first) % Layout.allCases.count]
        let bench = try Bench([ValidationStage(pipeline: Pipeline())])
        var header = Accountability_V1_SubmissionHeader()
        header.submission = "s"
        header.layout = layout.wireName
        header.columns = layout.columns.map(\.name)
        header.allowUndeclared = first & 0x80 != 0
        var entry = Accountability_V1_SubmissionEntry()
        entry.header = header
        try bench.append(Topics.submissions, key: Array("submission/s".utf8), value: entry.serializedBytes())
        var opened = Accountability_V1_YearOpened()
        for year in [2018, 2019, 2022] as [UInt32] {
            opened.schoolYear = year
            entry.yearOpened = opened
            try bench.append(Topics.submissions, key: Array("year/\(year)".utf8), value: entry.serializedBytes())
        }
        var line: UInt64 = 2
        for text in bytes.dropFirst().split(separator: 0x0A, omittingEmptySubsequences: false) {
            var row = Accountability_V1_SubmissionRow()
            row.submission = "s"
            row.line = line
            row.text = String(decoding: text, as: UTF8.self)
            entry.row = row
            try bench.append(Topics.submissions, key: Array("row".utf8), value: entry.serializedBytes())
            line += 1
        }
        try bench.driver.run()
        try expect(
            bench.driver.unusable.isEmpty,
            "\(bench.driver.unusable.count) rows of a sound submission are taken for garbage"
        )
        let receipts = (bench.driver.topics[Topics.receipts.name(in: "")] ?? []).joined().compactMap(\.value)
        guard let last = receipts.last else { throw Finding(description: "no receipt") }
        let receipt = try Accountability_V1_Receipt(serializedBytes: last)
        try expect(receipt.rows == line - 2, "\(receipt.rows) rows of \(line - 2) in the receipt")
        try expect(
            receipt.rows == receipt.accepted + receipt.rejected + receipt.unchanged,
            "a receipt that does not add up"
        )
    }

    /// Key and value are told apart by the second byte, the length of the key; an empty rest is a tombstone.
    private static func records(_ bytes: [UInt8]) throws {
        guard bytes.count >= 2 else { return }
        let stages = Pipeline().stages
        let stage = stages[Int(bytes[0]) % stages.count]
        let source = stage.sources[Int(bytes[0]) / stages.count % stage.sources.count]
        let keyEnd = min(bytes.count, 2 + Int(bytes[1]))
        let value = keyEnd < bytes.count ? Array(bytes[keyEnd...]) : nil
        let bench = try Bench([stage])
        guard let topic = Topics.all.first(where: { $0.name(in: "") == source.topic }) else { return }
        bench.append(topic, key: Array(bytes[2..<keyEnd]), value: value)
        // A year that is complete is published, with what the record changed.
        let marker = try CompletionMarker.encode(scope: "2019", stage: "fuzz", partition: 0, partitions: 1)
        for other in stage.sources {
            guard let topic = Topics.all.first(where: { $0.name(in: "") == other.topic }) else { continue }
            bench.append(topic, key: Array(marker.key.utf8), value: marker.value, type: Topics.completionType)
        }
        try bench.driver.run()
        bench.append(topic, key: Array(bytes[2..<keyEnd]), value: value)
        try bench.driver.run()
        let read = value ?? []
        _ = try? CompletionMarker.decode(read.span)
    }

    /// Stages over one partition of every topic, in memory.
    private struct Bench {
        let driver: InMemoryDriver

        init(_ stages: [any Stage]) throws {
            driver = try InMemoryDriver(
                stages: stages,
                topics: Dictionary(Topics.all.map { ($0.name(in: ""), 1) }, uniquingKeysWith: { first, _ in first }),
                progressTopic: Topics.progress.name(in: ""),
                completionType: Topics.completionType,
                seed: 1
            )
        }

        func append(_ topic: TopicDefinition, key: [UInt8], value: [UInt8]?, type: String? = nil) {
            driver.append(
                StoredRecord(key: key, value: value, eventType: type ?? topic.eventType),
                topic: topic.name(in: ""),
                partition: 0
            )
        }
    }
}
