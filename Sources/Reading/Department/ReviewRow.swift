package import Rules

/// A review as it is listed.
package struct ReviewRow: Encodable, Equatable {
    package let schoolYear: Int
    package let district: String
    package let firstDay: String
    package let lastDay: String
    package let schools: [String]
    package let ratings: [String: String]

    package init(_ review: DistrictReview) {
        schoolYear = review.schoolYear
        district = review.district.description
        firstDay = review.firstDay
        lastDay = review.lastDay
        schools = review.schools.map(\.description)
        ratings = Dictionary(uniqueKeysWithValues: review.ratings.map { ($0.key.wireName, $0.value.wireName) })
    }

    /// The reviews as a table, a column for each standard.
    package static func listing(_ rows: [ReviewRow]) -> Listing {
        Listing(
            ["school_year", "district", "first_day", "last_day", "schools"] + ReviewStandard.allCases.map(\.wireName),
            rows.map { row in
                [String(row.schoolYear), row.district, row.firstDay, row.lastDay, row.schools.joined(separator: ";")]
                    + ReviewStandard.allCases.map { row.ratings[$0.wireName] ?? "" }
            }
        )
    }
}
