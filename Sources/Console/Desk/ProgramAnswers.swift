internal import Foundation
internal import Rules

/// What `accountability preview --json` says.
struct PreviewAnswer: Decodable, Sendable {
    struct Counts: Decodable, Sendable { let before, after, changed: Int }
    struct Submission: Decodable, Sendable {
        let submission, status: String
        let rows, accepted, rejected, unchanged: Int?
        let code, message: String?
        let rejections: [String: Int]?
    }
    struct Outcome: Decodable, Sendable { let classification, level: String }
    struct Change: Decodable, Sendable {
        let schoolYear: Int
        let orgCode, name: String
        let from, to: Outcome
        let fields: [String]
    }

    let submissions: [Submission]
    let determinations: Counts
    var changes: [Change]

    /// The answer; nil of text that is none, such as that of a command that failed.
    init?(_ text: String) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let answer = try? decoder.decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = answer
    }

    /// Without the changes of organizations whose results the tables do not show.
    func seen(in tables: ConsoleTables) -> PreviewAnswer {
        var answer = self
        answer.changes = changes.filter { change in
            OrganizationCode(change.orgCode).flatMap { tables.years[change.schoolYear]?.lines[$0] } != nil
        }
        return answer
    }
}

/// What `accountability submit --json` says of a file.
struct ReceiptAnswer: Decodable, Sendable {
    let submission, status: String
    let code, message, layout: String?
    let rows, accepted, rejected, unchanged, replaced, deleted, held: Int
    let rejections: [String: Int]

    /// The receipts; nil of text that is none.
    static func read(_ text: String) -> [ReceiptAnswer]? {
        try? JSONDecoder().decode([ReceiptAnswer].self, from: Data(text.utf8))
    }
}
