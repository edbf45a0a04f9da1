import Messages
import Rules

/// Percentiles and thresholds as messages.
enum PercentileMessage {
    /// A percentile with every figure that led to it.
    static func make(
        _ result: PercentileResult,
        values: [Int: PercentileYearValues],
        formers: [Int: OrganizationCode],
        group: StudentGroup,
        year: Int
    ) -> Accountability_V1_PercentileEntry {
        var percentile = Accountability_V1_Percentile()
        percentile.orgCode = result.organization.description
        percentile.group = group.wireName
        percentile.comparisonGroup = result.comparisonGroup?.wireName ?? ""
        percentile.percentile = UInt32(clamping: result.percentile ?? 0)
        percentile.yearMean = result.yearMean?.description ?? ""
        percentile.weightedMean = result.weightedMean?.description ?? ""
        percentile.population = UInt32(clamping: result.populationSize)
        percentile.missing = result.final.missing?.wireName ?? ""
        for step in result.years {
            percentile.stages += stages(step, values: values[step.yearsBefore], schoolYear: year - step.yearsBefore)
            if let former = formers[step.yearsBefore] {
                percentile.stages.append(stage(year - step.yearsBefore, .formerCode, nil, former.description, "1"))
            }
        }
        percentile.stages += stages(result.final, schoolYear: year)
        var entry = Accountability_V1_PercentileEntry()
        entry.schoolYear = UInt32(clamping: year)
        entry.percentile = percentile
        return entry
    }

    private static func stage(
        _ schoolYear: Int,
        _ figure: PercentileFigure,
        _ span: GradeSpan?,
        _ name: String,
        _ value: String
    ) -> Accountability_V1_PercentileStage {
        var step = Accountability_V1_PercentileStage()
        step.schoolYear = UInt32(clamping: schoolYear)
        step.gradeSpan = span?.wireName ?? ""
        step.stage = figure.wireName
        step.indicatorOrCategory = name
        step.value = value
        return step
    }

    /// How the spans of a middle/high school were combined.
    private static func stages(_ final: FinalPercentile, schoolYear: Int) -> [Accountability_V1_PercentileStage] {
        var stages = final.spans.flatMap { span in
            [
                stage(schoolYear, .spanWeightedMean, span.span, "", span.weightedMean.description),
                stage(schoolYear, .spanPercentile, span.span, "", String(span.percentile)),
            ]
        }
        if let share = final.nonHighShare {
            stages.append(stage(schoolYear, .nonHighShare, nil, "", share.description))
        }
        return stages
    }

    private static func stages(
        _ year: PercentileYear,
        values: PercentileYearValues?,
        schoolYear: Int
    ) -> [Accountability_V1_PercentileStage] {
        var stages: [Accountability_V1_PercentileStage] = []
        func add(_ figure: PercentileFigure, _ span: GradeSpan?, _ of: String, _ value: String) {
            stages.append(stage(schoolYear, figure, span, of, value))
        }
        for span in year.spans {
            for indicator in Indicator.allCases {
                guard let percentile = span.indicatorPercentiles[indicator] else { continue }
                if let value = values?[span.span, indicator] {
                    add(.value, span.span, indicator.wireName, value.exactText ?? value.description)
                }
                add(.indicatorPercentile, span.span, indicator.wireName, String(percentile))
            }
            for category in IndicatorCategory.allCases {
                guard let mean = span.categoryMeans[category], let percentile = span.categoryPercentiles[category]
                else {
                    continue
                }
                add(.categoryMean, span.span, category.wireName, mean.description)
                add(.categoryPercentile, span.span, category.wireName, String(percentile))
            }
            if let mean = span.mean { add(.spanMean, span.span, span.weights.rawValue, mean.description) }
        }
        if let mean = year.mean { add(.yearMean, nil, "", mean.description) }
        // The organization was of another comparison group then, or was reconfigured since.
        if !year.counts { add(.notCounted, nil, year.comparisonGroup?.wireName ?? "", "1") }
        return stages
    }

    /// The values at the statewide 80th and 90th percentile of a population: of an indicator's place among
    /// organizations of a type, of one difficulty quartile where one is named.
    static func threshold(
        _ population: RankedPopulation,
        of type: OrganizationType,
        _ place: IndicatorPlace,
        difficultyQuartile: Int?,
        year: Int
    ) -> Accountability_V1_PercentileEntry {
        var threshold = Accountability_V1_Threshold()
        threshold.type = type == .district ? .district : .school
        threshold.gradeSpan = place.span.wireName
        threshold.group = place.group.wireName
        threshold.indicator = place.indicator.wireName
        threshold.difficultyQuartile = UInt32(clamping: difficultyQuartile ?? 0)
        threshold.at80 = population.threshold(percentile: 80).flatMap(\.exactText) ?? ""
        threshold.at90 = population.threshold(percentile: 90).flatMap(\.exactText) ?? ""
        var entry = Accountability_V1_PercentileEntry()
        entry.schoolYear = UInt32(clamping: year)
        entry.threshold = threshold
        return entry
    }
}
