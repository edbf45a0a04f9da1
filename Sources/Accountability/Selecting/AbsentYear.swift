internal import Operating

/// The message of a reading command that finds nothing for a school year.
enum AbsentYear {
    /// Says on standard error what there is, if the year is open or has other records.
    ///
    /// - `what`: what was looked for.
    /// - `years`: the years that have such records.
    ///
    /// Throws `Failure` if the year was never opened, so that a wrong year does not look like an empty one.
    static func settle(_ what: String, year: Int, years: [Int], _ connection: Connection) throws {
        let isKnown = try years.contains(year) || YearState(connection: connection, year: year).wasOpened()
        guard isKnown else { throw Failure(.badInput, refusal(what, year: year, years: years)) }
        Standard.error(YearSelection.absence(what, year: year, years: years))
    }

    /// The error for a year that was never opened.
    static func refusal(_ what: String, year: Int, years: [Int]) -> String {
        "no such year: \(YearSelection.absence(what, year: year, years: years)); `accountability status` lists the years"
    }
}
