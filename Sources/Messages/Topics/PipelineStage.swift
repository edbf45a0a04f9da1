/// The stages of the pipeline that run as workers of the runtime, in the order of the flow.
///
/// Ingestion is not one of them, because it reads files instead of a topic.
public enum PipelineStage: String, CaseIterable, Sendable, CustomStringConvertible {
    /// Checks rows against their layouts.
    case validation
    /// Participation rates.
    case participation
    /// Indicator values.
    case indicator
    /// Statewide ranks.
    case percentile
    /// Determinations.
    case determination
    /// Notices.
    case notification

    /// The last stage of the flow.
    ///
    /// When it is done with a year, all stages are.
    public static let last = PipelineStage.notification

    /// The stage's name in groups, markers, metrics and programs.
    public var name: String { rawValue }
    /// The name.
    public var description: String { rawValue }
}
