internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Stages

/// A classification or level that changed, with the earlier one.
struct OutcomeChange: Encodable, Equatable {
    /// What a change is compared with.
    enum Basis: Equatable {
        /// The first determination of the year that was issued.
        case firstIssue
        /// The determination that was in force at a moment, in milliseconds since 1970.
        case moment(Int64)
        /// That of another school year.
        case year(Int)
    }

    /// A classification with its level.
    struct Outcome: Equatable {
        let classification: String
        let level: String
    }

    let schoolYear: Int
    let organization: String
    let type: String
    let name: String
    let fromClassification: String
    let fromLevel: String
    let classification: String
    let level: String
    let reasons: [String]
    let revision: Int
    let cause: String

    static let columns = [
        "school_year", "org_code", "type", "name", "from_classification", "from_level", "classification", "level",
        "reasons", "revision", "cause",
    ]
    static let shown = ["org_code", "name", "from_classification", "from_level", "classification", "level", "reasons"]

    /// The fields of ``columns``.
    var fields: [String] {
        [
            String(schoolYear), organization, type, name, fromClassification, fromLevel, classification, level,
            reasons.joined(separator: ";"), String(revision), cause,
        ]
    }

    /// The changes from earlier outcomes by organization.
    ///
    /// Organizations without an earlier outcome are left out.
    static func list(_ determinations: [Accountability_V1_Determination], from earlier: [String: Outcome])
        -> [OutcomeChange]
    {
        determinations.compactMap { determination in
            let outcome = Outcome(classification: determination.classification, level: determination.level)
            guard let before = earlier[determination.orgCode], before != outcome else { return nil }
            return OutcomeChange(
                schoolYear: Int(determination.schoolYear),
                organization: determination.orgCode,
                type: DeterminationRows.typeName(determination.type),
                name: determination.name,
                fromClassification: before.classification,
                fromLevel: before.level,
                classification: outcome.classification,
                level: outcome.level,
                reasons: determination.reasons,
                revision: Int(determination.revision),
                cause: determination.causeText
            )
        }
    }

    /// The outcomes at a moment, by organization.
    ///
    /// Every determination that was issued has a notice, and notices are never removed.
    ///
    /// - `moment`: nil for the first of each.
    static func outcomes(_ notices: [Accountability_V1_Notice], year: Int, at moment: Int64?) -> [String: Outcome] {
        var found: [String: (time: Int64, revision: UInt32, outcome: Outcome)] = [:]
        for notice in notices
        where Int(notice.schoolYear) == year && [NoticeText.issued, NoticeText.revised].contains(notice.event) {
            let time = notice.createdUnixMilliseconds
            if let moment, time > moment { continue }
            if let other = found[notice.orgCode] {
                let isLater = (time, notice.revision) > (other.time, other.revision)
                guard isLater == (moment != nil) else { continue }
            }
            found[notice.orgCode] = (
                time, notice.revision, Outcome(classification: notice.classification, level: notice.level)
            )
        }
        return found.mapValues(\.outcome)
    }

    /// A day's beginning or a moment, UTC, in milliseconds since 1970; nil if it is neither.
    static func moment(_ text: String) -> Int64? {
        let isDay = text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil
        guard let date = try? Date(isDay ? text + "T00:00:00Z" : text, strategy: .iso8601) else { return nil }
        return Int64((date.timeIntervalSince1970 * 1000).rounded())
    }
}

extension OutcomeChange {
    /// Changes to print.
    struct Listed {
        let changes: [OutcomeChange]

        /// Prints them.
        func write(_ format: OutputFormat) throws {
            if format == .json { return try JSONOutput.write(changes) }
            let listing = Listing(OutcomeChange.columns, changes.map(\.fields))
            try (format == .table ? listing.only(OutcomeChange.shown) : listing).write(format)
        }
    }

    /// The changes of determinations since a basis.
    ///
    /// Standard error says how many have no earlier outcome.
    static func list(
        _ determinations: [Accountability_V1_Determination],
        _ basis: Basis,
        _ connection: Connection
    ) throws -> Listed {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        let year = determinations.first.map { Int($0.schoolYear) } ?? 0
        let earlier: [String: Outcome]
        let missing: String
        switch basis {
        case .year(let other):
            let before = try YearSelection(other, .all)
                .read(TableTopics.determinations, from: connection)
            if before.messages.isEmpty {
                try AbsentYear.settle("determinations", year: other, years: before.years, connection)
            }
            earlier = Dictionary(
                before.messages.map { ($0.orgCode, Outcome(classification: $0.classification, level: $0.level)) },
                uniquingKeysWith: { $1 }
            )
            missing = "have no determination of \(other)"
        case .firstIssue, .moment:
            var moment: Int64?
            if case .moment(let time) = basis { moment = time }
            let notices = try reader.table(TableTopics.notices) { $0.schoolYear == year }
            earlier = outcomes(notices.map(\.message), year: year, at: moment)
            missing = moment == nil ? "were issued a moment ago, without a notice yet" : "were first issued after that"
        }
        let unknown = determinations.count { earlier[$0.orgCode] == nil }
        if unknown > 0 { Standard.error("\(unknown) of \(determinations.count) determinations \(missing): not listed") }
        return Listed(changes: list(determinations, from: earlier))
    }
}
