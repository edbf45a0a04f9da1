import Messages
import Tables

/// A file of one layout that is being written.
struct TableFile: ~Copyable {
    /// What the manifest says of a file.
    struct Entry {
        var name: String
        var layout: Layout
        var rows: Int
    }

    private(set) var entry: Entry
    private var writer: CSVWriter
    let hasAction: Bool
    private let columns: Int
    private var fields = 0

    /// Creates the file and writes its header, the layout's columns in canonical order.
    init(_ directory: String, _ name: String, _ layout: Layout, action: Bool = false, compressed: Bool) throws {
        let file = compressed ? "\(name).csv.gz" : "\(name).csv"
        var writer = try CSVWriter(path: "\(directory)/\(file)", compressed: compressed)
        let columns = layout.columns.map(\.name).filter { action || $0 != "action" }
        try writer.writeRow(columns)
        self.columns = columns.count
        self.writer = writer
        entry = Entry(name: file, layout: layout, rows: 0)
        hasAction = action
    }

    mutating func write(_ text: String) {
        writer.write(text)
        fields += 1
    }

    mutating func write(_ number: Int) {
        writer.write(number)
        fields += 1
    }

    mutating func write(_ flag: Bool) { write(flag ? "Y" : "N") }

    mutating func write(_ number: Int?) { if let number { write(number) } else { write("") } }

    /// Writes tenths as a decimal number.
    mutating func write(tenths: Int) {
        write("\(tenths / 10).\(tenths % 10)")
    }

    /// Ends the row; columns at its end that nothing was written of stay empty.
    mutating func endRow() throws {
        while fields < columns { write("") }
        fields = 0
        entry.rows += 1
        try writer.endRow()
    }

    /// Writes the rest; what the manifest says of the file.
    consuming func close() throws -> Entry {
        let entry = entry
        try writer.close()
        return entry
    }
}
