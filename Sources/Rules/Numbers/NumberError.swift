/// Why an exact number could not be made or computed.
///
/// Arithmetic among the rules never traps: what does not fit is reported.
public enum NumberError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The exact result needs more than 127 bits above or below the line.
    case overflow
    /// A division by zero.
    case divisionByZero
    /// A count below zero: more was retracted than was added.
    case negativeCount
    /// The text is not a decimal number such as `86.5`.
    case malformed(String)

    /// What is wrong, for people.
    public var description: String {
        switch self {
        case .overflow: "the exact result does not fit 128 bits"
        case .divisionByZero: "division by zero"
        case .negativeCount: "a count is below zero: more was retracted than was added"
        case .malformed(let text): "'\(text)' is not a decimal number"
        }
    }
}
