import Foundation
import Messages
import Rules
import Streaming
import SwiftProtobuf
import Tables

/// Writes the entries of one submission.
///
/// Everything is reused from row to row but the message itself.
struct EntryWriter {
    private(set) var rows = 0
    private(set) var unreadable = 0
    private(set) var rowsByPartition: [Int]

    private let sink: any RecordSink
    private let topic: String
    private let submission: String
    private let partitions: Int32
    private let layout: Layout
    // Positions of the columns in the file, in canonical order; -1 where the file does not have one.
    private let positions: [Int]
    private let student: Int
    private let organization: Int
    // What each column may hold, in a student's row; empty for other layouts.
    private var masks: [FieldMask]
    private var pseudonymizer: Pseudonymizer
    private var text: [UInt8] = []
    private var key: [UInt8] = []
    private var row = Accountability_V1_SubmissionRow()

    init(_ file: FileIngestion, match: HeaderMatch, sink: any RecordSink) {
        self.sink = sink
        topic = file.pipeline.name(Topics.submissions)
        submission = file.submission
        partitions = file.partitions
        layout = match.layout
        positions = match.positions.map { $0 ?? -1 }
        student = match.layout.isAboutStudents ? match.layout.index(of: "student_id") ?? -1 : -1
        organization = match.layout.index(of: "org_code") ?? -1
        masks = student >= 0 ? match.layout.columns.map(FieldMask.init) : []
        pseudonymizer = Pseudonymizer(key: file.key)
        rowsByPartition = Array(repeating: 0, count: Int(file.partitions))
        row.submission = submission
    }

    /// The header, to every partition.
    func send(_ header: Accountability_V1_SubmissionEntry) throws {
        let value: [UInt8] = try header.serializedBytes()
        let key = Array("submission/\(submission)".utf8)
        for partition in 0..<partitions { try send(key: key, value: value, to: partition) }
    }

    /// The reader's current row.
    mutating func send(_ reader: borrowing CSVReader) throws {
        text.removeAll(keepingCapacity: true)
        do throws(UnreadableRow) {
            for column in positions.indices {
                if column > 0 { text.append(UInt8(ascii: ",")) }
                let position = positions[column]
                guard position >= 0 else { continue }
                if column == student {
                    try pseudonymizer.take(reader.field(position))
                    text.append(contentsOf: pseudonymizer.hexadecimal)
                } else if student >= 0, let code = masks[column].fault(reader.field(position)) {
                    FieldMask.append(code, to: &text)
                } else {
                    RowText.append(reader.field(position), to: &text)
                }
            }
        } catch {
            return try send(unreadable: error.code, line: reader.line, fields: reader)
        }
        rows += 1
        row.line = UInt64(clamping: reader.line)
        row.text = String(decoding: text, as: UTF8.self)
        var entry = Accountability_V1_SubmissionEntry()
        if student >= 0 {
            entry.row = row
            let partition = Partitioner.partition(of: pseudonymizer.hexadecimal.span, partitions: partitions)
            rowsByPartition[Int(partition)] += 1
            return try send(key: pseudonymizer.hexadecimal, value: entry.serializedBytes(), to: partition)
        }
        let code = reader.field(positions[organization])
        key.removeAll(keepingCapacity: true)
        for index in code.indices { key.append(code[index]) }
        // The Department's acts are few and rest on each other, so that one validator has to see all of them.
        let owner =
            layout == .directives
            ? Pipeline.partition(ofDistrictOf: OrganizationCode.state.description, partitions: partitions)
            : Pipeline.partition(ofDistrictOf: code, partitions: partitions)
        rowsByPartition[Int(owner)] += 1
        guard layout == .organizations else {
            entry.row = row
            return try send(key: key, value: entry.serializedBytes(), to: owner)
        }
        row.ownerPartition = owner
        entry.row = row
        let value: [UInt8] = try entry.serializedBytes()
        for partition in 0..<partitions { try send(key: key, value: value, to: partition) }
    }

    /// A row that could not be read: its place, the reason and a digest.
    mutating func send(unreadable error: CSVError, line: Int, row bytes: Span<UInt8>) throws {
        try send(
            unreadable: RejectionCode(error.code),
            line: line,
            closing: error.closingLine ?? 0,
            digest: pseudonymizer.digest(bytes)
        )
    }

    private mutating func send(unreadable code: RejectionCode, line: Int, fields reader: borrowing CSVReader) throws {
        var bytes: [UInt8] = []
        for field in 0..<reader.fieldCount {
            if field > 0 { bytes.append(UInt8(ascii: ",")) }
            RowText.append(reader.field(field), to: &bytes)
        }
        try send(unreadable: code, line: line, digest: pseudonymizer.digest(bytes.span))
    }

    private mutating func send(unreadable code: RejectionCode, line: Int, closing: Int = 0, digest: [UInt8]) throws {
        rows += 1
        unreadable += 1
        let partition = Int32(line % Int(partitions))
        var row = Accountability_V1_SubmissionRow()
        row.submission = submission
        row.line = UInt64(clamping: line)
        row.unreadable = code.rawValue
        row.digest = Data(digest)
        row.closingLine = UInt64(clamping: closing)
        row.ownerPartition = partition
        var entry = Accountability_V1_SubmissionEntry()
        entry.row = row
        rowsByPartition[Int(partition)] += 1
        try send(key: Array("line/\(line)".utf8), value: entry.serializedBytes(), to: partition)
    }

    private func send(key: [UInt8], value: [UInt8], to partition: Int32) throws {
        try sink.send(
            topic: topic,
            partition: partition,
            key: key.span,
            value: value.span,
            eventType: Topics.submissions.eventType,
            cause: submission
        )
    }
}

extension Pipeline {
    /// The partition of an organization's district, from the bytes of its code.
    static func partition(ofDistrictOf code: Span<UInt8>, partitions: Int32) -> Int32 {
        guard code.count == 8 else { return partition(ofDistrictOf: code.text, partitions: partitions) }
        var bytes = InlineArray<8, UInt8>(repeating: UInt8(ascii: "0"))
        for index in 0..<4 { bytes[index] = code[index] }
        return Partitioner.partition(of: bytes.span, partitions: partitions)
    }

    /// The partition of an organization's district, from the code as a number.
    static func partition(ofDistrictOf code: UInt32, partitions: Int32) -> Int32 {
        var bytes = InlineArray<8, UInt8>(repeating: UInt8(ascii: "0"))
        var rest = code / 10_000
        for index in stride(from: 3, through: 0, by: -1) {
            bytes[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        return Partitioner.partition(of: bytes.span, partitions: partitions)
    }
}
