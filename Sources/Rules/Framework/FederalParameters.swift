/// Federal identifications beside the determinations.
///
/// 20 U.S.C. 6311(c)(4)(C), (D) and (d)(2).
public struct FederalParameters: Sendable {
    /// Of which schools under Title I the lowest performing are a share.
    public enum CountedTitle1: String, Sendable, CaseIterable {
        /// Of all that receive funds, with or without an accountability percentile.
        case receiving
        /// Of those that have an accountability percentile.
        case ranked
    }

    /// Whether the school year identifies schools for comprehensive and additional targeted support; those identified
    /// stay so until the next year that does.
    public let identifies: Parameter<Bool>
    /// The share of the schools that receive funds under Title I that are the lowest performing, percent; not less than
    /// this.
    public let lowestTitle1Percent: Parameter<Ratio>
    /// Of which schools under Title I that is a share.
    public let lowestTitle1Of: Parameter<CountedTitle1>
    /// Whether a low graduation rate identifies only schools under Title I.
    public let graduationTitle1Only: Parameter<Bool>
    /// The reported years in a row in which a subgroup is low that performs consistently low.
    public let consistentlyLowYears: Parameter<Int>
    /// The subgroup percentile up to which a subgroup performs like the lowest schools under Title I.
    public let additionalTargetedPercentile: Parameter<Int>
    /// Whether a school under Title I that is to be identified for additional targeted support again comes to
    /// comprehensive support.
    public let notExitingIsComprehensive: Parameter<Bool>

    init(_ reader: ParameterReader) throws(FrameworkError) {
        identifies = try reader.flag("federal.identifies")
        lowestTitle1Percent = try reader.percent("federal.lowest_title1_percent")
        lowestTitle1Of = try reader.choice("federal.lowest_title1_of")
        graduationTitle1Only = try reader.flag("federal.graduation_title1_only")
        consistentlyLowYears = try reader.integer("federal.consistently_low_years", in: 1...10)
        additionalTargetedPercentile = try reader.integer("federal.additional_targeted_percentile", in: 0...99)
        notExitingIsComprehensive = try reader.flag("federal.not_exiting_is_comprehensive")
    }
}
