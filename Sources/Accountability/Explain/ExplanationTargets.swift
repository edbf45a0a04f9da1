import Messages
import Rules

/// Percentiles and percentages.
extension ExplanationContext {
    func percentile() -> Derivation? {
        let unranked = percentiles.filter { !$0.missing.isEmpty }
        guard determination.hasPercentile || !determination.groupPercentiles.isEmpty || !unranked.isEmpty else {
            return nil
        }
        return Derivation(
            "Accountability percentile",
            determination.hasPercentile ? "\(determination.percentile)" : "none",
            paragraph: .accountabilityPercentile,
            parameters: records("percentile.steps", "percentile.year_weights"),
            inputs: determination.groupPercentiles.map { entry in
                let published = percentiles.first {
                    $0.group == entry.group && $0.comparisonGroup == entry.comparisonGroup
                }
                let peers = published.map { "\($0.population) " } ?? ""
                return Derivation(
                    "Percentile of \(title(entry.group))",
                    "\(entry.percentile)",
                    paragraph: entry.group == StudentGroup.allStudents.wireName
                        ? .accountabilityPercentile : .subgroupPercentile,
                    row: "among \(peers)\(entry.comparisonGroup.replacing("_", with: "-")) schools"
                        + (published?.frozen == true ? ", placed against the official ranks" : ""),
                    parameters: published?.frozen == true ? records("percentile.norm") : [],
                    inputs: published.map(steps) ?? []
                )
            }
                + unranked.map { entry in
                    Derivation(
                        "Percentile of \(title(entry.group))",
                        "none: \(FinalPercentile.Missing(wireName: entry.missing)?.statement ?? entry.missing)",
                        inputs: steps(entry)
                    )
                }
        )
    }

    private func steps(_ percentile: Accountability_V1_Percentile) -> [Derivation] {
        [Derivation("Weighted mean that is ranked", short(percentile.weightedMean))]
            + percentile.stages.map { step in
                let place = [String(step.schoolYear), step.gradeSpan, step.indicatorOrCategory].filter { !$0.isEmpty }
                return Derivation(
                    "\(step.stage.replacing("_", with: " ")), \(place.joined(separator: " "))",
                    short(step.value)
                )
            }
    }

    /// A fraction as a decimal.
    private func short(_ fraction: String) -> String {
        let parts = fraction.split(separator: "/")
        guard parts.count == 2, let top = Int64(parts[0]), let bottom = Int64(parts[1]),
            let ratio = try? Ratio(top, over: bottom)
        else { return fraction }
        return "\(fraction) = \(ratio.shortText)"
    }

    func cumulative() -> Derivation? {
        guard determination.hasCumulative else { return nil }
        let weight = framework.percentage?.currentYearWeight.value ?? .hundred
        var value = "\(determination.annualExact) → \(determination.cumulative)"
        if !determination.priorAnnualExact.isEmpty, let rest = try? Ratio.hundred - weight {
            value =
                "\(rest.shortText) % × \(determination.priorAnnualExact) + \(weight.shortText) % ×"
                + " \(determination.annualExact) → \(determination.cumulative)"
        }
        return Derivation(
            "Cumulative criterion-referenced target percentage",
            "\(value), \(ProgressLevel(wireName: determination.band)?.title ?? determination.band)",
            paragraph: .criterionReferenced,
            row: determination.priorAnnualExact.isEmpty ? "the current year alone" : "prior and current year",
            rounding: framework.percentage?.cumulativeRounding.value,
            parameters: records(
                "percentage.current_year_weight",
                "percentage.cumulative_rounding",
                "percentage.bands"
            ),
            inputs: [annual()]
        )
    }

    private func annual() -> Derivation {
        let weighted = determination.spans.filter { !$0.percentExact.isEmpty }
        let formula =
            weighted.count > 1
            ? weighted.map { "\($0.weight) % × \($0.percentExact)" }.joined(separator: " + ") + " = " : ""
        return Derivation(
            "Annual criterion-referenced target percentage",
            "\(formula)\(determination.annualExact) (shown \(determination.annual))",
            paragraph: .allAndLowestPerforming,
            rounding: framework.percentage?.annualRounding.value,
            parameters: records(
                "percentage.annual_method",
                "percentage.annual_rounding",
                "percentage.span_weight_step"
            ),
            inputs: determination.spans.map { span($0, .allAndLowestPerforming) }
        )
    }

    func groupPercentages() -> Derivation? {
        // Where nothing is shown above, because there is no percentage, the points of all students stand here.
        let own = determination.hasCumulative ? [] : determination.spans.map { span($0, .allAndLowestPerforming) }
        let groups = determination.groupPercentages.map { entry in
            Derivation(
                title(entry.group),
                framework.percentage == nil
                    ? "" : entry.annualExact.isEmpty ? "no percentage" : "\(entry.annualExact) (shown \(entry.annual))",
                paragraph: .eachSubgroup,
                rounding: framework.percentage?.annualRounding.value,
                inputs: entry.spans.map { span($0, .eachSubgroup) }
            )
        }
        guard !(own + groups).isEmpty else { return nil }
        return Derivation(
            framework.points == nil ? "Values, without points" : "Performance against targets, other groups",
            "",
            paragraph: .criterionReferenced,
            inputs: own + groups
        )
    }

    private func span(_ span: Accountability_V1_Span, _ paragraph: Paragraph) -> Derivation {
        let percents = span.columns.map(\.percent).filter { !$0.isEmpty }
        let formula = percents.count > 1 ? "mean of \(percents.joined(separator: " and ")) = " : ""
        return Derivation(
            "Grade span \(span.gradeSpan.replacing("_", with: "-"))",
            span.hasPercent
                ? "\(formula)\(span.percentExact) (shown \(span.percent)), weight \(span.weight) %"
                : framework.percentage == nil ? "" : "no percentage",
            paragraph: paragraph,
            parameters: percents.count > 1 ? records("percentage.lowest_performing_weight") : [],
            inputs: span.columns.map { column($0, span: span.gradeSpan, paragraph) }
        )
    }

    private func column(_ column: Accountability_V1_Column, span: String, _ paragraph: Paragraph) -> Derivation {
        let weights: WeightParameters.Column =
            column.group == StudentGroup.lowestPerforming.wireName
            ? .lowestPerforming
            : column.categories.contains { $0.category == IndicatorCategory.elProgress.wireName }
                ? .withELProgress : .withoutELProgress
        guard framework.percentage != nil else {
            return Derivation(
                title(column.group),
                "",
                paragraph: paragraph,
                inputs: column.indicators.map { indicator($0, span: span) }
            )
        }
        let missing = column.missingCategories.compactMap(IndicatorCategory.init(wireName:))
        let present = column.categories.compactMap { IndicatorCategory(wireName: $0.category) }
        let growthMoved =
            !present.isEmpty && !present.contains(.growth) && !missing.contains(.growth)
            && GradeSpan(wireName: span).flatMap { framework.weights?.weights($0, weights).value[.growth] } != nil
        let absent = (growthMoved ? [.growth] : []) + missing
        return Derivation(
            title(column.group),
            column.percent.isEmpty
                ? "no points" : "\(column.weightedEarned)/\(column.weightedPossible) = \(column.percent)",
            paragraph: paragraph,
            row: TargetColumn.remark(missing: missing, growthCountsWithAchievement: growthMoved)
                .map {
                    "no points in \(absent.map { $0.wireName.replacing("_", with: " ") }.joined(separator: ", ")): \($0)"
                },
            rounding: framework.percentage?.columnRounding.value,
            parameters: records(
                "weights.\(span).\(weights.rawValue)",
                "percentage.weighted_total_rounding",
                "percentage.column_rounding"
            ),
            inputs: column.categories.map { total in
                Derivation(
                    "Category \(total.category.replacing("_", with: " "))",
                    "\(total.earned) of \(total.possible) points, weight \(total.weight) %"
                )
            } + column.indicators.map { indicator($0, span: span) }
        )
    }

    private func indicator(_ points: Accountability_V1_IndicatorPoints, span: String) -> Derivation {
        var facts: [String] = []
        if !points.prior.isEmpty {
            facts.append("\(points.prior) → \(points.value)")
        } else if !points.value.isEmpty {
            facts.append(points.value)
        }
        if points.difficultyQuartile > 0 { facts.append("difficulty quartile \(points.difficultyQuartile)") }
        if points.priorIsBaseline { facts.append("prior is the target's baseline") }
        if !points.target.isEmpty { facts.append("target \(points.target)") }
        if points.hasCount { facts.append("N \(points.count)") }
        for (name, value) in [
            ("statewide 80th percentile", points.at80), ("statewide 90th percentile", points.at90),
            ("group's 80th percentile", points.groupAt80), ("group's 90th percentile", points.groupAt90),
        ] where !value.isEmpty {
            facts.append("\(name) \(value)")
        }
        guard let maximum = framework.points?.maximum.value else {
            return Derivation(
                points.indicator.replacing("_", with: " "),
                facts.joined(separator: ", "),
                row: points.rule
            )
        }
        return Derivation(
            points.indicator.replacing("_", with: " "),
            (points.hasPoints ? "\(points.points) of \(maximum) points" : "no points")
                + (facts.isEmpty ? "" : ": " + facts.joined(separator: ", ")),
            row: points.rule,
            parameters: pointParameters(points, span: span)
        )
    }

    private func pointParameters(_ points: Accountability_V1_IndicatorPoints, span: String) -> [ParameterRecord] {
        guard let indicator = Indicator(wireName: points.indicator), let span = GradeSpan(wireName: span) else {
            return []
        }
        guard points.hasPoints else { return records("minimum_size.accountability") }
        let scale = IndicatorPoints.scale(indicator, span, framework)
        let difficulty = points.difficultyQuartile > 0 ? records("indicators.difficulty_rounding") : []
        if scale == .growth { return records("points.growth.\(max(points.points, 1))") }
        if points.rule.hasSuffix(PointsRow.highCut.title) { return records("points.high_cut.\(scale.rawValue)") }
        if [points.at80, points.at90, points.groupAt80, points.groupAt90].contains(where: { !$0.isEmpty }) {
            return records("points.statewide.\(scale.rawValue)") + difficulty
        }
        if [PointsRow.noChange, .declined].contains(where: { points.rule.hasSuffix($0.title) }) {
            return records("points.no_change_band.\(scale.rawValue)")
        }
        return records("points.met_tolerance.\(scale.rawValue)")
    }
}
