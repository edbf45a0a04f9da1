internal import Operating
internal import Reading
internal import Rules

/// Every address of the console.
enum Routes {
    /// The first that matches answers.
    ///
    /// Tables' files come before pages: `/frameworks/tables.csv` could also be the page of a framework.
    static let all: [Route] = tableFiles + pages + files + api + PublishedRoutes.pages + PublishedRoutes.api

    private static let tableFiles = (pages + PublishedRoutes.pages).filter(\.hasFiles).flatMap(downloads)

    /// The files of a page's tables.
    private static func downloads(of page: Route) -> [Route] {
        TableFiles.Form.allCases.map { form in
            Route(
                TableFiles.path(page.path, form),
                "A table of the page \(page.path), \(form.title).",
                needs: page.needs,
                query: TableFiles.parameters(page.query),
                area: page.area,
                isFixed: page.isFixed,
                isDaily: page.isDaily
            ) {
                try $0.file(form, of: try page.answer($0.whole))
            }
        }
    }

    /// The routes that the description of the API lists.
    static var described: [Route] { all.filter { $0.schema != nil } }

    static let determinations = DeterminationsView.Query.parameters + ListParts.parameters
    private static let duties = DutiesView.parameters + ListParts.parameters
    private static let rejections = RejectionsView.parameters + ListParts.parameters

    private static let pages: [Route] = [
        Route("/run", "The progress of the stages.", needs: .data, hasFiles: true) {
            try RunView($0).page($0.tables)
        },
        Route(
            "/files",
            "Submissions and what happened to their rows.",
            needs: .district,
            query: ListParts.parameters,
            hasFiles: true
        ) {
            try FilesView($0).page($0.tables)
        },
        Route("/rejections", "Refused rows, and where they are.", needs: .district, query: rejections, hasFiles: true) {
            try RejectionsView($0).page($0.tables)
        },
        Route("/duties", "Duties and their dates.", needs: .district, query: duties, isDaily: true) {
            try DutiesView($0).page($0.tables)
        },
        Route("/frameworks", "The frameworks.", needs: .everybody, hasFiles: true) {
            try FrameworkView.listPage($0.tables)
        },
        Route(
            "/frameworks/{name}",
            "The parameters of a framework.",
            needs: .everybody,
            query: FrameworkView.parameterList,
            hasFiles: true
        ) {
            try FrameworkView($0).page($0.tables)
        },
        Route("/years/{year}", "The determinations of a year.", needs: .district, query: determinations) {
            try DeterminationsView($0).page($0.tables)
        },
        Route(
            "/compare",
            "An organization compared with others in the newest year.",
            needs: .district,
            query: CompareView.parameterList
        ) { call in
            guard let newest = call.tables.determinedYears.max() else {
                throw Problem(404, "there are no determinations yet, so nothing can be compared")
            }
            var call = call
            call.arguments["year"] = String(newest)
            return try CompareView(call).page(call.tables)
        },
        Route(
            "/years/{year}/compare",
            "An organization compared with others.",
            needs: .district,
            query: CompareView.parameterList
        ) {
            try CompareView($0).page($0.tables)
        },
        Route(
            "/years/{year}/state",
            "A year of the whole state.",
            needs: .data,
            query: StateView.parameters,
            hasFiles: true
        ) {
            try StateView($0).page($0.tables)
        },
        Route(
            "/years/{year}/organizations/{code}",
            "An organization.",
            needs: .district,
            query: OrganizationView.parameters,
            hasFiles: true
        ) {
            try OrganizationView($0).page($0.tables)
        },
    ]

    private static let files: [Route] = [
        Route(
            "/years/{year}/determinations.csv",
            "The list of determinations, as CSV.",
            needs: .district,
            query: DeterminationsView.Query.parameters
        ) {
            DeterminationsView($0).csv()
        },
        Route(
            "/years/{year}/determinations.xlsx",
            "The list of determinations, as a workbook.",
            needs: .district,
            query: DeterminationsView.Query.parameters
        ) {
            try DeterminationsView($0).workbook()
        },
        Route(
            "/years/{year}/compare.csv",
            "The comparison, as CSV.",
            needs: .district,
            query: CompareView.parameterList
        ) {
            try CompareView($0).csv()
        },
        Route(
            "/years/{year}/compare.xlsx",
            "The comparison, as a workbook.",
            needs: .district,
            query: CompareView.parameterList
        ) {
            try CompareView($0).workbook()
        },
        Route(
            "/duties.csv",
            "The list of duties, as CSV.",
            needs: .district,
            query: DutiesView.parameters,
            isDaily: true
        ) {
            try DutiesView($0).csv()
        },
        Route(
            "/duties.xlsx",
            "The list of duties, as a workbook.",
            needs: .district,
            query: DutiesView.parameters,
            isDaily: true
        ) {
            try DutiesView($0).workbook($0.tables)
        },
        Route("/console.css", "The style sheet.", needs: .everybody, isFixed: true) { _ in
            .init(type: "text/css; charset=utf-8", body: Templates.style)
        },
        Route("/console.js", "The script that renews the page of the run.", needs: .everybody, isFixed: true) { _ in
            .init(type: "text/javascript; charset=utf-8", body: Templates.script)
        },
        Route(
            "/desk.js",
            "The script for forms and for pages that wait for a result.",
            needs: .everybody,
            isFixed: true
        ) { _ in
            .init(type: "text/javascript; charset=utf-8", body: Templates.deskScript)
        },
        Route("/icon.svg", "The icon in the browser's tab.", needs: .everybody, isFixed: true) { _ in
            .init(type: "image/svg+xml", body: Templates.icon)
        },
        Route("\(Address.api)/openapi.json", "The description of the API.", needs: .everybody, isFixed: true) {
            .json(OpenAPIDocument.json(cookie: $0.sessionCookie))
        },
    ]

    /// An address of the API.
    static func resource<Value>(
        _ path: String,
        _ summary: String,
        needs: Role,
        query: [QueryParameter] = [],
        area: Area = .own,
        isFixed: Bool = false,
        isDaily: Bool = false,
        _ shape: Shape<Value>,
        _ make: @escaping @Sendable (ConsoleCall) throws -> Value
    ) -> Route {
        Route(
            "\(Address.api)\(area.prefix)\(path)",
            summary,
            needs: needs,
            query: query,
            schema: shape.schema,
            area: area,
            isFixed: isFixed,
            isDaily: isDaily
        ) {
            .json(shape.json(try make($0)))
        }
    }

    private static let api: [Route] = [
        resource("/run", "The progress of the stages, and what is wrong.", needs: .data, RunView.shape) {
            RunView($0)
        },
        resource(
            "/years",
            "The school years that have determinations, the newest first.",
            needs: .district,
            YearsView.shape
        ) {
            YearsView($0.tables)
        },
        resource(
            "/years/{year}/determinations",
            "The determinations of a school year, page by page.",
            needs: .district,
            query: determinations,
            DeterminationsView.shape
        ) { DeterminationsView($0) },
        resource(
            "/years/{year}/organizations/{code}",
            "An organization's determination with its derivation.",
            needs: .district,
            query: OrganizationView.parameters,
            OrganizationView.shape
        ) { try OrganizationView($0) },
        resource(
            "/years/{year}/compare",
            "An organization compared with similar ones and any of your choice, year by year.",
            needs: .district,
            query: CompareView.parameterList,
            CompareView.shape
        ) { try CompareView($0) },
        resource(
            "/years/{year}/state",
            "Counts, changes between two years, and the distribution of percentages.",
            needs: .data,
            query: StateView.parameters,
            StateView.shape
        ) { try StateView($0) },
        resource("/frameworks", "The frameworks.", needs: .everybody, FrameworkView.list) {
            try FrameworkView.all($0.tables).map { FrameworkSummary($0) }
        },
        resource(
            "/frameworks/{name}",
            "A framework with its parameters.",
            needs: .everybody,
            query: FrameworkView.parameterList,
            FrameworkView.shape
        ) { try FrameworkView($0) },
        resource(
            "/rejections",
            "Refused rows by code, file, organization and year, and where they are.",
            needs: .district,
            query: rejections,
            RejectionsView.shape
        ) { RejectionsView($0) },
        resource(
            "/duties",
            "Plans, reviews, assistance, designations and appeals of a school year, with their dates.",
            needs: .district,
            query: duties,
            isDaily: true,
            DutiesView.shape
        ) { try DutiesView($0) },
        resource(
            "/submissions",
            "Submissions and what happened to their rows.",
            needs: .district,
            query: ListParts.parameters,
            FilesView.shape
        ) { FilesView($0) },
    ]
}
