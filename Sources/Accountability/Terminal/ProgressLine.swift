internal import Operating
internal import Tables

/// Progress on standard error: on a terminal a line that overwrites itself, otherwise a plain line now and then.
final class ProgressLine {
    private var shown = false
    private var next = ContinuousClock.now + .seconds(1)

    /// Shows the progress.
    func show(_ line: String) {
        let text = PlainText.escaped(line)
        let now = ContinuousClock.now
        guard now >= next else { return }
        if Standard.errorIsTerminal {
            Standard.errorText("\r\u{1B}[2K\(text)")
            next = now + .milliseconds(100)
            shown = true
        } else {
            Standard.error(text)
            next = now + .seconds(10)
        }
    }

    /// Clears the line.
    func clear() {
        if shown { Standard.errorText("\r\u{1B}[2K") }
        shown = false
    }
}
