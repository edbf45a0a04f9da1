internal import Products
internal import Reading
internal import Rules

extension PublicationView {
    func page(_ tables: ConsoleTables) throws -> ConsoleContent {
        func address(_ year: Int, _ code: OrganizationCode) -> String {
            Address.organization(year, code, in: .published)
        }
        let page = Page(
            title: report.title,
            place: .published,
            above: report.above,
            api: "\(Address.api)\(address(year, code))",
            files: TableFiles(address(year, code)),
            years: history.reversed().map { ($0.year, address($0.year, $0.line.code), $0.year == year) }
        )
        return try page.html(
            tables,
            year: year,
            "publication",
            [
                "sign": line.outcome.sign,
                "level": line.outcome.title,
                "classification": line.level == nil ? false as Any : line.classification?.title ?? "",
                "summary": report.lead,
                "figures": report.figureContexts,
                "links": links.isEmpty ? false as Any : ["each": links],
                "sections": report.sectionContexts,
                "remark": report.foot,
            ]
        )
    }

    private var links: [[String: Any]] {
        var links: [(String, String)] = []
        if let district {
            links.append((district.title, Address.organization(year, district.code, in: .published)))
        }
        if schools > 0 {
            links.append(
                (
                    "\(Words.count(schools, "school")) of the district",
                    Address.of(
                        Address.year(year, in: .published),
                        [("district", code.description), ("type", "school")]
                    )
                )
            )
        }
        if let frameworkName {
            links.append(("Framework \(frameworkName)", Address.framework(frameworkName)))
        }
        return links.map { ["name": $0.0, "href": $0.1] }
    }
}
