package import Tables

/// The type of a column.
package enum ProductKind: String, Sendable {
    /// Text: codes too, with their leading zeros.
    case text
    /// A number, or a text such as `>=95` if the number is suppressed.
    case number
}

/// A column of a product: its heading, its meaning, and the source of its cells.
///
/// The tables and the data dictionary are made from it, so they cannot differ.
package struct ProductColumn<Row>: Sendable {
    package let name: String
    package let kind: ProductKind
    package let about: String
    let read: @Sendable (Row) -> String

    static func text(_ name: String, _ about: String, _ read: @escaping @Sendable (Row) -> String) -> Self {
        Self(name: name, kind: .text, about: about, read: read)
    }

    static func number(_ name: String, _ about: String, _ read: @escaping @Sendable (Row) -> String) -> Self {
        Self(name: name, kind: .number, about: about, read: read)
    }
}

/// A table that the Department publishes.
package struct ProductTable: Sendable {
    /// A column without its rows.
    package struct Heading: Sendable {
        package let name: String
        package let kind: ProductKind
        package let about: String
    }

    /// The name of its file, without year and ending.
    package let file: String
    /// The name of its sheet.
    package let sheet: String
    /// The meaning of one row.
    package let about: String
    package let headings: [Heading]
    private let body: @Sendable (_ write: ([String]) throws -> Void) throws -> Void

    init<Row>(
        file: String,
        sheet: String,
        about: String,
        columns: [ProductColumn<Row>],
        rows: @escaping @Sendable (_ take: (Row) throws -> Void) throws -> Void
    ) {
        self.file = file
        self.sheet = sheet
        self.about = about
        headings = columns.map { Heading(name: $0.name, kind: $0.kind, about: $0.about) }
        body = { write in
            try rows { row in try write(columns.map { $0.read(row) }) }
        }
    }

    /// The names of the columns.
    package var columns: [String] { headings.map(\.name) }

    /// Hands over the rows, each as text by column.
    package func visit(_ take: ([String]) throws -> Void) throws { try body(take) }

    /// All rows.
    package func rows() throws -> [[String]] {
        var rows: [[String]] = []
        try visit { rows.append($0) }
        return rows
    }

    /// Writes the rows as CSV; no cell is a formula to a spreadsheet program.
    package func writeCSV(to path: String) throws {
        var writer = try CSVWriter(path: path)
        try writer.writeRow(columns)
        try visit { row in
            try writer.writeRow(row.map { SpreadsheetCell.inert(PlainText.escaped($0)) })
        }
        try writer.close()
    }

    /// Adds it as a sheet of a workbook.
    package func add(to workbook: inout Workbook) throws {
        try workbook.add(sheet: sheet, columns: columns) { write in
            try visit { row in
                try write(zip(headings, row).map { $0.kind == .number ? .number($1) : .words($1) })
            }
        }
    }
}
