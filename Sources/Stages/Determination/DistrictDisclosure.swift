import Messages
import Rules

/// Decides which figures of a district and its schools may be published in a school year.
///
/// It decides once, at the first publication.
///
/// The decision is permanent. A published number of students is repeated unchanged in every revision. A figure that was
/// suppressed or missing never gets a number. So comparing two revisions reveals nothing about the corrections between
/// them.
struct DistrictDisclosure {
    let district: OrganizationCode
    let parameters: DisclosureParameters
    let minimum: Int
    /// The students in each group of each organization, including small groups, by measure.
    let counts: [PublishedMeasure: [OrganizationCode: [StudentGroup: Int64]]]
    /// What the determinations of the organizations show.
    let figures: [OrganizationCode: DeterminationFigures]

    /// The figures that may be published for each organization.
    func decide() -> [OrganizationCode: DisclosureDecision] {
        let measures = Set(figures.values.flatMap(\.countedMeasures)).sorted()
        let tables = measures.map { measure in
            DisclosureTable(
                counts: counts[measure] ?? [:],
                district: district,
                complements: parameters.protectsComplements.value
            )
        }
        let control = DisclosureControl(tables, parameters, minimum: minimum)
        let numbers = Dictionary(uniqueKeysWithValues: zip(measures, measures.indices))
        return figures.reduce(into: [:]) { decisions, entry in
            let (code, figures) = entry
            var decision = DisclosureDecision()
            decision.measures = figures.countedMeasures
            for (place, figure) in figures.byPlace where figure.hasStudents {
                guard let table = numbers[place.measure] else { continue }
                let isShown = control.shows(DisclosureTable.name(code, place.group), table: table)
                if isShown { decision.students[place] = figure.students }
            }
            decisions[code] = decision
        }
    }

    /// Whether no number of all students of the district or of a school is hidden.
    ///
    /// An enrollment comes near to such a number, and those of the others come near to it too.
    func showsAllStudents(_ decisions: [OrganizationCode: DisclosureDecision]) -> Bool {
        let measures = Set(figures.values.flatMap(\.countedMeasures))
        return figures.allSatisfy { code, figures in
            let shown = figures.byPlace.allSatisfy { place, figure in
                place.group != .allStudents || !figure.hasStudents || decisions[code]?.students[place] != nil
            }
            // Of a number below the minimum there is no figure at all.
            let isSmall = measures.contains { measure in
                let students = counts[measure]?[code]?[.allStudents] ?? 0
                return students > 0 && students < minimum
            }
            return shown && !isSmall
        }
    }
}

extension DeterminationState {
    /// The students behind each group of a district's organizations in a school year, by measure.
    func students(
        of district: OrganizationCode,
        year: Int
    ) -> [PublishedMeasure: [OrganizationCode: [StudentGroup: Int64]]] {
        var counts: [PublishedMeasure: [OrganizationCode: [StudentGroup: Int64]]] = [:]
        for code in organizations(of: district, year: year) {
            guard let facts = years[year]?[code] else { continue }
            for fact in facts.participation {
                guard let measure = PublishedMeasure("participation/\(fact.subject)") else { continue }
                counts[measure, default: [:]][code, default: [:]][fact.group] = Int64(fact.students)
            }
            for group in StudentGroup.allCases where facts.has(group) {
                for indicator in Indicator.allCases {
                    for span in indicator.spans {
                        guard let count = facts.value(group, span, indicator)?.count else { continue }
                        counts[.indicator(span, indicator), default: [:]][code, default: [:]][group] = count
                    }
                }
            }
        }
        return counts
    }

    /// The declared October enrollments of a district and its schools.
    ///
    /// Empty if one of them is below the minimum, because it could be computed as the difference of the others.
    func enrollments(of district: OrganizationCode, year: Int, least: Int) -> [OrganizationCode: UInt32] {
        var enrollments: [OrganizationCode: UInt32] = [:]
        for code in organizations(of: district, year: year) {
            guard let enrollment = years[year]?[code]?.organization?.enrollment, enrollment > 0 else { continue }
            guard enrollment >= least else { return [:] }
            enrollments[code] = enrollment
        }
        return enrollments
    }

    /// A district and its schools, as far as anything is known of them in a school year.
    func organizations(of district: OrganizationCode, year: Int) -> [OrganizationCode] {
        (years[year] ?? [:]).keys.filter { $0.district == district }.sorted()
    }
}
