/// What an answer is.
struct ConsoleContent: Sendable {
    let type: String
    private let body: String
    /// The page around it; nil of files and of what programs read.
    private let page: PageLayout?
    /// The name under which a browser keeps it; nil where it shows it.
    let file: String?

    init(type: String, body: String, file: String? = nil) {
        self.type = type
        self.body = body
        self.file = file
        page = nil
    }

    init(_ page: PageLayout) {
        type = "text/html; charset=utf-8"
        body = ""
        file = nil
        self.page = page
    }

    static func json(_ value: JSONValue) -> ConsoleContent {
        ConsoleContent(type: "application/json", body: value.text)
    }

    /// The text, for whom it is made.
    func text(in frame: PageFrame) throws -> String { try page?.html(in: frame) ?? body }
}
