internal import Rules

/// A page: what stands around the content of each.
struct Page {
    /// The pages that lead everywhere.
    enum Place: String, CaseIterable {
        case results = "Determinations"
        case state = "State"
        case rejections = "Rejections"
        case files = "Files"
        case frameworks = "Frameworks"
        case run = "Run"

        func address(_ year: Int?) -> String? {
            switch self {
            case .results: year.map(Address.year)
            case .state: year.map(Address.state)
            case .rejections: "/rejections"
            case .files: "/files"
            case .frameworks: "/frameworks"
            case .run: "/run"
            }
        }
    }

    let title: String
    var place: Place?
    /// The small line above the title.
    var above: String?
    var lead: String?
    /// The same content for programs.
    var api: String?
    /// Whether the page renews itself.
    var isLive = false
    /// Other years of the same page: name, address, whether it is this one.
    var years: [(year: Int, address: String, isCurrent: Bool)] = []

    /// The page around a template's content.
    func html(_ tables: ConsoleTables, year: Int? = nil, _ template: String, _ content: [String: Any]) throws
        -> Route.Content
    {
        let shownYear = year ?? tables.determinedYears.first
        var context: [String: Any] = [
            "title": title,
            "content": try Templates.render(template, content),
            "live": isLive,
            "revision": String(tables.revision),
            "pages": Place.allCases.compactMap { place in
                place.address(shownYear)
                    .map { address in
                        ["name": place.rawValue, "href": address, "current": place == self.place] as [String: Any]
                    }
            },
        ]
        context["above"] = above
        context["lead"] = lead
        context["api"] = api
        // A page that renews itself says it within the part that is renewed.
        context["silence"] = isLive ? nil : tables.silence?.text
        if years.count > 1 {
            context["years"] = [
                "entries": years.map {
                    ["name": SchoolYear.title($0.year), "href": $0.address, "current": $0.isCurrent] as [String: Any]
                }
            ]
        }
        return .html(try Templates.render("layout", context))
    }

    /// The page of a problem.
    static func problem(_ problem: Problem, _ tables: ConsoleTables) -> String {
        let page = Page(title: problem.title)
        let context: [String: Any] = ["status": problem.status, "detail": problem.detail]
        return (try? page.html(tables, "problem", context).body) ?? problem.title
    }
}

/// A form that narrows a list; it works without scripts.
struct FiltersPart {
    private(set) var fields: [[String: Any]] = []
    let action: String
    let clear: String?

    init(action: String, isNarrowed: Bool) {
        self.action = action
        clear = isNarrowed ? action : nil
    }

    mutating func search(_ name: String, _ label: String, _ value: String?, hint: String) {
        fields.append(["text": ["id": "f-\(name)", "name": name, "label": label, "value": value ?? "", "hint": hint]])
    }

    mutating func choice(_ name: String, _ label: String, _ value: String?, any: String, _ options: [(String, String)])
    {
        let entries =
            [["value": "", "name": any, "selected": value == nil] as [String: Any]]
            + options.map { ["value": $0.0, "name": $0.1, "selected": $0.0 == value] as [String: Any] }
        fields.append([
            "choice": ["id": "f-\(name)", "name": name, "label": label, "options": entries] as [String: Any]
        ])
    }

    var context: [String: Any] {
        var context: [String: Any] = ["action": action, "fields": fields]
        context["clear"] = clear
        return context
    }
}
