/// The days of a school year's releases: until when results are under embargo, and from when they are official.
///
/// Results become official on the last day of their embargo at the earliest. An embargo of the state concerns every
/// district, and the state's results become official only when no district has an embargo any more.
///
/// Days are ISO 8601 text, whose order is that of time.
public struct ReleaseDays: Hashable, Sendable {
    private var embargoes: [OrganizationCode: String] = [:]
    private var official: [OrganizationCode: String] = [:]

    /// The days of results that nobody has released.
    public init() {}

    /// Whether a preliminary release may set a last day of the embargo: no official release on record lies before it.
    ///
    /// - `end`: the last day; empty for none.
    public func allows(embargoUntil end: String, of organization: OrganizationCode) -> Bool {
        !official.contains { Self.concerns(organization, $0.key) && $0.value < end }
    }

    /// Whether an official release may take effect on a day: it does not lie before the last day of an embargo.
    ///
    /// - `districtsBindState`: whether the embargo of a district also concerns the release of the whole state.
    public func allows(
        officialOn date: String,
        of organization: OrganizationCode,
        districtsBindState: Bool = true
    ) -> Bool {
        !embargoes.contains { owner, end in
            date < end && Self.concerns(owner, organization)
                && (districtsBindState || organization != .state || owner == .state)
        }
    }

    /// Sets the last day of an organization's embargo, or removes it.
    ///
    /// - `end`: empty for none.
    public mutating func set(embargoUntil end: String, of organization: OrganizationCode) {
        embargoes[organization] = end.isEmpty ? nil : end
    }

    /// Sets the day from which an organization's results are official, or removes it.
    public mutating func set(officialOn date: String?, of organization: OrganizationCode) {
        official[organization] = date
    }

    private static func concerns(_ left: OrganizationCode, _ right: OrganizationCode) -> Bool {
        left == .state || right == .state || left.district == right.district
    }
}
