import Crypto
import Messages
import Rules
import Streaming
import SwiftProtobuf

/// Notices of one partition: of the determinations in it, of acts that concern its organizations, of their plans; and
/// of comment periods in the partition of the state's code.
///
/// A task decides whether an event is new by comparing it with the published notices, which it reads back at start. So
/// each event causes one notice even after restarts, and an event during an outage gets its notice afterwards.
final class NotificationTask: StageTask {
    private let context: TaskContext
    private let clock: @Sendable () -> Int64
    private let leadDays: Int64
    private var memory = NoticeMemory()
    /// During a restore: the notices that were read back and not retracted, each with its place in their order.
    private var readBack: [NoticeKey: (place: Int, notice: Accountability_V1_Notice)] = [:]
    private var recalls = 0
    private var acts = ActTable()
    private var duties = PlanDuties()
    private var confirmed: [DeterminationKey: ConfirmedRecord] = [:]
    /// The day for which plans and comment periods were looked at last; nil when something they depend on has changed
    /// since.
    private var settledDay: String?

    init(context: TaskContext, leadDays: Int, clock: @escaping @Sendable () -> Int64) {
        self.context = context
        self.leadDays = Int64(leadDays)
        self.clock = clock
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        switch record.source {
        case NotificationStage.directives: try foldAct(record)
        case NotificationStage.confirmations:
            let key = try record.key(of: TableTopics.confirmations)
            let confirmation = try record.message(of: TableTopics.confirmations, under: key)
            let found = confirmed[key, default: ConfirmedRecord()].confirm(confirmation.map { [UInt8]($0.sha256) })
            if let found { try take(found.determination, key, output) }
        default:
            let key = try record.key(of: TableTopics.determinations)
            let determination = try record.message(of: TableTopics.determinations, under: key)
            let digest: [UInt8]? =
                if let value = record.value { Array(SHA256.hash(data: [UInt8](copying: value))) } else { nil }
            let found = confirmed[key, default: ConfirmedRecord()].take(determination, digest)
            if let found { try take(found.determination, key, output) }
        }
    }

    /// Takes a determination that its stage confirmed; nil is its withdrawal.
    private func take(
        _ determination: Accountability_V1_Determination?,
        _ key: DeterminationKey,
        _ output: TaskOutput
    ) throws {
        settledDay = nil
        // A determination that was withdrawn because its organization vanished has no one to whom a notice could go.
        duties.set(determination?.name, key.organization, year: key.schoolYear)
        guard let determination else { return }
        // During the restore: these notices were published together with the restored offsets. An event older than the
        // retention of notices also had its notice; it appears again when its topic is read again.
        guard output.isLive, !NoticeClock(at: clock()).isForgotten(determination.issuedUnixMilliseconds) else { return }
        try tell(of: determination, key, output)
    }

    private func foldAct(_ record: InputRecord) throws {
        let key = try record.key(of: TableTopics.directives)
        let directive = try record.message(of: TableTopics.directives, under: key)
        acts.set(
            directive.map { ActTable.Act(directive: $0, recorded: record.timestamp) },
            key,
            cause: record.cause
        )
        settledDay = nil
    }

    func recall(output: Int, key: Span<UInt8>, value: Span<UInt8>) throws {
        let (key, whole) = try recalled(TableTopics.notices, key: key, value: value)
        // The texts are not compared.
        var notice = whole
        (notice.subject, notice.body) = ("", "")
        // A notice that was put back over a foreign one keeps its place.
        recalls += 1
        readBack[key] = (readBack[key]?.place ?? recalls, notice)
    }

    /// Forgets a notice that came from another program and was retracted.
    func forget(output: Int, key: Span<UInt8>) throws {
        if let key = NoticeKey(utf8: key) { readBack[key] = nil }
    }

    func endRestore(output: TaskOutput) throws {
        for (key, found) in readBack.sorted(by: { $0.value.place < $1.value.place }) {
            memory.take(found.notice, under: key)
        }
        readBack = [:]
    }

    func complete(scope: String) throws {
        guard let year = SchoolYear.named(scope) else { return }
        duties.complete(year: year)
        settledDay = nil
    }

    func flush(output: TaskOutput) throws {
        let clock = NoticeClock(at: clock())
        for (key, cause) in acts.takeChanged() where key.concernsOrganization && isOwn(key.organization) {
            try tell(of: key, cause, clock, output)
        }
        if settledDay != clock.day {
            try tellOfCommentPeriods(clock, output)
            try tellOfPlans(clock, output)
            settledDay = clock.day
        }
    }

    // MARK: Events

    private func tell(
        of determination: Accountability_V1_Determination,
        _ key: DeterminationKey,
        _ output: TaskOutput
    ) throws {
        guard let id = memory.identity(of: determination, under: key) else { return }
        var notice = NoticeText.notice(of: determination)
        notice.id = id
        if notice.departmentOnly, memory.toldStage(key.schoolYear, key.organization) > .computed {
            try publish(NoticeText.closed(determination, id: id), output)
        }
        try publish(notice, output)
        for (event, groups) in [
            (NoticeText.lowParticipation, determination.lowParticipationGroups),
            (NoticeText.lowSubgroups, determination.lowSubgroups),
        ] {
            let before = memory.toldGroups(NoticeMemory.Thing(key.schoolYear, key.organization, event, ""))
            // A notice that went only to the Department is new to the district when the district may see the results.
            let isFirstShown = before?.isForDepartment == true && !notice.departmentOnly && !groups.isEmpty
            guard groups != before?.groups ?? [] || isFirstShown else { continue }
            try publish(NoticeText.notice(ofGroups: groups, event: event, in: determination, id: id), output)
        }
    }

    private func tell(of key: DirectiveKey, _ cause: String, _ clock: NoticeClock, _ output: TaskOutput) throws {
        var act = acts[key]
        let told = memory.told(NoticeText.thing(of: key))
        let shown = acts.shownSince(key.organization, key.schoolYear)
        var isForDepartment = !key.isShown(to: key.organization.district, areResultsSeen: shown != nil)
        // Who was told of an act is told of its withdrawal.
        if act == nil, let told { isForDepartment = told.isForDepartment }
        let isFirstShown = told?.isForDepartment == true && !isForDepartment && act != nil
        if isFirstShown, let recorded = act?.recorded { act?.recorded = max(recorded, shown ?? 0) }
        let fingerprint = act.map { ActTable.fingerprint(of: $0.directive) } ?? NoticeText.withdrawn
        let isForgotten = clock.isForgotten(act?.recorded ?? 0)
        guard isNews(act, told, fingerprint, clock) || isFirstShown && !isForgotten else { return }
        var notice = NoticeText.notice(
            of: act,
            key,
            revision: Self.next(told?.revision),
            isChange: told != nil && !isFirstShown,
            cause: cause
        )
        if isForDepartment {
            notice.departmentOnly = true
            notice.recipients = []
        }
        try publish(notice, output)
    }

    /// Whether an act, or its withdrawal, has had no notice yet.
    private func isNews(_ act: ActTable.Act?, _ told: NoticeMemory.Told?, _ fingerprint: String, _ clock: NoticeClock)
        -> Bool
    {
        if told == nil, act == nil { return false }
        return told?.fingerprint != fingerprint && !clock.isForgotten(act?.recorded ?? 0)
    }

    private func tellOfCommentPeriods(_ clock: NoticeClock, _ output: TaskOutput) throws {
        guard isOwn(.state) else { return }
        for year in Set(acts.commentYears).union(memory.commentYears).sorted() {
            let act = acts[DirectiveKey(step: .commentOpened, schoolYear: year)]
            for about in [NoticeText.begins, NoticeText.ends] {
                let told = memory.told(NoticeMemory.Thing(year, .state, NoticeText.commentPeriod, about))
                guard isNews(act, told, NoticeText.fingerprint(ofCommentPeriod: act, about), clock) else { continue }
                if about == NoticeText.ends {
                    guard let end = act?.directive.endDate, !end.isEmpty, end < clock.day, end >= clock.earliestDay
                    else { continue }
                }
                try publish(
                    NoticeText.notice(
                        ofCommentPeriod: act,
                        about,
                        schoolYear: year,
                        revision: Self.next(told?.revision),
                        comments: acts.comments(year)
                    ),
                    output
                )
            }
        }
    }

    private func tellOfPlans(_ clock: NoticeClock, _ output: TaskOutput) throws {
        for (obligation, name) in try duties.pressing(at: clock, leadDays: leadDays, filings: acts.filings) {
            let event = obligation.standing(on: clock.day) == .overdue ? NoticeText.planOverdue : NoticeText.planDue
            let notice = NoticeText.notice(of: obligation, event: event, name: name, leadDays: leadDays)
            let thing = NoticeMemory.Thing(obligation.schoolYear, obligation.organization, event, notice.about)
            guard memory.told(thing) == nil else { continue }
            try publish(notice, output)
        }
    }

    private func isOwn(_ organization: OrganizationCode) -> Bool {
        Pipeline.partition(ofDistrictOf: organization, partitions: context.partitions) == context.partition
    }

    /// How many notices a thing has had once it gets another one.
    private static func next(_ revision: UInt32?) -> UInt32 {
        let (next, overflows) = (revision ?? 0).addingReportingOverflow(1)
        return overflows ? .max : next
    }

    private func publish(_ notice: Accountability_V1_Notice, _ output: TaskOutput) throws {
        guard let key = NoticeKey(notice.id) else {
            throw UnusableRecord("a notice whose identity is no key of the topic of notices")
        }
        memory.take(notice, under: key)
        try NotificationStage.notices.publish(notice, key, cause: notice.cause, to: output)
    }
}
