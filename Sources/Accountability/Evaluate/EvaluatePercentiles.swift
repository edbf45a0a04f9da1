internal import Operating
internal import ArgumentParser
internal import Messages
internal import Rules
internal import Stages
internal import Tables

/// `accountability evaluate percentiles`: 603 CMR 2.03(2)(a), (c).
struct EvaluatePercentiles: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "percentiles",
        abstract: "Computes percentiles from indicator values.",
        discussion: """
            Reads rows of the layout indicator_values of one or more years, and prints the percentiles of the latest. A group is ranked in a \
            span and year only if it has a value of achievement and one of growth. Values with a count below the minimum size are not \
            ranked; values with an empty count are. Rows without a comparison group, such as those of districts, are not ranked, and neither are \
            groups that the framework has no percentiles of. For each row of output without a percentile, standard error names the line and what \
            is missing.

            Peers: a group of the file is ranked within its comparison group. Graduation, extended engagement, dropout, absenteeism and \
            advanced coursework of the high span are ranked among all schools of that span, high and middle_high together. Absenteeism of \
            the non-high span is ranked among the schools of the same type (optional column school_type: ES, ESMS or MS), or, if the type is \
            not given, within the comparison group.

            Each span of a middle/high school is ranked. The two percentiles are combined by the optional columns non_high_enrollment and \
            high_enrollment, or by non_high_share (0 to 1). A middle/high school without them is an error: it has no percentile. Its \
            weighted_mean is the weighted mean of the two percentiles. A year in which a school was in another comparison group does not \
            count in its percentile.

              accountability evaluate percentiles --framework 2019 indicator-values.csv
              accountability evaluate percentiles --stages indicator-values.csv
            """
    )

    @OptionGroup var options: EvaluateOptions

    @Flag(help: "Also print every intermediate figure, one in each row.")
    var stages = false

    func operate() throws {
        var table = try EvaluationTable(options, layout: .indicatorValues, besides: [IndicatorRows.shareColumn.name])
        var frameworks = try FrameworkChoice(options.framework)
        var rows = IndicatorRows()
        // Rows of years without a framework count only as years before one that has a framework.
        var uncovered: [(row: LayoutCheck.Row, share: String, line: Int, problem: RowProblem)] = []
        while let row = try table.nextRow() {
            let share = table.text(IndicatorRows.shareColumn.name)
            do throws(RowProblem) {
                _ = try frameworks.framework(schoolYear: row.schoolYear)
            } catch {
                uncovered.append((row, share, table.line, error))
                continue
            }
            do {
                try rows.add(row, share: share, line: table.line)
            } catch {
                table.problem("\(error)")
            }
        }
        let latestYear = rows.latestYear
        for (row, share, line, problem) in uncovered {
            do {
                guard let latestYear, row.schoolYear < latestYear else { throw problem }
                try rows.add(row, share: share, line: line)
            } catch {
                table.problem("\(error)", line: line)
            }
        }
        var output = try CSVWriter(descriptor: 1)
        var header = [
            "school_year", "org_code", "comparison_group", "group", "year_mean", "weighted_mean", "percentile",
        ]
        if stages { header += ["stage", "indicator_or_category", "value"] }
        try output.writeRow(header)
        if let latest = latestYear {
            try rank(rows, latest, try frameworks.framework(schoolYear: latest), &table, to: &output)
        }
        if let unranked = rows.withoutPeers {
            let count = unranked.rows == 1 ? "this row has" : "\(unranked.rows) rows, of which this is the first, have"
            table.note("\(count) no comparison_group, so no percentile: only schools have peers", line: unranked.line)
        }
        try output.close()
        try table.finish()
    }

    /// Ranks each group, and says which rows get no percentile and why.
    private func rank(
        _ rows: IndicatorRows,
        _ latest: Int,
        _ framework: Framework,
        _ table: inout EvaluationTable,
        to output: inout CSVWriter
    ) throws {
        var unshared: Set<OrganizationCode> = []
        for group in rows.groups {
            guard framework.percentile?.ranks(group) ?? true else {
                let (count, line) = rows.extent(of: group)
                table.note(Self.unranked(group, rows: count, framework), line: line)
                continue
            }
            let entries: [PercentileEntry]
            let results: [PercentileResult]
            do {
                entries = try rows.entries(of: group, latest, framework)
                results = try Percentiles.rank(entries, framework)
            } catch {
                throw EvaluationProblem.fatal("\(options.file): \(group): \(error)")
            }
            var absences: [(line: Int, text: String)] = []
            for (entry, result) in zip(entries, results).sorted(by: { Self.inOrder($0.1, $1.1) })
            where result.years.contains(where: { $0.yearsBefore == 0 }) {
                try write(result, group, latest, to: &output)
                if result.final.missing == .shares {
                    unshared.insert(result.organization)
                } else if result.percentile == nil {
                    let why = try entry.absences(framework).map(\.statement).joined(separator: "; ")
                    let line = rows.line(of: group, result.organization, latest) ?? 0
                    absences.append((line, "\(result.organization) \(group) has no percentile of \(latest): \(why)"))
                }
            }
            for (line, text) in absences.sorted(by: { $0.line < $1.line }) { table.note(text, line: line) }
        }
        let lines = unshared.compactMap { rows.line(of: $0, latest) }.sorted()
        for line in lines { table.problem(FinalPercentile.Missing.shares.statement, line: line) }
    }

    /// Says that a group has no percentiles, and which groups have some.
    private static func unranked(_ group: StudentGroup, rows: Int, _ framework: Framework) -> String {
        let ranked = [StudentGroup.allStudents] + (framework.percentile?.subgroups.value ?? [])
        return
            "\(group): \(rows == 1 ? "this row gets" : "\(rows) rows, of which this is the first, get") no percentile: the "
            + "framework of \(framework.name) has percentiles of \(ranked.map(\.wireName).joined(separator: ", ")) only "
            + "(percentile.subgroups)"
    }

    private static func inOrder(_ left: PercentileResult, _ right: PercentileResult) -> Bool {
        let groups = (left.comparisonGroup?.rawValue ?? .max, right.comparisonGroup?.rawValue ?? .max)
        return groups.0 == groups.1 ? left.organization < right.organization : groups.0 < groups.1
    }

    private func write(
        _ result: PercentileResult,
        _ group: StudentGroup,
        _ latest: Int,
        to output: inout CSVWriter
    ) throws {
        let fields = [
            String(latest), result.organization.description, result.comparisonGroup?.wireName ?? "",
            group.wireName,
            result.yearMean?.shortText ?? "", result.weightedMean?.shortText ?? "",
            result.percentile.map(String.init) ?? "",
        ]
        guard stages else { return try output.writeRow(fields) }
        for stage in result.stages(latest) {
            try output.writeRow(fields + [stage.stage, stage.name, stage.value])
        }
    }
}

extension PercentileResult {
    /// Every intermediate figure in long form.
    fileprivate func stages(_ latest: Int) -> [(stage: String, name: String, value: String)] {
        var stages: [(stage: String, name: String, value: String)] = []
        func add(_ place: String, _ figure: PercentileFigure, _ name: String, _ value: String) {
            stages.append(("\(place) \(figure.wireName)", name, value))
        }
        for year in years {
            let schoolYear = "\(latest - year.yearsBefore)"
            for span in year.spans {
                let place = "\(schoolYear) \(span.span)"
                for (indicator, percentile) in span.indicatorPercentiles.sorted(by: { $0.key < $1.key }) {
                    add(place, .indicatorPercentile, indicator.wireName, String(percentile))
                }
                for (category, mean) in span.categoryMeans.sorted(by: { $0.key < $1.key }) {
                    add(place, .categoryMean, category.wireName, mean.shortText)
                }
                for (category, percentile) in span.categoryPercentiles.sorted(by: { $0.key < $1.key }) {
                    add(place, .categoryPercentile, category.wireName, String(percentile))
                }
                add(place, .spanMean, span.weights.rawValue, span.mean?.shortText ?? "")
            }
            if year.comparisonGroup?.spans.count == 1 { add(schoolYear, .yearMean, "", year.mean?.shortText ?? "") }
            if !year.counts { add(schoolYear, .notCounted, year.comparisonGroup?.wireName ?? "", "1") }
        }
        for span in final.spans {
            add("\(latest) \(span.span)", .spanWeightedMean, "", span.weightedMean.shortText)
            add("\(latest) \(span.span)", .spanPercentile, "", String(span.percentile))
        }
        if let share = final.nonHighShare { add("\(latest)", .nonHighShare, "", share.shortText) }
        stages.append(("\(latest) weighted_mean", "", weightedMean?.shortText ?? ""))
        stages.append(("\(latest) percentile", "", percentile.map(String.init) ?? ""))
        return stages
    }
}
