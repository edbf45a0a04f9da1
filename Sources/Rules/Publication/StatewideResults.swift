/// The results of a school year, counted for the annual report to the Board: 603 CMR 2.03(9).
public struct StatewideResults: Hashable, Sendable {
    /// What the report counts of one determination.
    public struct Entry: Hashable, Sendable {
        /// School or district.
        public let type: OrganizationType
        /// The classification; nil where the determination is suspended.
        public let classification: Classification?
        /// The level within it.
        public let level: DeterminationLevel?
        /// Every reason.
        public let reasons: [DeterminationReason]

        /// An entry.
        public init(
            type: OrganizationType,
            classification: Classification?,
            level: DeterminationLevel?,
            reasons: [DeterminationReason]
        ) {
            self.type = type
            self.classification = classification
            self.level = level
            self.reasons = reasons
        }
    }

    /// Organizations of a type with the same classification and level.
    public struct Outcome: Hashable, Sendable {
        /// School or district.
        public let type: OrganizationType
        /// The classification; nil where the determination is suspended.
        public let classification: Classification?
        /// The level within it.
        public let level: DeterminationLevel?
        /// How many.
        public let count: Int
    }

    /// Organizations of a type with a reason.
    public struct Reason: Hashable, Sendable {
        /// School or district.
        public let type: OrganizationType
        /// The reason.
        public let reason: DeterminationReason
        /// How many; an organization with several reasons counts for each.
        public let count: Int
    }

    private struct Place: Hashable {
        let type: OrganizationType
        let classification: Classification?
        let level: DeterminationLevel?
    }

    /// Counts by type, classification and level, in canonical order; a count of zero is left out.
    public let outcomes: [Outcome]
    /// Counts by type and reason, in canonical order.
    public let reasons: [Reason]

    /// Counts determinations; their order does not matter.
    public init(_ entries: some Sequence<Entry>) {
        var outcomes: [Place: Int] = [:]
        var reasons: [OrganizationType: [DeterminationReason: Int]] = [:]
        for entry in entries {
            outcomes[Place(type: entry.type, classification: entry.classification, level: entry.level), default: 0] += 1
            for reason in Set(entry.reasons) { reasons[entry.type, default: [:]][reason, default: 0] += 1 }
        }
        var counted: [Outcome] = []
        var stated: [Reason] = []
        for type in OrganizationType.allCases {
            for classification in Classification.allCases.map(Optional.some) + [nil] {
                for level in DeterminationLevel.allCases.map(Optional.some) + [nil] {
                    guard let count = outcomes[Place(type: type, classification: classification, level: level)] else {
                        continue
                    }
                    counted.append(Outcome(type: type, classification: classification, level: level, count: count))
                }
            }
            for reason in DeterminationReason.allCases {
                if let count = reasons[type]?[reason] {
                    stated.append(Reason(type: type, reason: reason, count: count))
                }
            }
        }
        self.outcomes = counted
        self.reasons = stated
    }
}

extension StatewideResults: CarriesOut {
    /// The annual report to the Board.
    public static let paragraphs: [Paragraph] = [.annualReport]
}
