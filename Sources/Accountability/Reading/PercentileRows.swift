internal import Messages
internal import Reading
internal import Rules

/// Percentiles as `evaluate percentiles` prints them, and statewide thresholds.
enum PercentileRows {
    static let columns = [
        "school_year", "org_code", "comparison_group", "group", "year_mean", "weighted_mean", "percentile",
    ]
    /// The columns that people are shown with one decimal.
    static let means = ["year_mean", "weighted_mean"]
    static let thresholdColumns = [
        "school_year", "type", "grade_span", "group", "indicator", "at_80", "at_90", "difficulty_quartile",
    ]

    /// A percentile as fields of ``columns``.
    static func fields(_ year: UInt32, _ percentile: Accountability_V1_Percentile) -> [String] {
        [
            String(year), percentile.orgCode, percentile.comparisonGroup, percentile.group, short(percentile.yearMean),
            short(percentile.weightedMean), percentile.percentile == 0 ? "" : String(percentile.percentile),
        ]
    }

    /// Why percentiles are missing, one line for each reason.
    static func missing(_ percentiles: [Accountability_V1_Percentile]) -> [String] {
        let unranked = Dictionary(grouping: percentiles.filter { !$0.missing.isEmpty }, by: \.missing)
        return unranked.sorted { $0.key < $1.key }
            .map { reason, percentiles in
                let organizations = Set(percentiles.map(\.orgCode)).sorted()
                let some = organizations.prefix(20).joined(separator: ", ") + (organizations.count > 20 ? ", …" : "")
                return "\(organizations.count) without a percentile (\(some)): "
                    + (FinalPercentile.Missing(wireName: reason)?.statement ?? reason)
            }
    }

    /// A threshold as fields of ``thresholdColumns``.
    static func fields(_ year: UInt32, _ threshold: Accountability_V1_Threshold) -> [String] {
        [
            String(year), DeterminationRows.typeName(threshold.type), threshold.gradeSpan, threshold.group,
            threshold.indicator,
            threshold.at80, threshold.at90,
            threshold.difficultyQuartile == 0 ? "" : String(threshold.difficultyQuartile),
        ]
    }

    /// An exact fraction as figures are printed.
    static func short(_ fraction: String) -> String {
        let parts = fraction.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let top = Int64(parts[0]), let bottom = parts.count == 2 ? Int64(parts[1]) : 1,
            let ratio = try? Ratio(top, over: bottom)
        else { return fraction }
        return ratio.shortText
    }

    /// The order of `evaluate percentiles`: group, comparison group, organization.
    static func inOrder(_ left: Accountability_V1_Percentile, _ right: Accountability_V1_Percentile) -> Bool {
        func place(_ percentile: Accountability_V1_Percentile) -> (UInt8, UInt8, String) {
            (
                StudentGroup(wireName: percentile.group)?.rawValue ?? .max,
                ComparisonGroup(wireName: percentile.comparisonGroup)?.rawValue ?? .max, percentile.orgCode
            )
        }
        return place(left) < place(right)
    }

    /// The order of thresholds: type, span, group, indicator, difficulty quartile.
    static func inOrder(_ left: Accountability_V1_Threshold, _ right: Accountability_V1_Threshold) -> Bool {
        func place(_ threshold: Accountability_V1_Threshold) -> (Int, UInt8, UInt8, UInt8, UInt32) {
            (
                threshold.type.rawValue, GradeSpan(wireName: threshold.gradeSpan)?.rawValue ?? .max,
                StudentGroup(wireName: threshold.group)?.rawValue ?? .max,
                Indicator(wireName: threshold.indicator)?.rawValue ?? .max, threshold.difficultyQuartile
            )
        }
        return place(left) < place(right)
    }
}
