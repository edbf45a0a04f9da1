/// A table of a page.
package struct TablePart: Sendable {
    /// A cell: words, a link, or a drawing of our own.
    package struct Cell: Sendable {
        package var text = ""
        package var link: String?
        /// A shape before the words.
        package var sign: String?
        /// Small words below.
        package var note: String?
        /// Markup that this program made; never anything that came from outside.
        package var drawing: String?
        package var kind: String?

        package init(_ text: String, link: String? = nil, sign: String? = nil, note: String? = nil, kind: String? = nil)
        {
            self.text = text
            self.link = link
            self.sign = sign
            self.note = note
            self.kind = kind
        }

        package init(_ number: Int?) { self.init(number.map { Words.grouped($0) } ?? "–") }

        package init(drawing: String) { self.drawing = drawing }

        package init(_ outcome: Outcome, link: String? = nil) {
            self.init(outcome.title, link: link, sign: outcome.sign)
        }

        fileprivate func write(to markup: inout String, number: Bool, head: Bool) {
            markup += head ? "<th scope=\"row\" class=\"" : "<td class=\""
            if number { markup += kind == nil ? "n" : "n " }
            if let kind { markup += kind }
            markup += "\">"
            if let sign { markup += "<span class=\"sign\" aria-hidden=\"true\">\(MarkupText.escaped(sign))</span>" }
            if let link { markup += "<a href=\"\(MarkupText.escaped(link))\">" }
            markup += MarkupText.escaped(text)
            if link != nil { markup += "</a>" }
            if let drawing { markup += drawing }
            if let note { markup += "<small>\(MarkupText.escaped(note))</small>" }
            markup += head ? "</th>" : "</td>"
        }
    }

    /// The template of a table; what is put into it is escaped.
    package static let template = String(decoding: PackageResources.table_mustache, as: UTF8.self)

    /// How wide a table is.
    package enum Shape: String, Sendable {
        case wide = ""
        /// No wider than what is in it.
        case narrow
        /// Rows and columns of the same kind.
        case matrix
    }

    package let caption: String
    package let columns: [String]
    /// The columns of numbers.
    package var numbers: Set<Int>
    package var rows: [[Cell]]
    /// Said in place of rows where there are none.
    package var empty: String
    package var note: String?
    package var shape: Shape

    /// A table.
    package init(
        caption: String,
        columns: [String],
        numbers: Set<Int> = [],
        rows: [[Cell]] = [],
        empty: String = "Nothing to show.",
        note: String? = nil,
        shape: Shape = .wide
    ) {
        self.caption = caption
        self.columns = columns
        self.numbers = numbers
        self.rows = rows
        self.empty = empty
        self.note = note
        self.shape = shape
    }

    /// The table's name in addresses, made from its caption.
    package var name: String {
        let words = caption.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        return words.isEmpty ? "table" : String(words.joined(separator: "-").prefix(100))
    }

    /// The rows as HTML.
    ///
    /// A list has thousands of cells, and a template looks each name of each of them up by its type: that took most of
    /// the time of a page.
    private var rowMarkup: String {
        var markup = ""
        for row in rows {
            markup += "<tr>"
            for (place, cell) in row.enumerated() {
                cell.write(to: &markup, number: numbers.contains(place), head: place == 0)
            }
            markup += "</tr>\n"
        }
        return markup
    }

    package var context: [String: Any] {
        var context: [String: Any] = [
            // For programs that make files of a page's tables.
            "part": self,
            "table_name": name,
            "caption": caption,
            "columns": columns.enumerated().map { ["name": $1, "number": numbers.contains($0)] as [String: Any] },
            "rows": rowMarkup,
            "span": columns.count,
            "shape": shape.rawValue,
        ]
        context["empty"] = rows.isEmpty ? empty as Any : false
        context["remark"] = note ?? false as Any
        return context
    }
}

extension TablePart {
    /// What the table shows, as a list for files.
    ///
    /// Small words have a column of their own. Signs, links and drawings are left out, and numbers are written without
    /// separators.
    package var listing: Listing {
        var names: [String] = []
        var cells = rows.map { _ in [String]() }
        for (place, column) in columns.enumerated() {
            func cell(_ row: [Cell]) -> Cell? { row.indices.contains(place) ? row[place] : nil }
            if rows.contains(where: { cell($0)?.drawing != nil }) { continue }
            let hasNotes = rows.contains { cell($0)?.note != nil }
            names += hasNotes ? [column, "\(column): more"] : [column]
            for (number, row) in rows.enumerated() {
                let text = cell(row)?.text ?? ""
                cells[number].append(numbers.contains(place) ? Self.plain(text) : text)
                if hasNotes { cells[number].append(cell(row)?.note ?? "") }
            }
        }
        return Listing(names, cells)
    }

    /// The names of the columns of numbers.
    package var numberNames: Set<String> { Set(numbers.filter(columns.indices.contains).map { columns[$0] }) }

    /// A number as programs write it; other words stay.
    private static func plain(_ text: String) -> String {
        switch text {
        // No number, and none of a matrix.
        case "–": ""
        case "·": "0"
        default: text.allSatisfy { $0.isNumber || $0 == "," } ? text.replacing(",", with: "") : text
        }
    }
}
