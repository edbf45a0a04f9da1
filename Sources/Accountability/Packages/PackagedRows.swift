internal import Messages
internal import Rules
internal import Stages
internal import Streaming
internal import Tables
internal import Year

/// The rows of a school year by district, with their submission, line and outcome.
///
/// Acts of the Department are not rows of a district. Only the place of a row is kept, never its content.
struct PackagedRows {
    /// The outcome of a row.
    enum Outcome: Equatable {
        case accepted
        /// It changed nothing.
        case unchanged
        /// With the codes of its rejections.
        case rejected([String])

        /// The word for it.
        var word: String {
            switch self {
            case .accepted: "accepted"
            case .unchanged: "unchanged"
            case .rejected: "rejected"
            }
        }

        /// The codes of its rejections, with semicolons between.
        var codes: String { if case .rejected(let codes) = self { codes.joined(separator: ";") } else { "" } }
    }

    /// The place of a row.
    struct Place {
        /// The index in ``submissions``.
        let submission: Int
        let line: UInt64
        /// Whether it deletes.
        let isDeletion: Bool
    }

    /// The submissions that have rows, in the order of the ledger.
    private(set) var submissions: [Accountability_V1_SubmissionHeader] = []
    /// The rows of each district of the school year, by submission and line.
    private(set) var rows: [OrganizationCode: [Place]] = [:]
    /// Rows that name no district or no school year, in submissions with rows of several.
    private(set) var strays = 0
    /// The only district of a submission; nil if it has rows of several.
    private(set) var owners: [OrganizationCode?] = []

    private var changed: [Set<UInt32>] = []
    private var refused: [[UInt64: [String]]] = []
    private var closed: [[UInt64: [String]]] = []

    /// The rows of a ledger that was computed.
    ///
    /// - Parameters:
    ///   - year: the school year.
    ///   - scan: the ledger.
    ///   - tables: what was published from it, after its submissions.
    /// - Throws: errors of reading the rejections.
    init(year: Int, _ scan: LedgerScan, _ tables: YearTables) throws {
        submissions = scan.submissions
        let numbers = Dictionary(uniqueKeysWithValues: submissions.enumerated().map { ($1.submission, $0) })
        changed = submissions.map { tables.changedLines(of: $0.submission) }
        refused = Array(repeating: [:], count: submissions.count)
        closed = refused
        try tables.rejections.visit { rejection in
            guard let number = numbers[rejection.submission], RejectionCode(rawValue: rejection.code)?.isNote != true
            else { return }
            if rejection.closedBy.isEmpty {
                refused[number][rejection.line, default: []].append(rejection.code)
            } else {
                closed[number][rejection.line, default: []].append(rejection.code)
            }
        }
        for (number, found) in scan.rows.enumerated() {
            let districts = Set(found.compactMap { $0.district })
            let years = Set(found.compactMap { $0.year })
            let district = districts.count == 1 ? districts.first : nil
            owners.append(district)
            for row in found {
                guard let owner = row.district ?? district, let of = row.year ?? (years.count == 1 ? years.first : nil)
                else {
                    strays += 1
                    continue
                }
                guard of == year, owner != .state else { continue }
                rows[owner, default: []]
                    .append(Place(submission: number, line: row.line, isDeletion: row.isDeletion))
            }
        }
        for district in rows.keys {
            rows[district]?.sort { ($0.submission, $0.line) < ($1.submission, $1.line) }
        }
    }

    /// The outcome of a row.
    ///
    /// An open rejection decides the outcome. A closed one decides it only if the row never counted.
    func outcome(of place: Place) -> Outcome {
        if let codes = refused[place.submission][place.line] { return .rejected(codes.sorted()) }
        if place.isDeletion || changed[place.submission].contains(UInt32(clamping: place.line)) { return .accepted }
        if let codes = closed[place.submission][place.line] { return .rejected(codes.sorted()) }
        return .unchanged
    }

    /// `rows.csv` of a district.
    func table(of district: OrganizationCode) -> [UInt8] {
        var csv = CSVEncoder()
        csv.row(["submission", "file", "layout", "line", "outcome", "codes"])
        for place in rows[district] ?? [] {
            let header = submissions[place.submission]
            let outcome = outcome(of: place)
            csv.row([
                header.submission, header.fileName, header.layout, String(place.line), outcome.word, outcome.codes,
            ])
        }
        return csv.bytes
    }

    /// `files.csv` of a district: one line for each submission with rows of it.
    ///
    /// The digest of a file is included only if all of its rows belong to the district. Otherwise it could reveal the
    /// content of a few other rows.
    func files(of district: OrganizationCode) -> [UInt8] {
        var csv = CSVEncoder()
        csv.row(["submission", "file", "layout", "rows", "accepted", "rejected", "unchanged", "sha256"])
        let byNumber = Dictionary(grouping: rows[district] ?? []) { $0.submission }
        for (number, places) in byNumber.sorted(by: { $0.key < $1.key }) {
            let header = submissions[number]
            let words = places.map { outcome(of: $0).word }
            func count(_ word: String) -> String { String(words.count { $0 == word }) }
            let digest = owners[number] == district ? [UInt8](header.sha256).hexadecimal : ""
            csv.row([
                header.submission, header.fileName, header.layout, String(places.count), count("accepted"),
                count("rejected"), count("unchanged"), digest,
            ])
        }
        return csv.bytes
    }
}

extension CSVEncoder {
    /// Adds a row of texts.
    fileprivate mutating func row(_ fields: [String]) {
        for field in fields { write(field) }
        endRow()
    }
}
