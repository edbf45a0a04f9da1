import Messages
import Rules

/// The results that were official when a submission came: its rows of them wait for an approval.
struct OfficialScope {
    /// By school year: the numbers of the districts.
    private var districts: [Int: Set<UInt32>] = [:]
    /// School years of which the results of the whole state were.
    private var years: Set<Int> = []

    /// Of nothing.
    init() {}

    /// What the header of a submission names.
    init(_ header: Accountability_V1_SubmissionHeader) {
        for results in header.official {
            let year = Int(results.schoolYear)
            guard !results.districtCode.isEmpty else {
                years.insert(year)
                continue
            }
            guard let code = OrganizationCode(results.districtCode) else { continue }
            districts[year, default: []].insert(Self.district(code.rawValue))
        }
    }

    var isEmpty: Bool { years.isEmpty && districts.isEmpty }

    /// Whether results of an organization are among them.
    func covers(_ year: Int, _ organization: UInt32) -> Bool {
        years.contains(year) || districts[year]?.contains(Self.district(organization)) ?? false
    }

    private static func district(_ organization: UInt32) -> UInt32 { organization / 10_000 }
}
