internal import Messages
internal import Rules

/// The rows of an organization's participation in a year: the valid ones, and invalid ones that may have been
/// published.
struct ParticipationRows {
    /// A valid row.
    struct Row {
        let name: ParticipationRowName
        /// Without school year, organization and label.
        var message: Accountability_V1_Participation
        /// The group as written in a supplied row.
        var label: UInt32?
    }

    /// The valid rows, in canonical order.
    let rows: [Row]
    /// The invalid rows.
    let absent: [ParticipationRowName]

    init(
        _ state: ParticipationState,
        prior: ParticipationFigures?,
        framework: Framework
    ) throws(NumberError) {
        var rows: [ParticipationRowName: Row] = [:]
        var domain = state.withdrawn
        let figures = state.figures(framework.participation)
        for group in StudentGroup.allCases {
            for (index, unit) in ParticipationUnit.all.enumerated() {
                let name = ParticipationRowName(grade: ParticipationKey.allGrades, group: group, unit: unit)
                domain.insert(name)
                guard let tally = figures.tally(group, unit: index) else { continue }
                let judgement = try ParticipationJudgement(
                    current: tally,
                    prior: prior?.tally(group, unit: index),
                    unit,
                    framework
                )
                rows[name] = Row(
                    name: name,
                    message: Self.message(name, judgement, supplied: !state.shadowsSupplied, framework)
                )
            }
        }
        let supplied = state.suppliedRows()
        domain.formUnion(supplied.map(\.name))
        if !state.shadowsSupplied {
            for counts in supplied {
                if rows[counts.name] == nil {
                    // A row of a single grade, or one without due tests: it has only its own counts.
                    let judgement = try ParticipationJudgement(
                        current: counts.tally,
                        prior: nil,
                        counts.name.unit,
                        framework
                    )
                    rows[counts.name] = Row(
                        name: counts.name,
                        message: Self.message(counts.name, judgement, supplied: true, framework)
                    )
                }
                rows[counts.name]?.label = counts.label
            }
        }
        self.rows = rows.values.sorted { $0.name < $1.name }
        absent = domain.filter { rows[$0] == nil }.sorted()
    }

    private static func message(
        _ name: ParticipationRowName,
        _ judgement: ParticipationJudgement,
        supplied: Bool,
        _ framework: Framework
    ) -> Accountability_V1_Participation {
        let current = judgement.current
        var message = Accountability_V1_Participation()
        message.grade = name.grade
        message.group = name.group.wireName
        message.subject = name.unit.description
        message.participants = UInt32(clamping: current.participants)
        message.denominator = UInt32(clamping: current.denominator)
        if let displayed = current.displayed { message.rate = UInt32(clamping: displayed) }
        if let exact = current.exact { message.rateExact = exact.text(decimals: ParticipationReport.rateDecimals) }
        if let met = judgement.metInYear { message.met = met }
        if let met = judgement.met { message.requirementMet = met }
        message.supplied = supplied
        message.students = UInt32(clamping: current.size)
        guard name.grade == ParticipationKey.allGrades else { return message }
        message.judged = framework.participation.judges(name.unit)
        if let prior = judgement.prior {
            message.priorParticipants = UInt32(clamping: prior.participants)
            message.priorDenominator = UInt32(clamping: prior.denominator)
        }
        if let judged = judgement.judged {
            message.judgedRateExact = judged.text(decimals: ParticipationReport.rateDecimals)
        }
        return message
    }
}

extension ParticipationParameters {
    /// Whether a unit is one that the framework judges an organization by.
    func judges(_ unit: ParticipationUnit) -> Bool {
        switch unit {
        case .subject: self.unit.value == .subject
        case .combined: self.unit.value == .combined
        }
    }
}
