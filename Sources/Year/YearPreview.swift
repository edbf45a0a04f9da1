import Messages
public import Rules
public import Stages
import Streaming

/// Computes an installation's determinations under a change: additional files, a submission withdrawn or approved, or
/// another framework.
///
/// The installation's ledger is fed once. It is computed as it is and as it would be; nothing is written anywhere. Used
/// from one thread.
public final class YearPreview: LedgerReceiver {
    /// The change, apart from files.
    public struct Difference: Sendable {
        /// A framework in the place of that of its school years; nil for none.
        public var draft: Framework?
        /// Submissions that would not have been made.
        public var withdrawn: Set<String>
        /// Submissions that wait and would be approved.
        public var approved: Set<String>
        /// Whether each changed parameter of the draft is also computed on its own, so that a change can name the
        /// parameters that would cause it alone.
        public var attributesParameters: Bool

        /// A difference.
        public init(
            draft: Framework? = nil,
            withdrawn: Set<String> = [],
            approved: Set<String> = [],
            attributesParameters: Bool = false
        ) {
            self.draft = draft
            self.withdrawn = withdrawn
            self.approved = approved
            self.attributesParameters = attributesParameters
        }

        var isNone: Bool { draft == nil && withdrawn.isEmpty && approved.isEmpty }
    }

    private let difference: Difference
    private let settings: YearProcess.Settings
    /// As it is.
    private let present: YearProcess
    /// The process with the change; the same process if only files are added.
    private let changed: YearProcess
    private var presentLedger: LedgerCollector
    private var changedLedger: LedgerCollector?
    private var met: Set<String> = []
    /// The ledger's submissions, and the headers of those that would be approved.
    private var standing = StandingSubmissions()
    private var approvals: [String: Accountability_V1_SubmissionHeader] = [:]
    /// Submissions that would not have been made, and the decisions about such.
    private var leftOut: Set<String>
    /// The computation for one changed parameter of a draft.
    private var held: HeldLedger?

    /// A preview over an empty ledger.
    ///
    /// - Parameters:
    ///   - pipeline: the installation.
    ///   - settings: how it computes; with the partitions of the ledger.
    ///   - difference: the change, apart from files.
    /// - Throws: where the stages do not fit together.
    public init(pipeline: Pipeline, settings: YearProcess.Settings, difference: Difference) throws {
        self.difference = difference
        leftOut = difference.withdrawn
        self.settings = settings
        let present = try YearProcess(pipeline: pipeline, settings: settings)
        self.present = present
        presentLedger = LedgerCollector(partitions: settings.partitions, limit: LedgerWriting.chunk) {
            try present.feed($0)
        }
        guard !difference.isNone else {
            changed = present
            return
        }
        var other = settings
        if let draft = difference.draft {
            other.frameworks = settings.frameworks.with(draft: draft)
            if difference.attributesParameters { held = HeldLedger(pipeline: pipeline, settings: settings) }
        }
        let changed = try YearProcess(pipeline: pipeline, settings: other)
        self.changed = changed
        changedLedger = LedgerCollector(partitions: settings.partitions, limit: LedgerWriting.chunk) {
            try changed.feed($0)
        }
    }

    /// Takes a norm of official ranks as it was published, before the ledger.
    ///
    /// - Parameters:
    ///   - partition: of the topic of percentiles.
    ///   - key: the record's key.
    ///   - value: its value.
    /// - Throws: what the task throws.
    public func recallPercentile(partition: Int32, key: Span<UInt8>, value: Span<UInt8>) throws {
        try present.recallPercentile(partition: partition, key: key, value: value)
        held?.recallPercentile(partition: partition, key: key, value: value)
        if changed !== present { try changed.recallPercentile(partition: partition, key: key, value: value) }
    }

    /// Takes the next record of a partition of the ledger.
    ///
    /// - Parameters:
    ///   - partition: of the ledger.
    ///   - key: the record's key.
    ///   - value: its value.
    ///   - isMarker: whether it closes a year.
    ///   - submission: the submission that it belongs to; nil for an act.
    /// - Throws: what the stages throw.
    public func feed(
        partition: Int32,
        key: Span<UInt8>,
        value: Span<UInt8>,
        isMarker: Bool,
        submission: String?
    ) throws {
        let type = isMarker ? Topics.completionType : Topics.submissions.eventType
        let cause = submission ?? ""
        if let submission {
            met.insert(submission)
            if partition == 0 { note(value, of: submission) }
        }
        try held?.feed(partition: partition, key: key, value: value, isMarker: isMarker, submission: submission)
        try presentLedger.send(
            topic: "",
            partition: partition,
            key: key,
            value: value,
            eventType: type,
            cause: cause
        )
        if let submission, isLeftOut(submission, value) { return }
        try changedLedger?
            .send(topic: "", partition: partition, key: key, value: value, eventType: type, cause: cause)
    }

    /// Takes note of a header.
    private func note(_ value: Span<UInt8>, of submission: String) {
        guard !difference.approved.isEmpty, !SubmissionBlock.isEntry(value),
            let entry = try? decode(Accountability_V1_SubmissionEntry.self, from: value),
            case .header(let header) = entry.entry, standing.take(header), difference.approved.contains(submission)
        else { return }
        approvals[submission] = approvals[submission] ?? header
    }

    /// Writes the approval to preview, after everything else.
    private func approve() throws {
        for name in difference.approved.sorted() {
            guard let header = approvals[name] else {
                throw YearFault(
                    .unreadable,
                    "the submission \(name) is not in the ledger, so there is nothing to approve: `accountability receipts` lists them"
                )
            }
            guard standing.canWait(name), standing.decision(about: name) == nil, standing.withdrawals[name] == nil
            else {
                throw YearFault(
                    .unreadable,
                    "the submission \(name) does not wait: `accountability approve \(name)` would say what became of it"
                )
            }
            guard let changedLedger else { continue }
            let approval = header.decision(.approve, at: settings.clock(), reason: "", by: "")
            try present.pipeline.submit(approval, partitions: settings.partitions, into: changedLedger)
        }
    }

    /// Whether a record would not be there: one of a submission that would not have been made, or a decision about it.
    private func isLeftOut(_ submission: String, _ value: Span<UInt8>) -> Bool {
        if leftOut.contains(submission) { return true }
        guard !leftOut.isEmpty, !SubmissionBlock.isEntry(value),
            let entry = try? decode(Accountability_V1_SubmissionEntry.self, from: value),
            case .header(let header) = entry.entry,
            [header.withdraws, header.approves, header.rejects].contains(where: leftOut.contains)
        else { return false }
        leftOut.insert(submission)
        return true
    }

    /// Ends the ledger, adds the files, and compares.
    ///
    /// - Parameters:
    ///   - files: that would be submitted, in their order.
    ///   - options: as for a submission.
    ///   - key: the installation's key of pseudonyms; see ``InputFile/needKey(_:)``.
    /// - Returns: the changes.
    /// - Throws: ``YearFault`` for a submission that is not in the ledger, a file that changed while it was read, or
    ///   files about students without the key.
    public func compare(
        files: [InputFile],
        options: FileIngestion.Options = FileIngestion.Options(),
        key: PseudonymKey?
    ) throws -> PreviewResult {
        if let unknown = difference.withdrawn.subtracting(met).min() {
            throw YearFault(
                .unreadable,
                "the submission \(unknown) is not in the ledger, so there is nothing to withdraw: `accountability receipts` lists them"
            )
        }
        try approve()
        try presentLedger.handOver()
        try present.settle()
        let before = try present.tables.determinations()
        let presentFaults = present.unusable
        try changedLedger?.handOver()
        try changed.settle()
        var taken: [TakenFile] = []
        var rows: PreviewedFiles?
        // Names that no submission of the ledger has: those are moments.
        let names = YearComputation.submissions(files)
        if !files.isEmpty {
            guard key != nil || !InputFile.needKey(files) else {
                throw YearFault(
                    .unreadable,
                    "files about students need the installation's key of pseudonyms: name it with --key"
                )
            }
            let key = try key ?? YearComputation.passingKey()
            let process = changed
            process.tables.follow(names)
            taken = try LedgerWriting(
                files: files,
                submissions: names,
                options: options,
                key: key,
                pipeline: process.pipeline,
                partitions: settings.partitions,
                received: settings.clock()
            )
            .run { batches, _ in try process.feed(batches) }
            try changed.settle()
            rows = try PreviewedFiles(taken, options, changed.tables)
        }
        let after = try changed.tables.determinations()
        return PreviewResult(
            before: before.count,
            after: after.count,
            changes: try changes(before, after, files: Set(names))
                .map { change in
                    change.of(rows?.rows(of: change.orgCode) ?? [])
                },
            files: taken,
            tables: changed.tables,
            unusable: changed === present ? presentFaults : presentFaults + changed.unusable
        )
    }

    typealias Table = [(key: DeterminationKey, message: Accountability_V1_Determination)]

    /// The differences between two tables, by school year and organization.
    static func changes<Key: Hashable & Comparable>(
        _ before: [(key: Key, message: Accountability_V1_Determination)],
        _ after: [(key: Key, message: Accountability_V1_Determination)]
    ) -> [PreviewChange] {
        let old = Dictionary(uniqueKeysWithValues: before.map { ($0.key, $0.message) })
        let new = Dictionary(uniqueKeysWithValues: after.map { ($0.key, $0.message) })
        return Set(old.keys).union(new.keys).sorted().compactMap { PreviewChange(from: old[$0], to: new[$0]) }
    }

    /// The parameters of the draft that would change a determination by themselves, by its key.
    private func parametersAlone(_ before: Table) throws -> [String: [String]] {
        guard let held, let draft = difference.draft else { return [:] }
        var alone: [String: [String]] = [:]
        for path in changedParameters() {
            var frameworks = settings.frameworks
            do throws(FrameworkError) {
                for year in draft.schoolYears {
                    guard let force = try frameworks.ifCovered(schoolYear: year) else { continue }
                    frameworks = frameworks.with(try force.taking(path, from: draft), in: year)
                }
            } catch {
                // It cannot be without others of the draft, so that by itself it changes nothing.
                continue
            }
            let tables = try held.computed(under: frameworks).tables
            for change in Self.changes(before, try tables.determinations()) {
                alone["\(change.schoolYear)/\(change.orgCode)", default: []].append(path)
            }
        }
        return alone
    }

    private func changes(_ before: Table, _ after: Table, files: Set<String>) throws -> [PreviewChange] {
        let alone = try parametersAlone(before)
        let old = Dictionary(uniqueKeysWithValues: before.map { ($0.key, $0.message) })
        let new = Dictionary(uniqueKeysWithValues: after.map { ($0.key, $0.message) })
        let parameters = changedParameters()
        return Set(old.keys).union(new.keys).sorted()
            .compactMap { key in
                guard let change = PreviewChange(from: old[key], to: new[key]) else { return nil }
                var causes = difference.withdrawn.sorted() + difference.approved.sorted()
                if difference.draft?.schoolYears.contains(change.schoolYear) ?? false
                    || difference.draft?.schoolYears.contains(change.schoolYear - 1) ?? false
                {
                    causes += alone[key.text] ?? parameters
                }
                let own = (new[key]?.everyCause ?? []).filter(files.contains)
                if !own.isEmpty {
                    causes += own
                } else if new[key] == nil || difference.isNone {
                    causes += files.sorted()
                }
                return change.named(causes)
            }
    }

    /// The parameters in which the draft differs from the framework in force in its first school year.
    private func changedParameters() -> [String] {
        guard let draft = difference.draft, let year = draft.schoolYears.min() else { return [] }
        guard let force = try? settings.frameworks.of(schoolYear: year) else { return ["framework \(draft.name)"] }
        return draft.paths(differingFrom: force)
    }
}
