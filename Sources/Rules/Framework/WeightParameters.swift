/// Weights of the indicator categories: 603 CMR 2.03(2)(a), (b).
public struct WeightParameters: Sendable {
    /// A column of the weight table.
    public enum Column: String, Sendable, CaseIterable {
        /// All students or a subgroup, where EL progress is reported.
        case withELProgress = "with_el_progress"
        /// All students or a subgroup, where it is not.
        case withoutELProgress = "without_el_progress"
        /// The lowest performing group.
        case lowestPerforming = "lowest_performing"
    }

    /// Percent by category; the weights of a column sum to 100.
    public typealias CategoryWeights = [IndicatorCategory: Ratio]

    private let columns: [GradeSpan: [Column: Parameter<CategoryWeights>]]

    init(_ reader: ParameterReader) throws(FrameworkError) {
        var columns: [GradeSpan: [Column: Parameter<CategoryWeights>]] = [:]
        for span in GradeSpan.allCases {
            for column in Column.allCases {
                columns[span, default: [:]][column] = try reader.read(
                    "weights.\(span).\(column.rawValue)",
                    "a table of categories to percentages that sum to 100"
                ) { value throws(NumberError) in
                    guard let weights = value.byName(IndicatorCategory.self, { $0.ratio }),
                        try Ratio.sum(weights.values) == .hundred,
                        weights.values.allSatisfy({ $0 > .zero })
                    else { return nil }
                    return weights
                }
            }
        }
        self.columns = columns
    }

    /// The weights of a column of a span.
    public func weights(_ span: GradeSpan, _ column: Column) -> Parameter<CategoryWeights> {
        // Every pair was read by the initializer.
        columns[span]?[column] ?? Parameter(path: "weights", value: [:], status: .assumed, source: "none", text: "{}")
    }
}
