internal import Messages
internal import Rules

/// A row of participation as `evaluate participation` prints it.
struct ParticipationRow {
    static let columns = [
        "school_year", "org_code", "grade", "group", "subject", "participants", "denominator", "rate", "rate_exact",
        "met",
    ]

    let message: Accountability_V1_Participation

    init(_ message: Accountability_V1_Participation) {
        self.message = message
    }

    /// The fields of ``columns``.
    ///
    /// A supplied row keeps the spelling of its group.
    var fields: [String] {
        [
            String(message.schoolYear), message.orgCode, message.grade,
            message.groupLabel.isEmpty ? message.group : message.groupLabel,
            message.subject, String(message.participants), String(message.denominator),
            message.hasRate ? String(message.rate) : "",
            message.rateExact, message.hasMet ? String(message.met) : "",
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
