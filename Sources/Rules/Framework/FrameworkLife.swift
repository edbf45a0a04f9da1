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

    /// The steps that can carry the document of a framework, the one whose document counts first.
    public static let withDocument: [FrameworkStep] = [.recommended, .proposed]

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
        /// The Board approves, or has approved, another document than the one that is proposed.
        case otherDocument
    }

    private struct Entry: Hashable, Sendable {
        let date: String
        let end: String
        /// The digest of a document: of the proposed one, or of the one that the approval names; empty for none.
        let document: String
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
    /// The digest of the document that the approval names; empty if it names none.
    public var approvedDocument: String { steps[.approved]?.document ?? "" }
    /// The digest of the proposed document, as it was recommended or else as it was proposed first; empty for none.
    public var proposedDocument: String {
        FrameworkStep.withDocument.compactMap { steps[$0]?.document }.first { !$0.isEmpty } ?? ""
    }

    /// The digest that a reference names: the word that begins with `sha256:`, without this beginning.
    public static func digest(inReference reference: String) -> String? {
        let prefix = "sha256:"
        return reference.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix(prefix) }
            .map { String($0.dropFirst(prefix.count)) }
    }

    /// Why a step may not be taken on a day; nil where it may.
    ///
    /// - `end`: the last day of the comment period that the step opens.
    /// - `document`: the digest of the document that it proposes or approves; empty for none.
    public func refusal(
        of step: FrameworkStep,
        on date: String,
        until end: String = "",
        document: String = ""
    ) -> Refusal? {
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
        if isLate { return .outOfOrder }
        var after = self
        after.take(step, on: date, until: end, document: document)
        return after.approvesOtherDocument ? .otherDocument : nil
    }

    /// Whether the approval names another document than the proposed one.
    private var approvesOtherDocument: Bool {
        let (approved, proposed) = (approvedDocument, proposedDocument)
        return !approved.isEmpty && !proposed.isEmpty && approved != proposed
    }

    /// Why a step may not be withdrawn; nil where it may.
    public func refusalToWithdraw(_ step: FrameworkStep) -> Refusal? {
        if step == .commentOpened, !commentDates.isEmpty { return .restedUpon }
        return steps.keys.contains { $0.predecessor == step } ? .restedUpon : nil
    }

    /// Takes a step, or replaces it.
    ///
    /// - `organization`: who comments.
    /// - `document`: the digest of the document that it proposes or approves; empty for none.
    public mutating func take(
        _ step: FrameworkStep,
        on date: String,
        until end: String = "",
        by organization: String = "",
        document: String = ""
    ) {
        if step == .comment {
            commentDates[organization] = date
        } else {
            steps[step] = Entry(date: date, end: end, document: document)
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
