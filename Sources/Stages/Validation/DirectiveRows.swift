import Messages
import Rules
import Tables

/// The places of the columns of directives.
enum DirectivePlace {
    static let directive = Layout.directives.place("directive")
    static let kind = Layout.directives.place("kind")
    static let effective = Layout.directives.place("effective_date")
    static let end = Layout.directives.place("end_date")
    static let reason = Layout.directives.place("reason")
    static let reference = Layout.directives.place("reference")
    static let rating = Layout.directives.place("rating")
    static let parts = Layout.directives.place("parts")
    static let packagesRoot = Layout.directives.place("packages_root")
    static let document = Layout.directives.place("document")
}

extension RowCheck {
    /// The key of a directive is its key in the topic of directives: `<school year>/<directive>/<org>/<kind>`.
    mutating func directive(_ line: Span<UInt8>, isDeletion: Bool) -> CheckedRow.Content {
        var directive = Accountability_V1_Directive()
        directive.directive = word(DirectivePlace.directive, line)
        directive.kind = word(DirectivePlace.kind, line)
        directive.orgCode = organization?.description ?? ""
        key.removeAll(keepingCapacity: true)
        appendToKey(RowCheck.yearColumn, line)
        appendToKey(directive.directive)
        appendToKey(directive.orgCode)
        appendToKey(directive.kind)
        if let act = directive.act, !directive.kind.isEmpty, !act.kinds.contains(directive.kind) {
            fault(.kindNotOfDirective, DirectivePlace.kind)
        }
        guard !isDeletion else { return .none }
        directive.effectiveDate = date(DirectivePlace.effective, line) ?? ""
        directive.endDate = date(DirectivePlace.end, line) ?? ""
        // ISO dates of four-digit years sort as text.
        if !directive.endDate.isEmpty, directive.endDate < directive.effectiveDate {
            fault(.endBeforeStart, DirectivePlace.end)
        }
        directive.reason = text(DirectivePlace.reason, line)
        directive.reference = text(DirectivePlace.reference, line)
        directive.rating = word(DirectivePlace.rating, line)
        directive.parts = text(DirectivePlace.parts, line).split(separator: ";").map { String($0) }
        directive.packagesRoot = text(DirectivePlace.packagesRoot, line)
        directive.document = document(DirectivePlace.document, line)
        directive.schoolYear = UInt32(clamping: year ?? 0)
        if faults.isEmpty { judge(directive) }
        return .directive(directive)
    }

    /// The regulation's requirements for the act.
    private mutating func judge(_ act: Accountability_V1_Directive) {
        guard let organization else { return }
        if act.act != .review || act.kind == DistrictReview.conductedKind, !act.rating.isEmpty {
            fault(.ratingNotOfReview, DirectivePlace.rating)
        }
        if act.act != .planFiling, !act.parts.isEmpty { fault(.partNotOfPlan, DirectivePlace.parts) }
        if !act.packagesRoot.isEmpty, !isRoot(act.packagesRoot, of: act, organization) {
            fault(.rootNotOfRelease, DirectivePlace.packagesRoot)
        }
        if !act.document.isEmpty { judgeDocument(act) }
        switch act.act {
        case .designation:
            let isFederal = FederalSupport(wireName: act.kind) != nil
            if organization.type == .state || isFederal && organization.type != .school {
                fault(.organizationNotOfDirective, RowCheck.organizationColumn)
            }
            if act.kind == Designation.directedFocused.wireName, act.reason.isEmpty {
                fault(.reasonNotStated, DirectivePlace.reason)
            }
        case .recognition:
            if organization.type != .school { fault(.organizationNotOfDirective, RowCheck.organizationColumn) }
        case .release:
            guard act.releaseKind?.isOfChangedFigures == true else {
                // Results are released for the state or a whole district.
                if organization.type == .school { fault(.organizationNotOfDirective, RowCheck.organizationColumn) }
                break
            }
            if act.reason.isEmpty { fault(.reasonNotStated, DirectivePlace.reason) }
            if act.reference.isEmpty { fault(.submissionNotNamed, DirectivePlace.reference) }
        case .reconfiguration:
            if organization.type == .state { fault(.organizationNotOfDirective, RowCheck.organizationColumn) }
            if act.reason.isEmpty { fault(.reasonNotStated, DirectivePlace.reason) }
        case .appeal:
            if organization.type == .state { fault(.organizationNotOfDirective, RowCheck.organizationColumn) }
            if act.reason.isEmpty { fault(.reasonNotStated, DirectivePlace.reason) }
            if act.reference.isEmpty { fault(.submissionNotNamed, DirectivePlace.reference) }
        case .suspension: judgeSuspension(act, organization)
        case .frameworkStep:
            let isComment = act.kind == FrameworkStep.comment.wireName
            if !isComment, organization.type != .state {
                fault(.organizationNotOfDirective, RowCheck.organizationColumn)
            }
            if isComment, act.reason.isEmpty { fault(.reasonNotStated, DirectivePlace.reason) }
        case .review:
            let isConducted = act.kind == DistrictReview.conductedKind
            let isOfKind = isConducted ? organization.type != .state : organization.type == .district
            if !isOfKind { fault(.organizationNotOfDirective, RowCheck.organizationColumn) }
            if !isConducted, act.rating.isEmpty { fault(.ratingNotOfReview, DirectivePlace.rating) }
        case .planFiling:
            if PlanKind(wireName: act.kind)?.organizationType != organization.type {
                fault(.organizationNotOfDirective, RowCheck.organizationColumn)
            }
            if act.parts.contains(where: { PlanPart(wireName: $0) == nil }) {
                fault(.partNotOfPlan, DirectivePlace.parts)
            }
        case .organizationChange, nil: break
        }
    }

    /// The root covers the packages of the whole state, so only the state's official release carries one.
    private func isRoot(_ text: String, of act: Accountability_V1_Directive, _ organization: OrganizationCode) -> Bool {
        act.isOfficialRelease && organization == .state && text.utf8.count == 64
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }

    /// A document has to be a framework of the act's school year.
    private mutating func judgeDocument(_ act: Accountability_V1_Directive) {
        guard act.act == .frameworkStep,
            FrameworkStep(wireName: act.kind).map(FrameworkStep.withDocument.contains) == true
        else { return fault(.documentNotOfStep, DirectivePlace.document) }
        do {
            let framework = try Framework.proposed(act.document)
            if !framework.schoolYears.contains(Int(act.schoolYear)) {
                fault(.documentNotOfYear, DirectivePlace.document)
            }
        } catch {
            fault(.invalidFramework, DirectivePlace.document)
        }
    }

    private mutating func judgeSuspension(_ act: Accountability_V1_Directive, _ organization: OrganizationCode) {
        if organization.type != .state { fault(.organizationNotOfDirective, RowCheck.organizationColumn) }
        switch Suspension.refusal(framework: framework, reason: act.reason) {
        case .schoolYear: fault(.suspensionNotOfYear, RowCheck.yearColumn)
        case .cause: fault(.suspensionWithoutCause, DirectivePlace.reason)
        case nil: break
        }
    }
}

extension RowFault {
    /// A designation that neither states a reason nor names a decision.
    static let unfounded = RowFault(code: .reasonNotStated, column: DirectivePlace.reason)
}

extension ValidationTask {
    /// The missing reason of an act: a designation needs a reason, or the decision behind it as its reference.
    ///
    /// Ledgers from before submissions named their channel have designations without either. They stay valid.
    func faultOfAct(_ row: CheckedRow, _ number: Int) -> RowFault? {
        guard case .directive(let act) = row.content, submissions[number].statesChannel else { return nil }
        return act.act == .designation && act.reason.isEmpty && act.reference.isEmpty ? .unfounded : nil
    }
}
