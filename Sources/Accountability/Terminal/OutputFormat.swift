internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Rules
internal import SwiftProtobuf
internal import Tables

/// How a command that lists something prints it.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// Aligned columns for people.
    case table
    /// RFC 4180 with a header row.
    case csv
    /// One array; messages as protobuf JSON.
    case json

    /// What was asked for; otherwise a table on a terminal and CSV into files and programs.
    static func chosen(_ format: OutputFormat?) -> OutputFormat {
        format ?? (isatty(1) == 1 ? .table : .csv)
    }
}

/// Rows with named columns, to be printed as CSV or as aligned text.
struct Listing {
    let columns: [String]
    var rows: [[String]] = []

    init(_ columns: [String], _ rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// Writes CSV to standard output.
    func writeCSV() throws {
        var writer = try CSVWriter(descriptor: 1)
        try writer.writeRow(columns)
        for row in rows { try writer.writeRow(row.map { SpreadsheetCell.inert(PlainText.escaped($0)) }) }
        try writer.close()
    }

    /// Only these columns, in this order.
    func only(_ names: [String]) -> Listing {
        let places = names.compactMap { columns.firstIndex(of: $0) }
        return Listing(places.map { columns[$0] }, rows.map { row in places.map { row[$0] } })
    }

    /// Shows the figures of these columns as people know them: with one decimal at most.
    mutating func round(_ names: [String]) {
        for place in names.compactMap(columns.firstIndex) {
            for row in rows.indices { rows[row][place] = Figure.shown(rows[row][place]) }
        }
    }

    /// Aligned columns, numbers to the right; a cell longer than `limit` is cut.
    func text(limit: Int = 40) -> String {
        let cells = rows.map {
            $0.map { cell in
                let text = PlainText.escaped(cell)
                return text.count > limit ? text.prefix(limit - 1) + "…" : text
            }
        }
        var widths = columns.map(\.count)
        var isNumeric = columns.map { _ in true }
        for row in cells {
            for (index, cell) in row.enumerated() {
                widths[index] = max(widths[index], cell.count)
                if cell.contains(where: { !$0.isNumber && $0 != "." && $0 != "-" }) { isNumeric[index] = false }
            }
        }
        func line(_ cells: [String]) -> String {
            var text = ""
            for (index, cell) in cells.enumerated() {
                let padding = String(repeating: " ", count: widths[index] - cell.count)
                text += (index == 0 ? "" : "  ") + (isNumeric[index] ? padding + cell : cell + padding)
            }
            while text.last == " " { text.removeLast() }
            return text + "\n"
        }
        return line(columns) + cells.map { line($0.map { String($0) }) }.joined()
    }

    /// Prints it as a table or as CSV.
    func write(_ format: OutputFormat) throws {
        switch format {
        case .csv: try writeCSV()
        case .table, .json: Standard.output(text())
        }
    }
}

/// Messages as protobuf JSON: names in lowerCamelCase, fields in the order of their numbers.
enum MessageJSON {
    /// A message on one line.
    static func line(_ message: some Message) throws -> String {
        var options = JSONEncodingOptions()
        options.useDeterministicOrdering = true
        return try message.jsonString(options: options)
    }

    /// Messages as one array, one a line.
    static func array(_ messages: some Sequence<some Message>) throws -> String {
        let lines = try messages.map { try line($0) }
        return lines.isEmpty ? "[]\n" : "[\n" + lines.joined(separator: ",\n") + "\n]\n"
    }
}

/// Figures as people know them.
enum Figure {
    /// A decimal with one decimal place at most, half up; what has no more, and what is no decimal, as it is.
    static func shown(_ text: String) -> String {
        guard let point = text.firstIndex(of: "."), text.distance(from: point, to: text.endIndex) > 2,
            let value = try? Ratio(decimal: text)
        else { return text }
        return value.text(decimals: 1)
    }

    /// Several decimals with slashes between them.
    static func shown(each text: String) -> String {
        text.components(separatedBy: " / ").map { shown($0) }.joined(separator: " / ")
    }
}
