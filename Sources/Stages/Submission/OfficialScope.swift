import Messages
import Rules

/// The results that were official when a submission came: its rows that would change them wait for an approval.
///
/// A year's results also rest on earlier years: on the values that it is compared with, on the annual percentage of the
/// year before, and on the years that a percentile counts. So a row of an earlier year waits too, even if the results
/// of that year were never released.
struct OfficialScope {
    /// By the number of a district: its last official school year.
    private var districts: [UInt32: Int] = [:]
    /// The last official school year of the whole state.
    private var state: Int?

    /// Of nothing.
    init() {}

    /// What the header of a submission names.
    init(_ header: Accountability_V1_SubmissionHeader) {
        for results in header.official {
            let year = Int(results.schoolYear)
            guard !results.districtCode.isEmpty else {
                state = max(state ?? year, year)
                continue
            }
            guard let code = OrganizationCode(results.districtCode) else { continue }
            let district = Self.district(code.rawValue)
            districts[district] = max(districts[district] ?? year, year)
        }
    }

    var isEmpty: Bool { state == nil && districts.isEmpty }

    /// Whether any of them rest on an organization's rows of a school year.
    func restsOn(_ year: Int, _ organization: UInt32) -> Bool {
        state.map { year <= $0 } ?? false || districts[Self.district(organization)].map { year <= $0 } ?? false
    }

    private static func district(_ organization: UInt32) -> UInt32 { organization / 10_000 }
}
