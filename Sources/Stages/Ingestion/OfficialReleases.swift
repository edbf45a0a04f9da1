public import Messages
public import Rules
import Streaming
import Tables

/// Determines which results are official, and which frameworks are in force, from the valid acts of the Department in
/// the ledger.
///
/// It reads the one partition that has all acts, and the headers and openings of years, which are in every partition.
/// It checks acts like validation does. So ingestion knows a release as soon as it is in the ledger, even before
/// validation reads it. It does not check that an organization is declared: a row of an undeclared one is refused
/// before it could be held. So the embargo of a district does not concern the state's release here, because the
/// district may be undeclared: rather too many submissions wait than too few.
public struct OfficialReleases: Sendable {
    private struct Act: Sendable {
        let submission: String
        let line: UInt64
        let identity: RowIdentity
        let row: CheckedRow
        let key: DirectiveKey
    }

    private let frameworks: FrameworkSet
    private var standing = StandingSubmissions()
    /// The check of each submission of acts.
    private var checks: [String: RowCheck] = [:]
    private var openYears: Set<Int> = []
    private var acts: [Act] = []
    private var isDirty = false
    private var found: [Accountability_V1_OfficialResults] = []

    /// The releases of a ledger that is still empty; the frameworks say whether submissions of a year wait.
    public init(frameworks: FrameworkSet = .builtIn) {
        self.frameworks = frameworks
    }

    /// The partition of a ledger that has all acts.
    public static func partition(of partitions: Int32) -> Int32 {
        Pipeline.partition(ofDistrictOf: OrganizationCode.state.description, partitions: partitions)
    }

    /// Takes the next record of that partition.
    ///
    /// Records other than acts, and records that validation would quarantine, are skipped.
    public mutating func take(key: Span<UInt8>, value: Span<UInt8>) {
        if SubmissionBlock.isEntry(value) {
            // The key names the submission, so that nothing else of a ledger is read.
            guard let key = LedgerBlockKey(utf8: key) else { return }
            return take(block: value, of: key.submission)
        }
        guard let entry = try? decode(Accountability_V1_SubmissionEntry.self, from: value) else { return }
        switch entry.entry {
        case .header(let header): open(header)
        case .yearOpened(let opened): openYears.insert(Int(opened.schoolYear))
        case .row(let row):
            guard let check = checks[row.submission], let block = try? LedgerEntry.block(of: row, check) else { return }
            take(block: block.span, of: row.submission)
        case .block(let block):
            guard checks[block.submission] != nil, let plain = try? LedgerEntry.plain(entry) else { return }
            take(block: plain.span, of: block.submission)
        case .yearClosed, .installation, nil: return
        }
    }

    private mutating func open(_ header: Accountability_V1_SubmissionHeader) {
        guard let layout = Layout(wireName: header.layout), checks[header.submission] == nil else { return }
        guard standing.take(header) else { return }
        isDirty = true
        guard layout == .directives, header.target?.isEmpty == true else { return }
        checks[header.submission] = RowCheck(layout: layout, columns: header.columns, frameworks: frameworks)
    }

    private mutating func take(block value: Span<UInt8>, of submission: String) {
        guard var check = checks[submission] else { return }
        var block = SubmissionBlock()
        do throws(BlockFault) {
            try block.read(entry: value)
        } catch {
            return
        }
        guard block.submission == submission, check.fits(block) else { return }
        for index in 0..<block.rows {
            guard let row = check.read(block, row: index, in: value), openYears.contains(row.year),
                let identity = check.identity, let key = DirectiveKey(utf8: identity.key.span)
            else { continue }
            acts.append(
                Act(submission: submission, line: block.lines[index], identity: identity, row: row, key: key)
            )
        }
        isDirty = true
    }

    /// Opens a school year whose opening is not in the ledger.
    public mutating func open(year: Int) { openYears.insert(year) }

    /// The frameworks that the valid acts put in force.
    ///
    /// - Throws: `FrameworkError` if a document in force cannot be read.
    public func frameworksInForce() throws(FrameworkError) -> FrameworkSet {
        try judged().table.frameworks(over: frameworks)
    }

    /// The school years whose results of the whole state are official, with the submission of the release.
    ///
    /// - Throws: `FrameworkError` if a document in force cannot be read.
    public func ofState() throws(FrameworkError) -> [(schoolYear: Int, submission: String)] {
        let table = judged().table
        let inForce = try table.frameworks(over: frameworks)
        var found: [(schoolYear: Int, submission: String)] = []
        for year in openYears.sorted() {
            guard let framework = try inForce.ifCovered(schoolYear: year),
                let submission = table.release(in: year, framework)
            else { continue }
            found.append((year, submission))
        }
        return found
    }

    /// The results that are official now, of years whose framework lets submissions wait; in their order.
    public mutating func results() -> [Accountability_V1_OfficialResults] {
        guard isDirty else { return found }
        isDirty = false
        let (table, releases) = judged()
        let inForce = (try? table.frameworks(over: frameworks)) ?? frameworks
        found = releases.sorted()
            .filter { key in
                guard let framework = try? inForce.ifCovered(schoolYear: key.schoolYear),
                    framework.operation?.holdsAfterRelease.value == true
                else { return false }
                return table.approves(framework, in: key.schoolYear)
            }
            .map { key in
                var results = Accountability_V1_OfficialResults()
                results.schoolYear = UInt32(clamping: key.schoolYear)
                if key.organization != .state { results.districtCode = key.organization.district.description }
                return results
            }
        return found
    }

    /// The submissions that released official results of the state or of a district, also if that was withdrawn later.
    public var everReleased: [String] {
        acts.filter { $0.key.act == .release && ReleaseKind(wireName: $0.key.kind) == .official }.map(\.submission)
    }

    /// The valid acts, and the official releases among them.
    private func judged() -> (table: DirectiveTable, releases: Set<DirectiveKey>) {
        let withdrawals = standing.withdrawals
        var numbers: [String: UInt32] = [:]
        var accepted = AcceptedRows()
        var linked = LinkedActs()
        var table = DirectiveTable()
        var releases: Set<DirectiveKey> = []
        for act in acts where withdrawals[act.submission] == nil {
            let number = numbers[act.submission] ?? UInt32(clamping: numbers.count)
            numbers[act.submission] = number
            let linkedAct = LinkedActs.Act(act.row, key: act.identity.key)
            if let linkedAct, linked.fault(of: linkedAct, districtsBindState: false) != nil { continue }
            let line = UInt32(clamping: act.line)
            let outcome = accepted.take(act.row, act.identity.name, submission: number, line: line)
            if let linkedAct { linked.take(linkedAct, outcome) }
            let isRelease = act.key.act == .release && ReleaseKind(wireName: act.key.kind) == .official
            switch outcome {
            case .accepted, .replaced:
                guard case .directive(var directive) = act.row.content else { continue }
                directive.submission = act.submission
                _ = table.set(directive, act.key)
                if isRelease { releases.insert(act.key) }
            case .deleted:
                _ = table.set(nil, act.key)
                releases.remove(act.key)
            case .unchanged, .refused, .withdrawn, .held: continue
            }
        }
        return (table, releases)
    }
}
