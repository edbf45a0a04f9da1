internal import Operating
internal import Reading

/// The addresses of the official results, which everyone may see.
enum PublishedRoutes {
    private static func page(
        _ path: String,
        _ summary: String,
        query: [QueryParameter] = [],
        hasFiles: Bool = false,
        _ answer: @escaping @Sendable (ConsoleCall) throws -> ConsoleContent
    ) -> Route {
        Route(
            "\(Address.published)\(path)",
            summary,
            needs: .everybody,
            query: query,
            area: .published,
            hasFiles: hasFiles,
            answer
        )
    }

    private static func resource<Value>(
        _ path: String,
        _ summary: String,
        query: [QueryParameter] = [],
        _ shape: Shape<Value>,
        _ make: @escaping @Sendable (ConsoleCall) throws -> Value
    ) -> Route {
        Routes.resource(path, summary, needs: .everybody, query: query, area: .published, shape, make)
    }

    static let pages: [Route] = [
        page("/years/{year}", "The official results of a year.", query: Routes.determinations) {
            try DeterminationsView($0).page($0.tables)
        },
        page(
            "/years/{year}/state",
            "A year of the whole state, from official results.",
            query: StateView.parameters,
            hasFiles: true
        ) {
            try StateView($0).page($0.tables)
        },
        page("/years/{year}/organizations/{code}", "The official report of an organization.", hasFiles: true) {
            try PublicationView($0).page($0.tables)
        },
        page(
            "/years/{year}/determinations.csv",
            "The list of official results, as CSV.",
            query: DeterminationsView.Query.parameters
        ) {
            DeterminationsView($0).csv()
        },
        page(
            "/years/{year}/determinations.xlsx",
            "The list of official results, as a workbook.",
            query: DeterminationsView.Query.parameters
        ) {
            try DeterminationsView($0).workbook()
        },
    ]

    static let api: [Route] = [
        resource("/years", "The school years that have official results, the newest first.", YearsView.shape) {
            YearsView($0.tables)
        },
        resource(
            "/years/{year}/determinations",
            "The official results of a school year, page by page.",
            query: Routes.determinations,
            DeterminationsView.shape
        ) { DeterminationsView($0) },
        resource(
            "/years/{year}/state",
            "Counts, changes between two years, and the distribution of percentages, from official results.",
            query: StateView.parameters,
            StateView.shape
        ) { try StateView($0) },
        resource(
            "/years/{year}/organizations/{code}",
            "The official results of an organization, as published.",
            PublicationView.shape
        ) { try PublicationView($0) },
    ]
}
