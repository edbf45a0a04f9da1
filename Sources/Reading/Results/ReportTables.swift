package import Messages
internal import Rules

/// A table of the annual report.
package struct ReportTable {
    package let file: String
    package let title: String
    package let note: String
    package let listing: Listing
}

/// The tables of the annual report.
package enum ReportTables {
    private static func title<Name: WireNamed>(_ name: String, _ title: (Name) -> String) -> String {
        Name(wireName: name).map(title) ?? name
    }

    private static func classification(_ name: String) -> String {
        name.isEmpty ? "No determination" : title(name) { (value: Classification) in value.title }
    }

    private static func level(_ name: String) -> String { title(name) { (value: DeterminationLevel) in value.title } }

    private static func results(_ determinations: [Accountability_V1_Determination]) -> StatewideResults {
        StatewideResults(
            determinations.map { determination in
                StatewideResults.Entry(
                    type: determination.type == .district ? .district : .school,
                    classification: Classification(wireName: determination.classification),
                    level: DeterminationLevel(wireName: determination.level),
                    reasons: determination.reasons.compactMap { DeterminationReason(wireName: $0) }
                )
            }
        )
    }

    private static func row(_ outcome: StatewideResults.Outcome) -> [String] {
        [
            outcome.type.wireName, outcome.classification?.title ?? "No determination", outcome.level?.title ?? "",
            String(outcome.count),
        ]
    }

    /// Schools and districts by classification and level.
    package static func classifications(_ determinations: [Accountability_V1_Determination]) -> ReportTable {
        ReportTable(
            file: "classifications",
            title: "By classification",
            note:
                "Schools and districts by classification and level, \(Paragraph.schoolDeterminations) and \(Paragraph.districtDeterminations)",
            listing: Listing(["type", "classification", "level", "count"], results(determinations).outcomes.map(row))
        )
    }

    /// Reasons for assistance or intervention.
    package static func reasons(_ determinations: [Accountability_V1_Determination]) -> ReportTable {
        ReportTable(
            file: "reasons",
            title: "By reason",
            note:
                "An organization may have several reasons, \(Paragraph.schoolsRequiring) and \(Paragraph.districtsRequiring)",
            listing: Listing(
                ["type", "reason", "count"],
                results(determinations).reasons.map { [$0.type.wireName, $0.reason.title, String($0.count)] }
            )
        )
    }

    /// Each district: its own determination, and how many of its schools require assistance.
    package static func districts(_ determinations: [Accountability_V1_Determination]) -> ReportTable {
        let groups = Dictionary(grouping: determinations) { $0.districtCode }
        let rows = groups.keys.sorted()
            .map { code -> [String] in
                let members = groups[code] ?? []
                let own = members.first { $0.orgCode == code }
                let schools = members.filter { $0.type == .school }
                let requiring = schools.count { $0.classification == Classification.requiringAssistance.wireName }
                return [
                    code, own?.name ?? "", own.map { classification($0.classification) } ?? "",
                    own.map { level($0.level) } ?? "",
                    own.map { $0.hasCumulative ? String($0.cumulative) : "" } ?? "", String(schools.count),
                    String(requiring),
                ]
            }
        return ReportTable(
            file: "districts",
            title: "By district",
            note: "Districts answer for their schools, \(Paragraph.framework)",
            listing: Listing(
                [
                    "district", "name", "classification", "level", "cumulative", "schools",
                    "schools_requiring_assistance",
                ],
                rows
            )
        )
    }

    /// Schools by classification, year by year.
    package static func years(_ determinations: [Accountability_V1_Determination], through year: Int) -> ReportTable {
        let groups = Dictionary(grouping: determinations.filter { Int($0.schoolYear) <= year }) { Int($0.schoolYear) }
        var rows: [[String]] = []
        for year in groups.keys.sorted() {
            rows += results(groups[year] ?? []).outcomes.map { [String(year)] + row($0) }
        }
        return ReportTable(
            file: "years",
            title: "Year by year",
            note: "School years without determinations are absent",
            listing: Listing(["school_year", "type", "classification", "level", "count"], rows)
        )
    }

    /// Everybody who requires assistance or intervention, with every reason.
    package static func requiring(_ determinations: [Accountability_V1_Determination]) -> ReportTable {
        let rows = determinations.filter { $0.classification == Classification.requiringAssistance.wireName }
            .map { determination in
                [
                    determination.orgCode, determination.name, level(determination.level),
                    determination.hasPercentile ? String(determination.percentile) : "",
                    (determination.reasons.map { title($0) { (value: DeterminationReason) in value.title } }
                        + determination.reasonTexts)
                        .joined(separator: "; "),
                ]
            }
        return ReportTable(
            file: "requiring-assistance",
            title: "Requiring assistance or intervention",
            note: "Information on the need for assistance, \(Paragraph.needForAssistance)",
            listing: Listing(["org_code", "name", "level", "percentile", "reasons"], rows)
        )
    }
}
