internal import Reading
internal import Rules

/// A step of a derivation, with the steps below it, as details that unfold.
///
/// A derivation has some hundred steps. A template looks up each of their names by its type, which took half of the
/// time of a page.
enum StepPart {
    /// The step as HTML.
    static func markup(_ step: Derivation, isOpen: Bool = false) -> String {
        var markup = ""
        write(step, isOpen: isOpen, to: &markup)
        return markup
    }

    private static func write(_ step: Derivation, isOpen: Bool, to markup: inout String) {
        let rounding = step.rounding.flatMap { $0.mode == .none ? nil : $0.description }
        guard !step.inputs.isEmpty || !step.parameters.isEmpty || step.row != nil || rounding != nil else {
            markup += "<p class=\"leaf\">"
            writeTitle(step, to: &markup)
            markup += "</p>\n"
            return
        }
        markup += isOpen ? "<details open><summary>" : "<details><summary>"
        writeTitle(step, to: &markup)
        markup += "</summary>\n<div class=\"inner\">\n"
        if let row = step.row { markup += "<p>\(MarkupText.escaped(row))</p>\n" }
        if let rounding { markup += "<p>Rounded: \(MarkupText.escaped(rounding))</p>\n" }
        if !step.parameters.isEmpty {
            markup += "<ul class=\"uses\">"
            for parameter in step.parameters { write(FrameworkParameter(parameter), to: &markup) }
            markup += "</ul>\n"
        }
        for input in step.inputs { write(input, isOpen: false, to: &markup) }
        markup += "</div></details>\n"
    }

    private static func writeTitle(_ step: Derivation, to markup: inout String) {
        markup += "<span class=\"what\">\(MarkupText.escaped(step.title))</span>"
        if !step.value.isEmpty { markup += " <span class=\"result\">\(MarkupText.escaped(step.value))</span>" }
        guard let paragraph = step.paragraph else { return }
        markup += " <span class=\"cites\">\(MarkupText.escaped(paragraph.citation))</span>"
    }

    private static func write(_ parameter: FrameworkParameter, to markup: inout String) {
        let status = MarkupText.escaped(parameter.status)
        markup += "<li><code>\(MarkupText.escaped(parameter.path))</code> = \(MarkupText.escaped(parameter.value)) "
        markup += "<span class=\"status \(status)\">\(status)</span>"
        markup += " <small>\(MarkupText.escaped(parameter.source))</small></li>"
    }
}
