internal import Operating
internal import Rules

/// The pages in the navigation.
enum PagePlace: String, CaseIterable {
    case results = "Determinations"
    case compare = "Compare"
    case state = "State"
    case duties = "Duties"
    case rejections = "Rejections"
    case files = "Files"
    case published = "Public results"
    case publishedState = "Public state"
    case frameworks = "Frameworks"
    case run = "Run"
    case upload = "Submit a file"
    case release = "Release desk"
    case trail = "Audit trail"
    case deliveries = "Deliveries"
    case quarantine = "Quarantine"

    /// The page's address.
    ///
    /// - Parameters:
    ///   - year: the year of the page that has the link.
    ///   - area: whose figures that page shows.
    ///   - isPublished: whether there are official results.
    /// - Returns: the address; nil if there is no year to show.
    func address(_ year: Int?, in area: Area, isPublished: Bool) -> String? {
        switch (self, area) {
        case (.published, _) where !isPublished: nil
        case (.published, .published): year.map { Address.year($0, in: area) }
        case (.published, .own): Address.published
        case (.publishedState, .published): year.map { Address.state($0, in: area) }
        case (.publishedState, .own): nil
        case (_, .own): address(year)
        // A page of a year is left out here: the years of this area are not those of the own one.
        case (.results, .published): "/"
        case (_, .published): address(nil)
        }
    }

    private func address(_ year: Int?) -> String? {
        switch self {
        case .published, .publishedState: nil
        case .results: year.map { Address.year($0) }
        case .compare: year.map { Address.compare($0) }
        case .state: year.map { Address.state($0) }
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

    /// The lowest role that sees it.
    var needs: Role {
        switch self {
        case .results, .compare, .duties, .rejections, .files, .upload: .district
        case .state, .run, .release, .trail: .data
        case .deliveries, .quarantine: .operator
        case .frameworks, .published, .publishedState: .everybody
        }
    }

    /// Whether the page is for acting, which only a signed-in person can do.
    private var isDesk: Bool {
        switch self {
        case .results, .compare, .state, .duties, .rejections, .files, .published, .publishedState, .frameworks, .run:
            false
        case .upload, .release, .trail, .deliveries, .quarantine: true
        }
    }

    /// Whether a visitor sees it in the navigation.
    func isShown(to visitor: Visitor) -> Bool { visitor.mayRead(needs) && (!isDesk || visitor.account != nil) }
}

/// A page with its content, before the visitor is known.
struct PageLayout {
    let page: Page
    let content: String
    /// The year that the navigation links to.
    let year: Int?
    /// Whose figures the page shows, and whether there are official results.
    let area: Area
    let isPublished: Bool
    /// Until when the visitor's own results are under embargo, by year; empty if no day is set.
    let embargoes: [String]
    let revision: UInt64
    let silence: String?

    /// The page for a visitor.
    func html(in frame: PageFrame) throws -> String {
        var context: [String: Any] = [
            "title": page.title,
            "content": content,
            "script": (page.isLive ? "/console.js" : page.script) ?? false as Any,
            "revision": String(revision),
            "pages": PagePlace.allCases.filter { $0.isShown(to: frame.visitor) }
                .compactMap { place in
                    place.address(year, in: area, isPublished: isPublished)
                        .map { ["name": place.rawValue, "href": $0, "current": place == page.place] as [String: Any] }
                },
        ]
        context["above"] = page.above
        context["lead"] = page.lead
        context["next"] = page.next
        context["api"] = page.api
        // A page that renews itself shows the silence in the renewed part.
        context["silence"] = page.isLive ? nil : silence
        if page.years.count > 1 {
            context["years"] = [
                "entries": page.years.map {
                    ["name": SchoolYear.title($0.year), "href": $0.address, "current": $0.isCurrent] as [String: Any]
                }
            ]
        }
        context.merge(frame.context(embargoes: embargoes)) { $1 }
        if area == .published {
            context["foot"] =
                "Official results as published, the same for everyone. Figures that could reveal something about small groups of students are left out."
        }
        return try Templates.render("layout", context)
    }
}
