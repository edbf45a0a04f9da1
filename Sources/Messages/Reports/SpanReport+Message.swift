import Rules

extension SpanReport {
    static func list(_ messages: [Accountability_V1_Span]) throws(ReportFault) -> [SpanReport] {
        var spans: [SpanReport] = []
        for message in messages {
            let span: GradeSpan = try ReportFault.word(message.gradeSpan, "spans.grade_span")
            var columns: [ColumnReport] = []
            for column in message.columns { columns.append(try ColumnReport(column, span)) }
            spans.append(
                SpanReport(
                    span,
                    weight: Int(message.weight),
                    percent: message.hasPercent ? try ReportFault.number(message.percentExact, "percent_exact") : nil,
                    displayed: Int(message.percent),
                    columns: columns
                )
            )
        }
        return spans
    }
}

extension ColumnReport {
    fileprivate init(_ message: Accountability_V1_Column, _ span: GradeSpan) throws(ReportFault) {
        self.init(try ReportFault.word(message.group, "columns.group"), span)
        weightedEarned = try ReportFault.number(message.weightedEarned, "weighted_earned")
        weightedPossible = try ReportFault.number(message.weightedPossible, "weighted_possible")
        percent = try ReportFault.number(message.percent, "columns.percent")
        missing = try ReportFault.words(message.missingCategories, "missing_categories")
        for total in message.categories {
            categories.append(
                CategoryTotal(
                    category: try ReportFault.word(total.category, "categories.category"),
                    earned: Int(total.earned),
                    possible: Int(total.possible),
                    weight: try ReportFault.number(total.weight, "categories.weight") ?? .zero
                )
            )
        }
        for points in message.indicators { indicators.append(try PointsReport(points, span)) }
    }
}

extension PointsReport {
    fileprivate init(_ message: Accountability_V1_IndicatorPoints, _ span: GradeSpan) throws(ReportFault) {
        var thresholds: [Threshold] = []
        for (isOfOwnGroup, percentile, text) in [
            (false, 80, message.at80), (false, 90, message.at90), (true, 80, message.groupAt80),
            (true, 90, message.groupAt90),
        ] {
            guard let value = try ReportFault.number(text, "statewide value") else { continue }
            thresholds.append(Threshold(isOfOwnGroup: isOfOwnGroup, percentile: percentile, value: value))
        }
        let points = message.hasPoints ? Int(message.points) : nil
        self.init(
            try ReportFault.word(message.indicator, "indicator"),
            span,
            row: message.row.row,
            statement: message.rule
        )
        self.points = points
        self.thresholds = thresholds
        current = try ReportFault.number(message.value, "value")
        prior = try ReportFault.number(message.prior, "prior")
        priorIsBaseline = message.priorIsBaseline
        target = try ReportFault.number(message.target, "target")
        count = message.hasCount ? Int64(message.count) : nil
        difficultyQuartile = Int(message.difficultyQuartile)
    }
}
