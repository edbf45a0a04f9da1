import Messages
import Rules
import Streaming

/// Checks earlier rows again after the declaration or deletion of an organization, or the withdrawal, approval or
/// rejection of a submission.
///
/// The result depends on which organizations are declared and which submissions are withdrawn, and not on when this
/// happened. A row of an undeclared organization is refused and changes nothing, so the row before it counts. A row of
/// a declared organization counts as if the organization had always been declared. A row of a withdrawn submission
/// counts as if it had never arrived. A held row counts as if it arrived when its submission was approved, and not at
/// all until then. Every key with such a row is checked again from its first row. Framework steps and releases depend
/// on each other, so all of them are checked together.
extension ValidationTask {
    /// The changes since rows were last checked.
    struct Change {
        /// Organizations that were declared or deleted, each with its generation then.
        var flipped: [UInt64: UInt32]
        /// Submissions that were withdrawn, or whose withdrawal was.
        var turned: Set<Int>
        /// Submissions with held rows about which a person has just decided, each with the earlier decision.
        var decided: [Int: Decision?]
        /// The current generations.
        ///
        /// Changes by an organization's own row during the check count only the next time.
        var generations: [UInt64: UInt32]

        func former(_ declaration: UInt64) -> UInt32 { flipped[declaration] ?? now(declaration) }
        func now(_ declaration: UInt64) -> UInt32 { generations[declaration] ?? 0 }
        /// Whether all rows of a submission are judged again.
        func brings(_ submission: Int) -> Bool { turned.contains(submission) || decided[submission] != nil }
        func concerns(_ past: RowHistory.Past) -> Bool {
            brings(past.archived.submission) || flipped[past.declaration] != nil
        }
    }

    /// Judges the submissions again of which the newest withdrawal decides otherwise than those before it.
    func withdraw(_ output: TaskOutput) throws {
        let withdrawals = ledger.withdrawals
        var turned: Set<Int> = []
        for number in submissions.indices {
            let withdrawnBy = withdrawals[submissions[number].id].flatMap { numbers[$0] }
            if (withdrawnBy == nil) != (submissions[number].withdrawnBy == nil) { turned.insert(number) }
            submissions[number].withdrawnBy = withdrawnBy
        }
        try revise(output, turned: turned)
    }

    /// Judges the rows of a submission again about which a person has just decided.
    ///
    /// Earlier declarations and deletions apply first, because rows are approved as if they arrived now.
    func decide(_ submission: String, _ output: TaskOutput) throws {
        guard let number = numbers[submission] else { return }
        try revise(output)
        let former = submissions[number].decision
        switch ledger.decision(about: submission) {
        case nil: return
        case .rejected: submissions[number].decision = .rejected
        case .approved where former == nil:
            submissions[number].decision = .approved(RowApproval(piece: archive.end, number: approvals))
            approvals += 1
        case .approved: return
        }
        guard submissions[number].decision != former else { return }
        touch(number, output)
        try revise(output, decided: [number: former])
    }

    /// Judges the rows again of organizations that were declared or deleted since the last time, and of submissions
    /// that have just been withdrawn, approved or rejected.
    ///
    /// One look at all rows serves all organizations of a file.
    func revise(_ output: TaskOutput, turned: Set<Int> = [], decided: [Int: Decision?] = [:]) throws {
        if !turned.isEmpty { try closeRejections(of: turned, output) }
        var turned = turned
        var decided = decided
        // An organization whose declaration is withdrawn takes the rows with it that need it.
        while !flipped.isEmpty || !turned.isEmpty || !decided.isEmpty {
            let change = Change(flipped: flipped, turned: turned, decided: decided, generations: generations)
            (flipped, turned, decided) = ([:], [], [:])
            let histories = try histories(of: change)
            let linked = histories.filter(\.isLinked)
            if !linked.isEmpty { linkedActs = try revise(linked, change, output) }
            for history in histories where !history.isLinked { _ = try revise([history], change, output) }
        }
    }

    private func revise(
        _ histories: [RowHistory],
        _ change: Change,
        _ output: TaskOutput
    ) throws -> LinkedActs {
        let formerly = RowCircumstances(
            generation: change.former,
            isOut: { self.isOut($0) != change.turned.contains($0) },
            decision: { change.decided[$0] ?? self.submissions[$0].decision }
        )
        let presently = RowCircumstances(
            generation: change.now,
            isOut: { self.isOut($0) },
            decision: { self.submissions[$0].decision }
        )
        let former = judge(histories, formerly)
        let present = judge(histories, presently)
        let cause = cause(histories, change)
        for (index, history) in histories.enumerated() {
            let (former, present) = (former.judgements[index], present.judgements[index])
            // An act on which nothing of the change bears.
            if former == present, !history.rows.contains(where: change.concerns) { continue }
            accepted.set(history.identity.name, present.entry, present.origin)
            accepted.wait(history.identity.name, present.waiting)
            redeclare(history, former, present)
            // Every partition knows the organizations, but only one publishes about them.
            guard history.rows.contains(where: \.isOwned) else { continue }
            recount(history, former, output, times: -1, generation: change.former)
            recount(history, present, output, times: 1, generation: change.now)
            try retell(history, former, present, change, cause: cause, output)
            if !change.turned.isEmpty || !change.decided.isEmpty {
                try reopen(history, former, present, change, cause: cause, output)
            }
            guard tells(output) else { continue }
            try retellClaims(history, former, present, cause: cause, output)
            try republish(history, former, present, cause: cause, output)
        }
        return present.acts
    }

    /// Whether rows of a submission count as if they had never come.
    func isOut(_ submission: Int) -> Bool { submissions[submission].withdrawnBy != nil }

    private func cause(_ histories: [RowHistory], _ change: Change) -> String {
        for past in histories.lazy.flatMap(\.rows) {
            if change.turned.contains(past.archived.submission) {
                // If a withdrawal was withdrawn, the newest one is the cause, because changes are checked as soon as
                // they arrive.
                let by = submissions[past.archived.submission].withdrawnBy ?? submissions.count - 1
                return submissions[by].id
            }
            // The cause of rows that now count is their own submission. The ledger records who approved it.
            if change.decided[past.archived.submission] != nil { return submissions[past.archived.submission].id }
            if change.flipped[past.declaration] != nil { return declarer(of: past) }
        }
        return ""
    }

    func declarer(of row: RowHistory.Past) -> String {
        declaredBy[row.declaration].map { submissions[$0].id } ?? ""
    }

    /// An organization is declared if its row is valid.
    private func redeclare(_ history: RowHistory, _ former: RowJudgement, _ present: RowJudgement) {
        let (before, now) = (former.entry?.digest ?? 0, present.entry?.digest ?? 0)
        guard history.layout == .organizations, (before == 0) != (now == 0),
            let row = history.rows.lazy.compactMap(\.row).first
        else { return }
        declare(
            ValidationTask.declaration(row.year, row.organization),
            history.layout,
            now == 0 ? .deleted : .accepted,
            by: submissions.count - 1
        )
    }

    // MARK: The past

    /// The keys that a change concerns.
    private struct Concerned {
        /// The index of a key's history; -1 before its first row.
        var places: [UInt128: Int] = [:]
        var layouts: Set<Layout> = []
        var hasLinkedActs = false

        mutating func insert(_ identity: RowIdentity, _ layout: Layout) {
            places[identity.name.value] = -1
            layouts.insert(layout)
            if !hasLinkedActs { hasLinkedActs = RowHistory.isLinked(identity, layout) }
        }
    }

    /// The histories of all keys with a row of one of the organizations or submissions, in the order of their first
    /// rows.
    ///
    /// If an act that depends on others is among them, the histories of all such acts.
    private func histories(of change: Change) throws -> [RowHistory] {
        let archive = archive
        var concerned = try concerned(change)
        var histories: [RowHistory] = []
        let ofLayouts = submissions.indices.filter { concerned.layouts.contains(checks[submissions[$0].check].layout) }
        try archive.visit(Set(ofLayouts)) { archived, block, index, bytes in
            let check = submissions[archived.submission].check
            let layout = checks[check].layout
            let row = checks[check].read(block, row: index, in: bytes)
            guard checks[check].organization != nil, let identity = checks[check].identity else { return }
            let name = identity.name.value
            let isLinked = concerned.hasLinkedActs && RowHistory.isLinked(identity, layout)
            guard let place = concerned.places[name] ?? (isLinked ? -1 : nil) else { return }
            if place < 0 {
                concerned.places[name] = histories.count
                histories.append(RowHistory(identity: identity, layout: layout))
            }
            histories[concerned.places[name] ?? 0].rows
                .append(past(archived, row, identity, check, isOwned: block.isOwned(index, by: partition)))
        }
        return histories
    }

    /// A row that its check has just read.
    private func past(
        _ archived: RowArchive.Row,
        _ read: CheckedRow?,
        _ identity: RowIdentity,
        _ check: Int,
        isOwned: Bool
    ) -> RowHistory.Past {
        var faults = checks[check].faults
        if archived.cameTooEarly { faults.append(.yearNotOpen) }
        if faults.isEmpty, let read, let fault = faultOfAct(read, archived.submission) { faults.append(fault) }
        let row = faults.isEmpty ? read : nil
        return RowHistory.Past(
            archived: archived,
            row: row,
            linked: row.flatMap { linkedAct($0, identity, checks[check].layout) },
            needsDeclaration: row.map { needsDeclaration($0, archived.submission) } ?? false,
            isOwned: isOwned,
            year: checks[check].year,
            organization: checks[check].organization,
            faults: faults
        )
    }

    private func concerned(_ change: Change) throws -> Concerned {
        var concerned = Concerned()
        let archive = archive
        let organizations = change.flipped
        let brought = change.turned.union(change.decided.keys)
        let seen = organizations.isEmpty ? brought : Set(submissions.indices)
        try archive.visit(seen) { archived, block, index, bytes in
            let check = submissions[archived.submission].check
            let layout = checks[check].layout
            if brought.contains(archived.submission) {
                // A faulty row changes nothing, but it closed earlier rejections of its key.
                _ = checks[check].read(block, row: index, in: bytes)
                if name(of: check) != nil, let identity = checks[check].identity {
                    concerned.insert(identity, layout)
                }
                return
            }
            guard !archived.cameTooEarly,
                let declaration = checks[check].declaration(of: block, row: index, in: bytes),
                organizations[declaration] != nil, let row = checks[check].read(block, row: index, in: bytes),
                organizations[ValidationTask.declaration(row.year, row.organization)] != nil,
                needsDeclaration(row, archived.submission), let identity = checks[check].identity
            else { return }
            concerned.insert(identity, layout)
        }
        return concerned
    }

    // MARK: Receipts

    private func recount(
        _ history: RowHistory,
        _ judgement: RowJudgement,
        _ output: TaskOutput,
        times: Int64,
        generation: (UInt64) -> UInt32
    ) {
        for (past, outcome) in zip(history.rows, judgement.outcomes) {
            guard let outcome, let row = past.row else { continue }
            touch(past.archived.submission, output)
            let isUnknown = outcome == .refused(.undeclared)
            submissions[past.archived.submission]
                .count(
                    outcome,
                    of: row.year,
                    isUndeclared: history.layout != .organizations && !past.needsDeclaration
                        && row.organization != .state
                        && past.archived.generation & 1 == 0,
                    isWithdrawn: isUnknown && past.wasDeclared(now: generation(past.declaration)),
                    times: times
                )
        }
    }

    // MARK: What stands

    private func republish(
        _ history: RowHistory,
        _ former: RowJudgement,
        _ present: RowJudgement,
        cause: String,
        _ output: TaskOutput
    ) throws {
        guard former.published != present.published else { return }
        let before = former.published.flatMap { history.rows[$0].row?.organization.rawValue }
        let past = present.published.map { history.rows[$0] }
        if let before {
            let now = past?.row?.organization.rawValue
            let stays = now.map { history.layout.isForEveryone || district($0, output) == district(before, output) }
            let year = former.published.flatMap { history.rows[$0].row?.year }
            if stays != true, let year {
                try retract(history.identity, history.layout, year, before, cause: cause, output)
            }
        }
        guard let past, let row = past.row else { return }
        try publish(row, history.identity, history.place(past), cause: cause, output)
    }
}
