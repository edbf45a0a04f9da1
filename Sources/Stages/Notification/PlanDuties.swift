import Messages
import Rules

/// Who owes plans in a school year, and which of them are due or overdue: 603 CMR 2.03(7).
///
/// Plans are due before there are figures of their year. So the organizations that owe them are those of the newest
/// year, of the four before or the year itself, whose determinations the district has: a school that closed since owes
/// nothing.
struct PlanDuties {
    private static let lookBack = 4

    private var determined: [Int: [OrganizationCode: String]] = [:]
    /// Years whose determinations, and the acts that were on record at their close, have all come.
    private var completeYears: Set<Int> = []
    private var frameworks: [Int: Framework?] = [:]

    /// Takes note that an organization has a determination, or has one no more.
    mutating func set(_ name: String?, _ organization: OrganizationCode, year: Int) {
        determined[year, default: [:]][organization] = name
    }

    /// From now on the organizations of a year are known.
    mutating func complete(year: Int) {
        completeYears.insert(year)
    }

    /// The obligations that are due within the lead days, or overdue since no longer than anybody remembers, each with
    /// the organization's name.
    mutating func pressing(at clock: NoticeClock, leadDays: Int64, filings: [PlanFiling]) throws -> [(
        PlanObligation, name: String
    )] {
        let last = clock.day(after: leadDays)
        guard let from = Int(clock.earliestDay.prefix(4)), let to = Int(last.prefix(4)), from <= to else { return [] }
        var pressing: [(PlanObligation, name: String)] = []
        // A plan is due in the calendar year in which its school year begins.
        for year in (from + 1)...(to + 1) {
            let organizations = organizations(in: year)
            guard !organizations.isEmpty, let framework = framework(of: year) else { continue }
            let obligations = try PlanObligation.all(
                schoolYear: year,
                organizations: organizations.keys,
                filings: filings,
                framework
            )
            for obligation in obligations where obligation.dueDate >= clock.earliestDay && obligation.dueDate <= last {
                let standing = obligation.standing(on: clock.day)
                guard standing == .due || standing == .overdue else { continue }
                pressing.append((obligation, organizations[obligation.organization] ?? ""))
            }
        }
        return pressing
    }

    /// The organizations that are taken to exist in a year, with their names.
    private func organizations(in year: Int) -> [OrganizationCode: String] {
        var newest: [OrganizationCode: Int] = [:]
        let years = completeYears.filter { $0 <= year && $0 >= year - Self.lookBack }
        for known in years {
            for organization in (determined[known] ?? [:]).keys {
                newest[organization.district] = max(newest[organization.district] ?? known, known)
            }
        }
        var organizations: [OrganizationCode: String] = [:]
        for known in years {
            for (organization, name) in determined[known] ?? [:] where newest[organization.district] == known {
                organizations[organization] = name
            }
        }
        return organizations
    }

    private mutating func framework(of year: Int) -> Framework? {
        if let known = frameworks[year] { return known }
        let found = try? Framework.planning(schoolYear: year)
        frameworks[year] = .some(found)
        return found
    }
}
