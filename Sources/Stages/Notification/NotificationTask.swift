import Messages
import Rules
import Streaming
import SwiftProtobuf

/// Notices of one partition: of the determinations in it, of acts that concern its organizations, of their plans; and
/// of comment periods in the partition of the state's code.
///
/// What is a new event is decided against the notices that were published before, which a task reads back when it
/// starts. So an event is told once whatever restarts happen, and one that fell into a standstill is told after it.
final class NotificationTask: StageTask {
    private let context: TaskContext
    private let clock: @Sendable () -> Int64
    private let leadDays: Int64
    private var memory = NoticeMemory()
    private var acts = ActTable()
    private var duties = PlanDuties()
    /// The day for which plans and comment periods were looked at last; nil when something they depend on has changed
    /// since.
    private var settledDay: String?

    init(context: TaskContext, leadDays: Int, clock: @escaping @Sendable () -> Int64) {
        self.context = context
        self.leadDays = Int64(leadDays)
        self.clock = clock
    }

    func fold(_ record: InputRecord, output: TaskOutput) throws {
        let parts = TableKey.parts(record.key)
        if record.source == NotificationStage.directives { return try foldAct(record, parts) }
        guard parts.count == 2, let year = Int(parts[0]), let code = OrganizationCode(parts[1]) else {
            throw UnusableRecord("not the key of a determination")
        }
        settledDay = nil
        guard record.value != nil else {
            // A determination that was withdrawn because its organization vanished has nobody to be told to.
            return duties.set(nil, code, year: year)
        }
        let determination = try record.message(Accountability_V1_Determination.self)
        duties.set(determination.name, code, year: year)
        // While the task is being restored: those notices were published with the offsets it is restored to.
        guard output.isLive else { return }
        try tell(of: determination, output)
    }

    private func foldAct(_ record: InputRecord, _ parts: [String]) throws {
        guard let key = ActTable.Key(parts) else { throw UnusableRecord("not the key of a directive") }
        var act: ActTable.Act?
        if record.value != nil {
            act = ActTable.Act(
                directive: try record.message(Accountability_V1_Directive.self),
                recorded: record.timestamp
            )
        }
        acts.set(act, key, cause: record.cause)
        settledDay = nil
    }

    func recall(output: Int, key: Span<UInt8>, value: Span<UInt8>) throws {
        var notice = try decode(Accountability_V1_Notice.self, from: value)
        if notice.id.isEmpty { notice.id = String(decoding: [UInt8](copying: key), as: UTF8.self) }
        memory.take(notice)
    }

    func complete(scope: String) throws {
        guard let year = Int(scope) else { return }
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

    private func tell(of determination: Accountability_V1_Determination, _ output: TaskOutput) throws {
        guard let id = memory.identity(of: determination) else { return }
        var notice = NoticeText.notice(of: determination)
        notice.id = id
        try publish(notice, output)
        for (event, groups) in [
            (NoticeText.lowParticipation, determination.lowParticipationGroups),
            (NoticeText.lowSubgroups, determination.lowSubgroups),
        ] {
            let before =
                memory.toldGroups(NoticeMemory.thing(determination.schoolYear, determination.orgCode, event, "")) ?? []
            guard groups != before else { continue }
            try publish(NoticeText.notice(ofGroups: groups, event: event, in: determination, id: id), output)
        }
    }

    private func tell(of key: ActTable.Key, _ cause: String, _ clock: NoticeClock, _ output: TaskOutput) throws {
        let act = acts[key]
        let told = memory.told(
            NoticeMemory.thing(key.schoolYear, key.organization, NoticeText.directive, "\(key.directive).\(key.kind)")
        )
        guard isNews(act, told, act.map { ActTable.fingerprint(of: $0.directive) } ?? NoticeText.withdrawn, clock)
        else { return }
        try publish(NoticeText.notice(of: act, key, revision: (told?.revision ?? 0) + 1, cause: cause), output)
    }

    /// Whether an act, or that it is gone, has not been told of.
    private func isNews(_ act: ActTable.Act?, _ told: NoticeMemory.Told?, _ fingerprint: String, _ clock: NoticeClock)
        -> Bool
    {
        if told == nil, act == nil { return false }
        return told?.fingerprint != fingerprint && !clock.isForgotten(act?.recorded ?? 0)
    }

    private func tellOfCommentPeriods(_ clock: NoticeClock, _ output: TaskOutput) throws {
        guard isOwn(OrganizationCode.state.description) else { return }
        for year in Set(acts.commentYears).union(memory.commentYears).sorted() {
            let act = acts[ActTable.Key(step: .commentOpened, schoolYear: year)]
            for about in [NoticeText.begins, NoticeText.ends] {
                let told = memory.told(
                    NoticeMemory.thing(year, OrganizationCode.state.description, NoticeText.commentPeriod, about)
                )
                guard isNews(act, told, NoticeText.fingerprint(ofCommentPeriod: act, about), clock) else { continue }
                if about == NoticeText.ends {
                    guard let end = act?.directive.endDate, !end.isEmpty, end < clock.day, end >= clock.earliestDay
                    else { continue }
                }
                let revision = (told?.revision ?? 0) + 1
                try publish(
                    NoticeText.notice(
                        ofCommentPeriod: act,
                        about,
                        schoolYear: year,
                        revision: revision,
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
            let thing = NoticeMemory.thing(notice.schoolYear, notice.orgCode, event, notice.about)
            guard memory.told(thing) == nil else { continue }
            try publish(notice, output)
        }
    }

    private func isOwn(_ organization: String) -> Bool {
        Pipeline.partition(ofDistrictOf: organization, partitions: context.partitions) == context.partition
    }

    private func publish(_ notice: Accountability_V1_Notice, _ output: TaskOutput) throws {
        memory.take(notice)
        try output.publish(
            NotificationStage.notices,
            partition: context.partition,
            key: notice.id,
            value: [UInt8](try notice.serializedData()),
            cause: notice.cause
        )
    }
}
