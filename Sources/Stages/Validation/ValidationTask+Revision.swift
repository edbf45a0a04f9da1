import Messages
import Rules
import Streaming

/// What a declaration or a deletion of an organization means for rows that came before it.
///
/// What stands depends on which organizations are declared, and not on when they were: a row of an organization that is
/// not declared is refused and changes nothing, so that what stood before it stands; a row whose organization is
/// declared counts as if it had been declared all the time. Every key that has a row of such an organization is judged
/// again from its first row.
extension ValidationTask {
    /// All rows of one key, in the order in which they came.
    private struct History {
        let identity: RowIdentity
        let layout: Layout
        var rows: [PastRow] = []
    }

    private struct PastRow {
        let archived: RowArchive.Row
        /// What it says; nil where it was refused whatever is declared.
        let row: CheckedRow?
        let needsDeclaration: Bool

        var declaration: UInt64 { row.map { ValidationTask.declaration($0.year, $0.organization) } ?? 0 }

        /// Whether its organization was declared at some time since it came.
        func wasDeclared(now: UInt32) -> Bool { archived.generation & 1 == 1 || now > archived.generation }

        /// Whether its organization was not declared at some time since it came.
        func wasUndeclared(now: UInt32) -> Bool { archived.generation & 1 == 0 || now > archived.generation }
    }

    /// What became of the rows of a key.
    private struct Judgement {
        /// By row; nil for those that are refused whatever is declared.
        var outcomes: [AcceptedRows.Outcome?] = []
        /// The row that is published.
        var published: Int?
        var entry: AcceptedRows.Entry?
        /// The newest claim of each row.
        var claims: [Int: Claim] = [:]
    }

    /// Judges the rows of organizations that were declared or deleted since the last time.
    ///
    /// One look at all rows serves all organizations of a file.
    func revise(_ output: TaskOutput) throws {
        guard !flipped.isEmpty else { return }
        let before = flipped
        flipped = [:]
        for history in try histories(of: before) {
            let former = judge(history) { before[$0] ?? generations[$0] ?? 0 }
            let present = judge(history) { generations[$0] ?? 0 }
            accepted[history.identity.name] = present.entry
            recount(history, former, before, output)
            recount(history, present, output)
            let cause = history.rows.first { before[$0.declaration] != nil }.map { declarer(of: $0) } ?? ""
            try retell(history, former, present, before, cause: cause, output)
            restep(history, former, present)
            guard tells(output) else { continue }
            try retellClaims(history, former, present, cause: cause, output)
            try republish(history, former, present, cause: cause, output)
        }
    }

    private func declarer(of row: PastRow) -> String {
        declaredBy[row.declaration].map { submissions[$0].id } ?? ""
    }

    // MARK: The past

    /// The histories of all keys that have a row of one of the organizations, in the order of their first rows.
    private func histories(of organizations: [UInt64: UInt32]) throws -> [History] {
        let archive = archive
        var places: [UInt128: Int] = [:]
        try archive.visit { archived, block, index, bytes in
            let check = submissions[archived.submission].check
            guard !archived.isFaulty,
                let declaration = checks[check].declaration(of: block, row: index, in: bytes),
                organizations[declaration] != nil, let row = checks[check].read(block, row: index, in: bytes),
                organizations[ValidationTask.declaration(row.year, row.organization)] != nil,
                needsDeclaration(row, archived.submission), let name = name(of: check)
            else { return }
            places[name.value] = -1
        }
        var histories: [History] = []
        try archive.visit { archived, block, index, bytes in
            let check = submissions[archived.submission].check
            let row = checks[check].read(block, row: index, in: bytes)
            guard checks[check].organization != nil, let identity = checks[check].identity,
                let place = places[identity.name.value]
            else { return }
            let name = identity.name
            if place < 0 {
                places[name.value] = histories.count
                histories.append(History(identity: identity, layout: checks[check].layout))
            }
            let past = PastRow(
                archived: archived,
                row: archived.isFaulty ? nil : row,
                needsDeclaration: row.map { needsDeclaration($0, archived.submission) } ?? false
            )
            histories[places[name.value] ?? 0].rows.append(past)
        }
        return histories
    }

    /// What becomes of a key's rows where organizations are of these generations.
    private func judge(_ history: History, generation: (UInt64) -> UInt32) -> Judgement {
        var table = AcceptedRows()
        var judgement = Judgement()
        for (index, past) in history.rows.enumerated() {
            guard let row = past.row else {
                judgement.outcomes.append(nil)
                continue
            }
            guard !past.needsDeclaration || generation(past.declaration) & 1 == 1 else {
                judgement.outcomes.append(.refused(.unknownOrganization))
                continue
            }
            let outcome = table.take(
                row,
                history.identity.name,
                submission: UInt32(truncatingIfNeeded: past.archived.submission),
                line: UInt32(clamping: past.archived.line)
            )
            judgement.outcomes.append(outcome)
            switch outcome {
            case .accepted: judgement.published = index
            case .replaced(let former):
                judgement.published = index
                for claim in claims(former, row, place(past, history)) {
                    let place = history.rows.firstIndex {
                        $0.archived.submission == claim.submission
                            && UInt32(clamping: $0.archived.line) == UInt32(clamping: claim.line)
                    }
                    if let place { judgement.claims[place] = claim }
                }
            case .deleted: judgement.published = nil
            case .unchanged, .refused: break
            }
        }
        judgement.entry = table[history.identity.name]
        return judgement
    }

    private func place(_ past: PastRow, _ history: History) -> RowPlace {
        RowPlace(submission: past.archived.submission, line: past.archived.line, layout: history.layout)
    }

    // MARK: Receipts and rejections

    private func recount(_ history: History, _ former: Judgement, _ before: [UInt64: UInt32], _ output: TaskOutput) {
        recount(history, former, output, times: -1) { before[$0] ?? generations[$0] ?? 0 }
    }

    private func recount(_ history: History, _ present: Judgement, _ output: TaskOutput) {
        recount(history, present, output, times: 1) { generations[$0] ?? 0 }
    }

    private func recount(
        _ history: History,
        _ judgement: Judgement,
        _ output: TaskOutput,
        times: Int64,
        generation: (UInt64) -> UInt32
    ) {
        for (past, outcome) in zip(history.rows, judgement.outcomes) {
            guard let outcome, let row = past.row else { continue }
            touch(past.archived.submission, output)
            let isUnknown = outcome == .refused(.unknownOrganization)
            count(
                outcome,
                isUndeclared: !past.needsDeclaration && row.organization != .state && past.archived.generation & 1 == 0,
                isWithdrawn: isUnknown && past.wasDeclared(now: generation(past.declaration)),
                past.archived.submission,
                times: times
            )
        }
    }

    /// Says of each row what became of it, where that was or is a rejection.
    private func retell(
        _ history: History,
        _ former: Judgement,
        _ present: Judgement,
        _ before: [UInt64: UInt32],
        cause: String,
        _ output: TaskOutput
    ) throws {
        let places = Set(history.rows.filter { $0.row != nil }.map { "\($0.archived.submission)/\($0.archived.line)" })
        refused.remove(history.identity.name) { places.contains("\($0.submission)/\($0.line)") }
        for (index, past) in history.rows.enumerated() {
            guard let now = present.outcomes[index], let then = former.outcomes[index], let row = past.row else {
                continue
            }
            if case .refused(let code) = now {
                let place = rejection(past, row, code)
                let closing = history.rows[index...].first { $0.archived.submission != past.archived.submission }
                if closing == nil { refused.add(place, under: history.identity.name) }
                let id = closing.map { submissions[$0.archived.submission].id } ?? ""
                if tells(output) { try publish(place, closedBy: id, cause: cause, output) }
            }
            guard tells(output) else { continue }
            let wasUnknown =
                past.needsDeclaration && before[past.declaration] != nil
                && past.wasUndeclared(now: generations[past.declaration] ?? 0)
            if wasUnknown, now != .refused(.unknownOrganization) {
                let place = rejection(past, row, .unknownOrganization)
                try publish(place, closedBy: declarer(of: past), cause: cause, output)
            }
            if case .refused(let code) = then, code != .unknownOrganization, now != then {
                try publish(rejection(past, row, code), closedBy: cause, cause: cause, output)
            }
        }
    }

    private func rejection(_ past: PastRow, _ row: CheckedRow, _ code: RejectionCode) -> RefusedRows.Row {
        RefusedRows.Row(
            submission: UInt32(truncatingIfNeeded: past.archived.submission),
            line: past.archived.line,
            year: row.year,
            organization: row.organization,
            faults: [code == .unknownOrganization ? .undeclared : RowFault(code: code, column: nil)]
        )
    }

    private func retellClaims(
        _ history: History,
        _ former: Judgement,
        _ present: Judgement,
        cause: String,
        _ output: TaskOutput
    ) throws {
        for index in history.rows.indices where former.claims[index] != present.claims[index] {
            if let claim = present.claims[index] {
                try publish(claim, closedBy: "", cause: cause, output)
            } else if let claim = former.claims[index] {
                try publish(claim, closedBy: cause, cause: cause, output)
            }
        }
    }

    // MARK: What stands

    /// A comment on a framework goes and comes with the organization that made it.
    private func restep(_ history: History, _ former: Judgement, _ present: Judgement) {
        guard history.layout == .directives, former.published != present.published else { return }
        if let row = former.published.flatMap({ history.rows[$0].row }),
            let act = FrameworkSteps.Act(row, key: history.identity.key)
        {
            frameworkSteps.take(act, .deleted)
        }
        if let row = present.published.flatMap({ history.rows[$0].row }),
            let act = FrameworkSteps.Act(row, key: history.identity.key)
        {
            frameworkSteps.take(act, .accepted)
        }
    }

    private func republish(
        _ history: History,
        _ former: Judgement,
        _ present: Judgement,
        cause: String,
        _ output: TaskOutput
    ) throws {
        guard former.published != present.published else { return }
        let before = former.published.flatMap { history.rows[$0].row?.organization.rawValue }
        let past = present.published.map { history.rows[$0] }
        if let before {
            let now = past?.row?.organization.rawValue
            let stays = now.map { history.layout == .directives || district($0, output) == district(before, output) }
            let year = former.published.flatMap { history.rows[$0].row?.year }
            if stays != true, let year {
                try retract(history.identity, history.layout, year, before, cause: cause, output)
            }
        }
        guard let past, let row = past.row else { return }
        try publish(row, history.identity, place(past, history), cause: cause, output)
    }
}
