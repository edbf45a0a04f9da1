import Messages
import Rules

/// The statewide thresholds of a school year.
struct StatewideTable {
    /// Identifies a threshold.
    struct ThresholdKey: Hashable {
        let type: OrganizationType
        let span: GradeSpan
        let group: StudentGroup
        let indicator: Indicator
        /// Among organizations of this difficulty quartile; 0 among all.
        var difficultyQuartile = 0
    }

    /// The values at the statewide 80th and 90th percentile.
    struct Threshold: Equatable {
        let at80: Ratio?
        let at90: Ratio?
    }

    private var thresholds: [ThresholdKey: Threshold] = [:]
    /// The thresholds in the form that the rules need, made once for all organizations.
    private var prepared: [ThresholdKey: StatewideThresholds] = [:]

    subscript(key: ThresholdKey) -> Threshold? { thresholds[key] }

    /// Sets or removes a threshold.
    ///
    /// Returns whether anything changed.
    mutating func set(_ threshold: Threshold?, _ key: ThresholdKey) -> Bool {
        guard thresholds[key] != threshold else { return false }
        thresholds[key] = threshold
        guard key.difficultyQuartile == 0 else { return true }
        for group in Self.affected(by: key.group) {
            let other = ThresholdKey(type: key.type, span: key.span, group: group, indicator: key.indicator)
            let made = make(other)
            prepared[other] = made == StatewideThresholds() ? nil : made
        }
        return true
    }

    /// The thresholds of an indicator for a group: among all students, among the same group, and, if the difficulty
    /// quartile is known, among organizations in the same quartile.
    ///
    /// The framework names the values.
    func thresholds(
        _ key: ThresholdKey,
        difficultyQuartile: Int = 0,
        of values: PointParameters.QuartileValues = .allStudents
    ) -> StatewideThresholds {
        var result = prepared[key] ?? StatewideThresholds()
        guard difficultyQuartile > 0 else { return result }
        let own = thresholds[
            ThresholdKey(
                type: key.type,
                span: key.span,
                group: values == .ownGroup ? key.group : .allStudents,
                indicator: key.indicator,
                difficultyQuartile: difficultyQuartile
            )
        ]
        result[.difficultyQuartile, 80] = own?.at80
        result[.difficultyQuartile, 90] = own?.at90
        return result
    }

    /// The groups whose points look at a group's threshold.
    static func affected(by group: StudentGroup) -> [StudentGroup] {
        group == .allStudents ? StudentGroup.allCases : [group]
    }

    private func make(_ key: ThresholdKey) -> StatewideThresholds {
        var result = StatewideThresholds()
        let all = ThresholdKey(type: key.type, span: key.span, group: .allStudents, indicator: key.indicator)
        result[.allStudents, 80] = thresholds[all]?.at80
        result[.allStudents, 90] = thresholds[all]?.at90
        result[.ownGroup, 80] = thresholds[key]?.at80
        result[.ownGroup, 90] = thresholds[key]?.at90
        return result
    }
}
