/// The indicator values of an organization and group in one year, by span.
public struct PercentileYearValues: Hashable, Sendable {
    /// The comparison group of that year; nil where none is known, and then the organization is not ranked.
    public let comparisonGroup: ComparisonGroup?
    /// The share of the lower span in a middle/high school's enrolment, 0 to 1, exact; nil where it is not known.
    public let nonHighShare: Ratio?
    /// The type of the lower grades; nil where it is not known.
    public let schoolType: SchoolType?
    private var slots: [Ratio?]

    /// A year without values.
    public init(comparisonGroup: ComparisonGroup?, nonHighShare: Ratio? = nil, schoolType: SchoolType? = nil) {
        self.comparisonGroup = comparisonGroup
        self.nonHighShare = nonHighShare
        self.schoolType = schoolType
        slots = Array(repeating: nil, count: GradeSpan.allCases.count * Indicator.allCases.count)
    }

    /// The value of an indicator in a span, as it is rounded for publication; nil where there is none that counts.
    public subscript(span: GradeSpan, indicator: Indicator) -> Ratio? {
        get { slots[Self.slot(span, indicator)] }
        set { slots[Self.slot(span, indicator)] = newValue }
    }

    /// Whether there is no value that counts.
    public var isEmpty: Bool { slots.allSatisfy { $0 == nil } }

    /// The share of the lower span by the enrolments of both; nil where nobody is enrolled.
    public static func share(nonHigh: Int64, high: Int64) throws(NumberError) -> Ratio? {
        let all = try Ratio(nonHigh) + Ratio(high)
        return all > .zero ? try Ratio(nonHigh) / all : nil
    }

    private static func slot(_ span: GradeSpan, _ indicator: Indicator) -> Int {
        Int(span.rawValue) * Indicator.allCases.count + Int(indicator.rawValue)
    }
}

extension PercentileYearValues {
    /// Whether there is a value in every category that the framework asks for; the values here are those of groups of
    /// the minimum size.
    func isRanked(_ span: GradeSpan, _ parameters: PercentileParameters) -> Bool {
        (comparisonGroup?.spans.contains(span) ?? false) && suffices(span, parameters)
    }

    /// Whether there would be a rank in a span if the comparison group had it.
    func wouldBeRanked(_ parameters: PercentileParameters) -> Bool {
        GradeSpan.allCases.contains { suffices($0, parameters) }
    }

    private func suffices(_ span: GradeSpan, _ parameters: PercentileParameters) -> Bool {
        for category in parameters.rankedWith.value where !has(category, span, parameters) { return false }
        return true
    }

    /// Whether an indicator of a category has a value that counts.
    func has(_ category: IndicatorCategory, _ span: GradeSpan, _ parameters: PercentileParameters) -> Bool {
        for indicator in parameters.indicators(span)
        where indicator.category == category && self[span, indicator] != nil {
            return true
        }
        return false
    }
}

/// An organization in the population of a group.
public struct PercentileEntry: Sendable {
    /// The organization.
    public let organization: OrganizationCode
    /// The values by how many school years before the current one they lie: 0 is the current year.
    public let years: [Int: PercentileYearValues]
    /// How many school years before the current one the Department last declared the organization reconfigured: what
    /// lies before does not count.
    public let reconfigured: Int?
    /// The codes under which the organization was ranked in earlier years, by how many school years before; years under
    /// its own code are absent.
    ///
    /// The entry of such a code takes part in the ranks of that year as always; its mean counts here too.
    public let formers: [Int: OrganizationCode]

    /// An entry; years that the framework does not weigh are ignored.
    public init(
        organization: OrganizationCode,
        years: [Int: PercentileYearValues],
        reconfigured: Int? = nil,
        formers: [Int: OrganizationCode] = [:]
    ) {
        self.organization = organization
        self.years = years
        self.reconfigured = reconfigured
        self.formers = formers
    }

    /// Whether the mean of a year counts in the percentile of the current one.
    ///
    /// - `group`: the comparison group of that year.
    func counts(_ yearsBefore: Int, in group: ComparisonGroup?, _ parameters: PercentileParameters) -> Bool {
        guard yearsBefore > 0 else { return true }
        if let reconfigured, yearsBefore > reconfigured { return false }
        switch parameters.changedComparisonGroup.value {
        case .counts: return true
        case .missing: return group == years[0]?.comparisonGroup
        }
    }
}
