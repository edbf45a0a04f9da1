internal import Operating
internal import Rules

/// The pages that lead everywhere.
enum PagePlace: String, CaseIterable {
    case results = "Determinations"
    case compare = "Compare"
    case state = "State"
    case duties = "Duties"
    case rejections = "Rejections"
    case files = "Files"
    case frameworks = "Frameworks"
    case run = "Run"
    case upload = "Submit a file"
    case release = "Release desk"
    case trail = "Audit trail"
    case deliveries = "Deliveries"
    case quarantine = "Quarantine"

    /// Where it is; nil where there is no year to show.
    func address(_ year: Int?) -> String? {
        switch self {
        case .results: year.map(Address.year)
        case .compare: year.map { Address.compare($0) }
        case .state: year.map(Address.state)
        case .duties: "/duties"
        case .rejections: "/rejections"
        case .files: "/files"
        case .frameworks: "/frameworks"
        case .run: "/run"
        case .upload: "/upload"
        case .release: "/release"
        case .trail: "/audit-trail"
        case .deliveries: "/deliveries"
        case .quarantine: "/quarantine"
        }
    }

    /// The least role that it is shown to.
    var needs: Role {
        switch self {
        case .results, .compare, .duties, .rejections, .files, .upload: .district
        case .state, .run, .release, .trail: .data
        case .deliveries, .quarantine: .operator
        case .frameworks: .everybody
        }
    }

    /// Whether it is about doing something, which only a person does.
    private var isDesk: Bool {
        switch self {
        case .results, .compare, .state, .duties, .rejections, .files, .frameworks, .run: false
        case .upload, .release, .trail, .deliveries, .quarantine: true
        }
    }

    /// Whether it is there for a visitor.
    func isShown(to visitor: Visitor) -> Bool { visitor.mayRead(needs) && (!isDesk || visitor.account != nil) }
}

/// A page whose content is made, before it is known for whom.
struct PageLayout {
    let page: Page
    let content: String
    /// The year that the links of the head lead to.
    let year: Int?
    let revision: UInt64
    let silence: String?

    /// The page as somebody sees it.
    func html(in frame: PageFrame) throws -> String {
        var context: [String: Any] = [
            "title": page.title,
            "content": content,
            "script": (page.isLive ? "/console.js" : page.script) ?? false as Any,
            "revision": String(revision),
            "pages": PagePlace.allCases.filter { $0.isShown(to: frame.visitor) }
                .compactMap { place in
                    place.address(year)
                        .map { ["name": place.rawValue, "href": $0, "current": place == page.place] as [String: Any] }
                },
        ]
        context["above"] = page.above
        context["lead"] = page.lead
        context["api"] = page.api
        // A page that renews itself says it within the part that is renewed.
        context["silence"] = page.isLive ? nil : silence
        if page.years.count > 1 {
            context["years"] = [
                "entries": page.years.map {
                    ["name": SchoolYear.title($0.year), "href": $0.address, "current": $0.isCurrent] as [String: Any]
                }
            ]
        }
        context.merge(frame.context) { $1 }
        return try Templates.render("layout", context)
    }
}
