import Messages
import Rules
import Streaming
import SwiftProtobuf

/// The standings of one student group in every year, and what was last ranked from them.
final class GroupStandings {
    /// What an organization brings into a year's ranks.
    struct Row: Hashable {
        /// District or school.
        let type: OrganizationType
        /// The values; the comparison group of a district is of no account.
        let values: PercentileYearValues

        /// A standing as it was published.
        ///
        /// Values below the minimum size have no place in a rank.
        ///
        /// - Throws: ``UnusableRecord`` for names or numbers that make no sense.
        init(_ standing: Accountability_V1_Standing, minimumSize: MinimumSizeParameters?) throws {
            type = standing.type == .district ? .district : standing.type == .state ? .state : .school
            let least = UInt32(clamping: minimumSize?.accountability.value ?? 0)
            var slots: [(span: GradeSpan, indicator: Indicator, value: Ratio)] = []
            for value in standing.values {
                guard let span = GradeSpan(wireName: value.gradeSpan),
                    let indicator = Indicator(wireName: value.indicator), let number = try? Ratio(decimal: value.value)
                else { throw UnusableRecord("a standing with a value that makes no sense") }
                if value.hasCount, value.count < least { continue }
                slots.append((span, indicator, number))
            }
            let spans = Set(slots.map(\.span))
            let derived: ComparisonGroup = spans.count > 1 ? .middleHigh : spans.contains(.high) ? .high : .nonHigh
            let enrolled = Int64(standing.nonHighEnrollment) + Int64(standing.highEnrollment)
            var values = PercentileYearValues(
                comparisonGroup: ComparisonGroup(wireName: standing.comparisonGroup) ?? derived,
                nonHighShare: enrolled > 0 ? try? Ratio(Int64(standing.nonHighEnrollment), over: enrolled) : nil
            )
            for slot in slots { values[slot.span, slot.indicator] = slot.value }
            self.values = values
        }
    }

    /// What a published percentile was made from: while it is the same, so is the message.
    private struct Ranked: Equatable {
        let years: [Int: PercentileYearValues]
        let result: PercentileResult
    }

    private let group: StudentGroup
    /// Organizations in the order they were met; the position in every other table.
    private var codes: [OrganizationCode] = []
    private var positions: [OrganizationCode: Int] = [:]
    /// Rows by year and position.
    ///
    /// An organization that was withdrawn keeps its place, so that what it published is retracted.
    private var rows: [Int: [Row?]] = [:]
    private var ranked: [Int: [Ranked?]] = [:]
    private var dirtyYears: Set<Int> = []
    private var cause = ""

    init(group: StudentGroup) {
        self.group = group
    }

    /// Whether anything changed since the last ``clean()``.
    var isDirty: Bool { !dirtyYears.isEmpty }

    /// Takes the newest standing of an organization, or its withdrawal.
    func set(_ row: Row?, of organization: OrganizationCode, year: Int, cause: String) {
        let position: Int
        if let known = positions[organization] {
            position = known
        } else {
            position = codes.count
            codes.append(organization)
            positions[organization] = position
        }
        let missing = position + 1 - (rows[year]?.count ?? 0)
        if missing > 0 { rows[year, default: []].append(contentsOf: repeatElement(nil, count: missing)) }
        let before: Row? = rows[year]?[position] ?? nil
        guard before != row else { return }
        rows[year]?[position] = row
        dirtyYears.insert(year)
        self.cause = cause
    }

    /// Marks a year as changed.
    func markDirty(year: Int) {
        dirtyYears.insert(year)
    }

    /// Forgets what was dirty.
    func clean() {
        dirtyYears = []
        cause = ""
    }

    /// Publishes a year's percentiles and thresholds if a year that it weighs is dirty.
    func publish(year: Int, framework: Framework, output: TaskOutput) throws {
        guard let parameters = framework.percentile else { return }
        if dirtyYears.contains(year) {
            try publishThresholds(year: year, parameters: parameters, output: output)
        }
        let weighed = parameters.yearWeights.value.keys.map { year - $0 }
        guard group != .lowestPerforming, weighed.contains(where: dirtyYears.contains) else { return }
        try publishPercentiles(year: year, framework: framework, parameters: parameters, output: output)
    }

    private func row(_ position: Int, _ year: Int) -> Row? {
        guard let table = rows[year], position < table.count else { return nil }
        return table[position]
    }

    private func publishPercentiles(
        year: Int,
        framework: Framework,
        parameters: PercentileParameters,
        output: TaskOutput
    ) throws {
        var entries: [PercentileEntry] = []
        var places: [Int] = []
        for position in codes.indices {
            var years: [Int: PercentileYearValues] = [:]
            for before in parameters.yearWeights.value.keys {
                if let row = row(position, year - before), row.type == .school { years[before] = row.values }
            }
            guard !years.isEmpty else { continue }
            entries.append(PercentileEntry(organization: codes[position], years: years))
            places.append(position)
        }
        var next: [Ranked?] = Array(repeating: nil, count: codes.count)
        for (place, (entry, result)) in zip(places, zip(entries, try Percentiles.rank(entries, framework))) {
            if result.percentile != nil { next[place] = Ranked(years: entry.years, result: result) }
        }
        let before = ranked[year]
        for position in codes.indices {
            // After a restore nothing is known to be the same: the output's memory drops what did not change.
            if let before, position < before.count, before[position] == next[position] { continue }
            try publish(next[position], of: codes[position], year: year, output: output)
        }
        ranked[year] = next
    }

    private func publish(_ ranked: Ranked?, of organization: OrganizationCode, year: Int, output: TaskOutput) throws {
        let partition = Pipeline.partition(
            ofDistrictOf: organization.description,
            partitions: output.partitions[PercentileStage.percentiles]
        )
        for comparison in ComparisonGroup.allCases {
            let key = "\(year)/\(organization)/\(group.wireName)/\(comparison.wireName)"
            if let ranked, ranked.result.comparisonGroup == comparison {
                let message = PercentileMessage.make(ranked.result, values: ranked.years, group: group, year: year)
                try output.publish(
                    PercentileStage.percentiles,
                    partition: partition,
                    key: key,
                    value: try message.serializedBytes(),
                    cause: cause
                )
            } else {
                try output.retract(PercentileStage.percentiles, partition: partition, key: key, cause: cause)
            }
        }
    }

    private func publishThresholds(year: Int, parameters: PercentileParameters, output: TaskOutput) throws {
        let table = rows[year] ?? []
        for type in [OrganizationType.district, .school] {
            for span in GradeSpan.allCases {
                for indicator in Indicator.allCases where indicator.spans.contains(span) {
                    var values: [Ratio] = []
                    for row in table {
                        if let row, row.type == type, let value = row.values[span, indicator] { values.append(value) }
                    }
                    let key =
                        "\(year)/threshold/\(type.wireName)/\(span.wireName)/\(group.wireName)/\(indicator.wireName)"
                    guard !values.isEmpty else {
                        try output.retractEverywhere(PercentileStage.percentiles, key: key, cause: cause)
                        continue
                    }
                    let population = RankedPopulation(values, lowerIsBetter: indicator.lowerIsBetter, parameters)
                    let message = PercentileMessage.threshold(
                        population,
                        type: type,
                        span: span,
                        group: group,
                        indicator: indicator,
                        year: year
                    )
                    try output.publishEverywhere(
                        PercentileStage.percentiles,
                        key: key,
                        value: try message.serializedBytes(),
                        cause: cause
                    )
                }
            }
        }
    }
}
