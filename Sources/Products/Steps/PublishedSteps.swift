internal import Messages
internal import Rules
internal import Stages

/// The published points of an organization, and their sums.
struct PublishedSteps {
    /// A group in a span: its figures by indicator, and its column of points if it can be computed.
    struct Group {
        let span: GradeSpan
        let group: StudentGroup
        let figures: [Indicator: Accountability_V1_PublishedFigure]
        /// Only if it gives the published percentage.
        ///
        /// For a partly suppressed group it would be wrong.
        let column: TargetColumn?
    }

    /// By span and group, in the order of the reports.
    let groups: [Group]
    let spans: [(span: GradeSpan, published: Accountability_V1_PublishedSpan)]

    /// Reads the figures of a publication, whose points are of one of the frameworks.
    init(_ publication: Accountability_V1_Publication, _ frameworks: FrameworkSet) {
        spans = publication.spans.compactMap { published in
            GradeSpan(wireName: published.gradeSpan).map { ($0, published) }
        }
        var figures: [GradeSpan: [StudentGroup: [Indicator: Accountability_V1_PublishedFigure]]] = [:]
        for figure in publication.figures {
            guard case .indicator(let span, let indicator) = PublishedMeasure(figure.measure),
                let group = StudentGroup(wireName: figure.group)
            else { continue }
            figures[span, default: [:]][group, default: [:]][indicator] = figure
        }
        let columns = Self.columns(figures, publication, frameworks)
        groups = GradeSpan.allCases.flatMap { span in
            StudentGroup.allCases.compactMap { group in
                guard let own = figures[span]?[group] else { return nil }
                return Group(span: span, group: group, figures: own, column: columns[span]?[group])
            }
        }
    }

    /// A group of a span.
    subscript(span: GradeSpan, group: StudentGroup) -> Group? {
        groups.first { $0.span == span && $0.group == group }
    }

    private typealias Columns = [GradeSpan: [StudentGroup: TargetColumn]]

    /// The columns of points that give the published percentages.
    private static func columns(
        _ figures: [GradeSpan: [StudentGroup: [Indicator: Accountability_V1_PublishedFigure]]],
        _ publication: Accountability_V1_Publication,
        _ frameworks: FrameworkSet
    ) -> Columns {
        guard let framework = try? frameworks.ifCovered(schoolYear: Int(publication.schoolYear)),
            framework.points != nil
        else { return [:] }
        var all: Columns = [:]
        for (span, groups) in figures {
            for (group, figures) in groups {
                let points = figures.compactMapValues { $0.hasPoints ? Int($0.points) : nil }
                all[span, default: [:]][group] = try? TargetColumn.of(points, span: span, group: group, framework)
            }
        }
        var kept: Columns = [:]
        for published in publication.spans {
            guard let span = GradeSpan(wireName: published.gradeSpan), let students = all[span]?[.allStudents] else {
                continue
            }
            // All students are always complete: only their numbers can be suppressed.
            let alone = try? SpanPercentage(allStudents: students, lowestPerforming: nil, framework)
            if publication.frameworkDigest == framework.digest
                || alone.map({ isSame($0.percent, published.percentExact) }) == true
            {
                kept[span, default: [:]][.allStudents] = students
            }
            guard let lowest = all[span]?[.lowestPerforming],
                isWhole(.lowestPerforming, figures[span]?[.lowestPerforming], beside: students, framework)
            else {
                continue
            }
            let percentage = try? SpanPercentage(allStudents: students, lowestPerforming: lowest, framework)
            guard let percentage, isSame(percentage.percent, published.percentExact) else { continue }
            kept[span, default: [:]][.allStudents] = students
            kept[span, default: [:]][.lowestPerforming] = lowest
        }
        for published in publication.groupPercentages {
            guard let group = StudentGroup(wireName: published.group), group != .allStudents else { continue }
            let columns = GradeSpan.allCases.compactMap { all[$0]?[group] }
            let isComplete = columns.allSatisfy { column in
                let span = column.span
                return isWhole(group, figures[span]?[group], beside: all[span]?[.allStudents], framework)
            }
            guard isComplete else { continue }
            let weight = publication.spans.first { $0.gradeSpan == GradeSpan.nonHigh.wireName }?.weight
            let spans = columns.compactMap { try? SpanPercentage(allStudents: $0, lowestPerforming: nil, framework) }
            let annual = try? AnnualPercentage.of(
                spans,
                group: group,
                nonHighWeight: weight.map { Ratio(Int64($0)) },
                framework
            )
            guard let annual, isSame(annual.percent, published.annualExact) else { continue }
            for column in columns { kept[column.span, default: [:]][group] = column }
        }
        return kept
    }

    /// Whether a group has a figure of every indicator that all students have points of.
    ///
    /// One that has not may be hidden in part, and come to the published percentage by chance. Progress toward English
    /// proficiency is left out, as most groups have none: with it the weights are others, and the percentage is.
    private static func isWhole(
        _ group: StudentGroup,
        _ figures: [Indicator: Accountability_V1_PublishedFigure]?,
        beside students: TargetColumn?,
        _ framework: Framework
    ) -> Bool {
        (students?.points.keys.map { $0 } ?? [])
            .allSatisfy { indicator in
                indicator == .elProgress || figures?[indicator] != nil
                    || students.map { !TargetColumn.has(indicator, span: $0.span, group: group, framework) } == true
            }
    }

    /// Whether a figure equals the published one.
    ///
    /// A figure without a finite decimal form is published with six decimals.
    private static func isSame(_ figure: Ratio, _ published: String) -> Bool {
        Ratio.reading(published).map { $0.text(decimals: 6) == figure.text(decimals: 6) } ?? false
    }
}
