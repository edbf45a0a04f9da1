/// What keeps a group from having a percentile in a grade span: the categories without a value that counts.
public struct PercentileAbsence: Hashable, Sendable {
    /// The grade span.
    public let span: GradeSpan
    /// The categories that the framework asks for and that have no value of the minimum size.
    public let categories: [IndicatorCategory]
    /// The indicators that the framework has in the span.
    let indicators: [Indicator]

    /// What is missing, with the indicators of which one would do.
    public var statement: String {
        let missing = categories.map { category in
            let indicators = indicators.filter { $0.category == category }.map(\.wireName)
            return indicators == [category.wireName]
                ? category.wireName : "\(category.wireName) (\(indicators.joined(separator: " or ")))"
        }
        return "the span \(span) has no value that counts of \(missing.joined(separator: " and of "))"
    }
}

extension PercentileEntry {
    /// The spans of the current year whose values do not suffice for a percentile; empty if every span has one.
    public func absences(_ framework: Framework) throws(RuleError) -> [PercentileAbsence] {
        let parameters = try framework.section(\.percentile, "percentile")
        guard let year = years[0] else { return [] }
        return (year.comparisonGroup?.spans ?? [])
            .compactMap { span in
                let asked = parameters.rankedWith.value + (parameters.requiredCategories[span]?.value ?? [])
                let missing = IndicatorCategory.allCases.filter {
                    asked.contains($0) && !year.has($0, span, parameters)
                }
                return missing.isEmpty
                    ? nil
                    : PercentileAbsence(span: span, categories: missing, indicators: parameters.indicators(span))
            }
    }
}
