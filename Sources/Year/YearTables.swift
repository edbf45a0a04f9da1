public import Messages
import Stages
import Streaming
import SwiftProtobuf
import Tables

/// The publications of a process: the tables for people, rejections and receipts.
public final class YearTables {
    /// School years that have accepted records.
    public private(set) var recordYears: Set<Int> = []
    /// Rows that were refused.
    public let rejections = RejectionTable()

    let topics: Set<String>
    private let names: [String: TopicDefinition]
    /// The published records of each table in sequence.
    ///
    /// The newest record of a key is valid.
    private var batches: [String: [MemoryBatch]] = [:]
    private var receipts: [String: [Int32: Accountability_V1_Receipt]] = [:]
    private var newestYear: [UInt8] = []
    /// Lines whose rows made a record, of the submissions that are followed.
    private var followed: [String: Set<UInt32>] = [:]
    /// The blocks of rows that are not about students, in sequence.
    private var organizationRows: [[UInt8]] = []
    /// The block read last, kept for its room.
    private var block = RecordBlock()

    private static let tables = [
        Topics.participation, Topics.percentiles, Topics.determinations, Topics.publications,
    ]

    init(_ pipeline: Pipeline, _ others: [TopicDefinition] = []) {
        let watched = Self.tables + others + [Topics.records, Topics.rejections, Topics.receipts]
        names = Dictionary(watched.map { (pipeline.name($0), $0) }) { first, _ in first }
        topics = Set(names.keys)
    }

    func take(_ topic: String, _ batch: MemoryBatch) throws {
        switch names[topic] {
        case Topics.records:
            try batch.visit { record in
                noteYear(record.key, isMarker: record.isMarker)
                if !record.isMarker { try keepOrganizationRows(record) }
                if !followed.isEmpty, !record.isMarker { try noteLines(record) }
            }
        case Topics.rejections:
            try batch.visit { record in
                guard !record.isMarker, let value = record.value else { return }
                rejections.take(try decode(Accountability_V1_Rejection.self, from: value))
            }
        case Topics.receipts:
            try batch.visit { record in
                guard !record.isMarker, let value = record.value else { return }
                let receipt = try decode(Accountability_V1_Receipt.self, from: value)
                receipts[receipt.submission, default: [:]][receipt.partition] = receipt
            }
        case let table?: batches[table.entity, default: []].append(batch)
        case nil: return
        }
    }

    /// Follows submissions: the lines whose rows change something are kept from here on.
    func follow(_ submissions: some Sequence<String>) {
        for submission in submissions { followed[submission] = followed[submission] ?? [] }
    }

    /// The lines of a followed submission whose rows made a record.
    ///
    /// An unchanged row makes none.
    public func changedLines(of submission: String) -> Set<UInt32> { followed[submission] ?? [] }

    /// Visits the blocks of accepted rows that are not about students, in their order: organizations, supplied values
    /// and targets.
    ///
    /// - Parameter body: takes each block.
    /// - Throws: ``YearFault`` for a block that does not decode.
    public func visitOrganizationRows(_ body: (RecordBlock) -> Void) throws {
        for value in organizationRows {
            try read(value.span) { _ in true }
            body(block)
        }
    }

    private func keepOrganizationRows(_ record: borrowing MemoryBatch.Record) throws {
        guard let value = record.value, RecordBlock.isRecord(value) else { return }
        // Of other layouts nothing is read.
        try read(value) { _ in false }
        if !block.layout.isAboutStudents { organizationRows.append([UInt8](copying: value)) }
    }

    private func read(_ value: Span<UInt8>, where wanted: (Layout) -> Bool) throws {
        do throws(BlockFault) {
            try block.read(record: value, where: wanted)
        } catch {
            throw YearFault(.defect, "a stage published what is no block of records: \(error)")
        }
    }

    private func noteLines(_ record: borrowing MemoryBatch.Record) throws {
        guard let value = record.value, RecordBlock.isRecord(value) else { return }
        try read(value) { _ in true }
        for row in 0..<block.rows where !block.retracts(row) {
            followed[block.submission(row)]?.insert(UInt32(clamping: block.line(row)))
        }
    }

    /// Records come by year, so that the key is nearly always of the year of the one before.
    private func noteYear(_ key: Span<UInt8>, isMarker: Bool) {
        guard !isMarker, key.count > 4 else { return }
        if newestYear.count == 4, newestYear.indices.allSatisfy({ key[$0] == newestYear[$0] }) { return }
        var digits: [UInt8] = []
        for index in 0..<4 { digits.append(key[index]) }
        guard let year = Int(String(decoding: digits, as: UTF8.self)) else { return }
        newestYear = digits
        recordYears.insert(year)
    }

    /// The newest messages of a school year in a table, in the order of their keys.
    ///
    /// - Parameters:
    ///   - table: participation, percentiles, determinations or publications.
    ///   - year: the school year; nil for all.
    /// - Returns: each key with its newest message.
    /// - Throws: for a value that does not decode.
    public func messages<Key: SchoolYearKey, Message>(
        _ table: Topic<Key, Message>,
        year: Int? = nil
    ) throws -> [(key: Key, message: Message)] {
        var newest: [Key: Message] = [:]
        try visit(table) { key, message in
            if year == nil || key.schoolYear == year { newest[key] = message }
        }
        return newest.map { ($0.key.text, ($0.key, $0.value)) }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// All records of a table in order; nil for retractions.
    func visit<Key, Message>(_ table: Topic<Key, Message>, _ body: (Key, Message?) throws -> Void) throws {
        for batch in batches[table.definition.entity] ?? [] {
            try batch.visit { record in
                guard !record.isMarker, let key = table.key(utf8: record.key) else { return }
                if let value = record.value {
                    try body(key, try decode(Message.self, from: value))
                } else {
                    try body(key, nil)
                }
            }
        }
    }

    /// The determinations of a school year, or of all, in the order of their keys.
    public func determinations(
        year: Int? = nil
    ) throws -> [(key: DeterminationKey, message: Accountability_V1_Determination)] {
        try messages(TableTopics.determinations, year: year)
    }

    /// What became of a submission's rows.
    public func receipt(of submission: String) -> Accountability_V1_Receipt {
        var sum = Accountability_V1_Receipt()
        sum.submission = submission
        for receipt in (receipts[submission] ?? [:]).values {
            sum.rows += receipt.rows
            sum.accepted += receipt.accepted
            sum.rejected += receipt.rejected
            sum.unchanged += receipt.unchanged
            sum.replaced += receipt.replaced
            sum.deleted += receipt.deleted
            sum.undeclared += receipt.undeclared
            sum.held += receipt.held
            sum.heldYears = Set(sum.heldYears + receipt.heldYears).sorted()
        }
        return sum
    }
}

/// Rows that were refused, 40 bytes for each time that one is told of.
///
/// A file of which every row is refused still fits into memory.
public final class RejectionTable {
    private struct Entry {
        var submission: UInt32
        var file: UInt32
        var line: UInt32
        var code: UInt32
        var column: UInt32
        var layout: UInt32
        var message: UInt32
        var year: UInt32
        var organization: UInt32
        /// What closed it; an empty text while it is open.
        var closedBy: UInt32
    }

    private var entries: [Entry] = []
    private var numbers: [String: UInt32] = [:]
    private var texts: [String] = []

    init() {}

    func take(_ rejection: Accountability_V1_Rejection) {
        entries.append(
            Entry(
                submission: number(rejection.submission),
                file: number(rejection.fileName),
                line: UInt32(clamping: rejection.line),
                code: number(rejection.code),
                column: number(rejection.column),
                layout: number(rejection.layout),
                message: number(rejection.message),
                year: rejection.schoolYear,
                organization: number(rejection.orgCode),
                closedBy: number(rejection.closedBy)
            )
        )
    }

    private func number(_ text: String) -> UInt32 {
        if let known = numbers[text] { return known }
        let number = UInt32(clamping: texts.count)
        numbers[text] = number
        texts.append(text)
        return number
    }

    /// The open rejections of a submission, by code.
    public func counts(of submission: String) -> [String: Int] {
        guard let number = numbers[submission] else { return [:] }
        /// The newest one of a row, code and column says whether it is open.
        var isOpen: [[UInt32]: Bool] = [:]
        for entry in entries where entry.submission == number {
            isOpen[[entry.line, entry.code, entry.column]] = texts[Int(entry.closedBy)].isEmpty
        }
        var counts: [String: Int] = [:]
        for (place, isOpen) in isOpen where isOpen { counts[texts[Int(place[1])], default: 0] += 1 }
        return counts
    }

    /// Whether a row of a submission was refused, and nothing closed that since.
    ///
    /// A stage after validation refuses supplied figures that students' records stand in for; their receipts count them
    /// as accepted.
    func hasRefused(_ submission: String) -> Bool {
        counts(of: submission).keys.contains { RejectionCode(rawValue: $0)?.isNote != true }
    }

    /// Visits every rejection once, by submission, line, code and column.
    ///
    /// Of repeated ones it visits the newest.
    public func visit(_ body: (Accountability_V1_Rejection) throws -> Void) throws {
        var ranks = [UInt32](repeating: 0, count: texts.count)
        for (rank, place) in texts.indices.sorted(by: { texts[$0] < texts[$1] }).enumerated() {
            ranks[place] = UInt32(clamping: rank)
        }
        func place(_ entry: Entry) -> (UInt32, UInt32, UInt32, UInt32) {
            (ranks[Int(entry.submission)], entry.line, ranks[Int(entry.code)], ranks[Int(entry.column)])
        }
        let order = entries.indices.sorted { left, right in
            let places = (place(entries[left]), place(entries[right]))
            return places.0 == places.1 ? left < right : places.0 < places.1
        }
        for (position, index) in order.enumerated() {
            let isNewest = position + 1 == order.count || place(entries[order[position + 1]]) != place(entries[index])
            if isNewest { try body(message(entries[index])) }
        }
    }

    private func message(_ entry: Entry) -> Accountability_V1_Rejection {
        var rejection = Accountability_V1_Rejection()
        rejection.submission = texts[Int(entry.submission)]
        rejection.fileName = texts[Int(entry.file)]
        rejection.line = UInt64(entry.line)
        rejection.layout = texts[Int(entry.layout)]
        rejection.code = texts[Int(entry.code)]
        rejection.column = texts[Int(entry.column)]
        rejection.message = texts[Int(entry.message)]
        rejection.schoolYear = entry.year
        rejection.orgCode = texts[Int(entry.organization)]
        rejection.closedBy = texts[Int(entry.closedBy)]
        return rejection
    }
}
