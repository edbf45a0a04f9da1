/// A review of a district, encompassing the district and its schools: 603 CMR 2.03(4).
public struct DistrictReview: Hashable, Sendable {
    /// The district.
    public let district: OrganizationCode
    /// The school year of the review.
    public let schoolYear: Int
    /// The first day, ISO 8601; empty where only ratings are on record.
    public private(set) var firstDay = ""
    /// The last day; empty where it is not known.
    public private(set) var lastDay = ""
    /// The schools that were visited, in the order of their codes.
    public private(set) var schools: [OrganizationCode] = []
    /// The rating of each standard that has one.
    public private(set) var ratings: [ReviewStandard: ReviewRating] = [:]

    /// The kind of a directive that says that an organization was reviewed.
    public static let conductedKind = "conducted"
    /// The kinds of review directives: that it was conducted, and a rating by each standard.
    public static let kinds = [conductedKind] + ReviewStandard.allCases.map(\.wireName)

    /// A review without anything on record.
    public init(district: OrganizationCode, schoolYear: Int) {
        self.district = district
        self.schoolYear = schoolYear
    }

    /// Takes an act: that the district or one of its schools was reviewed, or the rating by a standard.
    ///
    /// The result does not depend on the order of the acts.
    public mutating func take(
        _ organization: OrganizationCode,
        kind: String,
        rating: String,
        from first: String,
        to last: String
    ) {
        if let standard = ReviewStandard(wireName: kind) {
            if organization == district { ratings[standard] = ReviewRating(wireName: rating) }
            return
        }
        guard kind == Self.conductedKind else { return }
        if organization.isSchool {
            schools = Set(schools + [organization]).sorted()
            return
        }
        firstDay = first
        lastDay = last
    }

    /// Whether every standard has a rating.
    public var isRatedInFull: Bool { ratings.count == ReviewStandard.allCases.count }
}

extension DistrictReview: CarriesOut {
    /// Reviews and the standards they rest on.
    public static let paragraphs: [Paragraph] = [.districtReviews, .standards, .sixStandards, .publishedIndicators]
}
