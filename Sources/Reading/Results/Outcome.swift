package import Rules

/// A classification with its level.
package struct Outcome: Hashable, Comparable, Sendable {
    package let classification: Classification?
    package let level: DeterminationLevel?

    /// The term of the reports: the level, or the classification if there is no level.
    package var title: String { level?.title ?? classification?.title ?? "No determination" }

    /// The shape next to the words, so that colour alone never carries meaning.
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

    package init(classification: Classification?, level: DeterminationLevel?) {
        self.classification = classification
        self.level = level
    }

    private var place: (Int, Int) {
        (classification.map { Int($0.rawValue) } ?? 9, level.map { Int($0.rawValue) } ?? 99)
    }

    package static func < (left: Outcome, right: Outcome) -> Bool { left.place < right.place }
}
