package import Messages
internal import Reading
package import Rules

/// What lists, plots and counts need of a determination.
package struct DeterminationLine: Hashable, Sendable {
    package let code: OrganizationCode
    package let name: String
    package let type: OrganizationType
    package let classification: Classification?
    package let level: DeterminationLevel?
    package let reasons: [DeterminationReason]
    package let percentile: Int?
    package let annual: Int?
    package let cumulative: Int?
    package let revision: Int
    package let status: String
    /// The fields of `accountability determinations --format csv`.
    package let fields: [String]
    /// Name and code as the search reads them.
    let sought: String

    package init(_ message: Accountability_V1_Determination, _ code: OrganizationCode) {
        self.code = code
        name = message.name
        type = message.type == .district ? .district : .school
        classification = Classification(wireName: message.classification)
        level = DeterminationLevel(wireName: message.level)
        reasons = message.reasons.compactMap { DeterminationReason(wireName: $0) }
        percentile = message.hasPercentile ? Int(message.percentile) : nil
        annual = message.hasAnnual ? Int(message.annual) : nil
        cumulative = message.hasCumulative ? Int(message.cumulative) : nil
        revision = Int(message.revision)
        status = message.status
        fields = DeterminationRows.fields(message)
        sought = Self.folded("\(message.name) \(message.orgCode)")
    }

    /// What the organization is called: its name, or its code where none was declared.
    package var title: String { name.isEmpty ? code.description : name }

    /// The classification with its level.
    package var outcome: Outcome { Outcome(classification: classification, level: level) }

    /// Text without case.
    static func folded(_ text: String) -> String { text.lowercased() }
}

/// A classification with its level.
package struct Outcome: Hashable, Comparable, Sendable {
    package let classification: Classification?
    package let level: DeterminationLevel?

    /// The words of the reports: the level, which says more; the classification where there is none.
    package var title: String { level?.title ?? classification?.title ?? "No determination" }

    /// The shape that stands beside the words, so that colour is never needed.
    package var sign: String {
        switch level {
        case .broadComprehensive: "▲"
        case .focusedTargeted: "△"
        case .schoolOfRecognition: "★"
        case .meeting: "●"
        case .substantial: "◕"
        case .moderate, .partiallyMeeting: "◑"
        case .limited: "◔"
        case nil: classification == .notRequiringAssistance ? "·" : "○"
        }
    }

    /// Words that are short enough for a table's head.
    package var shortTitle: String {
        switch level {
        case .broadComprehensive: "Broad/comprehensive"
        case .focusedTargeted: "Focused/targeted"
        case .schoolOfRecognition: "Recognition"
        case .meeting: "Meeting"
        case .substantial: "Substantial"
        case .moderate: "Moderate"
        case .limited: "Limited or none"
        case .partiallyMeeting: "Partially meeting"
        case nil:
            switch classification {
            case .requiringAssistance: "Requiring"
            case .notRequiringAssistance: "Not requiring"
            case .insufficientData: "Insufficient data"
            case nil: "No determination"
            }
        }
    }

    private var place: (Int, Int) {
        (classification.map { Int($0.rawValue) } ?? 9, level.map { Int($0.rawValue) } ?? 99)
    }

    package static func < (left: Outcome, right: Outcome) -> Bool { left.place < right.place }
}
