internal import Reading

/// A page made for print, with tables.
struct HTMLPage {
    /// A table with its heading.
    struct Table {
        let title: String
        var note = ""
        let listing: Listing
    }

    let title: String
    /// The heading of the page; default: the title.
    var heading: String?
    let paragraphs: [String]
    let tables: [Table]
    /// Whether the page is in landscape format, for tables of many columns.
    var isWide = false

    /// The document.
    var text: String {
        var text = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <title>\(MarkupText.escaped(title))</title>
            <style>
            @page { size: letter\(isWide ? " landscape" : ""); margin: 2cm 1.8cm; @bottom-center { content: counter(page) " / " counter(pages); } }
            body { font: 10.5pt/1.45 Georgia, serif; color: #111; max-width: \(isWide ? 70 : 46)em; margin: 2em auto; padding: 0 1em; }
            h1 { font-size: 20pt; line-height: 1.2; } h2 { font-size: 13pt; margin-top: 2em; break-after: avoid; }
            table { border-collapse: collapse; width: 100%; font: 9pt/1.35 "Helvetica Neue", Arial, sans-serif; }
            caption { text-align: left; padding-bottom: .4em; color: #444; }
            th, td { text-align: left; padding: .25em .5em; border-bottom: .5pt solid #bbb; vertical-align: top; }
            th { border-bottom: 1pt solid #111; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
            thead { display: table-header-group; } tr { break-inside: avoid; }
            @media print { body { max-width: none; margin: 0; padding: 0; } }
            </style>
            </head>
            <body>
            <h1>\(MarkupText.escaped(heading ?? title))</h1>

            """
        for paragraph in paragraphs { text += "<p>\(MarkupText.escaped(paragraph))</p>\n" }
        for table in tables { text += Self.text(of: table) }
        return text + "</body>\n</html>\n"
    }

    private static func text(of table: Table) -> String {
        let listing = table.listing
        let isNumber = listing.columns.indices.map { column in
            !listing.rows.isEmpty
                && listing.rows.allSatisfy { row in row[column].allSatisfy { $0.isNumber || $0 == "." } }
        }
        func cells(_ row: [String], _ tag: String) -> String {
            row.enumerated()
                .map { "<\(tag)\(isNumber[$0] ? " class=\"number\"" : "")>\(MarkupText.escaped($1))</\(tag)>" }
                .joined()
        }
        let head = listing.columns.map { $0.replacing("_", with: " ") }
        var text = "<h2>\(MarkupText.escaped(table.title))</h2>\n<table>\n"
        if !table.note.isEmpty { text += "<caption>\(MarkupText.escaped(table.note))</caption>\n" }
        text += "<thead><tr>\(cells(head, "th"))</tr></thead>\n<tbody>\n"
        for row in listing.rows { text += "<tr>\(cells(row, "td"))</tr>\n" }
        return text + "</tbody>\n</table>\n"
    }
}
