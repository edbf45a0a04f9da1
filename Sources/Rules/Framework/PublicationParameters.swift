/// Publication and suspension: 603 CMR 2.03(10), (11).
public struct PublicationParameters: Sendable {
    /// Whether the framework counts as approved by the Board while no directive says what became of it.
    public let boardApproved: Parameter<Bool>
    /// Whether measures of the school year may be suspended.
    public let suspensionAllowed: Parameter<Bool>
    /// What the reason of a suspension has to name.
    public let suspensionCause: Parameter<String>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        boardApproved = try reader.flag("publication.board_approved")
        suspensionAllowed = try reader.flag("publication.suspension_allowed")
        suspensionCause = try reader.read("publication.suspension_cause", "a name") { $0.scalar }
    }
}
