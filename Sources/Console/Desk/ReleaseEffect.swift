internal import Foundation
internal import Messages
internal import Reading
internal import Rules
internal import Stages

/// What a release, or the withdrawal of one, sends to whom: the recipients, and the notices as they will read.
struct ReleaseEffect {
    /// A determination whose stage would be another one.
    private struct Step {
        let from: ResultsStage
        let to: ResultsStage
        let determination: Accountability_V1_Determination
        let code: OrganizationCode

        /// Whether somebody sees the results before and after it.
        func sees(_ viewer: ResultsViewer) -> (before: Bool, after: Bool) {
            (
                from.view(of: code, for: viewer) != .nothing,
                to.view(of: code, for: viewer) != .nothing
            )
        }
    }

    /// How many notices are shown.
    static let shownNotices = 3

    private let steps: [Step]
    /// The notices that districts and schools get, in the order of the organizations.
    private let notices: [Accountability_V1_Notice]

    /// The effect of an act; nil if it releases nothing and withdraws no release.
    ///
    /// - Parameters:
    ///   - act: the act.
    ///   - values: its fields.
    ///   - changes: the determinations that it would change.
    ///   - tables: the determinations as they are.
    init?(_ act: Act, _ values: Act.Values, _ changes: [PreviewAnswer.Change], _ tables: ConsoleTables) {
        guard [Acts.release.name, Acts.withdrawRelease.name].contains(act.name) else { return nil }
        steps = changes.compactMap { change in
            guard let (from, to) = Self.stages(of: change), let code = OrganizationCode(change.orgCode),
                var determination = tables.years[change.schoolYear]?.determination(code)
            else { return nil }
            determination.status = to.rawValue
            determination.embargoUntil = to == .preliminary ? values["embargo"] ?? "" : ""
            determination.revision += 1
            determination.changes = change.fields
            determination.causes = [Self.cause]
            determination.moreCauses = false
            return Step(from: from, to: to, determination: determination, code: code)
        }
        notices = steps.compactMap { step in
            let (before, after) = step.sees(.district(step.code.district))
            if after { return NoticeText.notice(of: step.determination) }
            return before ? NoticeText.closed(step.determination, id: "") : nil
        }
    }

    /// What stands in a notice in the place of a submission that has no number yet.
    private static let cause = "of this act"

    /// The stages of `status: computed → official`; nil if the stage stays.
    private static func stages(of change: PreviewAnswer.Change) -> (from: ResultsStage, to: ResultsStage)? {
        let mark = "status: "
        guard let field = change.fields.first(where: { $0.hasPrefix(mark) }) else { return nil }
        let ends = field.dropFirst(mark.count).split(separator: "→").map { $0.trimmingCharacters(in: .whitespaces) }
        guard ends.count == 2, let from = ResultsStage(rawValue: ends[0]), let to = ResultsStage(rawValue: ends[1])
        else { return nil }
        return (from, to)
    }

    /// Who gets what.
    var recipients: TablePart {
        let districts = Set(steps.filter { $0.to > .computed || $0.from > .computed }.map(\.code.district))
        func count(_ viewer: (Step) -> ResultsViewer, before: Bool, after: Bool) -> Int {
            steps.count { $0.sees(viewer($0)) == (before, after) }
        }
        let everybody: (Step) -> ResultsViewer = { _ in .everybody }
        let own: (Step) -> ResultsViewer = { .district($0.code.district) }
        let rows: [(String, String, Int)] = [
            ("Everyone", "can read the public results of organizations", count(everybody, before: false, after: true)),
            (
                "Everyone", "can no longer read the public results of organizations",
                count(everybody, before: true, after: false)
            ),
            ("Each district", "can read all results of its organizations", count(own, before: false, after: true)),
            (
                "Each district", "can no longer read the results of its organizations",
                count(own, before: true, after: false)
            ), ("Districts", "are concerned", districts.count),
            ("Districts and schools", "get a notice about an organization", notices.count),
        ]
        return TablePart(
            caption: "What goes to whom",
            columns: ["Who", "What", "How many"],
            numbers: [2],
            rows: rows.filter { $0.2 > 0 }.map { [.init($0.0), .init($0.1), .init($0.2)] },
            empty: "Nobody would see more or less than now.",
            shape: .narrow
        )
    }

    /// The first notices as they will read, for the page.
    var shown: [[String: Any]] {
        notices.prefix(Self.shownNotices)
            .map { ["subject": $0.subject, "to": $0.recipients.joined(separator: ", "), "body": $0.body] }
    }

    /// What is not shown of the notices, and what they still lack.
    var remark: String {
        let left = notices.count - Self.shownNotices
        return (left > 0 ? "\(Words.count(left, "more notice")) \(left == 1 ? "reads" : "read") like these. " : "")
            + "The submission gets its number when the act is carried out. Groups with low participation or low performance that a district has not been told of have notices of their own."
    }
}
