internal import Messages
internal import Rules
internal import Stages
internal import Streaming
internal import SwiftProtobuf
internal import Tables
internal import Year

/// The places of all rows of a ledger: their submission, line, district and year.
struct LedgerScan {
    /// A row.
    struct Row {
        let line: UInt64
        /// Nil if the row names none, or none that can be read.
        let district: OrganizationCode?
        let year: Int?
        let isDeletion: Bool
    }

    /// The submissions with rows, in the order of the ledger.
    ///
    /// Acts of the Department are left out.
    private(set) var submissions: [Accountability_V1_SubmissionHeader] = []
    /// The rows of each.
    private(set) var rows: [[Row]] = []

    private var numbers: [String: Int] = [:]
    private var block = SubmissionBlock()

    /// Scans a ledger.
    ///
    /// - Throws: `Failure` if a block cannot be read.
    init(_ ledger: HeldLedger) throws {
        try ledger.visit { partition, value in try take(value, partition) }
        // Partitions are read in any order, but a package must be the same whenever it is made.
        let order = submissions.indices.sorted { left, right in
            let (left, right) = (submissions[left], submissions[right])
            return (left.receivedUnixMilliseconds, left.submission)
                < (right.receivedUnixMilliseconds, right.submission)
        }
        submissions = order.map { submissions[$0] }
        rows = order.map { rows[$0] }
    }

    private mutating func take(_ value: Span<UInt8>, _ partition: Int32) throws {
        if SubmissionBlock.isEntry(value) { return take(block: value, partition) }
        guard let entry = try? decode(Accountability_V1_SubmissionEntry.self, from: value) else { return }
        switch entry.entry {
        case .header(let header):
            guard numbers[header.submission] == nil, header.layout != Layout.directives.wireName,
                !header.columns.isEmpty
            else { return }
            numbers[header.submission] = submissions.count
            submissions.append(header)
            rows.append([])
        case .row(let row): take(row, partition)
        case .block:
            // Another encoder may put something before the block.
            var plain = Accountability_V1_SubmissionEntry()
            plain.block = entry.block
            let bytes: [UInt8] = try plain.serializedBytes()
            take(block: bytes.span, partition)
        case .yearOpened, .yearClosed, .installation, nil: return
        }
    }

    /// The rows of a block that cannot be read are in quarantine, and no stage counts them.
    private mutating func take(block value: Span<UInt8>, _ partition: Int32) {
        do throws(BlockFault) {
            try block.read(entry: value)
        } catch {
            return
        }
        guard let number = numbers[block.submission] else { return }
        let columns = Columns(submissions[number])
        for index in 0..<block.rows {
            // Every partition has the rows of organizations. Count each in only one of them.
            guard block.owners.isEmpty || block.owners[index] == UInt32(clamping: partition) else { continue }
            func field(_ column: Int?) -> [UInt8]? {
                guard let column, column < block.columnCount else { return nil }
                return [UInt8](copying: value.extracting(block.field(column, row: index)))
            }
            rows[number].append(columns.row(line: block.lines[index], field))
        }
        for row in block.unreadable {
            rows[number].append(Row(line: row.line, district: nil, year: nil, isDeletion: false))
        }
    }

    /// A single row, as ledgers held rows before blocks existed.
    private mutating func take(_ row: Accountability_V1_SubmissionRow, _ partition: Int32) {
        guard let number = numbers[row.submission] else { return }
        let header = submissions[number]
        guard header.layout != Layout.organizations.wireName || row.ownerPartition == partition else { return }
        var fields = CSVRow()
        let bytes = Array(row.text.utf8)
        let isReadable = row.unreadable.isEmpty && (try? fields.parse(bytes.span)) != nil
        guard isReadable else {
            rows[number].append(Row(line: row.line, district: nil, year: nil, isDeletion: false))
            return
        }
        let found = Columns(header)
            .row(line: row.line) { column in
                guard let column, column < fields.fieldCount else { return nil }
                return [UInt8](copying: fields.field(column, of: bytes.span))
            }
        rows[number].append(found)
    }

    /// The positions of the columns that say whose row it is.
    private struct Columns {
        let year: Int?
        let organization: Int?
        let action: Int?

        init(_ header: Accountability_V1_SubmissionHeader) {
            year = header.columns.firstIndex(of: "school_year")
            organization = header.columns.firstIndex(of: "org_code")
            action = header.columns.firstIndex(of: "action")
        }

        func row(line: UInt64, _ field: (Int?) -> [UInt8]?) -> Row {
            let code = field(organization).flatMap { OrganizationCode(utf8: $0.span) }
            let year = field(year).flatMap { $0.count == 4 ? Int(String(decoding: $0, as: UTF8.self)) : nil }
            let isDeletion = field(action) == Array("delete".utf8)
            return Row(line: line, district: code?.district, year: year, isDeletion: isDeletion)
        }
    }
}
