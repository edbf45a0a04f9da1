/// How far the results of a school year have come on their way from computing to telling.
///
/// Each step is an act of the Department that names a person: `release preliminary` and `release official`, of the
/// state or of one district. Withdrawing the act takes the step back.
public enum ResultsStage: String, CaseIterable, Comparable, Sendable {
    /// Nobody has released them: they are the Department's.
    case computed
    /// Each district sees its own, under embargo.
    case preliminary
    /// They are everybody's.
    case official

    /// The order in which results are released.
    public static func < (left: ResultsStage, right: ResultsStage) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// What is shown of an organization's results.
    ///
    /// This is the one table of what each stage shows to whom. Notices and their delivery, and the commands with
    /// `--as`, go by it; so do publications, which exist only of official results.
    ///
    /// | Stage | The Department | The district of the organization | Everybody else |
    /// |---|---|---|---|
    /// | computed | everything | nothing | nothing |
    /// | preliminary | everything | everything | nothing |
    /// | official | everything | everything | the publication |
    public func view(of organization: OrganizationCode, for viewer: ResultsViewer) -> ResultsView {
        switch (self, viewer) {
        case (_, .department): .everything
        case (.computed, _): .nothing
        case (_, .district(let code)) where code == organization.district: .everything
        case (.preliminary, _): .nothing
        case (.official, _): .publication
        }
    }
}

/// Who looks at results.
public enum ResultsViewer: Hashable, Sendable {
    /// The Department.
    case department
    /// A district, by its code; its schools see what it sees.
    case district(OrganizationCode)
    /// Everybody.
    case everybody
}

/// What somebody sees of an organization's results.
public enum ResultsView: Hashable, Sendable {
    /// Not even that there are any.
    case nothing
    /// The publication, with its control of disclosure.
    case publication
    /// The determination with every figure.
    case everything
}
