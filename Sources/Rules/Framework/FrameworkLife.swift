/// A step in the life of a framework: 603 CMR 2.03(10).
public enum FrameworkStep: UInt8, WireNamed {
    /// Changes are proposed.
    case proposed
    /// The public is asked for comment, until a day.
    case commentOpened
    /// A comment that is on record.
    case comment
    /// The commissioner recommends the changes to the Board.
    case recommended
    /// The Board approves.
    case approved

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .proposed: "proposed"
        case .commentOpened: "comment_opened"
        case .comment: "comment"
        case .recommended: "recommended"
        case .approved: "approved"
        }
    }

    /// The step that has to come first; comments have a period instead.
    var predecessor: FrameworkStep? {
        switch self {
        case .proposed, .comment: nil
        case .commentOpened: .proposed
        case .recommended: .commentOpened
        case .approved: .recommended
        }
    }
}

/// How far the framework of a school year has come: proposed, open for comment, recommended, approved.
///
/// Days are ISO 8601 text, whose order is that of time.
public struct FrameworkLife: Hashable, Sendable {
    /// Why a step is refused.
    public enum Refusal: Hashable, Sendable {
        /// The step before it has not been taken, or was taken later; or a step that follows was taken earlier.
        case outOfOrder
        /// The comment period has no last day, or has not ended.
        case commentPeriodOpen
        /// The comment does not fall into the period.
        case outsideCommentPeriod
        /// A step that was taken rests on the one to be withdrawn.
        case restedUpon
    }

    private struct Entry: Hashable, Sendable {
        let date: String
        let end: String
    }

    private var steps: [FrameworkStep: Entry] = [:]
    private var commentDates: [String: String] = [:]

    /// The life of a framework that nobody has proposed.
    public init() {}

    /// Whether any step was taken.
    public var isEmpty: Bool { steps.isEmpty }
    /// Whether the Board approved.
    public var isApproved: Bool { steps[.approved] != nil }
    /// Comments on record.
    public var comments: Int { commentDates.count }
    /// The last step that was taken; nil for none.
    public var lastStep: FrameworkStep? { steps.keys.max() }
    /// The last day for comments; empty while no period was opened.
    public var commentsUntil: String { steps[.commentOpened]?.end ?? "" }

    /// Why a step may not be taken on a day; nil where it may.
    ///
    /// - `end`: the last day of the comment period that the step opens.
    public func refusal(of step: FrameworkStep, on date: String, until end: String = "") -> Refusal? {
        if step == .comment {
            guard let period = steps[.commentOpened] else { return .outsideCommentPeriod }
            return date < period.date || date > period.end ? .outsideCommentPeriod : nil
        }
        if step == .commentOpened {
            guard !end.isEmpty else { return .commentPeriodOpen }
            // A period moved later must not leave a comment on record outside of it.
            if commentDates.values.contains(where: { $0 < date || $0 > end }) { return .outsideCommentPeriod }
            if let recommended = steps[.recommended], recommended.date <= end { return .commentPeriodOpen }
        }
        if let predecessor = step.predecessor {
            guard let before = steps[predecessor], before.date <= date else { return .outOfOrder }
            if predecessor == .commentOpened, date <= before.end { return .commentPeriodOpen }
        }
        let isLate = steps.contains { other, entry in other.predecessor == step && entry.date < date }
        return isLate ? .outOfOrder : nil
    }

    /// Why a step may not be withdrawn; nil where it may.
    public func refusalToWithdraw(_ step: FrameworkStep) -> Refusal? {
        if step == .commentOpened, !commentDates.isEmpty { return .restedUpon }
        return steps.keys.contains { $0.predecessor == step } ? .restedUpon : nil
    }

    /// Takes a step, or replaces it.
    ///
    /// - `organization`: who comments.
    public mutating func take(
        _ step: FrameworkStep,
        on date: String,
        until end: String = "",
        by organization: String = ""
    ) {
        if step == .comment {
            commentDates[organization] = date
        } else {
            steps[step] = Entry(date: date, end: end)
        }
    }

    /// Withdraws a step.
    public mutating func withdraw(_ step: FrameworkStep, by organization: String = "") {
        if step == .comment {
            commentDates[organization] = nil
        } else {
            steps[step] = nil
        }
    }

    /// Whether the Board's approval of a framework is on record: by directive where any step is, otherwise as the
    /// framework says of itself.
    public func approves(_ framework: Framework) -> Bool {
        isEmpty ? framework.publication?.boardApproved.value ?? false : isApproved
    }
}

extension FrameworkLife: CarriesOut {
    /// The framework, and consultation on its changes.
    public static let paragraphs: [Paragraph] = [.framework, .consultation]
}
