internal import Messages
internal import Reading
internal import Rules

/// The page that leads to the files and to the report of each organization.
struct IndexPage {
    let published: PublishedYear
    /// What there is beside the reports of organizations: address and words.
    let files: [(name: String, about: String)]

    func html() throws -> String {
        try PrintedPage(document).html()
    }

    private var document: ReportDocument {
        ReportDocument(
            title: "District and school accountability, \(SchoolYear.title(published.year))",
            lead: "Official results, as they are published.",
            sections: [
                .init(
                    heading: "Files",
                    parts: [
                        .init(
                            table: TablePart(
                                caption: "Files",
                                columns: ["File", "What it has"],
                                rows: files.map { [.init($0.name, link: $0.name), .init($0.about)] }
                            )
                        )
                    ]
                ),
                .init(
                    heading: "Reports",
                    parts: [
                        .init(
                            table: TablePart(
                                caption: "Reports of districts and schools",
                                columns: ["Code", "District or school", "Determination"],
                                rows: published.rows.map { row in
                                    [
                                        .init(row.publication.orgCode, kind: "tight"),
                                        .init(
                                            row.publication.name.isEmpty
                                                ? row.publication.orgCode : row.publication.name,
                                            link: Self.address(row),
                                            kind: row.isDistrict ? "strong" : nil
                                        ),
                                        .init(WorkbookWords.reason(row.publication)),
                                    ]
                                }
                            )
                        )
                    ]
                ),
            ],
            foot: "SHA256SUMS lists every file with its digest. What could tell of few students is left out."
        )
    }

    /// Where the report of an organization is.
    static func address(_ row: PublishedRow) -> String { "organizations/\(row.publication.orgCode).html" }
}
