import Messages
import Rules

/// The first screen of an explanation: the result, the reasons and the figures that decided.
///
/// Made from the same derivation as the whole explanation; parameters, sources and the steps below stay out of it.
struct ExplanationSummary {
    /// The most lines about one reason or figure.
    private static let mostDetails = 4

    private let context: ExplanationContext
    private let root: Derivation

    init(determination: Accountability_V1_Determination, framework: Framework) {
        context = ExplanationContext(determination: determination, framework: framework, percentiles: [])
        root = context.root()
    }

    private var determination: Accountability_V1_Determination { context.determination }

    /// The screen; longer lines are wrapped.
    func text(width: Int = 100) -> String {
        let wrapper = ExplanationText(width: max(width, 40))
        var lines = wrapper.wrap(root.title, first: "", rest: "    ")
        lines += wrapper.wrap(root.value, first: "  ", rest: "    ")
        if let row = root.row { lines += wrapper.wrap(row, first: "  ", rest: "    ") }
        for (title, entries) in [("Reasons", reasons()), ("Figures", figures()), ("Publication", publication())]
        where !entries.isEmpty {
            lines += ["", title]
            for entry in entries { lines += wrapper.wrap(entry.text, first: entry.indent, rest: entry.indent + "  ") }
        }
        let call = "accountability explain \(determination.schoolYear) \(determination.orgCode)"
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
        let isReason = { (step: Derivation) in step.title.hasPrefix(ExplanationContext.reasonPrefix) }
        return root.inputs.filter(isReason)
            .flatMap { step -> [Entry] in
                let title = step.title.dropFirst(ExplanationContext.reasonPrefix.count)
                let own = Entry(
                    Derivation(
                        title.prefix(1).uppercased() + title.dropFirst(),
                        step.value,
                        paragraph: step.paragraph
                    )
                )
                let below = step.paragraph == lowParticipation ? missedRates() : step.inputs
                return [own] + (step.row.map { [Entry($0, indent: "    ")] } ?? []) + details(below)
            }
    }

    private var lowParticipation: Paragraph {
        context.isSchool ? .schoolLowParticipation : .districtLowParticipation
    }

    private func missedRates() -> [Derivation] {
        determination.participation.filter { $0.hasMet && !$0.met }
            .map { rate in
                Derivation(
                    "\(context.title(rate.group)), \(rate.subject)",
                    "\(rate.participants) of \(rate.denominator) tests, \(rate.rate) percent"
                )
            }
    }

    /// The headline figures as they are published, then every other step that has a value of its own.
    private func figures() -> [Entry] {
        var entries: [Entry] = []
        if determination.hasPercentile {
            entries.append(Entry("Accountability percentile: \(determination.percentile)"))
        }
        if determination.hasAnnual {
            entries.append(Entry("Annual percentage of its targets: \(determination.annual)"))
        }
        if determination.hasCumulative {
            let band = ProgressLevel(wireName: determination.band)?.title ?? determination.band
            entries.append(
                Entry(
                    "Cumulative percentage of its targets: \(determination.cumulative)\(band.isEmpty ? "" : ", \(band)")"
                )
            )
        }
        return entries + context.remarkable().map { Entry($0) }
    }

    private func publication() -> [Entry] {
        var entries = [
            Entry(
                "revision \(determination.revision), \(determination.status), framework \(determination.framework)"
                    + (determination.cause.isEmpty ? "" : ", caused by submission \(determination.cause)")
            )
        ]
        if !determination.statusReason.isEmpty { entries.append(Entry("not official: \(determination.statusReason)")) }
        let more = determination.changes.count - Self.mostDetails
        entries += determination.changes.prefix(Self.mostDetails).map { Entry("changed: \($0)") }
        if more > 0 { entries.append(Entry("and \(more) more changes")) }
        return entries
    }
}
