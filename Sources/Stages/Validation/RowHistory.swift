import Messages
import Rules

/// All rows of one key, in the order in which they came.
struct RowHistory {
    /// One of the rows.
    struct Past {
        let archived: RowArchive.Row
        /// Its place among all rows that are judged again.
        let order: Int
        /// What it says; nil where it has ``faults``.
        let row: CheckedRow?
        /// The step in the life of a framework that it takes or withdraws.
        let step: FrameworkSteps.Act?
        let needsDeclaration: Bool
        /// Whether this partition answers for it.
        let isOwned: Bool
        let year: Int?
        let organization: OrganizationCode?
        /// Why it is refused, whatever is declared and whatever is withdrawn.
        let faults: [RowFault]

        var declaration: UInt64 { row.map { ValidationTask.declaration($0.year, $0.organization) } ?? 0 }

        /// Whether its organization was declared at some time since it came.
        func wasDeclared(now: UInt32) -> Bool { archived.generation & 1 == 1 || now > archived.generation }

        /// Whether its organization was not declared at some time since it came.
        func wasUndeclared(now: UInt32) -> Bool { archived.generation & 1 == 0 || now > archived.generation }
    }

    let identity: RowIdentity
    let layout: Layout
    /// Whether its rows are steps in the life of a framework, which rest on those of other keys.
    let isStep: Bool
    var rows: [Past] = []

    init(identity: RowIdentity, layout: Layout) {
        self.identity = identity
        self.layout = layout
        isStep = Self.isStep(identity, layout)
    }

    /// Whether rows of a key are steps in the life of a framework.
    static func isStep(_ identity: RowIdentity, _ layout: Layout) -> Bool {
        layout == .directives && DirectiveKey(utf8: identity.key.span)?.act == .frameworkStep
    }

    func place(_ past: Past) -> ValidationTask.RowPlace {
        ValidationTask.RowPlace(submission: past.archived.submission, line: past.archived.line, layout: layout)
    }
}

/// What became of the rows of a key.
struct RowJudgement: Equatable {
    /// By row; nil for those that are refused whatever is declared.
    var outcomes: [AcceptedRows.Outcome?]
    /// The row that is published.
    var published: Int?
    var entry: AcceptedRows.Entry?
    /// The newest claim of each row.
    var claims: [Int: ValidationTask.Claim] = [:]
}

/// Under what rows are judged.
struct RowCircumstances {
    /// How often an organization was declared and deleted; odd while it is declared.
    let generation: (UInt64) -> UInt32
    /// Whether the rows of a submission count as if they had never come.
    let isOut: (Int) -> Bool
}

extension ValidationTask {
    /// What becomes of the rows of some keys, judged from the first one on as if they came now.
    ///
    /// - Returns: of each key its judgement; and the frameworks' lives as its steps leave them.
    func judge(
        _ histories: [RowHistory],
        _ circumstances: RowCircumstances
    ) -> (judgements: [RowJudgement], steps: FrameworkSteps) {
        var table = AcceptedRows()
        var steps = FrameworkSteps()
        var judgements = histories.map { RowJudgement(outcomes: Array(repeating: nil, count: $0.rows.count)) }
        var places = histories.indices.flatMap { history in
            histories[history].rows.indices.map { (history: history, row: $0) }
        }
        if histories.count > 1 {
            places.sort { histories[$0.history].rows[$0.row].order < histories[$1.history].rows[$1.row].order }
        }
        for (number, index) in places {
            let history = histories[number]
            let past = history.rows[index]
            guard let row = past.row else { continue }
            let outcome = outcome(of: past, row, history, circumstances, &table, steps)
            if let step = past.step { steps.take(step, outcome) }
            judgements[number].outcomes[index] = outcome
            switch outcome {
            case .accepted: judgements[number].published = index
            case .replaced(let former):
                judgements[number].published = index
                for claim in claims(former, row, history.place(past)) {
                    let claimed = history.rows.firstIndex {
                        $0.archived.submission == claim.submission
                            && UInt32(clamping: $0.archived.line) == UInt32(clamping: claim.line)
                    }
                    if let claimed { judgements[number].claims[claimed] = claim }
                }
            case .deleted: judgements[number].published = nil
            case .unchanged, .refused, .withdrawn: break
            }
        }
        for number in histories.indices { judgements[number].entry = table[histories[number].identity.name] }
        return (judgements, steps)
    }

    private func outcome(
        of past: RowHistory.Past,
        _ row: CheckedRow,
        _ history: RowHistory,
        _ circumstances: RowCircumstances,
        _ table: inout AcceptedRows,
        _ steps: FrameworkSteps
    ) -> AcceptedRows.Outcome {
        guard !circumstances.isOut(past.archived.submission) else { return .withdrawn }
        if let fault = past.step.flatMap({ steps.fault(of: $0) }) { return .refused(fault) }
        guard !past.needsDeclaration || circumstances.generation(past.declaration) & 1 == 1 else {
            return .refused(.undeclared)
        }
        return table.take(
            row,
            history.identity.name,
            submission: UInt32(truncatingIfNeeded: past.archived.submission),
            line: UInt32(clamping: past.archived.line)
        )
    }
}
