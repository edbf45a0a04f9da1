/// Other values that a parameter could have as well, where nothing public decides.
public struct ParameterAlternatives: Hashable, Sendable {
    /// The parameter.
    public let path: String
    /// Each other value as the framework writes it.
    public let values: [String]
    /// Why there are none; empty where there are some, and where the document says nothing.
    public let reason: String
}

extension Framework {
    /// The other values that the document states for a parameter.
    ///
    /// They are no part of the framework's identity: nothing is computed from them.
    public func alternatives(to path: String) -> ParameterAlternatives {
        let alternatives = document.entries[path]?.alternatives ?? FrameworkDocument.Alternatives()
        return ParameterAlternatives(
            path: path,
            values: alternatives.values.map(\.text),
            reason: alternatives.reason
        )
    }

    /// The framework with one of the stated alternatives in the place of a parameter's value.
    ///
    /// - Parameters:
    ///   - index: which of the ``alternatives(to:)``.
    ///   - path: the parameter.
    /// - Returns: the framework that would be; nil where there is no such alternative.
    /// - Throws: ``FrameworkError`` where the other parameters do not allow the value.
    public func assuming(alternative index: Int, to path: String) throws(FrameworkError) -> Framework? {
        guard let entry = document.entries[path], entry.alternatives.values.indices.contains(index) else { return nil }
        return try Framework(document.replacing(path, entry.with(entry.alternatives.values[index])))
    }

    /// The framework with one parameter as another framework has it, or without it where the other has none.
    ///
    /// - Parameters:
    ///   - path: the parameter.
    ///   - other: where its value is taken from.
    /// - Returns: the framework that would be.
    /// - Throws: ``FrameworkError`` where the other parameters do not allow it.
    public func taking(_ path: String, from other: Framework) throws(FrameworkError) -> Framework {
        try Framework(document.replacing(path, other.document.entries[path]))
    }

    /// The parameters whose values another framework does not share, in the order of their paths.
    public func paths(differingFrom other: Framework) -> [String] {
        let (own, foreign) = (document.entries, other.document.entries)
        return Set(own.keys).union(foreign.keys).filter { own[$0]?.value != foreign[$0]?.value }.sorted()
    }
}
