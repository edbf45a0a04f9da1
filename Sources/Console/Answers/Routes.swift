internal import Reading
internal import Rules

/// Every address of the console.
enum Routes {
    static let all: [Route] = pages + files + api

    /// The routes that the description of the API lists.
    static var described: [Route] { api.filter { $0.schema != nil } }

    private static let determinations = DeterminationsView.Query.parameters + ListParts.parameters
    private static let rejections = RejectionsView.parameters + ListParts.parameters

    private static let pages: [Route] = [
        Route("/run", "How far the stages have come.") { try RunView($0.tables).page($0.tables) },
        Route("/files", "Submissions and what became of their rows.", query: ListParts.parameters) {
            try FilesView($0).page($0.tables)
        },
        Route("/rejections", "Rows that were refused, counted.", query: rejections) {
            try RejectionsView($0).page($0.tables)
        },
        Route("/frameworks", "The frameworks.") { try FrameworkView.listPage($0.tables) },
        Route("/frameworks/{name}", "The parameters of a framework.", query: FrameworkView.parameterList) {
            try FrameworkView($0).page($0.tables)
        },
        Route("/years/{year}", "The determinations of a year.", query: determinations) {
            try DeterminationsView($0).page($0.tables)
        },
        Route("/years/{year}/state", "A year of the state.", query: StateView.parameters) {
            try StateView($0).page($0.tables)
        },
        Route("/years/{year}/organizations/{code}", "An organization.", query: OrganizationView.parameters) {
            try OrganizationView($0).page($0.tables)
        },
    ]

    private static let files: [Route] = [
        Route(
            "/years/{year}/determinations.csv",
            "What the list shows, as CSV.",
            query: DeterminationsView.Query.parameters
        ) {
            DeterminationsView($0).csv()
        },
        Route("/console.css", "The style.", isFixed: true) { _ in
            .init(type: "text/css; charset=utf-8", body: Templates.style)
        },
        Route("/console.js", "The script that renews the run.", isFixed: true) { _ in
            .init(type: "text/javascript; charset=utf-8", body: Templates.script)
        },
        Route("/icon.svg", "The sign in a browser's tab.", isFixed: true) { _ in
            .init(type: "image/svg+xml", body: Templates.icon)
        },
        Route("\(Address.api)/openapi.json", "The description of the API.", isFixed: true) { _ in
            .json(OpenAPIDocument.json)
        },
    ]

    private static func resource<Value>(
        _ path: String,
        _ summary: String,
        query: [QueryParameter] = [],
        isFixed: Bool = false,
        _ shape: Shape<Value>,
        _ make: @escaping @Sendable (Route.Call) throws -> Value
    ) -> Route {
        Route("\(Address.api)\(path)", summary, query: query, schema: shape.schema, isFixed: isFixed) {
            .json(shape.json(try make($0)))
        }
    }

    private static let api: [Route] = [
        resource("/run", "How far the stages have come, and what is wrong.", RunView.shape) { RunView($0.tables) },
        resource("/years", "The school years that have determinations, the newest first.", YearsView.shape) {
            YearsView($0.tables)
        },
        resource(
            "/years/{year}/determinations",
            "The determinations of a school year, page by page.",
            query: determinations,
            DeterminationsView.shape
        ) { DeterminationsView($0) },
        resource(
            "/years/{year}/organizations/{code}",
            "An organization's determination with its derivation.",
            query: OrganizationView.parameters,
            OrganizationView.shape
        ) { try OrganizationView($0) },
        resource(
            "/years/{year}/state",
            "Counts, changes between two years, and how percentages are spread.",
            query: StateView.parameters,
            StateView.shape
        ) { try StateView($0) },
        resource("/frameworks", "The frameworks.", isFixed: true, FrameworkView.list) { _ in
            try FrameworkView.all().map { FrameworkSummary($0) }
        },
        resource(
            "/frameworks/{name}",
            "A framework with its parameters.",
            query: FrameworkView.parameterList,
            isFixed: true,
            FrameworkView.shape
        ) { try FrameworkView($0) },
        resource(
            "/rejections",
            "Rows that were refused, counted by code, layout, organization and year.",
            query: rejections,
            RejectionsView.shape
        ) { RejectionsView($0) },
        resource(
            "/submissions",
            "Submissions and what became of their rows.",
            query: ListParts.parameters,
            FilesView.shape
        ) { FilesView($0) },
    ]
}
