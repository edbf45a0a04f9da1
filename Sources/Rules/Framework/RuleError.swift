/// Why a rule gave no result.
public enum RuleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The framework does not hold what the rule needs.
    case framework(FrameworkError)
    /// A number could not be computed exactly.
    case number(NumberError)
    /// The input contradicts itself.
    case contradiction(String)

    /// What is wrong, for people.
    public var description: String {
        switch self {
        case .framework(let error): error.description
        case .number(let error): error.description
        case .contradiction(let message): message
        }
    }
}

extension Framework {
    /// A section, or a rule's error that says that the year has no such measure.
    func section<Chapter>(_ section: KeyPath<Framework, Chapter?>, _ measure: String) throws(RuleError) -> Chapter {
        do {
            return try require(section, measure)
        } catch {
            throw .framework(error)
        }
    }
}
