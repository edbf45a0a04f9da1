internal import Kafka
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import Streaming

/// Counts the valid rows by school year, district and layout.
struct StandingRows {
    /// The rows that are counted together.
    struct Place: Hashable {
        let schoolYear: Int
        /// The district; for the state itself, the state's code.
        let district: OrganizationCode
        let layout: Layout
    }

    /// The partition of a row.
    ///
    /// After a student moves, one partition has the old row and another the new one.
    private struct Name: Hashable {
        let partition: Int32
        let key: Digest
    }

    private let years: Set<Int>
    /// Whether rows of an organization and year are not counted.
    private let isLeftOut: (OrganizationCode, Int) -> Bool
    /// Every school year that has rows.
    private(set) var met: Set<Int> = []
    private var standing: [Name: Place] = [:]
    private var declared: [Name: (year: Int, code: OrganizationCode, facts: Accountability_V1_Organization)] = [:]
    private var targets: [Name: (year: Int, code: OrganizationCode)] = [:]
    /// Supplied values that come with the enrolment of both spans.
    private var enrollments: [Name: (year: Int, code: OrganizationCode)] = [:]

    /// Counted participation.
    private struct Participation {
        let year: Int
        let code: OrganizationCode
        let isOfAllGrades: Bool
        let group: String
        let subject: String
    }

    private var participation: [Name: Participation] = [:]

    /// Counts rows of these school years, and skips those of other years.
    ///
    /// - `isLeftOut`: the organizations and years whose rows are not counted.
    init(of years: Set<Int>, leavingOut isLeftOut: @escaping (OrganizationCode, Int) -> Bool = { _, _ in false }) {
        self.years = years
        self.isLeftOut = isLeftOut
    }

    /// The rows of an installation, whether their years are closed or not.
    init(
        of years: Set<Int>,
        _ connection: Connection,
        leavingOut isLeftOut: @escaping (OrganizationCode, Int) -> Bool
    ) throws {
        self.init(of: years, leavingOut: isLeftOut)
        let reader = try TopicReader(connection)
        defer { reader.close() }
        var block = RecordBlock()
        var blockNames = BlockNames()
        try reader.read(Topics.records) { record in
            guard let key = record.key else { return }
            if let value = record.value, RecordBlock.isRecord(value) {
                // The stages skip a copied block too.
                guard blockNames.isNew(key, partition: record.partition) else { return }
                do throws(BlockFault) {
                    try block.read(record: value)
                } catch {
                    // The stages put it in quarantine.
                    return
                }
                blockNames.note(key, partition: record.partition)
                return take(block, partition: record.partition)
            }
            // A single row, as written before blocks existed.
            let text = String(decoding: [UInt8](copying: key), as: UTF8.self)
            let fact = record.value == nil ? nil : record.decoded(Accountability_V1_Record.self)
            take(key: text, fact, partition: record.partition)
        }
    }

    /// Takes the rows of a block, in their order.
    mutating func take(_ block: RecordBlock, partition: Int32) {
        if (0..<block.rows).contains(where: { !block.retracts($0) }) { met.insert(block.schoolYear) }
        guard years.contains(block.schoolYear) else { return }
        for row in 0..<block.rows {
            let key = Array(block.key(row).utf8)
            let name = Name(partition: partition, key: Digest(key.span))
            let code = block.retracts(row) ? nil : OrganizationCode(rawValue: block.organization(row))
            let content = block.isAboutStudents ? nil : block.content(row)
            take(name, code, content, block.schoolYear, block.layout)
        }
    }

    /// Takes a record: a valid row, or nil for a retracted one.
    mutating func take(key: String, _ record: Accountability_V1_Record?, partition: Int32) {
        let parts = key.split(separator: "/", maxSplits: 2)
        guard parts.count == 3, let year = Int(parts[0]), let layout = Layout(wireName: String(parts[1])) else {
            return
        }
        if record != nil { met.insert(year) }
        guard years.contains(year) else { return }
        let bytes = Array(key.utf8)
        let name = Name(partition: partition, key: Digest(bytes.span))
        take(name, record.flatMap { OrganizationCode($0.orgCode) }, record?.content, year, layout)
    }

    private mutating func take(
        _ name: Name,
        _ code: OrganizationCode?,
        _ content: Accountability_V1_Record.OneOf_Content?,
        _ year: Int,
        _ layout: Layout
    ) {
        guard let code else {
            standing[name] = nil
            declared[name] = nil
            targets[name] = nil
            enrollments[name] = nil
            participation[name] = nil
            return
        }
        standing[name] =
            isLeftOut(code, year) ? nil : Place(schoolYear: year, district: code.district, layout: layout)
        switch content {
        case .organization(let facts): declared[name] = (year, code, facts)
        case .target: targets[name] = (year, code)
        case .suppliedValue(let value):
            enrollments[name] = value.hasNonHighEnrollment && value.hasHighEnrollment ? (year, code) : nil
        case .participationCounts(let counts):
            participation[name] = Participation(
                year: year,
                code: code,
                isOfAllGrades: counts.grade == ParticipationKey.allGrades,
                group: counts.group,
                subject: counts.subject
            )
        default: break
        }
    }

    /// The counts.
    var counts: [Place: Int] {
        standing.values.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    /// The organizations that are declared for a school year.
    func organizations(of year: Int) -> [OrganizationCode: Accountability_V1_Organization] {
        declared.values.reduce(into: [:]) { if $1.year == year { $0[$1.code] = $1.facts } }
    }

    /// The organizations that have a target in a school year.
    func withTargets(in year: Int) -> Set<OrganizationCode> {
        Set(targets.values.lazy.filter { $0.year == year }.map(\.code))
    }

    /// The organizations whose supplied values of a school year come with the enrolment of both spans.
    func withEnrollment(in year: Int) -> Set<OrganizationCode> {
        Set(enrollments.values.lazy.filter { $0.year == year }.map(\.code))
    }

    /// The organizations that have counted participation of single grades in a school year and no row of all grades of
    /// the same group and subject, with the number of these rows.
    func withGradesOnly(in year: Int) -> [OrganizationCode: Int] {
        struct Unit: Hashable {
            let code: OrganizationCode
            let group: String
            let subject: String
        }
        let rows = participation.values.filter { $0.year == year }
        func unit(_ row: Participation) -> Unit { Unit(code: row.code, group: row.group, subject: row.subject) }
        let whole = Set(rows.lazy.filter(\.isOfAllGrades).map(unit))
        return rows.reduce(into: [:]) { found, row in
            if !row.isOfAllGrades, !whole.contains(unit(row)) { found[row.code, default: 0] += 1 }
        }
    }
}
