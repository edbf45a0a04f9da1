/// The sum of the points of a category.
public struct CategoryTotal: Hashable, Sendable {
    /// The category.
    public let category: IndicatorCategory
    /// Points earned.
    public let earned: Int
    /// Points possible: the maximum for each indicator with points.
    public let possible: Int
    /// The weight that was used, percent.
    public let weight: Ratio

    /// A total.
    public init(category: IndicatorCategory, earned: Int, possible: Int, weight: Ratio) {
        self.category = category
        self.earned = earned
        self.possible = possible
        self.weight = weight
    }
}

/// A column of the report: the points of all students, the lowest performing group or a subgroup in a span, weighted.
public struct TargetColumn: Hashable, Sendable {
    /// The span.
    public let span: GradeSpan
    /// The column of the weight table that was used.
    public let weights: WeightParameters.Column
    /// The points by indicator, in canonical order.
    public let points: [Indicator: Int]
    /// The totals by category, in canonical order.
    public let categories: [CategoryTotal]
    /// Categories of the weight table without points, whose weight went to all others in proportion.
    public let missing: [IndicatorCategory]
    /// Whether growth has no points and its weight counts with achievement: then it is not among ``missing``.
    public let growthCountsWithAchievement: Bool
    /// Weighted points earned, rounded as the framework says.
    public let weightedEarned: Ratio
    /// Weighted points possible, rounded as the framework says.
    public let weightedPossible: Ratio
    /// The percentage without rounding.
    public let unrounded: Ratio
    /// The percentage as it is kept.
    public let percent: Ratio
    /// The percentage as it is shown.
    public let displayed: Int64

    /// The column of a group, or nil where no indicator has points (or a category is missing and the framework allows
    /// none).
    ///
    /// `group` chooses the weights: the lowest performing group has its own; every other group has those of all
    /// students, with or without EL progress as the points have it. Points that the column cannot have, see
    /// ``has(_:span:group:_:)``, do not count. Throws where points are outside 0 to the maximum.
    public static func of(
        _ points: [Indicator: Int],
        span: GradeSpan,
        group: StudentGroup,
        _ framework: Framework
    ) throws(RuleError) -> TargetColumn? {
        let table = try framework.section(\.weights, "weights")
        let parameters = try framework.section(\.percentage, "target percentage")
        let maximum = try framework.section(\.points, "points").maximum.value
        for (indicator, value) in points where !(0...maximum).contains(value) {
            throw .contradiction("\(indicator): \(value) points are outside 0 to \(maximum)")
        }
        let points = points.filter { has($0.key, span: span, group: group, framework) }
        let column: WeightParameters.Column =
            if group == .lowestPerforming { .lowestPerforming } else if points[.elProgress] != nil {
                .withELProgress
            } else { .withoutELProgress }
        do {
            return try make(points, span, column, table.weights(span, column).value, maximum, parameters)
        } catch {
            throw .number(error)
        }
    }

    /// Whether the column of a group in a span can have an indicator: one that the framework has there, and for the
    /// lowest performing group one that the framework names, where the span has that group at all.
    public static func has(_ indicator: Indicator, span: GradeSpan, group: StudentGroup, _ framework: Framework) -> Bool
    {
        guard framework.has(indicator, span) else { return false }
        guard group == .lowestPerforming, let lowest = framework.lowestPerforming else { return true }
        guard lowest.exists[span]?.value ?? false else { return false }
        return lowest.indicators[span]?.value.contains(indicator) ?? false
    }

    private static func make(
        _ points: [Indicator: Int],
        _ span: GradeSpan,
        _ column: WeightParameters.Column,
        _ weights: WeightParameters.CategoryWeights,
        _ maximum: Int,
        _ parameters: PercentageParameters
    ) throws(NumberError) -> TargetColumn? {
        guard let weighed = try WeighedCategories.of(points, weights, maximum, parameters) else { return nil }
        var earned = Ratio.zero
        var possible = Ratio.zero
        for total in weighed.totals {
            earned = try earned + Ratio(total.earned) * total.weight / .hundred
            possible = try possible + Ratio(total.possible) * total.weight / .hundred
        }
        let rounding = parameters.weightedTotalRounding.value
        let roundedEarned = try rounding(earned)
        let roundedPossible = try rounding(possible)
        let unrounded = try .hundred * roundedEarned / roundedPossible
        let kept = try parameters.columnRounding.value(unrounded)
        return TargetColumn(
            span: span,
            weights: column,
            points: points,
            categories: weighed.totals,
            missing: weighed.missing,
            growthCountsWithAchievement: weighed.growthCountsWithAchievement,
            weightedEarned: roundedEarned,
            weightedPossible: roundedPossible,
            unrounded: unrounded,
            percent: kept,
            displayed: try parameters.displayRounding.value(kept).floor
        )
    }
}

/// The categories of a column that have points, with the weights that they have where others are missing.
private struct WeighedCategories {
    let totals: [CategoryTotal]
    /// The categories that should count and have no points.
    let missing: [IndicatorCategory]
    /// Whether the weight of missing growth was added to that of achievement.
    let growthCountsWithAchievement: Bool

    /// The categories of a column; nil if it has no percentage under the framework's rule for missing ones.
    static func of(
        _ points: [Indicator: Int],
        _ weights: WeightParameters.CategoryWeights,
        _ maximum: Int,
        _ parameters: PercentageParameters
    ) throws(NumberError) -> WeighedCategories? {
        var totals: [CategoryTotal] = []
        var missing: [IndicatorCategory] = []
        var weightPresent = Ratio.zero
        for category in IndicatorCategory.allCases {
            guard let weight = weights[category] else { continue }
            let values = category.indicators.compactMap { points[$0] }
            guard !values.isEmpty else {
                missing.append(category)
                continue
            }
            let (earned, possible) = (values.reduce(0, +), maximum * values.count)
            totals.append(CategoryTotal(category: category, earned: earned, possible: possible, weight: weight))
            weightPresent = try weightPresent + weight
        }
        guard !totals.isEmpty, missing.isEmpty || parameters.missingCategory.value != .none else { return nil }
        var growthCountsWithAchievement = false
        if parameters.missingCategory.value == .growthToAchievement,
            let place = missing.firstIndex(of: .growth), let growth = weights[.growth],
            let achievement = totals.firstIndex(where: { $0.category == .achievement })
        {
            totals[achievement] = totals[achievement].weighing(try totals[achievement].weight + growth)
            weightPresent = try weightPresent + growth
            missing.remove(at: place)
            growthCountsWithAchievement = true
        }
        for (place, total) in totals.enumerated() {
            let weight = missing.isEmpty ? total.weight : try total.weight * .hundred / weightPresent
            totals[place] = total.weighing(weight)
        }
        return WeighedCategories(
            totals: totals,
            missing: missing,
            growthCountsWithAchievement: growthCountsWithAchievement
        )
    }
}

extension CategoryTotal {
    /// The same points under another weight.
    fileprivate func weighing(_ weight: Ratio) -> CategoryTotal {
        CategoryTotal(category: category, earned: earned, possible: possible, weight: weight)
    }
}

extension TargetColumn: CarriesOut {
    /// The columns of all students, of the lowest performing and of each subgroup.
    public static let paragraphs: [Paragraph] = [.criterionReferenced, .allAndLowestPerforming, .eachSubgroup]
}

extension TargetColumn {
    /// What became of the weight of categories that have no points, for people; nil where all have.
    ///
    /// - Parameters:
    ///   - missing: the categories whose weight went to all others.
    ///   - growthCountsWithAchievement: whether the weight of growth went to achievement.
    /// - Returns: what is said of it.
    public static func remark(missing: [IndicatorCategory], growthCountsWithAchievement: Bool) -> String? {
        var remarks: [String] = []
        if growthCountsWithAchievement { remarks.append("the weight of growth counts with achievement") }
        if !missing.isEmpty {
            remarks.append("renormalized without " + missing.map(\.wireName).joined(separator: ", "))
        }
        return remarks.isEmpty ? nil : remarks.joined(separator: "; ")
    }
}
