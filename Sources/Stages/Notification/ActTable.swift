import Crypto
import Messages
import Rules
import Streaming

/// The valid acts of the Department, and those that changed since the last notices.
struct ActTable {
    /// An act on record.
    struct Act {
        let directive: Accountability_V1_Directive
        /// When it was recorded, milliseconds since 1970; 0 when unknown.
        var recorded: Int64
    }

    private var acts: [DirectiveKey: Act] = [:]
    /// Acts that were added, changed or removed, each with its cause.
    private var changed: [DirectiveKey: String] = [:]

    subscript(key: DirectiveKey) -> Act? { acts[key] }

    /// Sets an act, or removes it.
    mutating func set(_ act: Act?, _ key: DirectiveKey, cause: String) {
        acts[key] = act
        changed[key] = cause
    }

    /// The acts whose notices may be due, in order: those that changed, and those of organizations whose results were
    /// released or closed since; none is left.
    mutating func takeChanged() -> [(key: DirectiveKey, cause: String)] {
        defer { changed = [:] }
        for (release, cause) in changed where release.act == .release {
            for key in acts.keys
            where key.schoolYear == release.schoolYear && changed[key] == nil
                && (release.organization == .state || release.organization == key.organization.district)
            {
                changed[key] = cause
            }
        }
        return changed.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// When the results of an organization's district and year were shown to it by a release that stands, milliseconds
    /// since 1970; nil if it does not see them.
    func shownSince(_ organization: OrganizationCode, _ schoolYear: Int) -> Int64? {
        let district = organization.district
        return [OrganizationCode.state, district]
            .flatMap { owner in
                ResultsStage.allCases.compactMap { stage -> Int64? in
                    guard stage.view(of: organization, for: .district(district)) == .everything else { return nil }
                    return acts[DirectiveKey(schoolYear: schoolYear, .release, of: owner, kind: stage.rawValue)]?
                        .recorded
                }
            }
            .min()
    }

    /// The years for whose framework comment is or was asked.
    var commentYears: [Int] {
        acts.keys.filter { $0 == DirectiveKey(step: .commentOpened, schoolYear: $0.schoolYear) }.map(\.schoolYear)
            .sorted()
    }

    /// The comments on record for the framework of a year, in the order of their days.
    func comments(_ schoolYear: Int) -> [Accountability_V1_Directive] {
        acts.filter { key, _ in
            key.schoolYear == schoolYear && key.act == .frameworkStep && key.kind == FrameworkStep.comment.wireName
        }
        .values.map(\.directive)
        .sorted { ($0.effectiveDate, $0.orgCode) < ($1.effectiveDate, $1.orgCode) }
    }

    /// The plans and self-evaluations that were filed: 603 CMR 2.03(7).
    var filings: [PlanFiling] {
        acts.compactMap { key, act in
            guard key.act == .planFiling, let kind = PlanKind(wireName: key.kind) else { return nil }
            return PlanFiling(
                kind: kind,
                organization: key.organization,
                schoolYear: key.schoolYear,
                date: act.directive.effectiveDate,
                parts: act.directive.parts.compactMap { PlanPart(wireName: $0) },
                alignment: act.directive.reference
            )
        }
    }

    /// A short digest of an act's content, without its submission.
    static func fingerprint(of act: Accountability_V1_Directive) -> String {
        var said = [act.effectiveDate, act.endDate, act.reason, act.reference, act.rating] + act.parts
        // The kind of another act is part of its key.
        if act.act == .organizationChange {
            said += [act.kind, act.hasPriorEnrollment ? "\(act.priorEnrollment)" : ""]
        }
        var hash = SHA256()
        for text in said { hash.update(data: Array("\(text.utf8.count):\(text)".utf8)) }
        return hash.finalize().prefix(16).hexadecimal
    }
}

extension DirectiveKey {
    /// A step in the life of a framework that the Department takes.
    init(step: FrameworkStep, schoolYear: Int) {
        self.init(schoolYear: schoolYear, .frameworkStep, of: .state, kind: step.wireName)
    }

    /// Whether an organization gets a notice about it.
    ///
    /// Acts for the whole state appear in every determination, and framework steps have their own notices.
    var concernsOrganization: Bool { organization != .state && act != .frameworkStep }
}
