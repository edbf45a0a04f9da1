/// The criterion-referenced target percentage: 603 CMR 2.03(2)(b).
public struct PercentageParameters: Sendable {
    /// From what the annual percentage is made.
    public enum AnnualMethod: String, Sendable, CaseIterable {
        /// From the column percentages as they are kept.
        case keptColumns = "kept_columns"
        /// From the unrounded ratios of the columns.
        case unroundedRatios = "unrounded_ratios"
    }

    /// From what the displayed percentage of a span is made.
    public enum SpanDisplay: String, Sendable, CaseIterable {
        /// The mean of the kept column percentages, rounded once.
        case keptColumns = "kept_columns"
        /// The mean of the displayed column percentages, rounded.
        case displayedColumns = "displayed_columns"
    }

    /// What happens when a category that should count has no points.
    public enum MissingCategory: String, Sendable, CaseIterable {
        /// The other weights keep their proportions; the column is flagged.
        case renormalize
        /// The weight of growth counts with achievement, where that has points; the others keep their proportions. The
        /// column is flagged.
        case growthToAchievement = "growth_to_achievement"
        /// The column has no percentage.
        case none
    }

    /// A band of the cumulative percentage.
    public struct Band: Hashable, Sendable {
        /// The lowest percentage of the band.
        public let minimum: Int
        /// The level it gives.
        public let level: ProgressLevel
    }

    /// How the weighted total of a column is rounded, and used rounded.
    public let weightedTotalRounding: Parameter<Rounding>
    /// How a column's percentage is kept.
    public let columnRounding: Parameter<Rounding>
    /// How percentages are shown.
    public let displayRounding: Parameter<Rounding>
    /// How the annual percentage is kept.
    public let annualRounding: Parameter<Rounding>
    /// How the annual percentage of the framework's year is rounded where the next year's cumulative percentage weighs
    /// it.
    public let carriedRounding: Parameter<Rounding>
    /// How the cumulative percentage is rounded.
    public let cumulativeRounding: Parameter<Rounding>
    /// The weight of the lowest performing group in a span, percent.
    public let lowestPerformingWeight: Parameter<Ratio>
    /// From what the annual percentage is made.
    public let annualMethod: Parameter<AnnualMethod>
    /// From what the displayed percentage of a span is made.
    public let spanDisplay: Parameter<SpanDisplay>
    /// How the share of enrolment, in steps of ``spanWeightStep``, is rounded to a weight.
    public let spanWeightRounding: Parameter<Rounding>
    /// The steps in which the weights of spans are given, percent: 1, in 2018 10.
    public let spanWeightStep: Parameter<Int>
    /// The categories of which all students need points in one span or another: without, there is no annual percentage.
    public let requiredCategories: Parameter<[IndicatorCategory]>
    /// Whether every other group, too, needs points of ``requiredCategories`` for its annual percentage.
    public let groupsNeedRequiredCategories: Parameter<Bool>
    /// Which year before counts in the cumulative percentage.
    public let priorYear: Parameter<PriorYearRule>
    /// The weight of the current year in the cumulative percentage, percent; the rest is the prior year's.
    public let currentYearWeight: Parameter<Ratio>
    /// What happens when a category has no points.
    public let missingCategory: Parameter<MissingCategory>
    /// The bands, the highest first.
    public let bands: Parameter<[Band]>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        weightedTotalRounding = try reader.rounding("percentage.weighted_total_rounding")
        columnRounding = try reader.rounding("percentage.column_rounding")
        displayRounding = try reader.rounding("percentage.display_rounding")
        annualRounding = try reader.rounding("percentage.annual_rounding")
        carriedRounding = try reader.rounding("percentage.carried_rounding")
        cumulativeRounding = try reader.rounding("percentage.cumulative_rounding")
        lowestPerformingWeight = try reader.percent("percentage.lowest_performing_weight")
        annualMethod = try reader.choice("percentage.annual_method")
        spanDisplay = try reader.choice("percentage.span_display")
        spanWeightRounding = try reader.rounding("percentage.span_weight_rounding")
        spanWeightStep = try reader.integer("percentage.span_weight_step", in: 1...50)
        requiredCategories = try reader.read("percentage.required_categories", "a list of categories") {
            $0.names(IndicatorCategory.self)
        }
        groupsNeedRequiredCategories = try reader.flag("percentage.groups_need_required_categories")
        priorYear = try reader.choice("percentage.prior_year")
        currentYearWeight = try reader.percent("percentage.current_year_weight")
        missingCategory = try reader.choice("percentage.missing_category")
        bands = try reader.read("percentage.bands", "a list of {minimum, level} from the highest to 0") { value in
            let bands = value.list?
                .compactMap { band -> Band? in
                    guard let minimum = band.table?["minimum"]?.integer,
                        let level = band.table?["level"]?.scalar.flatMap({ ProgressLevel(wireName: $0) })
                    else { return nil }
                    return Band(minimum: minimum, level: level)
                }
            guard let bands, bands.count == value.list?.count, bands.last?.minimum == 0 else { return nil }
            let descending = zip(bands, bands.dropFirst()).allSatisfy { $0.minimum > $1.minimum }
            return descending ? bands : nil
        }
    }
}
