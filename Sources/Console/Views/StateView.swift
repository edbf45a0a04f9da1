internal import Reading
internal import Rules

/// The state as a whole: counts, changes between two years, and the distribution of percentages.
struct StateView: Sendable {
    /// The number of organizations that changed from one outcome to another.
    struct Transition: Sendable {
        let from: Outcome
        let to: Outcome
        let count: Int
    }

    let area: Area
    let year: Int
    let type: OrganizationType
    let results: StatewideResults
    let total: Int
    /// The year to compare with; nil if the visitor names none and there is no earlier one.
    let from: Int?
    let otherYears: [Int]
    let transitions: [Transition]
    /// The number of organizations without a determination in the other year.
    let arrived: Int
    /// The determinations, by organization.
    let lines: [OrganizationCode: DeterminationLine]
    let map: GeographicMap?
    let bins: [PercentBin]
    let bands: [(minimum: Int, title: String)]

    static let parameters: [QueryParameter] = [
        QueryParameter(
            "type",
            "Schools or districts; default: schools.",
            .choice(["school", "district"])
        ),
        QueryParameter(
            "from",
            "The school year to compare with; default: the last one before this year.",
            .schoolYear
        ),
    ]

    init(_ call: ConsoleCall) throws {
        area = call.tables.area
        year = call.year
        let type: OrganizationType = call.query["type"] == "district" ? .district : .school
        self.type = type
        self.lines = (call.tables.determined(call.year)?.lines ?? [:]).filter { $0.value.type == type }
        map = call.map
        let lines = self.lines.values
        total = lines.count
        results = StatewideResults(
            lines.map {
                StatewideResults.Entry(
                    type: $0.type,
                    classification: $0.classification,
                    level: $0.level,
                    reasons: $0.reasons
                )
            }
        )
        let year = call.year
        otherYears = call.tables.determinedYears.filter { $0 != year }
        if let asked = call.query["from"].flatMap({ SchoolYear.named($0) }) {
            guard otherYears.contains(asked) else {
                throw Problem(
                    400,
                    "the parameter 'from' takes another year that has determinations; \(asked) is not one"
                )
            }
            from = asked
        } else {
            from = otherYears.first { $0 < year }
        }
        let earlier = from.flatMap { call.tables.determined($0)?.lines } ?? [:]
        var counts: [[Outcome]: Int] = [:]
        var arrived = 0
        for line in lines {
            guard let before = earlier[line.code] else {
                arrived += 1
                continue
            }
            counts[[before.outcome, line.outcome], default: 0] += 1
        }
        self.arrived = from == nil ? 0 : arrived
        transitions = counts.map { Transition(from: $0.key[0], to: $0.key[1], count: $0.value) }
            .sorted { ($0.from, $0.to) < ($1.from, $1.to) }
        bins = PercentBin.of(lines.compactMap(\.cumulative))
        let framework = try call.tables.frameworks.ifCovered(schoolYear: year)
        bands = (framework?.percentage?.bands.value ?? [])
            .map {
                (
                    minimum: Int($0.minimum),
                    title: Outcome(classification: nil, level: DeterminationLevel($0.level)).shortTitle
                )
            }
    }

    private static let outcome = Shape<StatewideResults.Outcome>([
        .choice("type", "Schools or districts.", OrganizationType.allCases.map(\.wireName)) { $0.type.wireName },
        .optionalText("classification", "The classification.") { $0.classification?.wireName },
        .optionalText("level", "The level.") { $0.level?.wireName },
        .integer("count", "The number of organizations.", 0...Int64.max) { $0.count },
    ])

    private static let reason = Shape<StatewideResults.Reason>([
        .choice("reason", "The reason.", DeterminationReason.allCases.map(\.wireName)) { $0.reason.wireName },
        .integer("count", "The number of organizations that have it.", 0...Int64.max) { $0.count },
    ])

    private static let transition = Shape<Transition>([
        .optionalText("from_classification", "The classification before.") { $0.from.classification?.wireName },
        .optionalText("from_level", "The level before.") { $0.from.level?.wireName },
        .optionalText("classification", "The classification after.") { $0.to.classification?.wireName },
        .optionalText("level", "The level after.") { $0.to.level?.wireName },
        .integer("count", "The number of organizations.", 0...Int64.max) { $0.count },
    ])

    private static let bin = Shape<PercentBin>([
        .integer("lowest", "The lowest percentage of the range.", 0...100) { $0.lowest },
        .integer("highest", "The highest percentage of the range.", 0...100) { $0.highest },
        .integer("count", "The number of organizations in the range.", 0...Int64.max) { $0.count },
    ])

    static let shape = Shape<StateView>([
        .integer("school_year", "The school year, by its spring.", 2000...2100) { $0.year },
        .choice("type", "Schools or districts.", ["school", "district"]) { $0.type.wireName },
        .integer("total", "The number of determinations.", 0...Int64.max) { $0.total },
        .list("outcomes", "Counts by classification and level.", outcome) { $0.results.outcomes },
        .list("reasons", "Counts by reason; an organization may have several.", reason) { $0.results.reasons },
        .optionalInteger("from_year", "The school year to compare with.", 2000...2100) { $0.from },
        .list("transitions", "The changes from the outcome of that year to the outcome of this year.", transition) {
            $0.transitions
        },
        .integer("arrived", "The number of organizations without a determination in that year.", 0...Int64.max) {
            $0.arrived
        },
        .list("cumulative", "The distribution of the cumulative percentages.", bin) { $0.bins },
    ])
}
