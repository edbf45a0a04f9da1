/// A workbook of spreadsheet programs (Office Open XML, ECMA-376) that is written sheet by sheet.
///
/// Numbers are numbers and codes are text; no cell can be a formula. The first row of each sheet stays in view and has
/// filters. The same content gives the same bytes: the workbook bears the time that it is given, and its parts none.
///
/// It is written here and not by a library: the one that Debian has, libxlsxwriter, is found under another name in each
/// of its releases, so that a program built on one does not start on the next, and it takes numbers in binary.
public struct Workbook: ~Copyable {
    private var archive = Archive()
    private var names: [String] = []
    private let title: String
    private let created: String

    /// A workbook without sheets.
    ///
    /// - Parameters:
    ///   - title: what it is called.
    ///   - created: when it was made, `2019-09-24T12:00:00Z`.
    public init(title: String, created: String) {
        self.title = title
        self.created = created
    }

    /// Adds a sheet.
    ///
    /// - Parameters:
    ///   - name: at most 31 characters, none of `[]:*?/\`, and no other sheet's.
    ///   - columns: the row of headings.
    ///   - rows: hands over the rows, one after the other.
    /// - Throws: ``WorkbookError`` where that is no name, or there are more rows than a sheet has; and what `rows`
    ///   throws.
    public mutating func add(
        sheet name: String,
        columns: [String],
        _ rows: (_ write: ([WorkbookCell]) throws -> Void) throws -> Void
    ) throws {
        guard !name.isEmpty, name.utf16.count <= 31, !name.contains(where: "[]:*?/\\".contains),
            !names.contains(where: { $0.lowercased() == name.lowercased() })
        else { throw WorkbookError("'\(name)' cannot be the name of a sheet") }
        let content = try Deflater()
        var sheet = SheetWriter(content, columns: columns, isFirst: names.isEmpty)
        try rows { try sheet.write($0) }
        try sheet.finish()
        try content.finish()
        names.append(name)
        try archive.add("xl/worksheets/sheet\(names.count).xml", content)
    }

    /// The workbook as it stands in a file; it has to have a sheet.
    public consuming func bytes() throws(WorkbookError) -> [UInt8] {
        guard !names.isEmpty else { throw WorkbookError("a workbook without a sheet cannot be written") }
        for (name, text) in WorkbookParts(names: names, title: title, created: created).all {
            let content = try Deflater()
            try content.write(text)
            try content.finish()
            try archive.add(name, content)
        }
        return archive.whole()
    }
}

/// Writes the rows of a sheet.
private struct SheetWriter {
    private let content: Deflater
    private let columns: [String]
    private let isFirst: Bool
    private let letters: [String]
    /// The first rows, by which the columns get their widths.
    private var held: [[WorkbookCell]] = []
    private var hasBegun = false
    private var row = 1

    private static let mostHeld = 1000
    /// As ECMA-376 and the programs have it.
    private static let mostRows = 1_048_576

    init(_ content: Deflater, columns: [String], isFirst: Bool) {
        self.content = content
        self.columns = columns
        self.isFirst = isFirst
        letters = columns.indices.map(Self.letters)
    }

    mutating func write(_ cells: [WorkbookCell]) throws(WorkbookError) {
        if hasBegun { return try put(cells) }
        held.append(cells)
        if held.count == Self.mostHeld { try begin() }
    }

    mutating func finish() throws(WorkbookError) {
        if !hasBegun { try begin() }
        let corner = "\(letters.last ?? "A")\(row)"
        try content.write("</sheetData><autoFilter ref=\"A1:\(corner)\"/></worksheet>")
    }

    private mutating func begin() throws(WorkbookError) {
        hasBegun = true
        let widths = columns.indices.map { column in
            // A heading may take two lines.
            let heading = (columns[column].count + 1) / 2
            let cells = held.map { column < $0.count ? $0[column].width : 0 }.max() ?? 0
            return min(max(heading, cells, 8), 60) + 2
        }
        try content.write(
            """
            \(WorkbookParts.declaration)<worksheet xmlns="\(WorkbookParts.main)"><sheetViews><sheetView\(isFirst ? " tabSelected=\"1\"" : "") \
            workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>\
            <sheetFormatPr defaultRowHeight="15"/><cols>
            """
        )
        for (index, width) in widths.enumerated() {
            try content.write("<col min=\"\(index + 1)\" max=\"\(index + 1)\" width=\"\(width)\" customWidth=\"1\"/>")
        }
        try content.write("</cols><sheetData><row r=\"1\" ht=\"45\" customHeight=\"1\">")
        for (letters, name) in zip(letters, columns) {
            let text = WorkbookCell.escaped(name)
            try content.write("<c r=\"\(letters)1\" s=\"1\" t=\"inlineStr\"><is><t>\(text)</t></is></c>")
        }
        try content.write("</row>")
        for cells in held { try put(cells) }
        held = []
    }

    private mutating func put(_ cells: [WorkbookCell]) throws(WorkbookError) {
        guard row < Self.mostRows else {
            throw WorkbookError("a sheet holds \(Self.mostRows) rows, and there are more: use the CSV files")
        }
        guard cells.count == columns.count else {
            throw WorkbookError("a row of \(cells.count) cells under \(columns.count) headings")
        }
        row += 1
        var text = "<row r=\"\(row)\">"
        for (letters, cell) in zip(letters, cells) { text += cell.markup(at: "\(letters)\(row)") }
        try content.write(text + "</row>")
    }

    /// The name of a column: A to Z, AA and so on.
    private static func letters(_ index: Int) -> String {
        var rest = index
        var text = ""
        repeat {
            text = String(Character(Unicode.Scalar(UInt8(0x41 + rest % 26)))) + text
            rest = rest / 26 - 1
        } while rest >= 0
        return text
    }
}
