public import Rules

/// The kind of a published record of a determination.
public enum PublicationStatus: String, Sendable, Hashable {
    /// It is official.
    case official
    /// It was, and is not any more.
    case withdrawn
}

/// The measure of a published figure.
public enum PublishedMeasure: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Participation in the tests of a subject, or of all of them.
    case participation(ParticipationUnit)
    /// An indicator in a grade span.
    case indicator(GradeSpan, Indicator)

    /// The measure of a name in messages.
    public init?(_ name: some StringProtocol) {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        if parts[0] == "participation", let unit = ParticipationUnit.named(String(parts[1])) {
            self = .participation(unit)
        } else if let span = GradeSpan(wireName: parts[0]), let indicator = Indicator(wireName: parts[1]) {
            self = .indicator(span, indicator)
        } else {
            return nil
        }
    }

    /// The name in messages.
    public var description: String {
        switch self {
        case .participation(let unit): "participation/\(unit)"
        case .indicator(let span, let indicator): "\(span.wireName)/\(indicator.wireName)"
        }
    }

    /// By name.
    public static func < (left: PublishedMeasure, right: PublishedMeasure) -> Bool {
        left.description < right.description
    }
}
