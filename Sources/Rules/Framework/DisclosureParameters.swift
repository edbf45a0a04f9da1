/// Disclosure control of what is published.
public struct DisclosureParameters: Sendable {
    /// How much is hidden.
    public enum Mode: String, Sendable, CaseIterable {
        /// Groups below the minimum, and whatever they could be computed from.
        case protected
        /// Groups below the minimum alone, as the Department publishes.
        case asPublished = "as_published"
    }

    /// How much is hidden.
    public let mode: Parameter<Mode>
    /// Whether students outside of a group are protected as those in it are: all students less the group.
    public let protectsComplements: Parameter<Bool>
    /// Whether rates are coded at their ends.
    public let codesRates: Parameter<Bool>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        mode = try reader.choice("disclosure.mode")
        protectsComplements = try reader.flag("disclosure.protects_complements")
        codesRates = try reader.flag("disclosure.codes_rates")
    }
}
