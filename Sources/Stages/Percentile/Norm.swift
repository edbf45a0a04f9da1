import Messages
import Rules

/// The norm: every organization's ranked values of a year at the time when the ranks were frozen.
struct Norm {
    /// An organization's values in the norm of a release, by the number of years before.
    struct Entry {
        let release: String
        let rows: [Int: GroupStandings.Row]
    }

    /// The release at which it was taken; empty until it is known to be complete.
    var release = ""
    /// By position; some may be left of an earlier release.
    var entries: [Int: Entry] = [:]

    /// The rows of the release, by position.
    var rows: [Int: [Int: GroupStandings.Row]] {
        entries.filter { $0.value.release == release }.mapValues(\.rows)
    }
}

extension GroupStandings.Row {
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
