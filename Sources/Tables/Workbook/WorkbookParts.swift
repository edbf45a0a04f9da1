/// The parts of a workbook beside its sheets.
struct WorkbookParts {
    /// The names of the sheets.
    let names: [String]
    let title: String
    let created: String

    static let declaration = #"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"# + "\n"
    static let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    private static let types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    private static let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    private static let packageRelations = "http://schemas.openxmlformats.org/package/2006/relationships"
    private static let packageTypes = "application/vnd.openxmlformats-package"

    /// Each part with its name in the archive.
    var all: [(name: String, text: String)] {
        [
            ("[Content_Types].xml", contentTypes), ("_rels/.rels", rootRelations), ("docProps/core.xml", properties),
            ("xl/workbook.xml", workbook), ("xl/_rels/workbook.xml.rels", workbookRelations),
            ("xl/styles.xml", Self.styles),
        ]
        .map { ($0.0, Self.declaration + $0.1) }
    }

    private var contentTypes: String {
        let sheets = names.indices.map {
            "<Override PartName=\"/xl/worksheets/sheet\($0 + 1).xml\" ContentType=\"\(Self.types).worksheet+xml\"/>"
        }
        return """
            <Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
            <Default Extension="rels" ContentType="\(Self.packageTypes).relationships+xml"/>\
            <Default Extension="xml" ContentType="application/xml"/>\
            <Override PartName="/xl/workbook.xml" ContentType="\(Self.types).sheet.main+xml"/>\(sheets.joined())\
            <Override PartName="/xl/styles.xml" ContentType="\(Self.types).styles+xml"/>\
            <Override PartName="/docProps/core.xml" ContentType="\(Self.packageTypes).core-properties+xml"/></Types>
            """
    }

    private var rootRelations: String {
        """
        <Relationships xmlns="\(Self.packageRelations)"><Relationship Id="rId1" Type="\(Self.relations)/officeDocument" \
        Target="xl/workbook.xml"/><Relationship Id="rId2" Type="\(Self.packageRelations)/metadata/core-properties" \
        Target="docProps/core.xml"/></Relationships>
        """
    }

    private var properties: String {
        """
        <cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" \
        xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" \
        xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>\(WorkbookCell.escaped(title))</dc:title>\
        <dc:creator>accountability</dc:creator><dcterms:created xsi:type="dcterms:W3CDTF">\(WorkbookCell.escaped(created))\
        </dcterms:created></cp:coreProperties>
        """
    }

    private var workbook: String {
        let sheets = names.enumerated()
            .map {
                "<sheet name=\"\(WorkbookCell.escaped($1))\" sheetId=\"\($0 + 1)\" r:id=\"rId\($0 + 1)\"/>"
            }
        return
            "<workbook xmlns=\"\(Self.main)\" xmlns:r=\"\(Self.relations)\"><sheets>\(sheets.joined())</sheets></workbook>"
    }

    private var workbookRelations: String {
        let sheets = names.indices.map {
            "<Relationship Id=\"rId\($0 + 1)\" Type=\"\(Self.relations)/worksheet\" Target=\"worksheets/sheet\($0 + 1).xml\"/>"
        }
        return """
            <Relationships xmlns="\(Self.packageRelations)">\(sheets.joined())<Relationship Id="rId\(names.count + 1)" \
            Type="\(Self.relations)/styles" Target="styles.xml"/></Relationships>
            """
    }

    /// Of cells: 1 headings, 2 text, 3 numbers.
    private static let styles = """
        <styleSheet xmlns="\(main)"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/>\
        <name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill>\
        <patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/>\
        </border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
        <cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>\
        <xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyAlignment="1">\
        <alignment vertical="top" wrapText="1"/></xf>\
        <xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
        <xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs><cellStyles count="1">\
        <cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>
        """
}
