import Crypto
import Foundation
import Messages
import Rules
import Streaming
import SwiftProtobuf

/// The organizations of one partition.
final class DeterminationTask: StageTask {
    private let clock: @Sendable () -> Int64
    private var state: DeterminationState
    private var completeYears: Set<Int> = []
    private var digests: [String: String] = [:]
    private var published: [DeterminationKey: PublishedDetermination] = [:]
    /// The records read back for each key, oldest first, and the stage's confirmations.
    ///
    /// Some records may come from other programs.
    private var recalled: [DeterminationKey: [[UInt8]]] = [:]
    private var confirmed: [DeterminationKey: [UInt8]] = [:]
    private var arrivals = Arrivals()
    private var desk: PublicationDesk
    /// Identifies the frameworks under which it computes.
    private let identity: UInt64?
    private let isRestarted: Bool
    /// Whether an act has put other frameworks in force.
    ///
    /// The worker is about to start again, and what this task would publish until then would be revised a second time.
    private(set) var isHeld = false

    init(
        frameworks: FrameworkSet,
        framing: SchemaFraming?,
        isRestarted: Bool = false,
        clock: @escaping @Sendable () -> Int64
    ) {
        identity = frameworks.identity
        self.isRestarted = isRestarted
        desk = PublicationDesk(framing: framing)
        state = DeterminationState(frameworks: YearFrameworks(frameworks))
        self.clock = clock
    }

    var settling: Duration { arrivals.settling }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        switch record.source {
        case DeterminationStage.participation:
            arrivals.note()
            try state.foldParticipation(record)
        case DeterminationStage.indicators:
            arrivals.note()
            if let rank = try state.foldIndicator(record) { arrivals.await(rank) }
        case DeterminationStage.percentiles:
            arrivals.noteRanking(try state.foldPercentile(record))
        default:
            arrivals.note()
            try state.foldDirective(record)
            if isRestarted, try record.key(of: TableTopics.directives).act == .frameworkStep { noteFrameworks() }
        }
    }

    /// Compares the frameworks in force with its own.
    private func noteFrameworks() {
        do throws(FrameworkError) {
            isHeld = try state.directives.frameworks(over: .builtIn).identity != identity
        } catch {
            // Its worker ends for the same reason, and says so.
            isHeld = true
        }
    }

    func complete(scope: String) throws {
        guard let year = SchoolYear.named(scope) else { return state.arrive(scope: scope) }
        completeYears.insert(year)
        state.markAll(year: year)
        // The publication of an organization that no longer exists is withdrawn.
        for code in desk.organizations(year: year) { state.markAlone(code, year: year) }
    }

    func recall(output: Int, key: Span<UInt8>, value: Span<UInt8>) throws {
        switch output {
        case DeterminationStage.confirmations.index:
            let (key, confirmation) = try Stages.recalled(TableTopics.confirmations, key: key, value: value)
            confirmed[key] = [UInt8](confirmation.sha256)
        case DeterminationStage.publications.index:
            let (key, publication) = try Stages.recalled(TableTopics.publications, key: key, value: value)
            desk.recall(publication, key)
        default:
            let (key, _) = try Stages.recalled(TableTopics.determinations, key: key, value: value)
            recalled[key, default: []].append([UInt8](copying: value))
        }
    }

    /// Publications of a year stay until the year is complete, because the decisions in them cannot be made a second
    /// time.
    func keeps(output: Int, key: Span<UInt8>) -> Bool {
        guard output == DeterminationStage.publications.index, let key = DeterminationKey(utf8: key) else {
            return false
        }
        return !completeYears.contains(key.schoolYear)
    }

    /// This stage's own publication of an organization, even if another program has overwritten it.
    private func standing(_ key: DeterminationKey, _ output: TaskOutput) throws -> PublishedDetermination? {
        // A record that was read back may have been withdrawn later; the output's memory knows. This is checked only
        // once, because later publications are known.
        let values = recalled.removeValue(forKey: key)
        guard
            DeterminationStage.determinations.hasPublished(key, in: output)
                || DeterminationStage.confirmations.hasPublished(key, in: output)
        else { return nil }
        guard let values else { return published[key] }
        let own = values.last { Array(SHA256.hash(data: $0)) == confirmed[key] } ?? values.last
        return try own.map { try PublishedDetermination(decode(Accountability_V1_Determination.self, from: $0.span)) }
    }

    var hasMore: Bool { desk.hasMore }

    func flush(output: TaskOutput) throws {
        arrivals = Arrivals()
        desk.beginFlush()
        for year in completeYears.sorted() {
            guard let framework = try state.frameworks[year] else {
                desk.decideNothing(of: year)
                continue
            }
            try state.spreadThresholds(year: year)
            var made: [OrganizationCode: Accountability_V1_Determination?] = [:]
            for (code, causes) in state.takeDirty(year: year) {
                made[code] = .some(try publish(code, year: year, framework: framework, causes, output))
            }
            try desk.publish(
                made,
                year: year,
                framework,
                state,
                made: { try determination(of: $0, year: year, framework) },
                now: clock(),
                to: output
            )
        }
    }

    private func determination(
        of code: OrganizationCode,
        year: Int,
        _ framework: Framework
    ) throws -> Accountability_V1_Determination? {
        guard state.isReported(framework) else { return nil }
        return try state.determination(of: code, year: year, framework: framework, digest: digest(framework))
    }

    /// Publishes the determination of an organization.
    ///
    /// - Returns: the publication; nil if there is none.
    private func publish(
        _ code: OrganizationCode,
        year: Int,
        framework: Framework,
        _ causes: CauseSet,
        _ output: TaskOutput
    ) throws -> Accountability_V1_Determination? {
        var causes = causes
        let key = DeterminationKey(schoolYear: year, organization: code)
        guard var message = try determination(of: code, year: year, framework) else {
            try stand(by: nil, key, cause: causes.text, output)
            (published[key], recalled[key]) = (nil, nil)
            return nil
        }
        let core: [UInt8] = try message.serializedBytes()
        let before = try standing(key, output)
        if let before, try before.core == core || before.statesTheSame(as: message) {
            before.stamp(&message)
        } else {
            message.revision = (before?.revision ?? 0) + 1
            if let before = try before?.message() {
                message.changes = DeterminationChanges.list(from: before, to: message)
                if before.frameworkDigest != message.frameworkDigest,
                    let act = state.directives.approvalOfDocument(in: year)
                {
                    causes.insert(act)
                }
            }
            message.cause = causes.latest
            message.causes = causes.names
            message.moreCauses = causes.hasMore
            message.issuedUnixMilliseconds = clock()
        }
        published[key] = PublishedDetermination(core: core, of: message)
        try stand(by: message, key, cause: causes.text, output)
        return message
    }

    /// Publishes a determination or its withdrawal, together with its confirmation.
    ///
    /// An unchanged one is not published.
    private func stand(
        by message: Accountability_V1_Determination?,
        _ key: DeterminationKey,
        cause: String,
        _ output: TaskOutput
    ) throws {
        try DeterminationStage.determinations.publish(message, key, cause: cause, to: output)
        var confirmation = Accountability_V1_Confirmation()
        if let message {
            let value: [UInt8] = try message.serializedBytes()
            confirmation.sha256 = Data(SHA256.hash(data: value))
        }
        try DeterminationStage.confirmations
            .publish(message == nil ? nil : confirmation, key, cause: cause, to: output)
    }

    private func digest(_ framework: Framework) -> String {
        if let known = digests[framework.name] { return known }
        let digest = framework.digest
        digests[framework.name] = digest
        return digest
    }
}

/// The current publication of an organization: its figures and, separately, its publication data.
struct PublishedDetermination {
    let core: [UInt8]
    let revision: UInt32
    private let cause: String
    private let causes: [String]
    private let moreCauses: Bool
    private let changes: [String]
    private let issuedUnixMilliseconds: Int64

    init(core: [UInt8], of message: Accountability_V1_Determination) {
        self.core = core
        revision = message.revision
        cause = message.cause
        causes = message.causes
        moreCauses = message.moreCauses
        changes = message.changes
        issuedUnixMilliseconds = message.issuedUnixMilliseconds
    }

    init(_ message: Accountability_V1_Determination) throws {
        self.init(core: try message.withoutPublication.serializedBytes(), of: message)
    }

    /// Makes a message of the same figures the one that was published.
    func stamp(_ message: inout Accountability_V1_Determination) {
        message.revision = revision
        message.changes = changes
        message.cause = cause
        message.causes = causes
        message.moreCauses = moreCauses
        message.issuedUnixMilliseconds = issuedUnixMilliseconds
    }

    /// The figures.
    func message() throws -> Accountability_V1_Determination {
        try decode(Accountability_V1_Determination.self, from: core.span)
    }

    /// Whether a determination differs only in naming the rows that decided, which an earlier version did not.
    ///
    /// The figures are the same, so a new version adds the rows to the publication and makes no revision.
    func statesTheSame(as message: Accountability_V1_Determination) throws -> Bool {
        let before = try self.message()
        return before.decisionRow == .unspecified && before == message.withoutRows
    }
}
