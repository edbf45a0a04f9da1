internal import ArgumentParser
internal import Rules

/// A command that names the paragraphs it answers.
protocol CitesParagraphs: ParsableCommand {
    /// The paragraphs, in official order.
    static var paragraphs: [Paragraph] { get }
}
