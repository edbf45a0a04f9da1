internal import Messages
internal import Rules

/// A row of participation as `evaluate participation` prints it.
struct ParticipationRow {
    static let columns = [
        "school_year", "org_code", "grade", "group", "subject", "participants", "denominator", "rate", "rate_exact",
        "met",
    ]

    let message: Accountability_V1_Participation
    /// Whether the row's own year met the requirement, without looking back; nil below the minimum size.
    let met: Bool?

    /// The row of a message.
    ///
    /// The message says whether the requirement was met as the year judges it, which may look back. This row holds the
    /// exact rate of its own year against the standard, as `evaluate` does; the message has all that this needs.
    ///
    /// - Throws: ``RuleError`` or ``NumberError`` where the figures contradict each other.
    init(_ message: Accountability_V1_Participation, _ framework: Framework) throws {
        self.message = message
        guard message.denominator > 0, Int(message.students) >= framework.minimumSize.accountability.value else {
            met = nil
            return
        }
        let exact = try Ratio(Int64(message.participants), over: Int64(message.denominator)) * .hundred
        let parameters = framework.participation
        let held = parameters.judgedRate.value == .rounded ? try parameters.displayRounding.value(exact) : exact
        met = held >= parameters.standard.value
    }

    /// The fields of ``columns``; the group as it was written where it was supplied.
    var fields: [String] {
        [
            String(message.schoolYear), message.orgCode, message.grade,
            message.groupLabel.isEmpty ? message.group : message.groupLabel,
            message.subject, String(message.participants), String(message.denominator),
            message.hasRate ? String(message.rate) : "",
            message.rateExact, met.map(String.init) ?? "",
        ]
    }

    /// Whether the row is of all subjects together.
    static func isCombined(_ message: Accountability_V1_Participation) -> Bool {
        message.subject == ParticipationUnit.combined.description
    }

    /// The order of reports: organization, grade, group, subject.
    static func inOrder(_ left: Accountability_V1_Participation, _ right: Accountability_V1_Participation) -> Bool {
        func place(_ message: Accountability_V1_Participation) -> (String, String, UInt8, UInt8) {
            (
                message.orgCode, message.grade, StudentGroup(wireName: message.group)?.rawValue ?? .max,
                Subject(name: message.subject)?.rawValue ?? .max
            )
        }
        return place(left) < place(right)
    }
}
