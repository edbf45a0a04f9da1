/// A rule that names the paragraphs it carries out.
///
/// The table of coverage is made from these.
public protocol CarriesOut: SendableMetatype {
    /// The paragraphs, in official order.
    static var paragraphs: [Paragraph] { get }
}
