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
    /// It is where it was made in that year or before, and had not ended on the day that decides. It lasts through
    /// years without determinations.
    ///
    /// - Parameters:
    ///   - year: the school year.
    ///   - day: the day of its spring or summer that decides, `06-30`.
    /// - Returns: whether it counts.
    public func isInForce(in year: Int, on day: String) -> Bool {
        schoolYear <= year && !isEnded(in: year, on: day)
    }

    /// Whether it had ended before the determinations of a school year: on the day that decides, or before.
    public func isEnded(in year: Int, on day: String) -> Bool {
        // ISO dates are in the order of their text.
        !endDate.isEmpty && endDate <= "\(year)-\(day)"
    }
}

extension DirectiveTerm: CarriesOut {
    /// From when to when a designation counts.
    public static let paragraphs: [Paragraph] = [.districtDesignation, .schoolDesignation]
}
