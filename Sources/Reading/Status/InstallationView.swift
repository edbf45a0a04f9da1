package import Messages
package import Rules
internal import Stages
internal import Streaming
internal import SwiftProtobuf

/// The state of an installation from its topics: its years, its submissions and the progress of each stage.
///
/// A fold of records, in any order of topics.
package struct InstallationView {
    /// A stage's completion markers for a year.
    package struct Announced: Hashable {
        package var partitions: Set<Int32> = []
        package var expected = 0
        package var isComplete: Bool { expected > 0 && partitions.count >= expected }
    }

    /// Years whose rows are accepted.
    package private(set) var openYears: Set<Int> = []
    /// Completion by year and stage.
    package private(set) var announced: [Int: [String: Announced]] = [:]
    /// Headers of submissions in the order they came.
    package private(set) var submissions: [Accountability_V1_SubmissionHeader] = []
    /// Organizations with a determination, by year.
    package private(set) var determined: [Int: Set<OrganizationCode>] = [:]
    /// The releases of results, with the last day of their embargo; empty if there is none.
    private var releases: [DirectiveKey: String] = [:]
    private var receipts: [ReceiptKey: Accountability_V1_Receipt] = [:]

    /// The stages that announce completion, in the order of the flow.
    package static let stages = PipelineStage.allCases.map(\.name)

    /// Whose markers count: a stranger's stage would never be done.
    private static let announcing = Set(stages + [CompletionMarker.operatorStage])

    /// The topics that are folded; of the ledger only its first partition, which has every header and every opening.
    package static let topics = [
        Topics.submissions, Topics.receipts, Topics.determinations, Topics.progress, Topics.directives,
    ]

    /// A view of nothing.
    package init() {}

    /// Takes a record of a topic.
    ///
    /// Returns whether it is one that can be understood.
    @discardableResult
    package mutating func fold(_ topic: TopicDefinition, key: String, value: [UInt8]?) -> Bool {
        switch topic.entity {
        case Topics.progress.entity:
            // Tombstones warm producers up.
            guard let value else { return true }
            guard let marker = try? CompletionMarker.decode(value.span), Self.announcing.contains(marker.stage) else {
                return false
            }
            guard let year = SchoolYear.named(marker.scope) else {
                return ReleaseMark.submission(of: marker.scope) != nil
            }
            announced[year, default: [:]][marker.stage, default: Announced()].partitions.insert(marker.partition)
            announced[year]?[marker.stage]?.expected = Int(marker.partitions)
        case Topics.submissions.entity:
            guard key.hasPrefix("year/") || key.hasPrefix("submission/") else { return true }
            guard let value, let entry = try? Accountability_V1_SubmissionEntry(serializedBytes: value) else {
                return false
            }
            switch entry.entry {
            case .yearOpened(let opened): openYears.insert(Int(opened.schoolYear))
            case .header(let header): submissions.append(header)
            case .row, .block, .installation, .yearClosed: return true
            case nil: return false
            }
        case Topics.receipts.entity:
            guard let key = ReceiptKey(key) else { return false }
            receipts[key] = value.flatMap { TableTopics.receipts.entry(key: key.utf8.span, value: $0)?.message }
            return value == nil || receipts[key] != nil
        case Topics.directives.entity:
            guard let key = DirectiveKey(key) else { return false }
            guard key.act == .release else { return true }
            releases[key] =
                value.flatMap { TableTopics.directives.entry(key: key.text.utf8.span, value: $0) }?.message
                .endDate
            return value == nil || releases[key] != nil
        case Topics.determinations.entity:
            guard let key = DeterminationKey(key) else { return false }
            if value == nil {
                determined[key.schoolYear]?.remove(key.organization)
            } else {
                determined[key.schoolYear, default: []].insert(key.organization)
            }
        default: return true
        }
        return true
    }

    /// The last day of an embargo on preliminary results of a year, of the state or of a district; nil if none is set.
    ///
    /// Results that are official have none any more.
    package func embargo(_ year: Int) -> String? {
        func isOfficial(_ organization: OrganizationCode) -> Bool {
            releases[DirectiveKey(schoolYear: year, .release, of: organization, kind: ReleaseKind.official.wireName)]
                != nil
        }
        guard !isOfficial(.state) else { return nil }
        return
            releases.filter { release, end in
                release.schoolYear == year && ReleaseKind(wireName: release.kind) == .preliminary && !end.isEmpty
                    && !isOfficial(release.organization)
            }
            .values.max()
    }

    /// The view with only some submissions and determinations, without completion markers.
    package func only(
        _ isSeen: (Accountability_V1_SubmissionHeader) -> Bool,
        determined isShown: (Int, OrganizationCode) -> Bool
    ) -> InstallationView {
        var view = InstallationView()
        view.openYears = openYears
        view.submissions = submissions.filter(isSeen)
        let seen = Set(view.submissions.map(\.submission))
        view.receipts = receipts.filter { seen.contains($0.key.submission) }
        for (year, codes) in determined {
            let shown = codes.filter { isShown(year, $0) }
            if !shown.isEmpty { view.determined[year] = shown }
        }
        return view
    }

    /// Each submission that is withdrawn, with the withdrawal.
    package var withdrawals: [String: String] { standing.withdrawals }

    /// Each submission whose rows waited and were rejected by a person, with the rejection.
    package var rejections: [String: String] {
        let standing = standing
        var rejections: [String: String] = [:]
        for header in submissions {
            if case .rejected(let by) = standing.decision(about: header.submission) {
                rejections[header.submission] = by
            }
        }
        return rejections
    }

    private var standing: StandingSubmissions {
        var standing = StandingSubmissions()
        for header in submissions { standing.take(header) }
        return standing
    }

    /// Every year that is open or that a stage knows of.
    package var years: [Int] { openYears.union(announced.keys).union(determined.keys).sorted() }

    /// Whether the last stage is done with a year.
    package func isComplete(_ year: Int) -> Bool { announced[year]?[PipelineStage.last.name]?.isComplete == true }

    /// The outcome of each submission's rows over all partitions, in the order of submission; submissions without a
    /// known header come last.
    package func totals() -> [SubmissionTotals] {
        var totals: [String: SubmissionTotals] = [:]
        for header in submissions { totals[header.submission] = SubmissionTotals(header) }
        for receipt in receipts.values {
            totals[receipt.submission, default: SubmissionTotals(id: receipt.submission)].add(receipt)
        }
        return totals.values.sorted { ($0.id, $0.fileName) < ($1.id, $1.fileName) }
    }
}

/// The outcome of a submission's rows.
package struct SubmissionTotals: Codable, Hashable {
    package var id: String
    package var fileName = ""
    package var layout = ""
    /// Rows of the file.
    package var rows: UInt64 = 0
    package var accepted: UInt64 = 0
    package var rejected: UInt64 = 0
    package var unchanged: UInt64 = 0
    package var replaced: UInt64 = 0
    package var deleted: UInt64 = 0
    package var undeclared: UInt64 = 0
    /// Of the rejected rows, those that were accepted until their organization was deleted or their submission
    /// withdrawn.
    package var withdrawn: UInt64 = 0
    /// Of the rejected rows, those that wait for an approval.
    package var held: UInt64 = 0
    /// Their school years, in their order.
    package var heldYears: [Int] = []

    /// Whether every row of the file is accounted for.
    package var addsUp: Bool { rows == accepted &+ rejected &+ unchanged }

    package init(id: String) { self.id = id }

    package init(_ header: Accountability_V1_SubmissionHeader) {
        id = header.submission
        fileName = header.fileName
        layout = header.layout
        rows = header.rows
    }

    /// Adds the outcome of one partition's rows.
    package mutating func add(_ receipt: Accountability_V1_Receipt) {
        accepted &+= receipt.accepted
        rejected &+= receipt.rejected
        unchanged &+= receipt.unchanged
        replaced &+= receipt.replaced
        deleted &+= receipt.deleted
        undeclared &+= receipt.undeclared
        withdrawn &+= receipt.withdrawn
        held &+= receipt.held
        heldYears = Set(heldYears + receipt.heldYears.map { Int($0) }).sorted()
    }

    package static let columns = [
        "submission", "file", "layout", "rows", "accepted", "rejected", "unchanged", "replaced", "deleted",
        "undeclared", "withdrawn", "held",
    ]

    package var fields: [String] {
        [id, fileName, layout]
            + [rows, accepted, rejected, unchanged, replaced, deleted, undeclared, withdrawn, held].map { String($0) }
    }
}
