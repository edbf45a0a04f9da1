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

    init(frameworks: FrameworkSet, clock: @escaping @Sendable () -> Int64) {
        state = DeterminationState(frameworks: YearFrameworks(frameworks))
        self.clock = clock
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        switch record.source {
        case DeterminationStage.participation: try state.foldParticipation(record)
        case DeterminationStage.indicators: try state.foldIndicator(record)
        case DeterminationStage.percentiles: try state.foldPercentile(record)
        default: try state.foldDirective(record)
        }
    }

    func complete(scope: String) throws {
        guard let year = SchoolYear.named(scope) else { return }
        completeYears.insert(year)
        state.markAll(year: year)
    }

    func recall(output: Int, key: Span<UInt8>, value: Span<UInt8>) throws {
        let (key, determination) = try recalled(TableTopics.determinations, key: key, value: value)
        published[key] = try PublishedDetermination(determination)
    }

    func recallStranger(output: Int, key: Span<UInt8>) {
        if let key = DeterminationKey(utf8: key) { published[key]?.stands = false }
    }

    func flush(output: TaskOutput) throws {
        for year in completeYears.sorted() {
            guard let framework = try state.frameworks[year] else { continue }
            try state.spreadThresholds(year: year)
            for (code, causes) in state.takeDirty(year: year) {
                try publish(code, year: year, framework: framework, causes, output)
            }
        }
    }

    private func publish(
        _ code: OrganizationCode,
        year: Int,
        framework: Framework,
        _ causes: CauseSet,
        _ output: TaskOutput
    ) throws {
        let cause = causes.text
        let key = DeterminationKey(schoolYear: year, organization: code)
        let table = DeterminationStage.determinations
        guard state.isReported(year: year, framework: framework),
            var message = try state.determination(of: code, year: year, framework: framework, digest: digest(framework))
        else {
            try table.publish(nil, key, cause: cause, to: output)
            published[key] = nil
            return
        }
        let core: [UInt8] = try message.serializedBytes()
        // What was recalled may have been withdrawn after; the output's memory knows.
        let before = table.hasPublished(key, in: output) ? published[key] : nil
        if let before, before.stands {
            if before.core == core { return table.confirm(key, in: output) }
            if try before.statesTheSame(as: message) { return table.confirm(key, in: output) }
        }
        published[key] = PublishedDetermination(core: core, revision: (before?.revision ?? 0) + 1)
        message.revision = (before?.revision ?? 0) + 1
        if let before { message.changes = DeterminationChanges.list(from: try before.message(), to: message) }
        message.cause = causes.latest
        message.causes = causes.names
        message.moreCauses = causes.hasMore
        message.issuedUnixMilliseconds = clock()
        try table.publish(message, key, cause: cause, to: output)
    }

    private func digest(_ framework: Framework) -> String {
        if let known = digests[framework.name] { return known }
        let digest = framework.digest
        digests[framework.name] = digest
        return digest
    }
}

/// What stands published of an organization: the figures, without what belongs to the publication.
struct PublishedDetermination {
    let core: [UInt8]
    let revision: UInt32
    /// Whether it is the newest record of its key; false where a stranger's lies over it.
    var stands = true

    init(core: [UInt8], revision: UInt32) {
        self.core = core
        self.revision = revision
    }

    init(_ message: Accountability_V1_Determination) throws {
        revision = message.revision
        core = try message.withoutPublication.serializedBytes()
    }

    func message() throws -> Accountability_V1_Determination {
        try decode(Accountability_V1_Determination.self, from: core.span)
    }

    /// Whether a determination differs only in naming the rows that decided, which an earlier version did not.
    ///
    /// The figures are the same, so a new version of the program does not revise every determination.
    func statesTheSame(as message: Accountability_V1_Determination) throws -> Bool {
        let before = try self.message()
        return before.decisionRow == .unspecified && before == message.withoutRows
    }
}
