internal import Messages
internal import Products
internal import Rules
internal import SwiftProtobuf

/// What the public sees of participation and percentiles: rows made from publications, after disclosure control.
enum PublicationRows {
    /// The participation rates of an organization as rows of ``ParticipationRow/columns``.
    ///
    /// A publication contains the rates that the year's framework judges, of all grades together: until 2018 each
    /// subject's, from 2019 those of all subjects combined. A suppressed rate is empty, and a rate that would reveal
    /// something about few students is coded (`<=10`, `>=90`). Counts are there only if groups are shown as the
    /// Department shows them.
    static func participation(of publication: Accountability_V1_Publication) -> [[String]] {
        publication.figures.compactMap { figure in
            guard case .participation(let unit)? = PublishedMeasure(figure.measure) else { return nil }
            return [
                String(publication.schoolYear), publication.orgCode, "all", figure.group, unit.description,
                figure.hasCounted ? String(figure.counted) : "", figure.hasOf ? String(figure.of) : "",
                figure.value, "", figure.hasMet ? String(figure.met) : "",
            ]
        }
    }

    /// The percentiles of an organization as rows of ``PercentileRows/columns``.
    ///
    /// The percentile of all students is among them, if it is public. The means behind a percentile are not published.
    static func percentiles(of publication: Accountability_V1_Publication, group: String?) -> [[String]] {
        percentilesOnly(publication, group: group).groupPercentiles
            .map { row in
                [
                    String(publication.schoolYear), publication.orgCode, row.comparisonGroup, row.group, "", "",
                    row.percentile == 0 ? "" : String(row.percentile),
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
