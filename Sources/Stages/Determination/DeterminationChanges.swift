public import Messages

/// Describes the changes between two determinations in words.
public enum DeterminationChanges {
    /// One entry for each headline figure that changed, `field: old -> new`, then summaries of the rest.
    public static func list(
        from old: Accountability_V1_Determination,
        to new: Accountability_V1_Determination
    ) -> [String] {
        // The texts of `reasons` and `rule` already cover these rows.
        let (old, new) = (old.withoutRows, new.withoutRows)
        var changes: [String] = []
        func compare(_ field: String, _ before: String, _ after: String) {
            if before != after { changes.append("\(field): \(shown(before)) → \(shown(after))") }
        }
        func compare(_ field: String, _ before: [String], _ after: [String]) {
            compare(field, before.joined(separator: ", "), after.joined(separator: ", "))
        }
        compare("classification", old.classification, new.classification)
        compare("level", old.level, new.level)
        compare("reasons", old.reasons, new.reasons)
        compare(
            "percentile",
            old.hasPercentile ? "\(old.percentile)" : "",
            new.hasPercentile ? "\(new.percentile)" : ""
        )
        compare(
            "cumulative",
            old.hasCumulative ? "\(old.cumulative)" : "",
            new.hasCumulative ? "\(new.cumulative)" : ""
        )
        compare("annual", old.annualExact, new.annualExact)
        compare("prior_annual", old.priorAnnualExact, new.priorAnnualExact)
        compare("band", old.band, new.band)
        compare("low_subgroups", old.lowSubgroups, new.lowSubgroups)
        compare("low_participation_groups", old.lowParticipationGroups, new.lowParticipationGroups)
        compare("graduation_rate", old.graduationRate, new.graduationRate)
        compare("designation", old.designation, new.designation)
        compare("federal_designations", old.federalDesignations.map(shown), new.federalDesignations.map(shown))
        compare("recognitions", old.recognitions, new.recognitions)
        compare("reason_texts", old.reasonTexts, new.reasonTexts)
        compare("status", old.status, new.status)
        compare("embargo_until", old.embargoUntil, new.embargoUntil)
        compare("status_reason", old.statusReason, new.statusReason)
        compare("suspended_measures", old.suspendedMeasures.map(\.measure), new.suspendedMeasures.map(\.measure))
        compare("publication_notes", old.publicationNotes.map(shown), new.publicationNotes.map(shown))
        compare("history", old.history.map(shown), new.history.map(shown))
        compare("name", old.name, new.name)
        if old.framework != new.framework || old.frameworkDigest != new.frameworkDigest {
            changes.append("framework: \(old.framework) → \(new.framework), parameters changed")
        }
        changes += indicatorChanges(from: old, to: new)
        let percentiles = differing(old.groupPercentiles, new.groupPercentiles) { $0.group }
        if !percentiles.isEmpty {
            changes.append("group_percentiles: changed for \(percentiles.joined(separator: ", "))")
        }
        let participation = differing(old.participation, new.participation) { "\($0.group) \($0.subject)" }
        if !participation.isEmpty {
            changes.append("participation: changed for \(participation.joined(separator: ", "))")
        }
        if changes.isEmpty { changes.append("details: figures behind the headline changed") }
        return changes
    }

    private static func shown(_ note: Accountability_V1_PublicationNote) -> String {
        "\(note.isAppeal ? "changed on appeal" : "revised") by \(note.reference)"
    }

    private static func shown(_ designation: Accountability_V1_FederalDesignation) -> String {
        "\(designation.designation) of \(designation.identified), \(designation.reason)"
    }

    private static func shown(_ step: Accountability_V1_HistoryStep) -> String {
        let codes = step.formerOrgCodes.isEmpty ? "" : " from \(step.formerOrgCodes.joined(separator: ", "))"
        return "\(step.change) in \(step.schoolYear)\(codes), earlier years \(shown(step.takenOrgCode))"
    }

    private static func shown(_ value: String) -> String { value.isEmpty ? "none" : value }

    /// The indicators of all students and the lowest performing group one by one, those of other groups together.
    private static func indicatorChanges(
        from old: Accountability_V1_Determination,
        to new: Accountability_V1_Determination
    ) -> [String] {
        var changes: [String] = []
        let before = named(old.spans)
        let after = named(new.spans)
        for name in order(before.map(\.name), after.map(\.name)) {
            let left = before.first { $0.name == name }?.points
            let right = after.first { $0.name == name }?.points
            if left != right { changes.append("\(name): \(difference(left, right))") }
        }
        let groups = differing(old.groupPercentages, new.groupPercentages) { $0.group }
        if !groups.isEmpty { changes.append("group_percentages: changed for \(groups.joined(separator: ", "))") }
        return changes
    }

    private static func shown(_ points: Accountability_V1_IndicatorPoints?) -> String {
        guard let points else { return "none" }
        let value = points.value.isEmpty ? "no value" : points.value
        return points.hasPoints ? "\(value) (\(points.points) points)" : value
    }

    /// The differences between two results of an indicator: value and points, then the values that they were compared
    /// with.
    private static func difference(_ old: Accountability_V1_IndicatorPoints?, _ new: Accountability_V1_IndicatorPoints?)
        -> String
    {
        let headline = shown(old) == shown(new) ? [] : ["\(shown(old)) → \(shown(new))"]
        guard let old, let new else { return headline.joined() }
        func text(_ number: UInt32) -> String { number == 0 ? "" : "\(number)" }
        func prior(_ points: Accountability_V1_IndicatorPoints) -> String {
            points.prior + (points.priorIsBaseline ? " (baseline)" : "")
        }
        let judgedBy: [(name: String, before: String, after: String)] = [
            ("prior", prior(old), prior(new)), ("target", old.target, new.target),
            ("path", old.path, new.path),
            ("difficulty quartile", text(old.difficultyQuartile), text(new.difficultyQuartile)),
            ("statewide 80th percentile", old.at80, new.at80), ("statewide 90th percentile", old.at90, new.at90),
            ("80th percentile of the group", old.groupAt80, new.groupAt80),
            ("90th percentile of the group", old.groupAt90, new.groupAt90),
        ]
        var parts =
            headline
            + judgedBy.filter { $0.before != $0.after }.map { "\($0.name) \(shown($0.before)) → \(shown($0.after))" }
        if parts.isEmpty || headline.isEmpty, old.count != new.count || old.hasCount != new.hasCount {
            parts.append(
                "students \(old.hasCount ? "\(old.count)" : "none") → \(new.hasCount ? "\(new.count)" : "none")"
            )
        }
        // The same value and points by another rule.
        if parts.isEmpty { parts.append("rule \(shown(old.rule)) → \(shown(new.rule))") }
        return parts.joined(separator: "; ")
    }

    private static func named(
        _ spans: [Accountability_V1_Span]
    ) -> [(name: String, points: Accountability_V1_IndicatorPoints)] {
        spans.flatMap { span in
            span.columns.flatMap { column in
                column.indicators.map { ("\(span.gradeSpan) \(column.group) \($0.indicator)", $0) }
            }
        }
    }

    private static func differing<Entry: Equatable>(
        _ old: [Entry],
        _ new: [Entry],
        name: (Entry) -> String
    ) -> [String] {
        order(old.map(name), new.map(name))
            .filter { entry in old.filter { name($0) == entry } != new.filter { name($0) == entry } }
    }

    /// The names of both, each once, in order.
    private static func order(_ old: [String], _ new: [String]) -> [String] {
        var seen: Set<String> = []
        return (new + old).filter { seen.insert($0).inserted }
    }
}

extension Accountability_V1_Determination {
    /// The determination without the rows that decided, which messages of an earlier version do not name.
    var withoutRows: Accountability_V1_Determination {
        var message = self
        message.decisionRow = .unspecified
        message.spans = spans.map(\.withoutRows)
        for index in message.groupPercentages.indices {
            message.groupPercentages[index].spans = groupPercentages[index].spans.map(\.withoutRows)
        }
        return message
    }
}

extension Accountability_V1_Span {
    fileprivate var withoutRows: Accountability_V1_Span {
        var span = self
        for column in span.columns.indices {
            for indicator in span.columns[column].indicators.indices {
                span.columns[column].indicators[indicator].row = .unspecified
            }
        }
        return span
    }
}
