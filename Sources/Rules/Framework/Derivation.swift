/// How a figure came about: what `explain` prints, one node a step.
///
/// Results keep plain values; a derivation is made from them only when somebody asks.
public struct Derivation: Hashable, Sendable {
    /// What the figure is.
    public let title: String
    /// The figure, or what stands in its place.
    public let value: String
    /// The paragraph that asks for it.
    public let paragraph: Paragraph?
    /// The row of a decision table that matched.
    public let row: String?
    /// The rounding that was applied.
    public let rounding: Rounding?
    /// The parameters that were used.
    public let parameters: [ParameterRecord]
    /// The figures it was made from.
    public let inputs: [Derivation]

    /// A step.
    public init(
        _ title: String,
        _ value: String,
        paragraph: Paragraph? = nil,
        row: String? = nil,
        rounding: Rounding? = nil,
        parameters: [ParameterRecord] = [],
        inputs: [Derivation] = []
    ) {
        self.title = title
        self.value = value
        self.paragraph = paragraph
        self.row = row
        self.rounding = rounding
        self.parameters = parameters
        self.inputs = inputs
    }
}
