/// The codes under which the earlier results of an organization stand, and the changes on the way back to them.
public struct OrganizationHistory: Hashable, Sendable {
    /// A change on the way back.
    public struct Step: Hashable, Sendable {
        /// The first school year of the new state.
        public let schoolYear: Int
        /// What happened.
        public let kind: OrganizationChangeKind
        /// The former codes that the rows name, in order.
        public let formers: [OrganizationCode]
        /// The code whose history is carried over; nil if none is.
        public let taken: OrganizationCode?
        /// Whether the rows of the year contradict each other, so that nothing is carried over.
        public let isContradicted: Bool

        /// A step.
        public init(
            schoolYear: Int,
            kind: OrganizationChangeKind,
            formers: [OrganizationCode],
            taken: OrganizationCode?,
            isContradicted: Bool = false
        ) {
            self.schoolYear = schoolYear
            self.kind = kind
            self.formers = formers
            self.taken = taken
            self.isContradicted = isContradicted
        }
    }

    /// The code by the number of years before; the organization's own comes first.
    public let codes: [OrganizationCode]
    /// How many school years before the current one the organization became another one, last of all: results of the
    /// years before that do not count in its percentage and its percentile.
    public let reconfigured: Int?
    /// The changes, the newest first.
    public let steps: [Step]

    /// The code under which the results of so many years before stand.
    public func code(_ yearsBefore: Int) -> OrganizationCode { codes[min(max(yearsBefore, 0), codes.count - 1)] }

    /// Whether results of so many years before count in the percentage and the percentile.
    public func counts(_ yearsBefore: Int) -> Bool { reconfigured.map { yearsBefore <= $0 } ?? true }

    /// The former codes by the number of years before; years under the organization's own code are absent.
    public var formers: [Int: OrganizationCode] {
        var formers: [Int: OrganizationCode] = [:]
        for (before, code) in codes.enumerated() where code != codes[0] { formers[before] = code }
        return formers
    }
}

extension OrganizationHistory.Step {
    /// The change and what it means for the earlier years, in a few words.
    public var statement: String {
        let codes = formers.map(\.description).joined(separator: ", ")
        let change = "\(kind.words) in \(schoolYear)" + (codes.isEmpty ? "" : " from \(codes)")
        guard !isContradicted else {
            return
                "\(change), but the rows of organization_changes contradict each other: no earlier year counts, and designations stay with the code"
        }
        return taken.map { "\(change): earlier years are those of \($0)" } ?? "\(change): no earlier year counts"
    }
}
