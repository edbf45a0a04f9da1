internal import Foundation
internal import Reading
internal import Rules

/// The output of `accountability sweep --table assumptions --format json`.
struct SweepAnswer: Decodable, Sendable {
    /// One other value of a parameter.
    struct Alternative: Decodable, Sendable {
        let parameter, value, alternative: String
        /// The number of determinations whose classification or level would be different, and of those whose figures
        /// would be.
        let decided, moved: Int
        /// Those whose classification or level would be different.
        let changes: [PreviewAnswer.Change]
    }
    /// A parameter without alternatives.
    struct Untried: Decodable, Sendable { let parameter, reason: String }

    let framework: String
    let assumptions: [Alternative]
    let untried: [Untried]

    /// Reads the output; nil if it is not valid, for example because the command failed.
    init?(_ text: String) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let answer = try? decoder.decode(Self.self, from: Data(text.utf8)) else { return nil }
        self = answer
    }

    /// What was tried, in one sentence.
    var summary: String {
        guard !assumptions.isEmpty else {
            return untried.isEmpty
                ? "Framework \(framework) has no assumed parameter with this name."
                : "Framework \(framework) states no alternatives here, so nothing was tried."
        }
        let deciding = assumptions.count { $0.decided > 0 }
        return
            "Tried: \(Words.count(assumptions.count, "alternative")). Another classification or level: by \(deciding == 0 ? "none" : Words.grouped(deciding)) of them."
    }
}

/// The effect of other values, as tables.
enum SweepPart {
    static func tables(_ answer: SweepAnswer) -> [TablePart] {
        var tables: [TablePart] = []
        if !answer.assumptions.isEmpty { tables.append(alternatives(answer.assumptions)) }
        let decided = answer.assumptions.filter { !$0.changes.isEmpty }
        if !decided.isEmpty { tables += [outcomes(decided), organizations(decided)] }
        if !answer.untried.isEmpty { tables.append(untried(answer.untried)) }
        return tables
    }

    private static func alternatives(_ alternatives: [SweepAnswer.Alternative]) -> TablePart {
        TablePart(
            caption: "Effect of each alternative on the state",
            columns: ["Parameter", "As it is", "Alternative", "Other outcome", "Only other figures"],
            numbers: [3, 4],
            rows: alternatives.map { alternative in
                [
                    .init(alternative.parameter, kind: "path"), .init(alternative.value),
                    .init(alternative.alternative), .init(alternative.decided), .init(alternative.moved),
                ]
            },
            note:
                "The number of determinations. Another outcome is another classification or level."
        )
    }

    /// From what to what, in sum.
    private static func outcomes(_ alternatives: [SweepAnswer.Alternative]) -> TablePart {
        var rows: [[TablePart.Cell]] = []
        for alternative in alternatives {
            let counts = Dictionary(grouping: alternative.changes) { [words($0.from), words($0.to)] }
                .mapValues(\.count)
            for (step, count) in counts.sorted(by: {
                ($1.value, $0.key[0], $0.key[1]) < ($0.value, $1.key[0], $1.key[1])
            }) {
                rows.append([name(alternative), .init(step[0]), .init(step[1]), .init(count)])
            }
        }
        return TablePart(
            caption: "Outcomes that would be different, in sum",
            columns: ["Alternative", "As it is", "As it would be", "Determinations"],
            numbers: [3],
            rows: rows
        )
    }

    private static func organizations(_ alternatives: [SweepAnswer.Alternative]) -> TablePart {
        let all = alternatives.flatMap { alternative in alternative.changes.map { (alternative, $0) } }
        return TablePart(
            caption: "Organizations whose outcome would be different",
            columns: ["Organization", "Alternative", "As it is", "As it would be", "Figures"],
            rows: all.prefix(ErrandPage.mostChanges)
                .map { alternative, change in
                    [
                        .init(
                            change.name.isEmpty ? change.orgCode : change.name,
                            link: OrganizationCode(change.orgCode).map { Address.organization(change.schoolYear, $0) },
                            note: change.orgCode
                        ), name(alternative), .init(words(change.from)), .init(words(change.to)),
                        .init(change.fields.map(ChangeWords.readable).joined(separator: "; ")),
                    ]
                },
            note: all.count > ErrandPage.mostChanges
                ? "The first \(ErrandPage.mostChanges) of \(Words.grouped(all.count)); accountability sweep lists all."
                : nil
        )
    }

    private static func untried(_ untried: [SweepAnswer.Untried]) -> TablePart {
        TablePart(
            caption: "Assumed parameters without alternatives",
            columns: ["Parameter", "Why"],
            rows: untried.map { parameter in
                [
                    .init(parameter.parameter, kind: "path"),
                    .init(
                        Words.sentence(
                            parameter.reason.isEmpty ? "the framework states no alternatives" : parameter.reason
                        )
                    ),
                ]
            }
        )
    }

    private static func name(_ alternative: SweepAnswer.Alternative) -> TablePart.Cell {
        .init(alternative.alternative, note: alternative.parameter)
    }

    /// An outcome in words.
    static func words(_ outcome: PreviewAnswer.Outcome) -> String {
        let parts = [outcome.classification, outcome.level].filter { !$0.isEmpty }.map { Words.title($0) }
        return parts.isEmpty ? "–" : parts.joined(separator: ", ")
    }
}
