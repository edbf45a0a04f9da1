internal import Reading

/// The content of an answer.
struct ConsoleContent: Sendable {
    let type: String
    private let body: [UInt8]
    /// The page around it; nil for files and for the API.
    private let page: PageLayout?
    /// The file name for a download; nil if the browser shows the content.
    let file: String?
    /// The tables of a page that offers them as files.
    let tables: [TablePart]

    init(type: String, bytes: [UInt8], file: String? = nil) {
        self.type = type
        body = bytes
        self.file = file
        page = nil
        tables = []
    }

    init(type: String, body: String, file: String? = nil) {
        self.init(type: type, bytes: Array(body.utf8), file: file)
    }

    init(_ page: PageLayout, tables: [TablePart]) {
        type = "text/html; charset=utf-8"
        body = []
        file = nil
        self.page = page
        self.tables = tables
    }

    /// The headers that say what it is.
    var headers: [ConsoleResponse.Header] {
        let disposition = file.map {
            ConsoleResponse.Header("Content-Disposition", "attachment; filename=\"\($0)\"")
        }
        return [.init("Content-Type", type)] + [disposition].compactMap { $0 }
    }

    static func json(_ value: JSONValue) -> ConsoleContent {
        ConsoleContent(type: "application/json", body: value.text)
    }

    /// A list as a CSV file.
    static func csv(_ listing: Listing, _ name: String) -> ConsoleContent {
        ConsoleContent(type: "text/csv; charset=utf-8; header=present", body: listing.csv, file: "\(name).csv")
    }

    /// The same list as a workbook.
    static func workbook(_ listing: Listing, _ name: String, title: String, numbers: Set<String>, issued: Int64) throws
        -> ConsoleContent
    {
        ConsoleContent(
            type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            bytes: try listing.workbook(title: title, sheet: "List", numbers: numbers, issued: issued),
            file: "\(name).xlsx"
        )
    }

    /// The bytes, as the visitor gets them.
    func bytes(in frame: PageFrame) throws -> [UInt8] { try page.map { Array(try $0.html(in: frame).utf8) } ?? body }
}
