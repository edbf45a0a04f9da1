package import Messages
internal import Operating
package import Rules

/// An explanation as text or JSON: of a determination, or of the reasons against another one.
package struct Explanation {
    /// The steps, from the classification down to the values.
    package let derivation: Derivation

    /// The explanation that steps give.
    package init(_ derivation: Derivation) {
        self.derivation = derivation
    }

    /// The explanation of a determination.
    ///
    /// The rules derive it from the published message and its framework.
    ///
    /// - Parameters:
    ///   - determination: as it was published.
    ///   - framework: that of the determination's school year.
    ///   - percentiles: the organization's entries from the topic of percentiles, whose steps are shown if present.
    /// - Throws: `Failure` if this version cannot read the message.
    package init(
        determination: Accountability_V1_Determination,
        framework: Framework,
        percentiles: [Accountability_V1_Percentile] = []
    ) throws {
        derivation = try DeterminationReport.reading(determination, percentiles).explained(by: framework)
    }

    /// The steps as an indented tree.
    ///
    /// Lines that are longer than `width` columns are wrapped under their beginning.
    package func text(width: Int = 100) -> String {
        var lines: [String] = []
        ExplanationText(width: max(width, 40)).render(derivation, depth: 0, into: &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    /// The steps as JSON: objects with `title`, `value`, `paragraph`, `row`, `rounding`, `parameters` and `inputs`.
    package func json() -> String {
        ExplanationJSON.object(derivation, indent: "") + "\n"
    }
}

extension DeterminationReport {
    /// The report that a published message holds.
    ///
    /// - Throws: `Failure` where this version cannot read it.
    package static func reading(
        _ determination: Accountability_V1_Determination,
        _ percentiles: [Accountability_V1_Percentile] = []
    ) throws -> DeterminationReport {
        do {
            return try DeterminationReport(determination, percentiles: percentiles)
        } catch {
            throw Failure(.configuration, "the determination of \(determination.orgCode) cannot be explained: \(error)")
        }
    }
}

/// Lines of an explanation.
package struct ExplanationText {
    package let width: Int

    package func render(_ step: Derivation, depth: Int, into lines: inout [String]) {
        let indent = String(repeating: "  ", count: depth)
        var head = step.value.isEmpty ? step.title : "\(step.title): \(step.value)"
        if let paragraph = step.paragraph { head += "  [\(paragraph)]" }
        lines += wrap(head, first: indent, rest: indent + "    ")
        let note = indent + "  "
        if let row = step.row { lines += wrap("- \(row)", first: note, rest: note + "  ") }
        if let rounding = step.rounding, rounding.mode != .none {
            lines += wrap("- rounded: \(rounding)", first: note, rest: note + "  ")
        }
        for parameter in step.parameters {
            lines += wrap(
                "- \(parameter.path) = \(parameter.text) (\(parameter.status.rawValue): \(parameter.source))",
                first: note,
                rest: note + "  "
            )
        }
        for input in step.inputs { render(input, depth: depth + 1, into: &lines) }
    }

    /// A line broken between words so that it fits.
    package func wrap(_ text: String, first: String, rest: String) -> [String] {
        var lines: [String] = []
        var line = first
        var isEmpty = true
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = rest
                isEmpty = true
            }
            line += isEmpty ? String(word) : " \(word)"
            isEmpty = false
        }
        lines.append(line)
        return lines
    }
}
