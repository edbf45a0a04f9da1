internal import Foundation
internal import Operating
internal import Reading
internal import Rules
internal import Stages

/// The page of an act in progress: what it would change, who confirms it, and its result.
enum ErrandPage {
    static func address(_ id: String) -> String { "/errands/\(id)" }

    /// How long an answer waits for a computation.
    static let patience = Duration.seconds(8)

    static func show(_ call: DeskRoute.Call) async throws -> DeskRoute.Reply {
        let account = try call.account(.district)
        let id = call.arguments["id"] ?? ""
        guard let errand = await call.desk.errands.find(id, for: account, within: patience) else {
            throw Errands.absent
        }
        // Use the current tables of the visitor. They contain what the command has changed, and nothing that the
        // visitor may not see.
        let tables = call.tables
        var context: [String: Any] = [
            "address": address(id), "token": call.frame.token, "verb": errand.act.verb, "facts": facts(errand),
        ]
        switch errand.state {
        case .previewing:
            context["busy"] =
                "What it would change is being computed. \(errand.act.isTrial ? "Nothing is written." : "Nothing is done until it is confirmed.")"
            context["progress"] = progress(errand, account)
            context["discard"] = errand.act.isTrial ? true : nil
        case .running: context["busy"] = "It is being done."
        case .ready:
            let obstacle = errand.obstacle(for: account)
            context["obstacle"] = errand.act.isTrial ? nil : obstacle
            context["confirm"] = obstacle == nil ? true : nil
            context["discard"] = true
            context["other"] = errand.act.isTrial ? ["href": Address.of(errand.act.address, query(errand))] : nil
        case .done: context["done"] = done(errand, account)
        }
        if let preview = errand.preview { context["preview"] = self.preview(preview, errand, account, tables) }
        var page = Page(title: errand.act.title, place: errand.act.place)
        page.lead = errand.state == .done ? nil : errand.act.about
        page.script = context["busy"] == nil ? nil : "/desk.js"
        return .page(try page.html(tables, "errand", context))
    }

    static func confirm(_ call: DeskRoute.Call) async throws -> DeskRoute.Reply {
        let id = call.arguments["id"] ?? ""
        try await call.desk.errands.confirm(id, by: try call.account(.district))
        return .seeOther(address(id))
    }

    static func discard(_ call: DeskRoute.Call) async throws -> DeskRoute.Reply {
        let account = try call.account(.district)
        let act = try await call.desk.errands.discard(call.arguments["id"] ?? "", by: account)
        return .seeOther(act.place.address(nil, in: .own, isPublished: false) ?? "/")
    }

    /// How far the computation is.
    ///
    /// A district does not see it, because it may name other districts' files.
    static func progress(_ errand: Errand, _ account: Account) -> String? {
        guard errand.state == .previewing, account.role != .district else { return nil }
        return errand.progress
    }

    /// The fields as they were filled in, for the form.
    private static func query(_ errand: Errand) -> [(String, String?)] {
        errand.act.fields.map { ($0.parameter.name, errand.values[$0.parameter.name]) }
    }

    private static func facts(_ errand: Errand) -> [[String: Any]] {
        var facts: [(String, String)] = []
        if let name = errand.fileName { facts.append(("File", name)) }
        for field in errand.act.fields {
            if let value = errand.values[field.parameter.name] { facts.append((field.label, value)) }
        }
        facts.append(("Prepared by", errand.owner.name))
        if let confirmed = errand.confirmed { facts.append(("Confirmed by", confirmed)) }
        return facts.map { ["label": $0.0, "figure": $0.1] }
    }

    // MARK: what it would change

    private static func preview(
        _ outcome: ProgramRunner.Outcome,
        _ errand: Errand,
        _ account: Account,
        _ tables: ConsoleTables
    ) -> [String: Any] {
        if errand.act.name == Acts.tryAlternatives.name, let answer = SweepAnswer(outcome.output) {
            return [
                "summary": answer.summary, "files": false, "changes": false,
                "effects": SweepPart.tables(answer)
                    .map { ["heading": $0.caption, "table": $0.context] as [String: Any] },
            ]
        }
        let (summary, answer) = Self.preview(of: outcome, account, tables)
        guard let seen = answer else { return ["summary": summary, "files": false, "changes": false] }
        let isFile = errand.act.name == Acts.upload.name
        let files = isFile ? seen.submissions.map(fileTables) : []
        var context: [String: Any] = [
            "summary": summary, "files": files.isEmpty ? false as Any : files,
            "changes": seen.changes.isEmpty ? false as Any : changeTable(seen.changes).context,
        ]
        if let effect = ReleaseEffect(errand.act, errand.values, seen.changes, tables) {
            let notices = effect.shown
            context["sent"] = [
                "recipients": effect.recipients.context,
                "notices": notices.isEmpty
                    ? false as Any : ["list": notices, "remark": effect.remark] as [String: Any],
            ]
        }
        return context
    }

    /// What an act would change, with everything that the account may see of it; nil if it could not be computed.
    static func preview(
        of outcome: ProgramRunner.Outcome,
        _ account: Account,
        _ tables: ConsoleTables
    ) -> (summary: String, answer: PreviewAnswer?) {
        guard let answer = PreviewAnswer(outcome.output) else { return (failure(outcome, account), nil) }
        let seen = account.role == .district ? answer.seen(in: tables) : answer
        let count = Words.count(seen.changes.count, "determination")
        let summary =
            account.role == .district
            ? "\(count) of your organizations that you can see would change."
            : "\(count) of \(Words.grouped(max(answer.determinations.before, answer.determinations.after))) would change."
        return (summary, seen)
    }

    private static func fileTables(_ file: PreviewAnswer.Submission) -> [String: Any] {
        if file.status == "refused" {
            return [
                "refusal": Words.sentence(file.message ?? file.code ?? "the file is refused"), "counts": false,
                "rules": false,
            ]
        }
        return [
            "refusal": false,
            "counts": counts(
                "Rows of the file",
                [
                    ("Rows", file.rows), ("Accepted", file.accepted), ("Rejected", file.rejected),
                    ("Unchanged", file.unchanged),
                ]
            )
            .context,
            "rules": rules(file.rejections ?? [:]),
        ]
    }

    private static func counts(_ caption: String, _ counts: [(String, Int?)]) -> TablePart {
        TablePart(
            caption: caption,
            columns: counts.map(\.0),
            numbers: Set(counts.indices),
            rows: [counts.map { .init($0.1) }],
            shape: .narrow
        )
    }

    /// The rules that rows break; false if they break none.
    private static func rules(_ rejections: [String: Int]) -> Any {
        let rows = rejections.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        guard !rows.isEmpty else { return false }
        return TablePart(
            caption: "Rows that break a rule, by rule",
            columns: ["Code", "Rows"],
            numbers: [1],
            rows: rows.map { [.init($0.key, note: RejectionCode(rawValue: $0.key)?.rule), .init($0.value)] },
            shape: .narrow
        )
        .context
    }

    /// The most changes that are listed.
    ///
    /// The command lists all.
    static let mostChanges = 200

    private static func changeTable(_ changes: [PreviewAnswer.Change]) -> TablePart {
        TablePart(
            caption: "Determinations that would change",
            columns: ["Organization", "School year", "As it is", "As it would be", "Figures"],
            rows: changes.prefix(mostChanges)
                .map { change in
                    [
                        .init(change.name.isEmpty ? change.orgCode : change.name, note: change.orgCode),
                        .init(SchoolYear.title(change.schoolYear), kind: "tight"), .init(SweepPart.words(change.from)),
                        .init(change.hasSameOutcome ? "the same" : SweepPart.words(change.to)),
                        .init(change.fields.map(ChangeWords.readable).joined(separator: "; ")),
                    ]
                },
            note: changes.count > mostChanges
                ? "The first \(mostChanges) of \(Words.grouped(changes.count)); accountability preview lists all." : nil
        )
    }

    // MARK: what became of it

    private static func done(_ errand: Errand, _ account: Account) -> [String: Any] {
        guard let outcome = errand.result else { return [:] }
        let (said, receipts) = Self.said(outcome, errand, account)
        let isDone = outcome.code == 0
        let tables: [[String: Any]] = receipts.map { receipt in
            [
                "receipt": receipt.submission,
                "refusal": receipt.status == "refused" ? Words.sentence(receipt.message ?? "") as Any : false,
                "counts": counts(
                    "What became of the rows",
                    [
                        ("Rows", receipt.rows), ("Accepted", receipt.accepted), ("Rejected", receipt.rejected),
                        ("Unchanged", receipt.unchanged), ("Wait for an approval", receipt.held),
                    ]
                )
                .context,
                "rules": rules(receipt.rejections),
            ]
        }
        return [
            "sign": isDone ? "✓" : "⚠",
            "headline": isDone
                ? "It is done."
                : receipts.isEmpty ? "It was not done." : "The file was taken with findings, or refused.",
            "said": said.isEmpty ? false as Any : said, "receipts": tables.isEmpty ? false as Any : tables,
            "again": errand.act.name == Acts.upload.name,
        ]
    }

    /// What a command said, or the receipts of a file.
    static func said(_ outcome: ProgramRunner.Outcome, _ errand: Errand, _ account: Account) -> (
        said: String, receipts: [ReceiptAnswer]
    ) {
        let receipts = errand.act.name == Acts.upload.name ? ReceiptAnswer.read(outcome.output) ?? [] : []
        let said = receipts.isEmpty ? (outcome.code == 0 ? outcome.output : failure(outcome, account)) : ""
        return (said, receipts)
    }

    /// Why a command failed.
    ///
    /// A district gets no details, because they may name other districts' files.
    private static func failure(_ outcome: ProgramRunner.Outcome, _ account: Account) -> String {
        if outcome.code == nil {
            return "It took too long and was stopped. What was submitted before that remains; the page Files shows it."
        }
        guard account.role != .district else {
            return
                "The installation could not do it now (code \(outcome.code ?? 0)). Try again later, or ask its operator."
        }
        let said = outcome.errors.trimmingCharacters(in: .whitespacesAndNewlines)
        return said.isEmpty ? "The command ended with code \(outcome.code ?? 0)." : String(said.suffix(4000))
    }
}
