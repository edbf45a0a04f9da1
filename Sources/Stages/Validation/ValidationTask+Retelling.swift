import Messages
import Rules
import Streaming

/// Publishes the new outcomes of rows that are checked again.
extension ValidationTask {
    /// Rejections of withdrawn submissions are closed.
    ///
    /// If the withdrawal is withdrawn, rejections of rows without a readable key are open again.
    func closeRejections(of turned: Set<Int>, _ output: TaskOutput) throws {
        let closed = refused.take(of: turned.filter { isOut($0) })
        guard tells(output) else { return }
        for row in closed + turned.sorted().flatMap({ refused.nameless(of: $0) }) {
            let by = submissions[Int(row.submission)].withdrawnBy.map { submissions[$0].id } ?? ""
            try publish(row, closedBy: by, cause: submissions[submissions.count - 1].id, output)
        }
    }

    /// The submission that brought the key of a row again, by which its rejection is closed.
    private func closing(
        _ history: RowHistory,
        _ judgement: RowJudgement,
        _ index: Int,
        isOut: (Int) -> Bool
    ) -> Int? {
        let own = history.rows[index].archived.submission
        return judgement.rows(from: index).lazy.map { history.rows[$0].archived.submission }
            .first { $0 != own && !isOut($0) }
    }

    /// A faulty row stays refused.
    ///
    /// Its rejection is open again if the row that closed it is withdrawn, and closed if a held row with the same key
    /// is approved.
    func reopen(
        _ history: RowHistory,
        _ former: RowJudgement,
        _ present: RowJudgement,
        _ change: Change,
        cause: String,
        _ output: TaskOutput
    ) throws {
        for (index, past) in history.rows.enumerated() where past.row == nil && past.isOwned {
            let former = closing(history, former, index) { isOut($0) != change.turned.contains($0) }
            let present = closing(history, present, index) { isOut($0) }
            let isBack = change.turned.contains(past.archived.submission)
            guard former != present || isBack, !isOut(past.archived.submission) else { continue }
            let submission = UInt32(truncatingIfNeeded: past.archived.submission)
            let row = RefusedRows.Row(
                submission: submission,
                line: past.archived.line,
                year: past.year,
                organization: past.organization,
                faults: past.faults
            )
            refused.remove(history.identity.name) { $0.submission == submission && $0.line == row.line }
            if present == nil { refused.add(row, under: history.identity.name) }
            if tells(output) {
                try publish(row, closedBy: present.map { submissions[$0].id } ?? "", cause: cause, output)
            }
        }
    }

    /// Publishes the outcome of each row that was or is rejected.
    func retell(
        _ history: RowHistory,
        _ former: RowJudgement,
        _ present: RowJudgement,
        _ change: Change,
        cause: String,
        _ output: TaskOutput
    ) throws {
        let places = Set(history.rows.filter { $0.row != nil }.map { "\($0.archived.submission)/\($0.archived.line)" })
        refused.remove(history.identity.name) { places.contains("\($0.submission)/\($0.line)") }
        for (index, past) in history.rows.enumerated() {
            guard let now = present.outcomes[index], let then = former.outcomes[index], let row = past.row else {
                continue
            }
            if case .refused(let fault) = now {
                let place = rejection(past, row, fault)
                let closing = closing(history, present, index) { isOut($0) }
                if closing == nil { refused.add(place, under: history.identity.name) }
                let id = closing.map { submissions[$0].id } ?? ""
                if tells(output) { try publish(place, closedBy: id, cause: cause, output) }
            }
            guard tells(output) else { continue }
            let wasUnknown =
                past.needsDeclaration && change.flipped[past.declaration] != nil
                && past.wasUndeclared(now: change.now(past.declaration))
            if wasUnknown, now != .refused(.undeclared) {
                try publish(rejection(past, row, .undeclared), closedBy: declarer(of: past), cause: cause, output)
            }
            if case .refused(let fault) = then, fault != .undeclared, now != then {
                try publish(rejection(past, row, fault), closedBy: cause, cause: cause, output)
            }
        }
    }

    private func rejection(_ past: RowHistory.Past, _ row: CheckedRow, _ fault: RowFault) -> RefusedRows.Row {
        RefusedRows.Row(
            submission: UInt32(truncatingIfNeeded: past.archived.submission),
            line: past.archived.line,
            year: row.year,
            organization: row.organization,
            faults: [fault]
        )
    }

    func retellClaims(
        _ history: RowHistory,
        _ former: RowJudgement,
        _ present: RowJudgement,
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
}
