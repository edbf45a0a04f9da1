package import Messages
import Rules

/// The texts of notices that are not about a whole determination.
extension NoticeText {
    /// The event of a participation requirement that was not met, or is met after all: 603 CMR 2.03(2)(d).
    static let lowParticipation = "low_participation"
    /// The event of low performing student groups: 603 CMR 2.03(3)(b).
    static let lowSubgroups = "low_subgroups"
    /// The event of results that were shown to a district, and are the Department's again.
    static let resultsClosed = "results_closed"
    /// The event of an act of the Department.
    static let directive = "directive"
    /// The event of a comment period on a framework: 603 CMR 2.03(10).
    static let commentPeriod = "comment_period"
    /// The event of a plan that is due: 603 CMR 2.03(7).
    static let planDue = "plan_due"
    /// The event of one that is overdue.
    static let planOverdue = "plan_overdue"
    /// What happened to a comment period: opened, moved or withdrawn.
    static let begins = "begins"
    static let ends = "ends"
    /// The fingerprint of an act or a comment period that was withdrawn.
    static let withdrawn = "withdrawn"

    /// The recipients of a notice about an organization: a school and its district, a district, or everyone.
    static func recipients(_ organization: OrganizationCode) -> [String] {
        organization == organization.district
            ? [organization.description] : [organization.description, organization.district.description]
    }

    /// The notice that groups missed the participation requirement, or are low performing, since a determination; or
    /// that none does any more.
    static func notice(
        ofGroups groups: [String],
        event: String,
        in determination: Accountability_V1_Determination,
        id: String
    )
        -> Accountability_V1_Notice
    {
        var notice = Accountability_V1_Notice()
        notice.id = "\(id)/\(event)"
        notice.schoolYear = determination.schoolYear
        notice.orgCode = determination.orgCode
        notice.districtCode = determination.districtCode
        notice.event = event
        notice.revision = determination.revision
        notice.groups = groups
        setCauses(of: determination, in: &notice)
        notice.createdUnixMilliseconds = determination.issuedUnixMilliseconds
        address(&notice, by: determination)
        let who = display(determination.name, determination.orgCode)
        let year = years(determination.schoolYear)
        let isParticipation = event == lowParticipation
        let paragraph = isParticipation ? "\(Paragraph.participationRequirement)" : "\(Paragraph.lowSubgroups)"
        let what = isParticipation ? "participation" : "student group performance"
        notice.subject = "\(groups.isEmpty ? "No longer low" : "Low") \(what) \(year): \(who)"
        var lines: [String]
        if groups.isEmpty {
            lines = [
                isParticipation
                    ? "After a revision no student group of \(who) misses the assessment participation requirement in school year \(year)."
                    : "After a revision no student group of \(who) is low performing in school year \(year)."
            ]
        } else if isParticipation {
            lines = [
                "These student groups of \(who) missed the assessment participation requirement in school year \(year):"
            ]
            lines += groups.map { group in participationLine(group, determination) }
        } else {
            lines = ["These student groups of \(who) are low performing in school year \(year):"]
            lines += groups.map { group in
                let percentile = determination.groupPercentiles.first { $0.group == group }?.percentile
                return "- \(title(group))" + (percentile.map { ", subgroup percentile \($0)" } ?? "")
            }
        }
        lines += [
            "", "\(paragraph). Revision \(determination.revision) of the determination (\(determination.status)).",
        ]
        notice.body = lines.joined(separator: "\n") + "\n"
        return notice
    }

    /// The notice that results which an organization was shown are not released any more; it has none of them.
    package static func closed(_ determination: Accountability_V1_Determination, id: String) -> Accountability_V1_Notice
    {
        var notice = Accountability_V1_Notice()
        notice.id = "\(id)/\(resultsClosed)"
        notice.schoolYear = determination.schoolYear
        notice.orgCode = determination.orgCode
        notice.districtCode = determination.districtCode
        notice.event = resultsClosed
        notice.revision = determination.revision
        notice.status = determination.status
        setCauses(of: determination, in: &notice)
        notice.createdUnixMilliseconds = determination.issuedUnixMilliseconds
        if let code = OrganizationCode(determination.orgCode) { notice.recipients = recipients(code) }
        let who = display(determination.name, determination.orgCode)
        let year = years(determination.schoolYear)
        notice.subject = "Results no longer released \(year): \(who)"
        notice.body =
            "The Department withdrew the release of the results of \(who) for school year \(year). "
            + "The figures shown before are no longer valid.\n"
        return notice
    }

    private static func participationLine(_ group: String, _ determination: Accountability_V1_Determination) -> String {
        // Rates of small groups are not in the determination, and so not here.
        let rates = determination.participation.filter { $0.group == group && $0.hasMet && !$0.met && $0.hasRate }
            .map { "\($0.subject) \($0.rate) percent" }
        return "- \(title(group))" + (rates.isEmpty ? "" : ": \(rates.joined(separator: ", "))")
    }

    /// The common parts of notices about an act.
    static func thing(of key: DirectiveKey) -> NoticeMemory.Thing {
        NoticeMemory.Thing(key.schoolYear, key.organization, directive, "\(key.act).\(key.kind)")
    }

    /// The act and its kind; of a change of an organization what happened, and from which code.
    private static func title(of act: Accountability_V1_Directive?, _ key: DirectiveKey) -> String {
        guard key.act == .organizationChange else {
            return "\(words(key.act.wireName)): \(words(key.kind).lowercased())"
        }
        let from = key.kind == DirectiveKey.noFormerCode ? "" : " from \(key.kind)"
        return "\(words(key.act.wireName))" + (act.map { ": \(words($0.kind).lowercased())\(from)" } ?? from)
    }

    /// The notice of an act, of a change of it, or of its withdrawal (nil).
    ///
    /// It names the organization by its code: whether its name is known yet depends on which topic was read first.
    ///
    /// - `isChange`: whether its recipients were told of an earlier form of the act.
    static func notice(
        of act: ActTable.Act?,
        _ key: DirectiveKey,
        revision: UInt32,
        isChange: Bool = false,
        cause: String
    ) -> Accountability_V1_Notice {
        var notice = Accountability_V1_Notice()
        let thing = thing(of: key)
        notice.id = thing.identity(revision: revision)
        notice.schoolYear = UInt32(clamping: key.schoolYear)
        notice.orgCode = key.organization.description
        notice.event = directive
        notice.about = thing.about
        notice.revision = revision
        notice.fingerprint = act.map { ActTable.fingerprint(of: $0.directive) } ?? withdrawn
        notice.cause = act?.directive.submission ?? cause
        notice.date = act?.directive.effectiveDate ?? ""
        notice.createdUnixMilliseconds = act?.recorded ?? 0
        notice.districtCode = key.organization.district.description
        notice.recipients = recipients(key.organization)
        let title = title(of: act?.directive, key)
        let state = act == nil ? "Withdrawn: " : isChange ? "Changed: " : ""
        notice.subject = "\(state)\(title), \(years(key.schoolYear)): \(key.organization)"
        var lines = [
            "\(key.act == .organizationChange ? "A change of an organization" : "An act of the Department")"
                + " for school year \(years(key.schoolYear)) that concerns \(key.organization)",
            "",
        ]
        lines[0] += act == nil ? " was withdrawn." : isChange ? " was changed." : " is on record."
        lines.append("\(title).")
        if let act = act?.directive {
            if !act.effectiveDate.isEmpty { lines.append("From: \(act.effectiveDate).") }
            if !act.endDate.isEmpty {
                let isEmbargo = key.act == .release && ReleaseKind(wireName: key.kind) == .preliminary
                lines.append("\(isEmbargo ? "Embargoed until" : "Until"): \(act.endDate).")
            }
            if !act.rating.isEmpty { lines.append("Rating: \(words(act.rating).lowercased()).") }
            if !act.reason.isEmpty { lines.append("Reason: \(act.reason)") }
            if !act.reference.isEmpty { lines.append("Reference: \(act.reference)") }
            if !act.parts.isEmpty {
                lines.append("Parts: \(act.parts.map { words($0).lowercased() }.joined(separator: ", ")).")
            }
        }
        notice.body = lines.joined(separator: "\n") + "\n"
        return notice
    }

    /// The notice that comment on a framework is asked for, that the period was moved or withdrawn (nil), or that it
    /// has ended.
    static func notice(
        ofCommentPeriod act: ActTable.Act?,
        _ about: String,
        schoolYear: Int,
        revision: UInt32,
        comments: [Accountability_V1_Directive]
    ) -> Accountability_V1_Notice {
        let state = OrganizationCode.state.description
        var notice = Accountability_V1_Notice()
        notice.id = NoticeMemory.Thing(schoolYear, .state, commentPeriod, about).identity(revision: revision)
        notice.schoolYear = UInt32(clamping: schoolYear)
        notice.orgCode = state
        notice.districtCode = state
        notice.event = commentPeriod
        notice.about = about
        notice.revision = revision
        notice.recipients = [state]
        notice.fingerprint = fingerprint(ofCommentPeriod: act, about)
        notice.cause = act?.directive.submission ?? ""
        let framework = "the accountability framework of school year \(years(schoolYear))"
        var lines: [String]
        if let act = act?.directive, about == ends {
            notice.date = act.endDate
            notice.createdUnixMilliseconds = NoticeClock.start(of: act.endDate, plus: 1)
            notice.subject = "Comment period on \(framework) has ended"
            let count = comments.count == 1 ? "1 comment is" : "\(comments.count) comments are"
            lines = [
                "The period for comment on \(framework), \(act.effectiveDate) to \(act.endDate), has ended. \(count) on record."
            ]
            if !comments.isEmpty { lines.append("") }
            lines += comments.map {
                "- \($0.effectiveDate), \($0.orgCode == state ? "public" : $0.orgCode): \($0.reason)"
            }
        } else if let act {
            let (from, until) = (act.directive.effectiveDate, act.directive.endDate)
            notice.date = from
            notice.createdUnixMilliseconds = act.recorded
            notice.subject =
                "\(revision > 1 ? "Comment period moved" : "Comment is asked"): \(framework), \(from) to \(until)"
            lines = ["Changes to \(framework) are open for comment from \(from) to \(until)."]
            if revision > 1 { lines.append("This replaces the period that was announced before.") }
            if !act.directive.reason.isEmpty { lines += ["", act.directive.reason] }
            if !act.directive.reference.isEmpty { lines += ["Reference: \(act.directive.reference)"] }
        } else {
            notice.subject = "Comment period withdrawn: \(framework)"
            lines = ["The period for comment on \(framework) that was announced before is withdrawn."]
        }
        lines += ["", "\(Paragraph.consultation)."]
        notice.body = lines.joined(separator: "\n") + "\n"
        return notice
    }

    /// Distinguishes a moved comment period from the earlier one.
    static func fingerprint(ofCommentPeriod act: ActTable.Act?, _ about: String) -> String {
        guard let act = act?.directive else { return withdrawn }
        return about == ends ? act.endDate : "\(act.effectiveDate) \(act.endDate)"
    }

    /// The notice of a plan that is due or overdue on a day.
    static func notice(of obligation: PlanObligation, event: String, name: String, leadDays: Int64)
        -> Accountability_V1_Notice
    {
        let code = obligation.organization
        let schoolYear = obligation.schoolYear
        var notice = Accountability_V1_Notice()
        notice.id = NoticeMemory.Thing(schoolYear, code, event, obligation.kind.wireName).identity
        notice.schoolYear = UInt32(clamping: schoolYear)
        notice.orgCode = code.description
        notice.districtCode = code.district.description
        notice.event = event
        notice.about = obligation.kind.wireName
        notice.date = obligation.dueDate
        notice.fingerprint = obligation.dueDate
        notice.recipients = recipients(code)
        // Of the event and not of the worker's clock, so that the notice is the same whenever it is made.
        notice.createdUnixMilliseconds = NoticeClock.start(
            of: obligation.dueDate,
            plus: event == planDue ? -leadDays : 1
        )
        let who = display(name, code.description)
        let plan = "\(obligation.kind.title) for school year \(years(schoolYear))"
        notice.subject =
            "\(event == planDue ? "Due \(obligation.dueDate)" : "Overdue since \(obligation.dueDate)"): \(plan), \(who)"
        let fact =
            event == planDue
            ? "The \(plan) of \(who) is due on \(obligation.dueDate)."
            : "The \(plan) of \(who) was due on \(obligation.dueDate); none is on record."
        notice.body = "\(fact)\n\n\(obligation.kind.paragraph).\n"
        return notice
    }

    static func title(_ group: String) -> String { StudentGroup(wireName: group)?.title ?? group }

    static func display(_ name: String, _ code: String) -> String { name.isEmpty ? code : "\(name) (\(code))" }

    /// `plan_filing` as `Plan filing`.
    static func words(_ name: String) -> String {
        let text = name.replacing("_", with: " ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }
}
