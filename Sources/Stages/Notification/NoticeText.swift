package import Messages
import Rules

/// The words of notices: plain language, one fact a sentence, the same for the same determination.
package enum NoticeText {
    /// The event of the first publication of a determination.
    package static let issued = "determination_issued"
    /// The event of every later one.
    package static let revised = "determination_revised"

    static func setCauses(of determination: Accountability_V1_Determination, in notice: inout Accountability_V1_Notice)
    {
        notice.cause = determination.cause
        notice.causes = determination.causes
        notice.moreCauses = determination.moreCauses
    }

    /// A sentence with the cause of a revision.
    private static func origin(of determination: Accountability_V1_Determination) -> String {
        let causes = determination.everyCause
        if determination.moreCauses {
            return "It follows from more than \(causes.count) submissions, the latest of them \(determination.cause)."
        }
        switch causes.count {
        case 0: return "It follows from the close of the school year."
        case 1: return "It follows from submission \(causes[0])."
        default: return "It follows from the submissions \(causes.joined(separator: ", "))."
        }
    }

    /// The notice of a determination.
    ///
    /// It says nothing that the determination does not, its time included, so that it can be made again.
    package static func notice(of determination: Accountability_V1_Determination) -> Accountability_V1_Notice {
        var notice = Accountability_V1_Notice()
        notice.schoolYear = determination.schoolYear
        notice.orgCode = determination.orgCode
        notice.districtCode = determination.districtCode
        notice.event = determination.revision > 1 ? revised : issued
        notice.revision = determination.revision
        notice.classification = determination.classification
        notice.level = determination.level
        notice.changes = determination.changes
        setCauses(of: determination, in: &notice)
        notice.subject = subject(of: determination)
        notice.body = body(of: determination)
        notice.createdUnixMilliseconds = determination.issuedUnixMilliseconds
        notice.id = "\(determination.schoolYear)/\(determination.orgCode)/\(determination.revision)"
        address(&notice, by: determination)
        return notice
    }

    /// Addresses a notice of a determination to those whom its stage shows it to.
    static func address(_ notice: inout Accountability_V1_Notice, by determination: Accountability_V1_Determination) {
        notice.status = determination.status
        guard let code = OrganizationCode(determination.orgCode) else { return }
        // A determination without a stage is from a version before stages existed.
        let stage = determination.stage ?? .preliminary
        guard stage.view(of: code, for: .district(code.district)) == .everything else {
            notice.departmentOnly = true
            return
        }
        notice.recipients = recipients(code)
    }

    /// `2018-19`.
    static func years(_ schoolYear: UInt32) -> String { years(Int(schoolYear)) }

    /// `2018-19`.
    static func years(_ spring: Int) -> String {
        let short = spring % 100
        return "\(spring - 1)-\(short < 10 ? "0" : "")\(short)"
    }

    static func classification(_ name: String) -> String {
        Classification(wireName: name)?.title ?? name
    }

    static func level(_ name: String) -> String {
        DeterminationLevel(wireName: name)?.title ?? name
    }

    private static func subject(of determination: Accountability_V1_Determination) -> String {
        let what = determination.revision > 1 ? "Revised determination" : "Annual performance determination"
        let status = determination.stage == .official ? "" : " (\(determination.status))"
        return "\(what) \(years(determination.schoolYear)): \(display(determination))\(status)"
    }

    private static func display(_ determination: Accountability_V1_Determination) -> String {
        display(determination.name, determination.orgCode)
    }

    private static func body(of determination: Accountability_V1_Determination) -> String {
        var lines: [String] = []
        let kind =
            switch determination.stage {
            case .official: "official"
            case .computed: "computed, for the Department only"
            default: "\(determination.status), embargoed\(until(determination.embargoUntil))"
            }
        lines.append(
            "\(display(determination)) has \(determination.revision > 1 ? "a revised" : "an") annual performance"
                + " determination for school year \(years(determination.schoolYear)) (\(kind))."
        )
        lines.append("")
        if determination.classification.isEmpty {
            lines.append("No annual performance determination is issued for this school year.")
        } else {
            lines.append("Classification: \(classification(determination.classification)).")
        }
        if !determination.level.isEmpty { lines.append("Level: \(level(determination.level)).") }
        let reasons = reasons(of: determination)
        if !reasons.isEmpty {
            lines.append(reasons.count == 1 ? "Reason:" : "Reasons:")
            lines += reasons.map { "- \($0)" }
        }
        if determination.hasPercentile { lines.append("Accountability percentile: \(determination.percentile).") }
        if determination.hasCumulative {
            lines.append("Progress toward targets: \(determination.cumulative) percent, \(level(determination.band)).")
        }
        lines += publication(of: determination)
        if determination.revision > 1 {
            lines.append("")
            lines.append("What changed since revision \(determination.revision - 1):")
            lines += determination.changes.map { "- \($0)" }
            lines.append(
                origin(of: determination)
            )
        }
        lines.append("")
        lines.append(
            "Revision \(determination.revision), under framework \(determination.framework)."
                + " `accountability explain \(determination.schoolYear) \(determination.orgCode)` shows how it came about."
        )
        return lines.joined(separator: "\n") + "\n"
    }

    private static func until(_ day: String) -> String { day.isEmpty ? "" : " until \(day)" }

    /// The suspended measures, the reason why released results are not official, and changes on appeal.
    private static func publication(of determination: Accountability_V1_Determination) -> [String] {
        var lines = determination.suspendedMeasures.map { suspended in
            let measure = ReportedMeasure(wireName: suspended.measure)?.title ?? suspended.measure
            return "Suspended under \(Paragraph.suspension): \(measure). \(suspended.reason)"
        }
        if !determination.statusReason.isEmpty { lines.append("Not official: \(determination.statusReason).") }
        lines += determination.publicationNotes.map { note in
            "\(note.isAppeal ? "Changed on appeal" : "Revised"), \(note.date): \(note.reason) (submission \(note.reference))"
        }
        return lines
    }

    /// Every reason of a determination in words.
    package static func reasons(of determination: Accountability_V1_Determination) -> [String] {
        var sentences = determination.reasons.map { reason in
            switch DeterminationReason(wireName: reason) {
            case .designation: "Designated \(determination.designation.replacing("_", with: " "))"
            case .lowest10Percent:
                "Among the lowest performing 10 percent of schools (accountability percentile \(determination.percentile))"
            case .lowSubgroup: "Low student group performance: \(titles(determination.lowSubgroups))"
            case .lowGraduation:
                "Low graduation rate: \(determination.graduationRate) percent of \(determination.graduationCohort) students"
            case .lowParticipation: "Low participation rate: \(titles(determination.lowParticipationGroups))"
            case nil: reason
            }
        }
        sentences += determination.reasonTexts
        return sentences
    }

    private static func titles(_ groups: [String]) -> String {
        groups.map(title).joined(separator: ", ")
    }
}
