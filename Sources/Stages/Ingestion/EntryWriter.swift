import Messages
import Rules
import Streaming
import SwiftProtobuf
import Tables

/// Writes the entries of one submission: its header, then its rows in blocks, one open block a partition.
struct EntryWriter {
    private(set) var rows = 0
    private(set) var unreadable = 0
    private(set) var rowsByPartition: [Int]

    private let sink: any RecordSink
    private let topic: String
    private let submission: String
    private let partitions: Int32
    private let layout: Layout
    private let limits: BlockLimits
    // The positions of the columns in the file, in canonical order; -1 for a missing column.
    private let positions: [Int]
    private let student: Int
    private let organization: Int
    // The valid values of each column in a student's row; empty for other layouts.
    private var masks: [FieldMask]
    private var pseudonymizer: Pseudonymizer
    /// By partition.
    private var blocks: [SubmissionBlockBuilder]
    /// Of a layout whose rows every partition gets: the block that all of them get.
    private var shared: SubmissionBlockBuilder

    /// The most bytes that all open blocks hold together.
    private static let mostBytes = 32 << 20

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
        limits = BlockLimits(
            rows: file.pipeline.blocks.rows,
            bytes: min(file.pipeline.blocks.bytes, max(8_192, Self.mostBytes / Int(file.partitions)))
        )
        shared = SubmissionBlockBuilder(
            submission: file.submission,
            layout: match.layout.wireName,
            columns: match.positions.count
        )
        blocks = Array(repeating: shared, count: Int(file.partitions))
    }

    /// The header, to every partition.
    func send(_ header: Accountability_V1_SubmissionEntry) throws {
        let value: [UInt8] = try header.serializedBytes()
        let key = Array("submission/\(submission)".utf8)
        for partition in 0..<partitions { try send(key: key, value: value, to: partition) }
    }

    /// The reader's current row.
    mutating func send(_ reader: borrowing CSVReader) throws {
        if student >= 0 {
            do {
                try pseudonymizer.take(reader.field(positions[student]))
            } catch {
                return try send(unreadable: error.code, line: reader.line, fields: reader)
            }
        }
        rows += 1
        if student >= 0 {
            let partition = Int(
                Partitioner.partition(of: pseudonymizer.hexadecimal.span, partitions: partitions)
            )
            rowsByPartition[partition] += 1
            if Self.isFull(blocks[partition], before: reader, positions, limits) { try flush(partition) }
            Self.append(pseudonymizer.number, except: student, positions, reader, &masks, to: &blocks[partition])
            if blocks[partition].count >= limits.rows { try flush(partition) }
            return
        }
        let code = reader.field(positions[organization])
        // The Department's acts and the changes of organizations are few, and one validator publishes all of them for
        // everyone. The acts rest on each other, too.
        let owner =
            layout.isForEveryone
            ? Pipeline.partition(ofDistrictOf: OrganizationCode.state.description, partitions: partitions)
            : Pipeline.partition(ofDistrictOf: code, partitions: partitions)
        rowsByPartition[Int(owner)] += 1
        guard layout == .organizations else {
            let partition = Int(owner)
            if Self.isFull(blocks[partition], before: reader, positions, limits) { try flush(partition) }
            blocks[partition].beginRow(line: reader.line)
            for column in positions.indices { Self.append(column, positions[column], reader, to: &blocks[partition]) }
            blocks[partition].endRow()
            if blocks[partition].count >= limits.rows { try flush(partition) }
            return
        }
        if Self.isFull(shared, before: reader, positions, limits) { try flushShared() }
        shared.beginRow(line: reader.line, owner: owner)
        for column in positions.indices { Self.append(column, positions[column], reader, to: &shared) }
        shared.endRow()
        if shared.count >= limits.rows { try flushShared() }
    }

    /// Adds a student's row to a block.
    ///
    /// All columns are added in one call, because the places of writer and block are checked at each access from
    /// outside.
    private static func append(
        _ pseudonym: UInt128,
        except student: Int,
        _ positions: [Int],
        _ reader: borrowing CSVReader,
        _ masks: inout [FieldMask],
        to block: inout SubmissionBlockBuilder
    ) {
        let none: [UInt8] = []
        block.beginRow(line: reader.line, student: pseudonym)
        for column in positions.indices {
            let position = positions[column]
            // The pseudonym has a place of its own.
            guard position >= 0, column != student else {
                block.append(none.span, column: column)
                continue
            }
            if let code = masks[column].fault(reader.field(position)) {
                var mask: [UInt8] = []
                FieldMask.append(code, to: &mask)
                block.append(mask.span, column: column)
            } else {
                block.append(reader.field(position), column: column)
            }
        }
        block.endRow()
    }

    private static func append(
        _ column: Int,
        _ position: Int,
        _ reader: borrowing CSVReader,
        to block: inout SubmissionBlockBuilder
    ) {
        let none: [UInt8] = []
        if position >= 0 {
            block.append(reader.field(position), column: column)
        } else {
            block.append(none.span, column: column)
        }
    }

    /// Whether the reader's current row is to open a new block.
    ///
    /// It takes only what it needs, because a copy of the writer for each row would cost.
    private static func isFull(
        _ block: borrowing SubmissionBlockBuilder,
        before reader: borrowing CSVReader,
        _ positions: [Int],
        _ limits: BlockLimits
    ) -> Bool {
        guard block.count > 0 else { return false }
        var bytes = 32
        for position in positions where position >= 0 { bytes += reader.field(position).count + 1 }
        return block.byteCount + bytes > limits.bytes
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
        let partition = line % Int(partitions)
        rowsByPartition[partition] += 1
        blocks[partition]
            .append(
                SubmissionBlock.Unreadable(
                    line: UInt64(clamping: line),
                    code: code.rawValue,
                    digest: digest,
                    closingLine: UInt64(clamping: closing)
                )
            )
        let isFull = blocks[partition].count >= limits.rows || blocks[partition].byteCount >= limits.bytes
        if isFull { try flush(partition) }
    }

    /// Sends the remaining rows.
    mutating func finish() throws {
        try flushShared()
        for partition in blocks.indices { try flush(partition) }
    }

    private mutating func flush(_ partition: Int) throws {
        guard blocks[partition].count > 0 else { return }
        let entry = blocks[partition].take()
        try send(key: entry.key, value: entry.value, to: Int32(clamping: partition))
    }

    private mutating func flushShared() throws {
        guard shared.count > 0 else { return }
        let entry = shared.take()
        for partition in 0..<partitions { try send(key: entry.key, value: entry.value, to: partition) }
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
