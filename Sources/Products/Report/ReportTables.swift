internal import Messages
internal import Reading
internal import Rules

/// A table of the annual report.
struct ReportTable {
    let file: String
    let title: String
    let note: String
    let listing: Listing
}

/// The tables of the annual report.
enum ReportTables {
    private static func title<Name: WireNamed>(_ name: String, _ title: (Name) -> String) -> String {
        Name(wireName: name).map(title) ?? name
    }

    private static func classification(_ name: String) -> String {
        name.isEmpty ? "No determination" : title(name) { (value: Classification) in value.title }
    }

    private static func level(_ name: String) -> String { title(name) { (value: DeterminationLevel) in value.title } }

    private static func results(_ publications: [Accountability_V1_Publication]) -> StatewideResults {
        StatewideResults(
            publications.map { publication in
                StatewideResults.Entry(
                    type: publication.type == .district ? .district : .school,
                    classification: Classification(wireName: publication.classification),
                    level: DeterminationLevel(wireName: publication.level),
                    reasons: publication.reasons.compactMap { DeterminationReason(wireName: $0) }
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
    static func classifications(_ publications: [Accountability_V1_Publication]) -> ReportTable {
        ReportTable(
            file: "classifications",
            title: "By classification",
            note:
                "Schools and districts by classification and level, \(Paragraph.schoolDeterminations) and \(Paragraph.districtDeterminations)",
            listing: Listing(["type", "classification", "level", "count"], results(publications).outcomes.map(row))
        )
    }

    /// Reasons for assistance or intervention.
    static func reasons(_ publications: [Accountability_V1_Publication]) -> ReportTable {
        ReportTable(
            file: "reasons",
            title: "By reason",
            note:
                "An organization may have several reasons, \(Paragraph.schoolsRequiring) and \(Paragraph.districtsRequiring)",
            listing: Listing(
                ["type", "reason", "count"],
                results(publications).reasons.map { [$0.type.wireName, $0.reason.title, String($0.count)] }
            )
        )
    }

    /// Each district: its own determination, and how many of its schools require assistance.
    static func districts(_ publications: [Accountability_V1_Publication]) -> ReportTable {
        let groups = Dictionary(grouping: publications) { $0.districtCode }
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
    static func years(_ publications: [Accountability_V1_Publication], through year: Int) -> ReportTable {
        let groups = Dictionary(grouping: publications.filter { Int($0.schoolYear) <= year }) { Int($0.schoolYear) }
        var rows: [[String]] = []
        for year in groups.keys.sorted() {
            rows += results(groups[year] ?? []).outcomes.map { [String(year)] + row($0) }
        }
        return ReportTable(
            file: "years",
            title: "Year by year",
            note: "School years without official results are absent",
            listing: Listing(["school_year", "type", "classification", "level", "count"], rows)
        )
    }

    /// Everybody who requires assistance or intervention, with every reason.
    static func requiring(_ publications: [Accountability_V1_Publication]) -> ReportTable {
        let rows = publications.filter { $0.classification == Classification.requiringAssistance.wireName }
            .map { publication in
                [
                    publication.orgCode, publication.name, level(publication.level),
                    publication.hasPercentile ? String(publication.percentile) : "",
                    (publication.reasons.map { title($0) { (value: DeterminationReason) in value.title } }
                        + publication.reasonTexts)
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
