package import Messages
package import Rules

/// The first screen of an explanation: the result, the reasons and the figures that decided.
///
/// Made from the same derivation as the whole explanation; parameters, sources and the steps below stay out of it.
package struct ExplanationSummary {
    /// The most lines about one reason or figure.
    private static let mostDetails = 4

    private let report: DeterminationReport
    private let framework: Framework
    private let root: Derivation

    package init(determination: Accountability_V1_Determination, framework: Framework) throws {
        report = try DeterminationReport.reading(determination)
        self.framework = framework
        root = try report.explained(by: framework)
    }

    /// The screen; longer lines are wrapped.
    package func text(width: Int = 100) -> String {
        let wrapper = ExplanationText(width: max(width, 40))
        var lines = wrapper.wrap(root.title, first: "", rest: "    ")
        lines += wrapper.wrap(root.value, first: "  ", rest: "    ")
        if let row = root.row { lines += wrapper.wrap(row, first: "  ", rest: "    ") }
        for (title, entries) in [("Reasons", reasons()), ("Figures", figures()), ("Publication", publication())]
        where !entries.isEmpty {
            lines += ["", title]
            for entry in entries { lines += wrapper.wrap(entry.text, first: entry.indent, rest: entry.indent + "  ") }
        }
        let call = "accountability explain \(report.schoolYear) \(report.code)"
        lines += ["", "Every step with its inputs, parameters and sources:  \(call) --full"]
        lines.append("What would have to differ for another result:        \(call) --why-not meeting")
        return lines.joined(separator: "\n") + "\n"
    }

    private struct Entry {
        let indent: String
        let text: String

        init(_ step: Derivation, indent: String = "  ") {
            self.indent = indent
            var text = step.value.isEmpty ? step.title : "\(step.title): \(step.value)"
            if let paragraph = step.paragraph { text += "  [\(paragraph)]" }
            self.text = text
        }

        init(_ text: String, indent: String = "  ") {
            self.indent = indent
            self.text = text
        }
    }

    private func details(_ steps: [Derivation]) -> [Entry] {
        let shown = steps.prefix(Self.mostDetails).map { Entry("\($0.title): \($0.value)", indent: "    ") }
        let more = steps.count - shown.count
        return more > 0 ? shown + [Entry("and \(more) more", indent: "    ")] : shown
    }

    private func reasons() -> [Entry] {
        report.explainedReasons(by: framework)
            .flatMap { [Entry($0)] + details($0.inputs) }
            + (report.explainedStatedReasons().map { [Entry($0)] } ?? [])
    }

    /// The headline figures as they are published, then every other step that has a value of its own.
    private func figures() -> [Entry] {
        var entries: [Entry] = []
        if let percentile = report.percentile { entries.append(Entry("Accountability percentile: \(percentile)")) }
        if report.annual.percent != nil {
            entries.append(Entry("Annual percentage of its targets: \(report.annual.displayed)"))
        }
        if let cumulative = report.cumulative {
            let band = cumulative.band.map { ", \($0.title)" } ?? ""
            entries.append(Entry("Cumulative percentage of its targets: \(cumulative.percent)\(band)"))
        }
        if let history = report.explainedHistory(by: framework) { entries.append(Entry(history)) }
        return entries + report.explainedConditions(by: framework).map { Entry($0) }
    }

    private func causes(_ publication: PublicationReport) -> String {
        let causes = publication.causes
        guard !causes.isEmpty else { return "" }
        if causes.count == 1, !publication.hasMoreCauses { return ", caused by submission \(causes[0])" }
        let more = causes.count - Self.mostDetails
        let rest = publication.hasMoreCauses ? " and many more" : more > 0 ? " and \(more) more" : ""
        return ", caused by submissions \(causes.suffix(Self.mostDetails).joined(separator: ", "))\(rest)"
    }

    private func publication() -> [Entry] {
        let publication = report.publication
        var entries = [
            Entry(
                "revision \(publication.revision), \(publication.standing), framework \(publication.framework)"
                    + causes(publication)
            )
        ]
        if !publication.statusReason.isEmpty { entries.append(Entry("not official: \(publication.statusReason)")) }
        let more = publication.changes.count - Self.mostDetails
        entries += publication.changes.prefix(Self.mostDetails).map { Entry("changed: \($0)") }
        if more > 0 { entries.append(Entry("and \(more) more changes")) }
        return entries
    }
}
