import Messages
import Rules

/// The acts that depend on each other, from the ledger: the steps of frameworks, 603 CMR 2.03(10), and the releases of
/// results with their embargo.
struct LinkedActs {
    /// An act that a row takes or withdraws.
    struct Act {
        /// What it is.
        enum Kind {
            /// A step of the framework of its year.
            case step(FrameworkStep)
            /// A release of the results of its year, preliminary or official.
            case release(ResultsStage)
        }

        let year: Int
        let kind: Kind
        let organization: OrganizationCode
        let date: String
        let end: String
        /// The digest of the framework that a step proposes or approves; empty for none.
        let document: String
        let isWithdrawal: Bool

        /// The act of a row; nil if no other act depends on it.
        init?(_ row: CheckedRow, key: [UInt8]) {
            guard let key = DirectiveKey(utf8: key.span), let kind = Self.kind(of: key) else { return nil }
            self.kind = kind
            year = row.year
            organization = key.organization
            isWithdrawal = row.isDeletion
            if case .directive(let directive) = row.content {
                date = directive.effectiveDate
                end = directive.endDate
                document = if case .step(let step) = kind { Self.document(of: directive, step) } else { "" }
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

        /// What the acts of a key are; nil if no other act depends on them.
        static func kind(of key: DirectiveKey) -> Kind? {
            switch key.act {
            case .frameworkStep: FrameworkStep(wireName: key.kind).map(Kind.step)
            case .release: ReleaseKind(wireName: key.kind)?.stage.map(Kind.release)
            default: nil
            }
        }
    }

    private var lives: [Int: FrameworkLife] = [:]
    private var releases: [Int: ReleaseDays] = [:]

    /// Why an act is refused; nil if it is allowed.
    ///
    /// - `districtsBindState`: whether the embargo of a district also concerns the release of the whole state.
    func fault(of act: Act, districtsBindState: Bool = true) -> RowFault? {
        switch act.kind {
        case .step(let step): fault(of: act, step)
        case .release(let stage): fault(of: act, stage, districtsBindState)
        }
    }

    private func fault(of act: Act, _ step: FrameworkStep) -> RowFault? {
        let life = lives[act.year] ?? FrameworkLife()
        let refusal =
            act.isWithdrawal
            ? life.refusalToWithdraw(step)
            : life.refusal(of: step, on: act.date, until: act.end, document: act.document)
        return switch refusal {
        case .outOfOrder, .restedUpon: RowFault(code: .frameworkStepOutOfOrder, column: DirectivePlace.kind)
        case .commentPeriodOpen:
            RowFault(
                code: .commentPeriodOpen,
                column: step == .commentOpened ? DirectivePlace.end : DirectivePlace.effective
            )
        case .outsideCommentPeriod: RowFault(code: .commentOutsidePeriod, column: DirectivePlace.effective)
        case .otherDocument:
            RowFault(
                code: .otherDocument,
                column: step == .approved ? DirectivePlace.reference : DirectivePlace.document
            )
        case nil: nil
        }
    }

    /// Withdrawing a release contradicts nothing.
    private func fault(of act: Act, _ stage: ResultsStage, _ districtsBindState: Bool) -> RowFault? {
        guard !act.isWithdrawal, let days = releases[act.year] else { return nil }
        switch stage {
        case .preliminary where !days.allows(embargoUntil: act.end, of: act.organization):
            return RowFault(code: .resultsUnderEmbargo, column: DirectivePlace.end)
        case .official
        where !days.allows(officialOn: act.date, of: act.organization, districtsBindState: districtsBindState):
            return RowFault(code: .resultsUnderEmbargo, column: DirectivePlace.effective)
        case .computed, .preliminary, .official: return nil
        }
    }

    /// Takes an act that was accepted.
    mutating func take(_ act: Act, _ outcome: AcceptedRows.Outcome) {
        switch outcome {
        case .accepted, .replaced: set(act, isInForce: true)
        case .deleted: set(act, isInForce: false)
        case .unchanged, .refused, .withdrawn, .held: break
        }
    }

    private mutating func set(_ act: Act, isInForce: Bool) {
        let organization = act.organization.description
        switch act.kind {
        case .step(let step) where isInForce:
            lives[act.year, default: FrameworkLife()]
                .take(step, on: act.date, until: act.end, by: organization, document: act.document)
        case .step(let step): lives[act.year, default: FrameworkLife()].withdraw(step, by: organization)
        case .release(.preliminary):
            releases[act.year, default: ReleaseDays()].set(embargoUntil: isInForce ? act.end : "", of: act.organization)
        case .release(.official):
            releases[act.year, default: ReleaseDays()].set(officialOn: isInForce ? act.date : nil, of: act.organization)
        case .release(.computed): break
        }
    }
}

extension ValidationTask {
    /// The act of a row that other acts depend on, or that depends on them.
    func linkedAct(_ row: CheckedRow, _ identity: RowIdentity, _ layout: Layout) -> LinkedActs.Act? {
        layout == .directives ? LinkedActs.Act(row, key: identity.key) : nil
    }
}
