internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages

/// Attacks everything that was published with everything that can be computed from it.
///
/// The determination stage makes the same attack before it decides which figures of a district are shown. This one
/// starts from the topics, so it also finds what another program, a changed framework or a mistake has published.
struct DisclosureCheck {
    /// What an attack found.
    struct Result {
        var findings: [Finding] = []
        /// Districts and years that were attacked.
        var attacked = 0
        /// Districts and years that were not.
        var left = 0
    }

    /// A district in a school year.
    private struct Place: Hashable, Comparable {
        let year: Int
        let district: OrganizationCode

        static func < (left: Place, right: Place) -> Bool { (left.year, left.district) < (right.year, right.district) }
    }

    private typealias Counts = [PublishedMeasure: [OrganizationCode: [StudentGroup: Int64]]]

    /// The published numbers of students, by measure and cell.
    private var shown: [Place: [PublishedMeasure: [String: Int64]]] = [:]
    private var digests: [Place: Set<String>] = [:]
    private var counts: [Place: Counts] = [:]

    /// Whether anything of an organization was published in a school year.
    func isPublished(_ organization: OrganizationCode, year: Int) -> Bool {
        shown[Place(year: year, district: organization.district)] != nil
    }

    /// Takes a publication; all of them come first.
    ///
    /// - Throws: if it has a measure that this program does not know.
    mutating func take(_ publication: Accountability_V1_Publication, _ key: DeterminationKey) throws {
        let place = Place(year: key.schoolYear, district: key.organization.district)
        if !publication.frameworkDigest.isEmpty { digests[place, default: []].insert(publication.frameworkDigest) }
        var measures = shown[place] ?? [:]
        for figure in publication.figures where figure.hasStudents {
            guard let measure = PublishedMeasure(figure.measure), let group = StudentGroup(wireName: figure.group)
            else {
                throw Failure(
                    .configuration,
                    "the publication \(key.text) has the figure \(figure.measure) of \(figure.group), which this program does not know: use the program's newest version"
                )
            }
            measures[measure, default: [:]][DisclosureTable.name(key.organization, group)] = Int64(figure.students)
        }
        shown[place] = measures
    }

    /// Takes the participation of a group.
    mutating func take(_ rate: Accountability_V1_Participation, _ key: ParticipationKey) {
        guard rate.grade == ParticipationKey.allGrades, rate.judged else { return }
        put(Int64(rate.students), .participation(key.unit), key.organization, key.group, key.schoolYear)
    }

    /// Takes the value of an indicator.
    mutating func take(_ entry: Accountability_V1_IndicatorEntry, _ key: IndicatorKey) {
        guard case .value(let place) = key.entry, entry.value.hasCount else { return }
        put(
            Int64(entry.value.count),
            .indicator(place.span, place.indicator),
            key.organization,
            place.group,
            key.schoolYear
        )
    }

    private mutating func put(
        _ count: Int64,
        _ measure: PublishedMeasure,
        _ organization: OrganizationCode,
        _ group: StudentGroup,
        _ year: Int
    ) {
        let place = Place(year: year, district: organization.district)
        guard shown[place] != nil else { return }
        counts[place, default: [:]][measure, default: [:]][organization, default: [:]][group] = count
    }

    /// Makes the attack.
    ///
    /// A district is left out if its framework shows groups as the Department's own reports do, because that protects
    /// nothing, and if it was published under a framework that this program does not have.
    func result(_ frameworks: FrameworkSet = .builtIn) throws -> Result {
        var result = Result()
        for (year, places) in Dictionary(grouping: shown.keys, by: \.year).sorted(by: { $0.key < $1.key }) {
            let framework = try frameworks.ifCovered(schoolYear: year)
            let (attackable, others) = split(places, framework)
            result.left += others.count
            result.attacked += attackable.count
            if let framework, !attackable.isEmpty {
                result.findings.append(Self.finding(year, attackable.count, attack(attackable, framework)))
            }
            if !others.isEmpty {
                result.findings.append(
                    .warning(
                        "disclosure",
                        "\(year)",
                        "\(Words.count(others.count, "district")) not attacked: the framework shows groups as the Department's reports do, or is not one of this program",
                        "`accountability framework show \(year)` lists its parameters"
                    )
                )
            }
        }
        if shown.isEmpty { result.findings.append(.ok("disclosure", "", "nothing is published")) }
        return result
    }

    private func split(_ places: [Place], _ framework: Framework?) -> (attackable: [Place], others: [Place]) {
        let isProtected = framework?.disclosure?.mode.value == .protected
        var places = places.sorted()
        let middle = places.partition { place in
            !isProtected || !(digests[place] ?? []).isSubset(of: [framework?.digest ?? ""])
        }
        return (Array(places[..<middle]), Array(places[middle...]))
    }

    /// The districts with a leak, each with one example.
    private func attack(_ places: [Place], _ framework: Framework) -> [OrganizationCode: DisclosureAttack.Leak] {
        var found: [OrganizationCode: DisclosureAttack.Leak] = [:]
        for place in places {
            let measures = (shown[place] ?? [:]).sorted { $0.key < $1.key }
                .filter { !$0.value.isEmpty }
                .map { measure, shown in
                    DisclosureAttack.Measure(
                        "\(measure)",
                        DisclosureTable(
                            counts: counts[place]?[measure] ?? [:],
                            district: place.district,
                            complements: framework.disclosure?.protectsComplements.value ?? true
                        ),
                        shown: shown
                    )
                }
            let attack = DisclosureAttack(measures, minimum: framework.minimumSize.publicReporting.value)
            if let leak = attack.leaks.min() { found[place.district] = leak }
        }
        return found
    }

    private static func finding(
        _ year: Int,
        _ count: Int,
        _ found: [OrganizationCode: DisclosureAttack.Leak]
    ) -> Finding {
        guard let example = found.min(by: { $0.key < $1.key }) else {
            return .ok(
                "disclosure",
                "\(year)",
                "from everything that is published of \(Words.count(count, "district")), no hidden number of students can be computed"
            )
        }
        return .problem(
            "disclosure",
            "\(year)",
            "in \(found.count) of \(Words.count(count, "district")), the number of students of a small group can be computed from what is published; for example \(example.value.measure) of \(example.value.cell)",
            "withdraw the release (`accountability directive release official --year \(year) --withdraw`), and report the finding"
        )
    }
}

extension DisclosureCheck {
    /// Reads what is published and what is hidden.
    init(_ connection: Connection) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        for (key, publication) in try reader.table(TableTopics.publications) { try take(publication, key) }
        for (key, rate) in try reader.table(TableTopics.participation, where: { isPublished($0) }) { take(rate, key) }
        for (key, entry) in try reader.table(TableTopics.indicators, where: { isPublished($0) }) { take(entry, key) }
    }

    private func isPublished(_ key: some OrganizationKey) -> Bool {
        isPublished(key.organization, year: key.schoolYear)
    }
}
