/// The figures that tables have and an address shows.
package enum Area: Hashable, Sendable {
    /// The determinations that the visitor may see.
    case own
    /// The official publications, which are the same for every visitor.
    case published
}
