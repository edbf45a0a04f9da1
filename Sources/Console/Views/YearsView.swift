/// The school years that have determinations.
struct YearsView: Sendable {
    /// A year.
    struct Row: Sendable {
        let area: Area
        let year: Int
        let determinations: Int
    }

    let rows: [Row]

    init(_ tables: ConsoleTables) {
        rows = tables.determinedYears.map {
            Row(area: tables.area, year: $0, determinations: tables.years[$0]?.lines.count ?? 0)
        }
    }

    private static let row = Shape<Row>([
        .integer("school_year", "The school year, by its spring.", 2000...2100) { $0.year },
        .integer("determinations", "The number of its determinations.", 0...Int64.max) { $0.determinations },
        .text("address", "The address of the determinations.") {
            "\(Address.api)\(Address.year($0.year, in: $0.area))/determinations"
        },
    ])

    static let shape = Shape<YearsView>([.list("years", "The school years, the newest first.", row) { $0.rows }])
}
