import Messages
import Rules
import Streaming
import SwiftProtobuf

/// Collects the facts that validation publishes, in blocks by partition, year and layout, each in the order in which
/// the ledger brought its rows.
struct RecordBlocks {
    private struct Place: Hashable {
        var partition: Int32
        var year: Int
        var layout: Layout
    }

    private var places: [Place: Int] = [:]
    private var blocks: [(place: Place, block: RecordBlock)] = []
    private let limits: BlockLimits
    /// The task's partition of the ledger.
    private let home: Int32
    /// The record of the ledger that was folded last, which no earlier commit has folded.
    var offset: Int64 = 0
    private var number = 0
    /// The place of the row before.
    private var last = 0

    init(home: Int32, limits: BlockLimits) {
        self.home = home
        self.limits = limits
    }

    /// Adds a row, and publishes its block when the block is full.
    mutating func add(
        to partition: Int32,
        year: Int,
        layout: Layout,
        _ output: TaskOutput,
        _ change: (inout RecordBlock) -> Void
    ) throws {
        guard output.sends(ValidationStage.OutputIndex.records) else { return }
        let index = index(of: Place(partition: partition, year: year, layout: layout))
        change(&blocks[index].block)
        if blocks[index].block.rows >= limits.rows || blocks[index].block.byteCount >= limits.bytes {
            try publish(index, output)
        }
    }

    /// Publishes the remaining rows.
    mutating func flush(_ output: TaskOutput) throws {
        for index in blocks.indices where blocks[index].block.rows > 0 { try publish(index, output) }
        blocks = []
        places = [:]
        number = 0
    }

    private mutating func index(of place: Place) -> Int {
        // Rows of a file come in the order of their organizations.
        if last < blocks.count, blocks[last].place == place { return last }
        defer { last = places[place] ?? 0 }
        if let index = places[place] { return index }
        places[place] = blocks.count
        blocks.append((place, RecordBlock(schoolYear: place.year, layout: place.layout)))
        return blocks.count - 1
    }

    private mutating func publish(_ index: Int, _ output: TaskOutput) throws {
        let place = blocks[index].place
        let submissions = blocks[index].block.submissions
        let value = try blocks[index].block.take()
        // No two blocks have the same name, even if the ledger is processed again: readers skip a second one.
        let moment = "\(output.isRebuilding ? "r" : "\(offset).")\(DeterminationStage.now())"
        try output.publish(
            ValidationStage.OutputIndex.records,
            partition: place.partition,
            key: "\(place.year)/\(place.layout.wireName)/\(home)-\(moment)-\(number)",
            value: value,
            cause: submissions.count == 1 ? submissions.first ?? "" : ""
        )
        number += 1
    }
}

/// The rows in a task's published records, read back during a rebuild.
///
/// A block has its own key, so only the task knows which rows of its blocks are valid.
struct StandingRecords {
    /// A row's name in a partition of the records.
    struct Place: Hashable {
        var name: UInt128
        var partition: Int32
    }

    /// A row that stands.
    struct Row {
        var digest: Int
        var year: Int
        var layout: Layout
        var organization: UInt32
        /// Of a student's row.
        var student: UInt128
        var cohort: UInt32
        /// Of another row: its key within year and layout.
        var key: String
    }

    private(set) var rows: [Place: Row] = [:]
    private var block = RecordBlock()
    private var blockNames = BlockNames()

    /// A digest of a student row's content, without its origin, because an unchanged row is not published again.
    static func digest(_ fact: StudentFact, organization: UInt32) -> Int {
        var hasher = Hasher()
        hasher.combine(fact)
        hasher.combine(organization)
        return hasher.finalize()
    }

    /// A digest of another row's content.
    static func digest(_ content: Accountability_V1_Record.OneOf_Content, organization: UInt32) throws -> Int {
        var record = Accountability_V1_Record()
        record.content = content
        record.orgCode = String(organization)
        let bytes: [UInt8] = try record.serializedBytes()
        return bytes.hashValue
    }

    /// Takes note of a record that was published.
    ///
    /// Readers do not count a block that was copied, so it does not count here.
    mutating func recall(_ key: Span<UInt8>, _ value: Span<UInt8>, _ partition: (UInt32) -> Int32) throws {
        guard RecordBlock.isRecord(value) else { return try recall(single: key, value, partition) }
        guard blockNames.isNew(key) else { return }
        try block.take(value) { _ in true }
        blockNames.note(key)
        for row in 0..<block.rows {
            let organization = block.organization(row)
            let place = Place(name: block.name(row).value, partition: partition(organization))
            guard !block.retracts(row) else {
                rows[place] = nil
                continue
            }
            var standing = Row(
                digest: 0,
                year: block.schoolYear,
                layout: block.layout,
                organization: organization,
                student: 0,
                cohort: 0,
                key: ""
            )
            if block.isAboutStudents {
                let fact = block.fact(row)
                standing.student = fact.student
                standing.cohort = fact.cohortYear
                standing.digest = Self.digest(fact, organization: organization)
            } else if let content = block.content(row) {
                standing.key = block.keys[row]
                standing.digest = try Self.digest(content, organization: organization)
            }
            rows[place] = standing
        }
    }

    /// A single fact from before blocks existed: it is published again in a block, or retracted.
    private mutating func recall(single key: Span<UInt8>, _ value: Span<UInt8>, _ partition: (UInt32) -> Int32) throws {
        let message = try decode(Accountability_V1_Record.self, from: value)
        guard let content = message.content, let layout = Layout(of: content),
            let organization = UInt32(message.orgCode)
        else { return }
        let student = StudentFact(content)
        let text = [UInt8](copying: key)
        let prefix = 4 + 1 + layout.wireName.utf8.count + 1
        rows[Place(name: RowKey.digest(of: key).value, partition: partition(organization))] = Row(
            digest: 0,
            year: Int(message.schoolYear),
            layout: layout,
            organization: organization,
            student: student?.student ?? 0,
            cohort: student?.cohortYear ?? 0,
            key: String(decoding: text.dropFirst(prefix), as: UTF8.self)
        )
    }

    /// Whether a row is already published with this content.
    ///
    /// In either case its name is settled.
    mutating func confirm(_ place: Place, _ digest: Int) -> Bool {
        rows.removeValue(forKey: place)?.digest == digest
    }

    /// Settles a name, because a new row was published for it.
    mutating func settle(_ place: Place) {
        if !rows.isEmpty { rows[place] = nil }
    }

    /// Removes and returns the unsettled names, in an order that does not depend on the run.
    mutating func take() -> [(place: Place, row: Row)] {
        defer { rows = [:] }
        return rows.map { (place: $0.key, row: $0.value) }
            .sorted { ($0.place.partition, $0.place.name) < ($1.place.partition, $1.place.name) }
    }
}
