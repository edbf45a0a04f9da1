import Messages
import Rules
import Streaming

/// The values at the statewide 80th and 90th percentile of a group in a school year, among all districts and among all
/// schools: 603 CMR 2.03(2)(b).
struct GroupThresholds {
    let group: StudentGroup
    let year: Int
    /// The organizations whose values count.
    let rows: [StandingRow]
    let parameters: PercentileParameters

    /// Publishes every threshold, and retracts those that nobody has a value for.
    func publish(cause: String, to output: TaskOutput) throws {
        for type in [OrganizationType.district, .school] {
            let ofType = rows.filter { $0.type == type }
            for span in GradeSpan.allCases {
                for indicator in Indicator.allCases where indicator.spans.contains(span) {
                    let place = IndicatorPlace(span, group, indicator)
                    func publish(_ rows: [StandingRow], ofQuartile quartile: Int?) throws {
                        let values = rows.compactMap { $0.values[span, indicator] }
                        let population =
                            values.isEmpty
                            ? nil
                            : RankedPopulation(values, lowerIsBetter: indicator.lowerIsBetter, parameters)
                        let message = population.map {
                            PercentileMessage.threshold($0, of: type, place, difficultyQuartile: quartile, year: year)
                        }
                        let name = PercentileKey.Entry.threshold(type, place, difficultyQuartile: quartile)
                        let key = PercentileKey(schoolYear: year, name)
                        try PercentileStage.percentiles.publish(message, key, cause: cause, to: output)
                    }
                    try publish(ofType, ofQuartile: nil)
                    guard indicator == .elProgress else { continue }
                    for quartile in 1...4 {
                        try publish(ofType.filter { $0.difficulties[span] == quartile }, ofQuartile: quartile)
                    }
                }
            }
        }
    }
}
