internal import Foundation
internal import Reading
internal import Rules
internal import Stages
internal import Year

/// A sweep as tables.
enum SweepText {
    static func listing(_ sweep: YearSweep, _ table: SweepCommand.Table) -> Listing {
        switch table {
        case .assumptions: assumptions(sweep)
        case .determinations: determinations(sweep)
        case .margins: margins(sweep)
        }
    }

    /// A summary and a table.
    static func text(_ sweep: YearSweep, _ table: SweepCommand.Table) -> String {
        let hanging = sweep.rows.count { !$0.decidedBy.isEmpty }
        var text =
            "\(sweep.year): \(sweep.rows.count) determinations; the classification or level of \(hanging) depends on an assumed parameter "
            + "(\(sweep.trials.count) alternatives of \(Set(sweep.trials.map(\.parameter.path)).count) parameters tried, "
            + "\(sweep.untried.count) parameters have none)\n\n"
        text += listing(sweep, table).text(limit: 60)
        return text
    }

    private static func assumptions(_ sweep: YearSweep) -> Listing {
        let tried = sweep.trials.map { trial in
            [
                trial.parameter.path, trial.parameter.text, trial.alternative, String(trial.decided.count),
                String(trial.changes.count - trial.decided.count),
                trial.decided.map(\.orgCode).joined(separator: ";"), "",
            ]
        }
        let untried = sweep.untried.map { alternatives in
            let value = sweep.framework.parameters.first { $0.path == alternatives.path }?.text ?? ""
            let reason = alternatives.reason.isEmpty ? "the framework states no alternatives" : alternatives.reason
            return [alternatives.path, value, "", "", "", "", reason]
        }
        return Listing(
            ["parameter", "value", "alternative", "decided", "moved", "decided_organizations", "not_tried"],
            tried + untried
        )
    }

    private static func determinations(_ sweep: YearSweep) -> Listing {
        Listing(
            [
                "school_year", "org_code", "name", "type", "classification", "level", "margin", "unit", "cut", "about",
                "value", "limit", "deciding_margin", "deciding_cut", "deciding_outcome", "decided_by", "moved_by",
            ],
            sweep.rows.map { row in
                let nearest = row.nearest
                let deciding = row.deciding
                return [
                    String(sweep.year), row.orgCode, row.name, row.type, row.outcome.classification, row.outcome.level,
                    nearest.map(count) ?? "", nearest?.unit.rawValue ?? "", nearest?.cut.rawValue ?? "",
                    nearest?.about ?? "", nearest?.value ?? "", nearest?.limit ?? "", deciding.map(count) ?? "",
                    deciding?.cut.rawValue ?? "", deciding?.outcome.map(outcome) ?? "",
                    row.decidedBy.joined(separator: ";"), row.movedBy.joined(separator: ";"),
                ]
            }
        )
    }

    private static func margins(_ sweep: YearSweep) -> Listing {
        Listing(
            [
                "school_year", "org_code", "name", "type", "classification", "level", "margin", "unit", "cut", "about",
                "value", "limit", "decides", "outcome",
            ],
            sweep.rows.flatMap { row in
                row.margins.map { margin in
                    [
                        String(sweep.year), row.orgCode, row.name, row.type, row.outcome.classification,
                        row.outcome.level, count(margin), margin.unit.rawValue, margin.cut.rawValue, margin.about,
                        margin.value, margin.limit, String(margin.decides), margin.outcome.map(outcome) ?? "",
                    ]
                }
            }
        )
    }

    static func count(_ margin: DeterminationMargin) -> String { margin.results.map(String.init) ?? "" }

    static func outcome(_ outcome: DeterminationOutcome) -> String {
        [outcome.classification, outcome.level].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The margins of one determination, for people; the nearest first.
    static func lines(_ margins: [DeterminationMargin]) -> String {
        Listing(
            ["margin", "unit", "cut", "about", "value", "limit", "outcome behind it"],
            margins.map { margin in
                [
                    margin.results == nil ? "–" : count(margin), margin.unit.rawValue, margin.cut.rawValue,
                    margin.about,
                    margin.value, margin.limit,
                    margin.decides
                        ? margin.outcome.map(outcome) ?? "" : margin.outcome == nil ? "not known" : "the same",
                ]
            }
        )
        .text(limit: 60)
    }
}

/// A sweep as one JSON object.
struct SweepAnswer: Encodable {
    struct Assumption: Encodable {
        let parameter, value, alternative, source: String
        let decided, moved: Int
        let changes: [PreviewChange]
    }
    struct Untried: Encodable {
        let parameter, reason: String
    }
    struct Determination: Encodable {
        let orgCode, name, type, classification, level: String
        let nearest, deciding: DeterminationMargin?
        let margins: [DeterminationMargin]
        let decidedBy, movedBy: [String]

        enum CodingKeys: String, CodingKey {
            case orgCode = "org_code"
            case decidedBy = "decided_by"
            case movedBy = "moved_by"
            case name, type, classification, level, nearest, deciding, margins
        }
    }
    let schoolYear: Int
    let framework: String
    let assumptions: [Assumption]
    let untried: [Untried]
    /// Nil if only assumptions are asked for.
    let determinations: [Determination]?

    enum CodingKeys: String, CodingKey {
        case schoolYear = "school_year"
        case framework, assumptions, untried, determinations
    }

    /// The whole sweep, or of ``SweepCommand/Table/assumptions`` only these: a state's changes of figures are many.
    init(_ sweep: YearSweep, _ table: SweepCommand.Table?) {
        let isBrief = table == .assumptions
        schoolYear = sweep.year
        framework = sweep.framework.name
        assumptions = sweep.trials.map { trial in
            Assumption(
                parameter: trial.parameter.path,
                value: trial.parameter.text,
                alternative: trial.alternative,
                source: trial.parameter.source,
                decided: trial.decided.count,
                moved: trial.changes.count - trial.decided.count,
                changes: isBrief ? trial.decided : trial.changes
            )
        }
        untried = sweep.untried.map { Untried(parameter: $0.path, reason: $0.reason) }
        determinations = isBrief ? nil : sweep.rows.map(Determination.init)
    }
}

extension SweepAnswer.Determination {
    init(_ row: YearSweep.Row) {
        self.init(
            orgCode: row.orgCode,
            name: row.name,
            type: row.type,
            classification: row.outcome.classification,
            level: row.outcome.level,
            nearest: row.nearest,
            deciding: row.deciding,
            margins: row.margins,
            decidedBy: row.decidedBy,
            movedBy: row.movedBy
        )
    }
}
