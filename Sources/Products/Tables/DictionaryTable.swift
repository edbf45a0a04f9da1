/// The data dictionary: every column of every table, from the tables themselves.
enum DictionaryTable {
    private struct Entry: Sendable {
        let table: ProductTable
        let place: Int
        let heading: ProductTable.Heading
    }

    /// One row a column.
    static func table(of tables: [ProductTable]) -> ProductTable {
        let columns: [ProductColumn<Entry>] = [
            .text("File", "The name of the file, without year and ending.") { $0.table.file },
            .text("One Row Is", "What a row of the file stands for.") { $0.table.about },
            .number("Column", "The place of the column, from 1.") { "\($0.place)" },
            .text("Name", "The heading of the column.") { $0.heading.name },
            .text("Type", "text or number. A cell of numbers that may not be seen is empty or text.") {
                $0.heading.kind.rawValue
            },
            .text("Meaning", "What a cell says.") { $0.heading.about },
        ]
        return ProductTable(
            file: "data-dictionary",
            sheet: "Data dictionary",
            about: "One row is a column of a file.",
            columns: columns,
            rows: { take in
                for table in tables {
                    for (place, heading) in table.headings.enumerated() {
                        try take(Entry(table: table, place: place + 1, heading: heading))
                    }
                }
            }
        )
    }
}
