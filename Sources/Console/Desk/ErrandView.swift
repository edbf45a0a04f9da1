internal import Operating

/// An act in progress, as the API shows it.
///
/// It shows what the page of the act shows, to whom the page shows it.
struct ErrandView: Sendable {
    let errand: Errand
    let account: Account
    /// The part of the tables that the account may see.
    let tables: ConsoleTables

    private struct GivenValue: Sendable {
        let name: String
        let value: String
    }

    private struct Preview: Sendable {
        let summary: String
        let files: [PreviewAnswer.Submission]
        let changes: [PreviewAnswer.Change]
        var alternatives: [SweepAnswer.Alternative] = []
    }

    private struct Result: Sendable {
        let isDone: Bool
        let said: String
        let receipts: [ReceiptAnswer]
    }

    private var values: [GivenValue] {
        errand.act.fields.compactMap { field in
            errand.values[field.parameter.name].map { GivenValue(name: field.parameter.name, value: $0) }
        }
    }

    private var preview: Preview? {
        guard let outcome = errand.preview else { return nil }
        if errand.act.name == Acts.tryAlternatives.name, let answer = SweepAnswer(outcome.output) {
            return Preview(summary: answer.summary, files: [], changes: [], alternatives: answer.assumptions)
        }
        let (summary, answer) = ErrandPage.preview(of: outcome, account, tables)
        let isFile = errand.act.name == Acts.upload.name
        return Preview(
            summary: summary,
            files: isFile ? answer?.submissions ?? [] : [],
            changes: answer?.changes ?? []
        )
    }

    private var result: Result? {
        guard errand.state == .done, let outcome = errand.result else { return nil }
        let (said, receipts) = ErrandPage.said(outcome, errand, account)
        return Result(isDone: outcome.code == 0, said: said, receipts: receipts)
    }

    private static let codes = Schema.list(
        .object([
            .init(name: "code", about: "The code of a rejection.", schema: .text()),
            .init(name: "rows", about: "The number of rows.", schema: .integer(0...Int64.max)),
        ])
    )

    private static func codes(_ rejections: [String: Int]) -> JSONValue {
        .array(
            rejections.sorted { $0.key < $1.key }
                .map { .object([.init("code", .string($0.key)), .init("rows", .integer($0.value))]) }
        )
    }

    private static let value = Shape<GivenValue>([
        .text("name", "The name of the field.") { $0.name }, .text("value", "Its value.") { $0.value },
    ])

    private static let change = Shape<PreviewAnswer.Change>([
        .integer("school_year", "The school year, by its spring.") { $0.schoolYear },
        .text("org_code", "The organization's code.") { $0.orgCode }, .text("name", "Its name.") { $0.name },
        .text("classification", "The classification as it is; empty if there is none.") { $0.from.classification },
        .text("level", "The level as it is; empty if there is none.") { $0.from.level },
        .text("new_classification", "The classification as it would be.") { $0.to.classification },
        .text("new_level", "The level as it would be.") { $0.to.level },
        .texts("fields", "The figures that would change.") { $0.fields },
    ])

    private static let file = Shape<PreviewAnswer.Submission>([
        .text("status", "Whether the file can be taken: refused, if it cannot.") { $0.status },
        .optionalText("message", "Why it cannot be taken; null if it can.") { $0.message ?? $0.code },
        .optionalInteger("rows", "The number of its rows.", 0...Int64.max) { $0.rows },
        .optionalInteger("accepted", "Rows that would be accepted.", 0...Int64.max) { $0.accepted },
        .optionalInteger("rejected", "Rows that would be rejected.", 0...Int64.max) { $0.rejected },
        .optionalInteger("unchanged", "Rows that would change nothing.", 0...Int64.max) { $0.unchanged },
        .value("rejections", "The rules that rows break.", codes) { codes($0.rejections ?? [:]) },
    ])

    private static let alternative = Shape<SweepAnswer.Alternative>([
        .text("parameter", "The assumed parameter.") { $0.parameter },
        .text("value", "Its value as it is.") { $0.value },
        .text("alternative", "The other value.") { $0.alternative },
        .integer("decided", "How many determinations would get another classification or level.", 0...Int64.max) {
            $0.decided
        },
        .integer("moved", "How many others would get other figures.", 0...Int64.max) { $0.moved },
        .list("changes", "The first of those that would get another classification or level.", change) {
            Array($0.changes.prefix(ErrandPage.mostChanges))
        },
    ])

    private static let previewShape = Shape<Preview>([
        .text("summary", "What would change, in one sentence.") { $0.summary },
        .list("files", "The submitted file.", file) { $0.files },
        .integer("changed", "How many determinations would change.", 0...Int64.max) { $0.changes.count },
        .list("changes", "The first of them.", change) { Array($0.changes.prefix(ErrandPage.mostChanges)) },
        .list("alternatives", "The tried alternatives of assumed parameters, of a what-if only.", alternative) {
            $0.alternatives
        },
    ])

    private static let receipt = Shape<ReceiptAnswer>([
        .text("submission", "The name of the submission.") { $0.submission },
        .text("status", "What became of it.") { $0.status },
        .optionalText("message", "Why it was refused; null if it was not.") { $0.message },
        .integer("rows", "The number of its rows.", 0...Int64.max) { $0.rows },
        .integer("accepted", "Rows accepted.", 0...Int64.max) { $0.accepted },
        .integer("rejected", "Rows rejected.", 0...Int64.max) { $0.rejected },
        .integer("unchanged", "Rows that changed nothing.", 0...Int64.max) { $0.unchanged },
        .integer("held", "Rows that wait for an approval.", 0...Int64.max) { $0.held },
        .value("rejections", "The rules that rows break.", codes) { codes($0.rejections) },
    ])

    private static let resultShape = Shape<Result>([
        .flag("done", "Whether it was carried out without findings.") { $0.isDone },
        .text("said", "What the command said.") { $0.said },
        .list("submissions", "What became of a submitted file.", receipt) { $0.receipts },
    ])

    static let shape = Shape<ErrandView>([
        .text("id", "The act's id.", pattern: "^[0-9a-f]{32}$") { $0.errand.id },
        .text("act", "The name of the act.") { $0.errand.act.name },
        .choice("state", "How far it is.", Errand.State.allCases.map(\.rawValue)) { $0.errand.state.rawValue },
        .list("values", "The fields of the act.", value) { $0.values },
        .optionalText("file", "The name of the file; null if there is none.") { $0.errand.fileName },
        .text("prepared_by", "Who prepared it.") { $0.errand.owner.name },
        .optionalText("confirmed_by", "Who confirmed it; null before that.") { $0.errand.confirmed },
        .flag("needs_second_person", "Whether somebody other than its preparer has to confirm it.") {
            $0.errand.needsSecondPerson
        },
        .optionalText("progress", "How far the computation is; null if that is not known.") {
            ErrandPage.progress($0.errand, $0.account)
        },
        .optionalText("obstacle", "Why you cannot confirm it; null if you can, or if it is not ready.") {
            $0.errand.obstacle(for: $0.account)
        },
        .value("preview", "What it would change; null if that is not known.", .optional(previewShape.schema)) {
            $0.preview.map(previewShape.json) ?? .null
        },
        .value("result", "What became of it; null before it is done.", .optional(resultShape.schema)) {
            $0.result.map(resultShape.json) ?? .null
        },
    ])
}
