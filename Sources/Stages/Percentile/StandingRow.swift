import Messages
import Rules
import Streaming
import SwiftProtobuf

/// An organization's entry for a year's ranks.
struct StandingRow: Hashable {
    /// District or school.
    let type: OrganizationType
    /// The values; the comparison group of a district is of no account.
    private(set) var values: PercentileYearValues
    /// Whether it is a school that receives funds under Title I.
    let isTitle1: Bool
    /// The difficulty quartile of the EL progress targets, 1 to 4, by span; absent if unknown.
    let difficulties: [GradeSpan: Int]
    /// The rates of chronic absenteeism at the other thresholds of the year's framework, by span and threshold; empty
    /// among the rows of a ranked year.
    private(set) var otherThresholds: [GradeSpan: [Ratio: Ratio]] = [:]
    /// Among the rows of a ranked year, of that year: how many school years before it the organization was last
    /// reconfigured.
    var reconfigured: Int?
    /// Likewise: the codes under which it was ranked in earlier years, by how many years before.
    var formers: [Int: OrganizationCode] = [:]

    /// Whether it takes part in ranks.
    ///
    /// A school under Title I without values is only counted.
    var isRanked: Bool { type == .school && !values.isEmpty }

    /// A standing as it was published.
    ///
    /// Values below the minimum size have no place in a rank.
    ///
    /// - Throws: ``UnusableRecord`` for names or numbers that make no sense.
    init(_ standing: Accountability_V1_Standing, minimumSize: MinimumSizeParameters?) throws {
        type = standing.type == .district ? .district : standing.type == .state ? .state : .school
        isTitle1 = standing.title1 && type == .school
        var difficulties: [GradeSpan: Int] = [:]
        let least = UInt32(clamping: minimumSize?.accountability.value ?? 0)
        var slots: [(span: GradeSpan, indicator: Indicator, value: Ratio)] = []
        for value in standing.values {
            guard let span = GradeSpan(wireName: value.gradeSpan),
                let indicator = Indicator(wireName: value.indicator), let number = try? Ratio(decimal: value.value)
            else { throw UnusableRecord("a standing with a value that makes no sense") }
            if value.hasCount, value.count < least { continue }
            if indicator == .elProgress, (1...4).contains(value.difficultyQuartile) {
                difficulties[span] = Int(value.difficultyQuartile)
            }
            for other in value.otherThresholds {
                guard let threshold = try? Ratio(decimal: other.threshold), let rate = try? Ratio(decimal: other.value)
                else { throw UnusableRecord("a standing with a rate that makes no sense") }
                otherThresholds[span, default: [:]][threshold] = rate
            }
            slots.append((span, indicator, number))
        }
        self.difficulties = difficulties
        let isKnown = standing.hasNonHighEnrollment && standing.hasHighEnrollment
        var values = PercentileYearValues(
            comparisonGroup: ComparisonGroup(wireName: standing.comparisonGroup),
            nonHighShare: isKnown
                ? try PercentileYearValues.share(
                    nonHigh: Int64(standing.nonHighEnrollment),
                    high: Int64(standing.highEnrollment)
                ) : nil,
            schoolType: SchoolType(wireName: standing.schoolType)
        )
        for slot in slots { values[slot.span, slot.indicator] = slot.value }
        self.values = values
        reconfigured = standing.hasReconfigured ? Int(standing.reconfigured) : nil
        for former in standing.formerCodes {
            formers[Int(standing.schoolYear) - Int(former.schoolYear)] = OrganizationCode(former.orgCode)
        }
    }
}

extension StandingRow {
    /// The row as it is ranked, by how many years before the ranked one it is: an earlier one may have the rates of
    /// chronic absenteeism at the current threshold, which may be another one than counted in its year.
    func ranked(_ before: Int, under framework: Framework) -> StandingRow {
        var row = self
        row.otherThresholds = [:]
        guard before > 0, framework.percentile?.earlierAbsenteeism.value == .atCurrentThreshold,
            let threshold = framework.indicators?.chronicAbsenceThresholds.value.first
        else { return row }
        for (span, rates) in otherThresholds {
            if let rate = rates[threshold] { row.values[span, .chronicAbsenteeism] = rate }
        }
        return row
    }

    /// The standing as it is kept in a norm.
    func message(of organization: OrganizationCode, group: StudentGroup, year: Int) -> Accountability_V1_Standing {
        var standing = Accountability_V1_Standing()
        standing.schoolYear = UInt32(clamping: year)
        standing.group = group.wireName
        standing.orgCode = organization.description
        standing.type = type == .district ? .district : type == .state ? .state : .school
        standing.comparisonGroup = values.comparisonGroup?.wireName ?? ""
        standing.schoolType = values.schoolType?.wireName ?? ""
        if let share = values.nonHighShare {
            standing.nonHighEnrollment = UInt32(clamping: share.numerator)
            standing.highEnrollment = UInt32(clamping: share.denominator - share.numerator)
        }
        if let reconfigured { standing.reconfigured = UInt32(clamping: reconfigured) }
        standing.formerCodes = formers.sorted { $0.key < $1.key }
            .map { before, code in
                var former = Accountability_V1_FormerCode()
                former.schoolYear = UInt32(clamping: year - before)
                former.orgCode = code.description
                return former
            }
        standing.title1 = isTitle1
        for span in GradeSpan.allCases {
            for indicator in Indicator.allCases {
                guard let value = values[span, indicator], let text = value.exactText else { continue }
                var entry = Accountability_V1_StandingValue()
                entry.gradeSpan = span.wireName
                entry.indicator = indicator.wireName
                entry.value = text
                if indicator == .elProgress { entry.difficultyQuartile = UInt32(clamping: difficulties[span] ?? 0) }
                standing.values.append(entry)
            }
        }
        return standing
    }
}
