internal import Foundation
internal import Messages
internal import Rules

/// The accountability ratings as resources of the Ed-Fi Data Standard, as `/ed-fi/accountabilityRatings` takes them.
///
/// Names and lengths are those of AccountabilityRating in the Ed-Fi ODS / API: an organization, a school year and a
/// title are its key.
package struct EdFiRatings {
    /// A rating of an organization.
    struct Rating: Encodable, Equatable {
        struct Organization: Encodable, Equatable {
            let educationOrganizationId: Int
        }
        struct Year: Encodable, Equatable {
            let schoolYear: Int
        }

        let educationOrganizationReference: Organization
        /// At most 35 characters.
        let rating: String
        /// ISO 8601.
        let ratingDate: String
        /// At most 35 characters.
        let ratingOrganization: String
        /// At most 30 characters.
        let ratingProgram: String
        /// At most 60 characters.
        let ratingTitle: String
        let schoolYearTypeReference: Year
    }

    let ratings: [Rating]
    private let year: Int

    /// The ratings of what is official.
    package init(_ published: PublishedYear) {
        year = published.year
        ratings = published.rows.flatMap { row in Self.ratings(row.publication) }
    }

    /// Those of an organization: each where it is published.
    private static func ratings(_ publication: Accountability_V1_Publication) -> [Rating] {
        let seconds = Double(publication.issuedUnixMilliseconds / 1000)
        let date = String(Date(timeIntervalSince1970: seconds).ISO8601Format().prefix(10))
        let said = [
            ("Accountability classification", publication.classification),
            ("Accountability level", publication.level),
            ("Accountability percentile", publication.hasPercentile ? "\(publication.percentile)" : ""),
            ("Cumulative percentage of targets met", publication.hasCumulative ? "\(publication.cumulative)" : ""),
        ]
        return said.filter { !$0.1.isEmpty }
            .map { title, rating in
                Rating(
                    educationOrganizationReference: .init(educationOrganizationId: Int(publication.orgCode) ?? 0),
                    rating: rating,
                    ratingDate: date,
                    ratingOrganization: "Massachusetts DESE",
                    ratingProgram: "603 CMR 2.03",
                    ratingTitle: title,
                    schoolYearTypeReference: .init(schoolYear: Int(publication.schoolYear))
                )
            }
    }

    /// The file: an array of resources.
    var file: ProductFile {
        ProductFile(
            "edfi-accountability-ratings-\(year).json",
            about: "Classification, level, percentile and cumulative percentage as Ed-Fi accountabilityRatings."
        ) { [ratings] in
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(ratings), as: UTF8.self) + "\n"
        }
    }
}
