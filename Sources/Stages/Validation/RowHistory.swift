import Messages
import Rules

/// All rows of one key, in the order in which they came.
struct RowHistory {
    /// One of the rows.
    struct Past {
        let archived: RowArchive.Row
        /// Its content; nil if it has ``faults``.
        let row: CheckedRow?
        /// The act that other acts depend on, or that depends on them.
        let linked: LinkedActs.Act?
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
    /// Whether its rows are acts that depend on acts under other keys.
    let isLinked: Bool
    var rows: [Past] = []

    init(identity: RowIdentity, layout: Layout) {
        self.identity = identity
        self.layout = layout
        isLinked = Self.isLinked(identity, layout)
    }

    /// Whether the rows of a key are acts that depend on acts under other keys.
    static func isLinked(_ identity: RowIdentity, _ layout: Layout) -> Bool {
        layout == .directives && DirectiveKey(utf8: identity.key.span).flatMap(LinkedActs.Act.kind) != nil
    }

    func place(_ past: Past) -> ValidationTask.RowPlace {
        ValidationTask.RowPlace(submission: past.archived.submission, line: past.archived.line, layout: layout)
    }
}

/// The outcomes of the rows of a key.
struct RowJudgement: Equatable {
    /// By row; nil for those that are refused whatever is declared.
    var outcomes: [AcceptedRows.Outcome?]
    /// The rows in the order in which they were checked.
    ///
    /// A held row that was approved is at the position of its approval.
    var order: [Int] = []
    /// The row that is published.
    var published: Int?
    var entry: AcceptedRows.Entry?
    /// The row whose record stands.
    var origin: AcceptedRows.Origin?
    /// The submission that brought the key last and has to wait with it.
    var waiting: UInt32?
    /// The newest claim of each row.
    var claims: [Int: ValidationTask.Claim] = [:]

    /// The rows from one on, in the order in which they were judged, without those that are as if they had not come.
    func rows(from row: Int) -> [Int] {
        order.drop { $0 != row }.filter { $0 == row || outcomes[$0]?.isOut != true }
    }
}

/// The facts that decide how rows are checked.
struct RowCircumstances {
    /// How often an organization was declared and deleted; odd while it is declared.
    let generation: (UInt64) -> UInt32
    /// Whether the rows of a submission count as if they had never come.
    let isOut: (Int) -> Bool
    /// The decision about a submission that arrived when results were official.
    let decision: (Int) -> ValidationTask.Decision?
}

/// Judges rows of some keys from the first one on, as if they came now.
private struct RowJudge {
    /// A row, at its place.
    struct Turn {
        var order: RowOrder
        var history: Int
        var row: Int
        /// Whether it comes here because its submission was approved here.
        var isApproval: Bool
    }

    let histories: [RowHistory]
    let circumstances: RowCircumstances
    let official: (Int) -> OfficialScope
    private var table = AcceptedRows()
    private(set) var acts = LinkedActs()
    private(set) var judgements: [RowJudgement]
    /// Held rows, which are checked at the position of their approval.
    private var approved: Set<[Int]> = []

    init(
        _ histories: [RowHistory],
        _ circumstances: RowCircumstances,
        _ official: @escaping (Int) -> OfficialScope
    ) {
        self.histories = histories
        self.circumstances = circumstances
        self.official = official
        judgements = histories.map { RowJudgement(outcomes: Array(repeating: nil, count: $0.rows.count)) }
    }

    mutating func run(_ claims: (AcceptedRows.Former, CheckedRow, ValidationTask.RowPlace) -> [ValidationTask.Claim]) {
        for turn in turns() {
            let history = histories[turn.history]
            let past = history.rows[turn.row]
            guard let row = past.row else {
                judgements[turn.history].order.append(turn.row)
                continue
            }
            guard let outcome = outcome(of: past, row, history, turn) else { continue }
            judgements[turn.history].order.append(turn.row)
            if let act = past.linked { acts.take(act, outcome) }
            judgements[turn.history].outcomes[turn.row] = outcome
            switch outcome {
            case .accepted: judgements[turn.history].published = turn.row
            case .replaced(let former):
                judgements[turn.history].published = turn.row
                for claim in claims(former, row, history.place(past)) {
                    let claimed = history.rows.firstIndex {
                        $0.archived.submission == claim.submission
                            && UInt32(clamping: $0.archived.line) == UInt32(clamping: claim.line)
                    }
                    if let claimed { judgements[turn.history].claims[claimed] = claim }
                }
            case .deleted: judgements[turn.history].published = nil
            case .unchanged, .refused, .withdrawn, .held: break
            }
        }
        for number in histories.indices {
            judgements[number].entry = table[histories[number].identity.name]
            judgements[number].origin = table.origin(histories[number].identity.name)
            judgements[number].waiting = table.waiting(histories[number].identity.name)
        }
    }

    /// Every row at its place; one of a submission that was approved after it came has two, and counts at one of them.
    private func turns() -> [Turn] {
        var turns: [Turn] = []
        for (number, history) in histories.enumerated() {
            for (index, past) in history.rows.enumerated() {
                let order = past.archived.order
                turns.append(Turn(order: order, history: number, row: index, isApproval: false))
                guard case .approved(let approval) = circumstances.decision(past.archived.submission),
                    approval.concerns(order)
                else { continue }
                let later = order.approved(approval)
                if past.row != nil { turns.append(Turn(order: later, history: number, row: index, isApproval: true)) }
            }
        }
        return turns.sorted { $0.order < $1.order }
    }

    /// The outcome of a row at a position; nil if it does not count there.
    private mutating func outcome(
        of past: RowHistory.Past,
        _ row: CheckedRow,
        _ history: RowHistory,
        _ turn: Turn
    ) -> AcceptedRows.Outcome? {
        let submission = past.archived.submission
        guard !circumstances.isOut(submission) else { return turn.isApproval ? nil : .withdrawn }
        let place = [turn.history, turn.row]
        let official = official(submission)
        var hold: AcceptedRows.Hold?
        switch circumstances.decision(submission) {
        case _ where official.isEmpty || turn.isApproval: break
        case .approved(let approval):
            let name = history.identity.name
            let number = UInt32(truncatingIfNeeded: submission)
            if approval.concerns(past.archived.order),
                table.concerns(official, row, name, submission: number)
            {
                approved.insert(place)
                return nil
            }
        case .rejected: hold = .init(official: official, outcome: .withdrawn)
        case nil: hold = .init(official: official, outcome: .held)
        }
        guard !turn.isApproval || approved.contains(place) else { return nil }
        if let fault = past.linked.flatMap({ acts.fault(of: $0) }) { return .refused(fault) }
        guard !past.needsDeclaration || circumstances.generation(past.declaration) & 1 == 1 else {
            return .refused(.undeclared)
        }
        return table.take(row, history.identity.name, history.place(past), hold)
    }
}

extension AcceptedRows {
    /// Stores a row under its key, or holds it.
    mutating func take(_ row: CheckedRow, _ name: RowKey, _ place: ValidationTask.RowPlace, _ hold: Hold?) -> Outcome {
        take(
            row,
            name,
            submission: UInt32(truncatingIfNeeded: place.submission),
            line: UInt32(clamping: place.line),
            hold
        )
    }
}

extension ValidationTask {
    /// The outcomes of the rows of some keys, checked again from the first row as if they arrived now.
    ///
    /// - Returns: of each key its judgement; and the linked acts as its rows leave them.
    func judge(
        _ histories: [RowHistory],
        _ circumstances: RowCircumstances
    ) -> (judgements: [RowJudgement], acts: LinkedActs) {
        var judge = RowJudge(histories, circumstances) { self.submissions[$0].official }
        judge.run { self.claims($0, $1, $2) }
        return (judge.judgements, judge.acts)
    }
}
