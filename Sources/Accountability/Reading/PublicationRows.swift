internal import Messages
internal import Products
internal import Rules
internal import SwiftProtobuf

/// What the public sees of participation and percentiles: rows made from publications, after disclosure control.
enum PublicationRows {
    /// The participation rates of an organization as rows of ``ParticipationRow/columns``.
    ///
    /// Publications hold no grades. A rate that would tell about few students is coded (`<=10`, `>=90`), and counts
    /// stand only where groups are shown as the Department shows them.
    static func participation(of publication: Accountability_V1_Publication, combined: Bool) -> [[String]] {
        publication.figures.compactMap { figure in
            guard case .participation(let unit)? = PublishedMeasure(figure.measure), combined || unit != .combined
            else {
                return nil
            }
            return [
                String(publication.schoolYear), publication.orgCode, "all", figure.group, unit.description,
                figure.hasCounted ? String(figure.counted) : "", figure.hasOf ? String(figure.of) : "",
                figure.value, "", figure.hasMet ? String(figure.met) : "",
            ]
        }
    }

    /// The percentiles of an organization as rows of ``PercentileRows/columns``: of all students, then of groups.
    ///
    /// The means behind a percentile are not published.
    static func percentiles(of publication: Accountability_V1_Publication, group: String?) -> [[String]] {
        let all = StudentGroup.allStudents.wireName
        var rows: [(group: String, comparison: String, percentile: UInt32)] = []
        if publication.hasPercentile { rows.append((all, publication.comparisonGroup, publication.percentile)) }
        rows += publication.groupPercentiles.map { ($0.group, $0.comparisonGroup, $0.percentile) }
        return rows.filter { group == nil || $0.group == group }
            .map { row in
                let percentile = row.percentile == 0 ? "" : String(row.percentile)
                return [
                    String(publication.schoolYear), publication.orgCode, row.comparison, row.group, "", "", percentile,
                ]
            }
    }

    /// A publication with nothing but its participation rates, for JSON.
    static func participationOnly(_ publication: Accountability_V1_Publication) -> Accountability_V1_Publication {
        var message = heading(of: publication)
        message.figures = publication.figures.filter { figure in
            if case .participation? = PublishedMeasure(figure.measure) { true } else { false }
        }
        return message
    }

    /// A publication with nothing but its percentiles, for JSON.
    static func percentilesOnly(
        _ publication: Accountability_V1_Publication,
        group: String?
    ) -> Accountability_V1_Publication {
        var message = heading(of: publication)
        if publication.hasPercentile, group == nil || group == StudentGroup.allStudents.wireName {
            message.percentile = publication.percentile
        }
        message.comparisonGroup = publication.comparisonGroup
        message.groupPercentiles = publication.groupPercentiles.filter { group == nil || $0.group == group }
        return message
    }

    private static func heading(of publication: Accountability_V1_Publication) -> Accountability_V1_Publication {
        .with {
            $0.schoolYear = publication.schoolYear
            $0.orgCode = publication.orgCode
            $0.type = publication.type
            $0.name = publication.name
            $0.districtCode = publication.districtCode
            $0.status = publication.status
            $0.revision = publication.revision
            $0.issuedUnixMilliseconds = publication.issuedUnixMilliseconds
        }
    }
}
