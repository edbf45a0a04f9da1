internal import Foundation
internal import Rules
package import SwiftProtobuf
internal import Tables

/// Rows with named columns, to be printed as CSV or as aligned text.
package struct Listing {
    package let columns: [String]
    package var rows: [[String]] = []

    package init(_ columns: [String], _ rows: [[String]] = []) {
        self.columns = columns
        self.rows = rows
    }

    /// Only these columns, in this order.
    package func only(_ names: [String]) -> Listing {
        let places = names.compactMap { columns.firstIndex(of: $0) }
        return Listing(places.map { columns[$0] }, rows.map { row in places.map { row[$0] } })
    }

    /// Shows the figures of these columns as people know them: with one decimal at most.
    package mutating func round(_ names: [String]) {
        for place in names.compactMap(columns.firstIndex) {
            for row in rows.indices { rows[row][place] = Figure.shown(rows[row][place]) }
        }
    }

    /// Aligned columns, numbers to the right; a cell longer than `limit` is cut.
    package func text(limit: Int = 40) -> String {
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
}

/// Messages as protobuf JSON: names in lowerCamelCase, fields in the order of their numbers.
package enum MessageJSON {
    /// A message on one line.
    package static func line(_ message: some Message) throws -> String {
        var options = JSONEncodingOptions()
        options.useDeterministicOrdering = true
        return try message.jsonString(options: options)
    }

    /// Messages as one array, one a line.
    package static func array(_ messages: some Sequence<some Message>) throws -> String {
        let lines = try messages.map { try line($0) }
        return lines.isEmpty ? "[]\n" : "[\n" + lines.joined(separator: ",\n") + "\n]\n"
    }
}

/// Figures as people know them.
package enum Figure {
    /// A decimal with one decimal place at most, half up; what has no more, and what is no decimal, as it is.
    package static func shown(_ text: String) -> String {
        guard let point = text.firstIndex(of: "."), text.distance(from: point, to: text.endIndex) > 2,
            let value = try? Ratio(decimal: text)
        else { return text }
        return value.text(decimals: 1)
    }

    /// Several decimals with slashes between them.
    package static func shown(each text: String) -> String {
        text.components(separatedBy: " / ").map { shown($0) }.joined(separator: " / ")
    }
}
