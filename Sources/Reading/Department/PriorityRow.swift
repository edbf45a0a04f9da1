package import Messages
package import Rules

/// A district in the order of its priority.
package struct PriorityRow: Encodable, Equatable {
    /// Nil if it is not shown.
    package let place: Int?
    package let district: String
    package let name: String
    package let severity: String
    package let duration: Int
    package let requiring: Int
    package let organizations: [String]

    /// What the order is made of: how severe an organization's determination of a year is.
    package struct Entry: Sendable {
        let organization: OrganizationCode
        let schoolYear: Int
        let name: String
        /// Nil of a year without a determination: what was suspended is none, and ends no duration.
        let severity: AssistanceSeverity?
        /// The codes under which its determinations before this school year stand; nil if that is its own.
        let formers: FormerCodes?

        package init(
            _ organization: OrganizationCode,
            _ schoolYear: Int,
            name: String,
            _ severity: AssistanceSeverity?,
            formers: FormerCodes? = nil
        ) {
            self.organization = organization
            self.schoolYear = schoolYear
            self.name = name
            self.severity = severity
            self.formers = formers
        }
    }

    /// How severe a determination is; nil where none was issued.
    package static func severity(of determination: Accountability_V1_Determination) -> AssistanceSeverity? {
        guard !determination.classification.isEmpty else { return nil }
        return AssistanceSeverity(
            level: DeterminationLevel(wireName: determination.level),
            designation: Designation(wireName: determination.designation)
        )
    }

    /// The order of a school year.
    ///
    /// - `hasPlaces`: whether the places in the order may be seen: they tell of other districts.
    package static func list(
        _ determinations: [Accountability_V1_Determination],
        in year: Int,
        hasPlaces: Bool = true
    ) -> [PriorityRow] {
        list(
            determinations.compactMap { determination in
                OrganizationCode(determination.orgCode)
                    .map {
                        Entry(
                            $0,
                            Int(determination.schoolYear),
                            name: determination.name,
                            severity(of: determination),
                            formers: FormerCodes(of: determination)
                        )
                    }
            },
            in: year,
            hasPlaces: hasPlaces
        )
    }

    /// The histories of organizations that took those of other codes: each year is that of the code of the time.
    private static func inherited(
        _ histories: [OrganizationCode: AssistanceHistory],
        _ entries: [Entry]
    ) -> [AssistanceHistory] {
        var formers: [OrganizationCode: [Int: FormerCodes]] = [:]
        for entry in entries {
            if let found = entry.formers { formers[entry.organization, default: [:]][entry.schoolYear] = found }
        }
        guard !formers.isEmpty else { return [] }
        let years = Set(entries.map(\.schoolYear)).sorted(by: >)
        return formers.keys.map { organization in
            var latest = FormerCodes(organization)
            var history = AssistanceHistory(organization)
            for year in years {
                let current = latest.code(in: year)
                history.severities[year] = histories[current]?.severities[year]
                latest = formers[current]?[year] ?? latest
            }
            return history
        }
    }

    /// The order of a school year.
    package static func list(_ entries: [Entry], in year: Int, hasPlaces: Bool = true) -> [PriorityRow] {
        var histories: [OrganizationCode: AssistanceHistory] = [:]
        var names: [OrganizationCode: String] = [:]
        for entry in entries {
            let code = entry.organization
            if entry.schoolYear == year || names[code] == nil { names[code] = entry.name }
            if let severity = entry.severity {
                histories[code, default: AssistanceHistory(code)].severities[entry.schoolYear] = severity
            }
        }
        for history in inherited(histories, entries) { histories[history.organization] = history }
        return AssistancePriority.list(histories.values, in: year).enumerated()
            .map { index, entry in
                PriorityRow(
                    place: hasPlaces ? index + 1 : nil,
                    district: entry.district.description,
                    name: names[entry.district] ?? "",
                    severity: entry.severity.wireName,
                    duration: entry.duration,
                    requiring: entry.requiring,
                    organizations: entry.organizations.map(\.description)
                )
            }
    }

    /// The order as a table.
    package static func listing(_ rows: [PriorityRow]) -> Listing {
        Listing(
            ["place", "district", "name", "severity", "duration", "requiring", "organizations"],
            rows.map { row in
                [
                    row.place.map(String.init) ?? "", row.district, row.name, row.severity, String(row.duration),
                    String(row.requiring),
                    row.organizations.joined(separator: ";"),
                ]
            }
        )
    }
}
