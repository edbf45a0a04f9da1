internal import Rules

/// An element that organizations are compared on.
package struct ComparedElement: Hashable, Sendable {
    /// Its name, as ``ComparedResults/Measure`` has it.
    package let measure: String
    /// Its name in words.
    package let title: String
    /// Whether any figure of it has a target or points.
    package let isPointed: Bool
    /// From where to where its figures are drawn.
    package let scale: ClosedRange<Int>

    /// The elements of figures: percentages and percentile, participation, then the indicators of each grade span.
    package static func of(_ measures: [ComparedResults.Measure]) -> [ComparedElement] {
        let byName = Dictionary(grouping: measures, by: \.measure)
        let percentages = ["cumulative", "annual", "percentile"]
        let participation = byName.keys.filter { $0.hasPrefix("participation/") }.sorted()
        let indicators = GradeSpan.allCases.flatMap { span in
            Indicator.allCases.map { "\(span.wireName)/\($0.wireName)" }
        }
        return (percentages + participation + indicators)
            .compactMap { name in byName[name].map { ComparedElement(name, $0) } }
    }

    private init(_ measure: String, _ measures: [ComparedResults.Measure]) {
        self.measure = measure
        title = Self.title(measure)
        isPointed = measures.contains { $0.points != nil || !$0.target.isEmpty }
        // Scaled scores stand far above a percentage.
        scale = measures.contains { Self.place($0.value) ?? 0 > 100 } ? 440...560 : 0...100
    }

    private static func title(_ measure: String) -> String {
        let parts = measure.split(separator: "/").map(String.init)
        switch (parts.first, parts.last) {
        case ("cumulative", _): return "Cumulative percentage"
        case ("annual", _): return "Annual percentage"
        case ("percentile", _): return "Accountability percentile"
        case ("participation", let subject?): return "Participation, \(subject.replacing("_", with: " "))"
        case (let span?, let indicator?):
            guard let span = GradeSpan(wireName: span), let indicator = Indicator(wireName: indicator) else {
                return measure
            }
            return "\(indicator.title), \(Words.title(span).lowercased())"
        default: return measure
        }
    }

    /// Where a figure is drawn; nil of one that is coded or absent.
    ///
    /// A drawing's places are floating-point numbers; no figure is made here.
    package static func place(_ value: String) -> Double? {
        (try? Ratio(decimal: value)).map { Double($0.numerator) / Double($0.denominator) }
    }

    /// The columns of CSV.
    var columns: [String] {
        let name = measure.replacing("/", with: "_")
        return [name] + (isPointed ? ["\(name)_target", "\(name)_points"] : [])
    }

    /// The fields of a figure in these columns.
    func fields(_ figure: ComparedResults.Measure?) -> [String] {
        let points = figure?.points.map { String($0) } ?? ""
        return [figure?.shown ?? ""] + (isPointed ? [figure?.target ?? "", points] : [])
    }
}
