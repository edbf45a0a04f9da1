import Messages
import Rules
import Tables

private enum Place {
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
        directive.directive = word(Place.directive, line)
        directive.kind = word(Place.kind, line)
        directive.orgCode = organization?.description ?? ""
        key.removeAll(keepingCapacity: true)
        appendToKey(RowCheck.yearColumn, line)
        appendToKey(directive.directive)
        appendToKey(directive.orgCode)
        appendToKey(directive.kind)
        if let kinds = RowCheck.kinds[directive.directive], !directive.kind.isEmpty, !kinds.contains(directive.kind) {
            fault(.kindNotOfDirective, Place.kind)
        }
        guard !isDeletion else { return .none }
        directive.effectiveDate = date(Place.effective, line) ?? ""
        directive.endDate = date(Place.end, line) ?? ""
        // ISO dates of four-digit years sort as text.
        if !directive.endDate.isEmpty, directive.endDate < directive.effectiveDate { fault(.endBeforeStart, Place.end) }
        directive.reason = text(Place.reason, line)
        directive.reference = text(Place.reference, line)
        directive.rating = word(Place.rating, line)
        directive.parts = text(Place.parts, line).split(separator: ";").map { String($0) }
        directive.packagesRoot = text(Place.packagesRoot, line)
        directive.document = document(Place.document, line)
        directive.schoolYear = UInt32(clamping: year ?? 0)
        if faults.isEmpty { judge(directive) }
        return .directive(directive)
    }

    /// The regulation's requirements for the act.
    private mutating func judge(_ act: Accountability_V1_Directive) {
        guard let organization else { return }
        if act.directive != "review" || act.kind == DistrictReview.conductedKind, !act.rating.isEmpty {
            fault(.ratingNotOfReview, Place.rating)
        }
        if act.directive != "plan_filing", !act.parts.isEmpty { fault(.partNotOfPlan, Place.parts) }
        if !act.packagesRoot.isEmpty, !isRoot(act.packagesRoot, of: act, organization) {
            fault(.rootNotOfRelease, Place.packagesRoot)
        }
        if !act.document.isEmpty { judgeDocument(act) }
        switch act.directive {
        case "designation":
            let isFederal = FederalSupport(wireName: act.kind) != nil
            if organization.type == .state || isFederal && organization.type != .school {
                fault(.organizationNotOfDirective, RowCheck.organizationColumn)
            }
            if act.kind == Designation.directedFocused.wireName, act.reason.isEmpty {
                fault(.reasonNotStated, Place.reason)
            }
        case "recognition":
            if organization.type != .school { fault(.organizationNotOfDirective, RowCheck.organizationColumn) }
        case "release":
            guard act.kind == "revised" || act.kind == "appeal" else {
                // Results are released for the state or a whole district.
                if organization.type == .school { fault(.organizationNotOfDirective, RowCheck.organizationColumn) }
                break
            }
            if act.reason.isEmpty { fault(.reasonNotStated, Place.reason) }
            if act.reference.isEmpty { fault(.submissionNotNamed, Place.reference) }
        case "reconfiguration":
            if organization.type == .state { fault(.organizationNotOfDirective, RowCheck.organizationColumn) }
            if act.reason.isEmpty { fault(.reasonNotStated, Place.reason) }
        case "appeal":
            if organization.type == .state { fault(.organizationNotOfDirective, RowCheck.organizationColumn) }
            if act.reason.isEmpty { fault(.reasonNotStated, Place.reason) }
            if act.reference.isEmpty { fault(.submissionNotNamed, Place.reference) }
        case "suspension": judgeSuspension(act, organization)
        case "framework_step":
            let isComment = act.kind == FrameworkStep.comment.wireName
            if !isComment, organization.type != .state {
                fault(.organizationNotOfDirective, RowCheck.organizationColumn)
            }
            if isComment, act.reason.isEmpty { fault(.reasonNotStated, Place.reason) }
        case "review":
            let isConducted = act.kind == DistrictReview.conductedKind
            let isOfKind = isConducted ? organization.type != .state : organization.type == .district
            if !isOfKind { fault(.organizationNotOfDirective, RowCheck.organizationColumn) }
            if !isConducted, act.rating.isEmpty { fault(.ratingNotOfReview, Place.rating) }
        case "plan_filing":
            if PlanKind(wireName: act.kind)?.organizationType != organization.type {
                fault(.organizationNotOfDirective, RowCheck.organizationColumn)
            }
            if act.parts.contains(where: { PlanPart(wireName: $0) == nil }) { fault(.partNotOfPlan, Place.parts) }
        default: break
        }
    }

    /// The root covers the packages of the whole state, so only the state's official release carries one.
    private func isRoot(_ text: String, of act: Accountability_V1_Directive, _ organization: OrganizationCode) -> Bool {
        act.directive == "release" && act.kind == "official" && organization == .state && text.utf8.count == 64
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
            }
    }

    /// A document has to be a framework of the act's school year.
    private mutating func judgeDocument(_ act: Accountability_V1_Directive) {
        guard act.directive == "framework_step",
            FrameworkStep(wireName: act.kind).map(FrameworkStep.withDocument.contains) == true
        else { return fault(.documentNotOfStep, Place.document) }
        do {
            let framework = try Framework.proposed(act.document)
            if !framework.schoolYears.contains(Int(act.schoolYear)) { fault(.documentNotOfYear, Place.document) }
        } catch {
            fault(.invalidFramework, Place.document)
        }
    }

    private mutating func judgeSuspension(_ act: Accountability_V1_Directive, _ organization: OrganizationCode) {
        if organization.type != .state { fault(.organizationNotOfDirective, RowCheck.organizationColumn) }
        switch Suspension.refusal(framework: framework, reason: act.reason) {
        case .schoolYear: fault(.suspensionNotOfYear, RowCheck.yearColumn)
        case .cause: fault(.suspensionWithoutCause, Place.reason)
        case nil: break
        }
    }

    /// The kinds of each directive.
    private static let kinds: [String: [String]] = [
        "designation": Designation.allCases.map(\.wireName) + FederalSupport.allCases.map(\.wireName),
        "recognition": Vocabulary.recognitionKinds,
        "release": ["preliminary", "official", "revised", "appeal"],
        "suspension": ReportedMeasure.kinds,
        "framework_step": FrameworkStep.allCases.map(\.wireName),
        "review": DistrictReview.kinds,
        "plan_filing": PlanKind.allCases.map(\.wireName),
        "reconfiguration": ["reconfigured"],
        "appeal": ["filed", "denied"],
    ]
}

extension RowFault {
    /// A designation that neither states a reason nor names a decision.
    static let unfounded = RowFault(code: .reasonNotStated, column: Place.reason)
}

/// The lives of the frameworks by school year, from the ledger: 603 CMR 2.03(10).
struct FrameworkSteps {
    /// A step that a row takes or withdraws.
    struct Act {
        let year: Int
        let step: FrameworkStep
        let organization: String
        let date: String
        let end: String
        /// The digest of the framework that it proposes or approves; empty for none.
        let document: String
        let isWithdrawal: Bool

        /// The framework step of a row of directives; nil for other acts.
        init?(_ row: CheckedRow, key: [UInt8]) {
            guard let key = DirectiveKey(utf8: key.span), key.act == .frameworkStep,
                let step = FrameworkStep(wireName: key.kind)
            else { return nil }
            self.step = step
            year = row.year
            organization = key.organization.description
            isWithdrawal = row.isDeletion
            if case .directive(let directive) = row.content {
                date = directive.effectiveDate
                end = directive.endDate
                document = Self.document(of: directive, step)
            } else {
                date = ""
                end = ""
                document = ""
            }
        }

        private static func document(of directive: Accountability_V1_Directive, _ step: FrameworkStep) -> String {
            if step == .approved { return FrameworkLife.digest(inReference: directive.reference) ?? "" }
            guard !directive.document.isEmpty else { return "" }
            do {
                return try Framework.proposed(directive.document).digest
            } catch {
                // The row was refused before.
                return ""
            }
        }
    }

    private var lives: [Int: FrameworkLife] = [:]

    /// Why a step is refused; nil if it is allowed.
    func fault(of act: Act) -> RowFault? {
        let life = lives[act.year] ?? FrameworkLife()
        let refusal =
            act.isWithdrawal
            ? life.refusalToWithdraw(act.step)
            : life.refusal(of: act.step, on: act.date, until: act.end, document: act.document)
        return switch refusal {
        case .outOfOrder, .restedUpon: RowFault(code: .frameworkStepOutOfOrder, column: Place.kind)
        case .commentPeriodOpen:
            RowFault(code: .commentPeriodOpen, column: act.step == .commentOpened ? Place.end : Place.effective)
        case .outsideCommentPeriod: RowFault(code: .commentOutsidePeriod, column: Place.effective)
        case .otherDocument:
            RowFault(code: .otherDocument, column: act.step == .approved ? Place.reference : Place.document)
        case nil: nil
        }
    }

    /// Takes a step that was accepted.
    mutating func take(_ act: Act, _ outcome: AcceptedRows.Outcome) {
        switch outcome {
        case .accepted, .replaced:
            lives[act.year, default: FrameworkLife()]
                .take(act.step, on: act.date, until: act.end, by: act.organization, document: act.document)
        case .deleted: lives[act.year, default: FrameworkLife()].withdraw(act.step, by: act.organization)
        case .unchanged, .refused, .withdrawn, .held: break
        }
    }
}

extension ValidationTask {
    /// The framework step that a row takes or withdraws.
    func step(_ row: CheckedRow, _ identity: RowIdentity, _ layout: Layout) -> FrameworkSteps.Act? {
        layout == .directives ? FrameworkSteps.Act(row, key: identity.key) : nil
    }

    /// The missing reason of an act: a designation needs a reason, or the decision behind it as its reference.
    ///
    /// Ledgers from before submissions named their channel have designations without either. They stay valid.
    func faultOfAct(_ row: CheckedRow, _ number: Int) -> RowFault? {
        guard case .directive(let act) = row.content, submissions[number].statesChannel else { return nil }
        return act.directive == "designation" && act.reason.isEmpty && act.reference.isEmpty ? .unfounded : nil
    }
}
