internal import Foundation
internal import Rules

/// The output of `accountability preview --json`.
struct PreviewAnswer: Decodable, Sendable {
    struct Counts: Decodable, Sendable { let before, after, changed: Int }
    struct Submission: Decodable, Sendable {
        let submission, status: String
        let rows, accepted, rejected, unchanged: Int?
        let code, message: String?
        let rejections: [String: Int]?
    }
    struct Outcome: Decodable, Hashable, Sendable { let classification, level: String }
    struct Change: Decodable, Sendable {
        let schoolYear: Int
        let orgCode, name: String
        let from, to: Outcome
        let fields: [String]

        /// Whether only figures or the stage would be different.
        var hasSameOutcome: Bool { from == to }
    }

    let submissions: [Submission]
    let determinations: Counts
    var changes: [Change]

    /// Reads the output; nil if it is not valid, for example because the command failed.
    init?(_ text: String) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let answer = try? decoder.decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = answer
    }

    /// The answer without changes of organizations whose results are not in the tables.
    func seen(in tables: ConsoleTables) -> PreviewAnswer {
        var answer = self
        answer.changes = changes.filter { change in
            OrganizationCode(change.orgCode).flatMap { tables.years[change.schoolYear]?.lines[$0] } != nil
        }
        return answer
    }
}

/// The output of `accountability submit --json` for a file.
struct ReceiptAnswer: Decodable, Sendable {
    let submission, status: String
    let code, message, layout: String?
    let rows, accepted, rejected, unchanged, replaced, deleted, held: Int
    let rejections: [String: Int]

    /// Reads the receipts; nil if the text is not valid.
    static func read(_ text: String) -> [ReceiptAnswer]? {
        try? JSONDecoder().decode([ReceiptAnswer].self, from: Data(text.utf8))
    }
}
