/// From when to when an act of the Department counts in determinations.
public struct DirectiveTerm: Hashable, Sendable {
    /// The school year of the act, by its spring.
    public let schoolYear: Int
    /// The day it ended, ISO 8601; empty while it has not.
    public let endDate: String

    /// A term.
    public init(schoolYear: Int, endDate: String = "") {
        self.schoolYear = schoolYear
        self.endDate = endDate
    }

    /// Whether a designation is in force in the determinations of a school year.
    ///
    /// It is where it was made in that year or before, and had not ended on the year's last day, June 30. It lasts
    /// through years without determinations.
    public func isInForce(in year: Int) -> Bool {
        // ISO dates are in the order of their text.
        schoolYear <= year && (endDate.isEmpty || endDate > "\(year)-06-30")
    }
}

extension DirectiveTerm: CarriesOut {
    /// From when to when a designation counts.
    public static let paragraphs: [Paragraph] = [.districtDesignation, .schoolDesignation]
}
