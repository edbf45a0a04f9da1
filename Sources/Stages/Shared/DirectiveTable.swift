import Messages
import Rules
import Streaming

/// An organization that a change concerns, from a school year on.
struct ChangedOrganization {
    let organization: OrganizationCode
    let schoolYear: Int
}

/// The acts of the Department and the changes of organizations, by key.
struct DirectiveTable {
    private var byOrganization: [OrganizationCode: [DirectiveKey: Accountability_V1_Directive]] = [:]
    /// The changes of organizations, with their reconfigurations.
    private(set) var changes = OrganizationChanges()
    /// Official releases whose markers have not come.
    private var awaited: [DirectiveKey: Accountability_V1_Directive] = [:]
    /// The submissions whose markers have come.
    private var arrived: Set<String> = []

    /// How many years back an act under a former code is looked for, because a designation lasts until it ends.
    private static let longestTerm = 40

    /// Sets or removes a directive.
    ///
    /// A release that awaits its markers changes nothing yet. One that it replaces stays in effect until then.
    ///
    /// Returns whether anything changed for its organization.
    mutating func set(_ directive: Accountability_V1_Directive?, _ key: DirectiveKey) -> Bool {
        // Reviews, plans and appeals are records; no determination looks at them.
        guard key.act != .review, key.act != .planFiling, key.act != .appeal else { return false }
        let isAwaited = directive.map { $0.marked && !arrived.contains($0.submission) } ?? false
        awaited[key] = isAwaited ? directive : nil
        guard !isAwaited, byOrganization[key.organization]?[key] != directive else { return false }
        byOrganization[key.organization, default: [:]][key] = directive
        switch key.act {
        case .reconfiguration:
            let years = Set(acts(.reconfiguration, of: key.organization).map { Int($0.schoolYear) })
            changes.set(reconfigurations: years, of: key.organization)
        case .organizationChange:
            changes.set(
                directive?.organizationChange,
                schoolYear: key.schoolYear,
                of: key.organization,
                former: OrganizationCode(key.kind)
            )
        default: break
        }
        return true
    }

    /// The submission of the first release that awaits its markers; nil if none does.
    var awaitedRelease: String? { awaited.values.map(\.submission).min() }

    /// Puts the releases in effect whose markers have come: everything that was submitted before them is here.
    ///
    /// - Parameter scope: of the markers; other ones than those of releases change nothing.
    /// - Returns: the keys of the releases.
    mutating func arrive(scope: String) -> [DirectiveKey] {
        guard let submission = ReleaseMark.submission(of: scope) else { return [] }
        arrived.insert(submission)
        let releases = awaited.filter { $0.value.submission == submission }
        return releases.filter { set($0.value, $0.key) }.map(\.key)
    }

    /// Takes a record of the topic of directives, for a stage that only needs the changes of organizations.
    ///
    /// - `changed`: called with the key of a change that came, changed or was withdrawn, and its cause.
    mutating func foldChange(_ record: borrowing InputRecord, _ changed: (ChangedOrganization, String) -> Void) throws {
        let key = try record.key(of: TableTopics.directives)
        let directive = try record.message(of: TableTopics.directives, under: key)
        guard key.act == .organizationChange, set(directive, key) else { return }
        changed(ChangedOrganization(organization: key.organization, schoolYear: key.schoolYear), record.cause)
    }

    /// The codes under which the years stand that an organization's results of a year look back on: the year before,
    /// the years that percentiles weigh, and the latest year with results, on which the federal identifications and
    /// the priority for assistance look back.
    ///
    /// - Parameters:
    ///   - organization: the organization.
    ///   - year: the year that looks back.
    ///   - reported: the latest year before it that reports results; nil if there is none.
    ///   - framework: the framework of the year.
    /// - Returns: the codes, and the changes on the way.
    func history(
        of organization: OrganizationCode,
        in year: Int,
        reported: Int?,
        _ framework: Framework
    ) -> OrganizationHistory {
        let weighed = framework.percentile?.yearWeights.value.keys.max() ?? 0
        let back = max(1, weighed, reported.map { year - $0 } ?? 0)
        return history(of: organization, in: year, back: back, framework)
    }

    /// The codes under which an organization's results of so many years back stand.
    func history(of organization: OrganizationCode, in year: Int, back: Int, _ framework: Framework)
        -> OrganizationHistory
    {
        changes.history(of: organization, in: year, back: back, framework.organizationChanges)
    }

    /// Whether an organization no longer exists in a school year, so that it has no determination.
    func isClosed(_ organization: OrganizationCode, in year: Int, _ framework: Framework) -> Bool {
        changes.isClosed(organization, in: year) && framework.organizationChanges?.closedIsDetermined.value != true
    }

    /// Designations in force in a school year, the most severe first.
    func designations(of organization: OrganizationCode, in year: Int, _ framework: Framework) -> [(
        designation: Designation, reason: String
    )] {
        let severity: [Designation] = [.chronicallyUnderperforming, .underperforming, .directedFocused]
        let inForce = terms(of: organization, in: year, framework)
            .compactMap { act, term -> (designation: Designation, reason: String)? in
                guard let designation = Designation(wireName: act.kind),
                    term.isInForce(in: year, on: Self.day(framework))
                else { return nil }
                return (designation, act.reason)
            }
        return severity.flatMap { designation in inForce.filter { $0.designation == designation } }
    }

    /// Federal identifications that an act of the Department states, such as those of a year before the first that is
    /// computed.
    func federal(of organization: OrganizationCode, in year: Int, _ framework: Framework) -> [FederalDesignation] {
        terms(of: organization, in: year, framework)
            .compactMap { act, term in
                guard let support = FederalSupport(wireName: act.kind),
                    term.isInForce(in: year, on: Self.day(framework))
                else { return nil }
                return FederalDesignation(support, .directive, identified: Int(act.schoolYear))
            }
    }

    /// Whether an act of the Department has ended an identification before the determinations of a school year.
    ///
    /// It ends the stated identification and those computed before the end. A later identification of the school starts
    /// again.
    func hasEnded(
        _ identified: FederalDesignation,
        of organization: OrganizationCode,
        in year: Int,
        _ framework: Framework
    ) -> Bool {
        terms(of: organization, in: year, framework)
            .contains { act, term in
                act.kind == identified.support.wireName && term.isEnded(in: year, on: Self.day(framework))
                    && !term.isEnded(in: identified.identified, on: Self.day(framework))
            }
    }

    private static func day(_ framework: Framework) -> String { framework.determination?.designationDay.value ?? "" }

    /// The designations of an organization with their terms: under every code that it had, as long as it had it.
    ///
    /// An act of a year before that counts too, unless the code was another organization's in between.
    private func terms(of organization: OrganizationCode, in year: Int, _ framework: Framework) -> [(
        Accountability_V1_Directive, DirectiveTerm
    )] {
        var acts: [Accountability_V1_Directive] = []
        let codes = history(of: organization, in: year, back: Self.longestTerm, framework).codes
        for (before, code) in codes.enumerated() where codes.firstIndex(of: code) == before {
            acts += self.acts(.designation, of: code)
                .filter { act in
                    let back = year - Int(act.schoolYear)
                    guard back >= before else { return before == 0 }
                    if codes.indices.contains(back), codes[back] == code { return true }
                    return !changes.wasGivenUp(code, after: Int(act.schoolYear), by: year - before)
                }
        }
        return acts.map { ($0, DirectiveTerm(schoolYear: Int($0.schoolYear), endDate: $0.endDate)) }
    }

    /// Recognitions of a school year.
    func recognitions(of organization: OrganizationCode, in year: Int) -> [(kind: String, reason: String)] {
        acts(.recognition, of: organization).filter { Int($0.schoolYear) == year }.map { ($0.kind, $0.reason) }
    }

    /// How far the results of a district are released, by acts on the state or on the district.
    func stage(ofDistrict district: OrganizationCode, in year: Int) -> ResultsStage {
        [.state, district].flatMap { acts(.release, of: $0) }
            .filter { Int($0.schoolYear) == year }
            .compactMap { $0.releaseKind?.stage }
            .max() ?? .computed
    }

    /// The last day of the embargo on the preliminary results of a district, by acts on the state or on the district;
    /// empty if there is none.
    func embargo(ofDistrict district: OrganizationCode, in year: Int) -> String {
        [.state, district].flatMap { acts(.release, of: $0) }
            .filter { Int($0.schoolYear) == year && $0.releaseKind == .preliminary }
            .map(\.endDate)
            .max() ?? ""
    }

    /// The submission that released the state's results of a school year under a framework that the Board approved; nil
    /// if there is none.
    func release(in year: Int, _ framework: Framework) -> String? {
        let act = acts(.release, of: .state)
            .first { Int($0.schoolYear) == year && $0.releaseKind == .official }
        guard let act, approves(framework, in: year) else { return nil }
        return act.submission
    }

    /// The measures that the Commissioner suspended for a school year, in order: 603 CMR 2.03(11).
    func suspensions(in year: Int) -> [(measure: ReportedMeasure, reason: String, reference: String)] {
        let acts = acts(.suspension, of: .state).filter { Int($0.schoolYear) == year }
        return ReportedMeasure.allCases.compactMap { measure in
            let act = acts.first { $0.kind == measure.wireName } ?? acts.first { $0.kind == ReportedMeasure.allKind }
            return act.map { (measure, $0.reason, $0.reference) }
        }
    }

    /// The digest of the framework that the Board approved for a school year, if the act names one: `sha256:` and the
    /// digest in its reference.
    func approvedDigest(in year: Int) -> String? {
        approval(in: year).flatMap { FrameworkLife.digest(inReference: $0.reference) }
    }

    private func approval(in year: Int) -> Accountability_V1_Directive? {
        acts(.frameworkStep, of: .state)
            .first { Int($0.schoolYear) == year && $0.kind == FrameworkStep.approved.wireName }
    }

    /// The submission of the act by which the Board approved a document for a school year; nil if it approved none.
    func approvalOfDocument(in year: Int) -> String? {
        proposedDocuments[year] == nil ? nil : approval(in: year)?.submission
    }

    /// Whether the Board approved the very framework that a school year is computed under.
    func approves(_ framework: Framework, in year: Int) -> Bool {
        guard frameworkLife(in: year).approves(framework) else { return false }
        return approvedDigest(in: year).map { $0 == framework.digest } ?? true
    }

    /// The proposed framework of each school year that has one, as YAML: the recommended document, or else the one that
    /// was proposed.
    var proposedDocuments: [Int: String] {
        let steps = acts(.frameworkStep, of: .state).filter { !$0.document.isEmpty }
        return Dictionary(grouping: steps) { Int($0.schoolYear) }
            .compactMapValues { acts in
                FrameworkStep.withDocument.lazy.compactMap { step in acts.first { $0.kind == step.wireName }?.document }
                    .first
            }
    }

    /// How far the framework of a school year has come: 603 CMR 2.03(10).
    func frameworkLife(in year: Int) -> FrameworkLife {
        var life = FrameworkLife()
        // Comments of other organizations than the state count for the record, and not for approval.
        for act in acts(.frameworkStep, of: .state) where Int(act.schoolYear) == year {
            if let step = FrameworkStep(wireName: act.kind) {
                life.take(step, on: act.effectiveDate, until: act.endDate, by: act.orgCode)
            }
        }
        return life
    }

    /// Announced revisions and changes on appeal of an organization: its own, its district's, the state's.
    func publicationNotes(of organization: OrganizationCode, in year: Int) -> [Accountability_V1_PublicationNote] {
        var owners = [organization]
        for owner in [organization.district, .state] where owner != organization { owners.append(owner) }
        var notes: [Accountability_V1_PublicationNote] = []
        for owner in owners {
            for act in acts(.release, of: owner)
            where Int(act.schoolYear) == year && act.releaseKind?.isOfChangedFigures == true {
                var note = Accountability_V1_PublicationNote()
                note.kind = act.kind
                note.date = act.effectiveDate
                note.reason = act.reason
                note.reference = act.reference
                notes.append(note)
            }
        }
        return notes.sorted { left, right in
            if left.date != right.date { return left.date < right.date }
            if left.kind != right.kind { return left.kind < right.kind }
            return left.reference < right.reference
        }
    }

    /// The acts of one sort for an organization, in the order of their keys.
    private func acts(_ act: DepartmentAct, of organization: OrganizationCode) -> [Accountability_V1_Directive] {
        guard let table = byOrganization[organization] else { return [] }
        return table.filter { $0.key.act == act }.sorted { $0.key < $1.key }.map(\.value)
    }
}
