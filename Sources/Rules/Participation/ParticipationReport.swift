/// What is reported of a group's participation in a subject, or in all combined: 603 CMR 2.03(2)(d).
public struct ParticipationReport: Hashable, Sendable {
    /// The group.
    public var group: StudentGroup
    /// The subject, or `combined`.
    public var unit: String
    /// The students; 0 where participation was supplied for single grades only, which are not judged.
    public var students: Int64
    /// Tests taken.
    public var participants: Int64
    /// Tests due.
    public var denominator: Int64
    /// The rate as it is shown, whole percent.
    public var rate: Int
    /// The rate that was held against the standard.
    public var judged: Ratio?
    /// Whether the requirement was met; nil where the group was not judged.
    public var met: Bool?

    /// How many decimals of an exact rate are published.
    public static let rateDecimals = 4

    /// A group.
    public init(
        _ group: StudentGroup,
        unit: String,
        students: Int64,
        participants: Int64,
        denominator: Int64,
        rate: Int,
        judged: Ratio?,
        met: Bool?
    ) {
        self.group = group
        self.unit = unit
        self.students = students
        self.participants = participants
        self.denominator = denominator
        self.rate = rate
        self.judged = judged
        self.met = met
    }

    /// Whether the group missed the requirement.
    public var isMissed: Bool { met == false }

    /// How the group was judged.
    public func explained(by framework: Framework) -> Derivation {
        let name = "\(group.title), \(unit)"
        guard students > 0 else {
            return Derivation(
                name,
                "not judged: only rows of single grades were supplied, and no row of all grades",
                paragraph: .participationRates
            )
        }
        guard let met else {
            return Derivation(name, "not judged, \(students) students", paragraph: .participationRates)
        }
        return Derivation(
            name,
            "\(participants)/\(denominator) tests = \(rate) percent, \(met ? "met" : "not met")",
            paragraph: .participationRequirement,
            row: judged.map { "rate judged: \($0.text(decimals: Self.rateDecimals))" },
            rounding: framework.participation.displayRounding.value
        )
    }

    /// How the groups of an organization were judged; nil of no group.
    public static func explained(_ groups: [ParticipationReport], by framework: Framework) -> Derivation? {
        guard !groups.isEmpty else { return nil }
        let missed = groups.count(where: \.isMissed)
        let isJudged = groups.contains { $0.met != nil }
        let parameters = framework.participation
        return Derivation(
            "Assessment participation",
            !isJudged
                ? "no group was judged"
                : missed == 0
                    ? "met by every group judged" : "not met in \(missed == 1 ? "one case" : "\(missed) cases")",
            paragraph: .participation,
            parameters: [
                parameters.standard.record, parameters.unit.record, parameters.lookBack.record,
                parameters.judgedRate.record, framework.minimumSize.accountability.record,
            ],
            inputs: groups.map { $0.explained(by: framework) }
        )
    }
}
