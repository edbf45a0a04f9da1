internal import Reading
internal import Rules

extension CompareView {
    private var address: String { Address.compare(year) }

    func page(_ tables: ConsoleTables) throws -> ConsoleContent {
        let page = Page(
            title: own.map { "Compare \($0.title)" } ?? "Compare",
            place: .compare,
            above: "School year \(SchoolYear.title(year))",
            lead:
                "An organization compared with similar ones and any of your choice, for every element and year: \(Paragraph.analysisAndReview.citation).",
            api: Address.of("\(Address.api)/years/\(year)/compare", query),
            years: tables.determinedYears
                .filter { year in own.map { tables.years[year]?.lines[$0.code] != nil } ?? true }
                .map { ($0, Address.of(Address.compare($0), query), $0 == year) }
        )
        var context: [String: Any] = ["filters": filters.context]
        if own == nil || query["q"] != nil {
            context["candidates"] = [
                "candidates_title": own == nil ? "Choose an organization" : "Found", "table": candidateTable.context,
            ]
        }
        if !leftOut.isEmpty {
            context["left_out"] =
                "Nothing can be shown for \(leftOut.map(\.description).joined(separator: ", ")): there is no such organization in this year, or its results are not public."
        }
        if own != nil { context["compared"] = compared }
        return try page.html(tables, year: year, "compare", context)
    }

    func csv() -> ConsoleContent { .csv(listing, fileName) }

    func workbook() throws -> ConsoleContent {
        try .workbook(
            listing,
            fileName,
            title: "Comparison, \(SchoolYear.title(year))",
            numbers: numbers,
            issued: issued
        )
    }

    private var filters: FiltersPart {
        var filters = FiltersPart(action: address, isNarrowed: !query.isEmpty)
        for name in ["org", "with"] { if let value = query[name] { filters.hide(name, value) } }
        filters.search(
            "q",
            own == nil ? "Organization" : "Another organization",
            query["q"],
            hint: "part of a name or code"
        )
        guard own != nil else { return filters }
        filters.choice(
            "group",
            "Students",
            query["group"],
            any: StudentGroup.allStudents.title,
            StudentGroup.allCases.filter { $0 != .allStudents }.map { ($0.wireName, $0.title) }
        )
        filters.choice(
            "similar",
            "Compare with",
            query["similar"],
            any: "Similar and chosen organizations",
            [("no", "Only chosen organizations")]
        )
        return filters
    }

    /// The address of the same page with other chosen organizations.
    private func address(with codes: [OrganizationCode]) -> String {
        let text = codes.map(\.description).joined(separator: ",")
        return Address.of(address, query, with: ["q": nil, "with": text.isEmpty ? nil : text])
    }

    private var candidateTable: TablePart {
        TablePart(
            caption: own == nil ? "Organizations to compare" : "Organizations to compare with",
            columns: ["Organization", "Code", own == nil ? "" : "Add"].filter { !$0.isEmpty },
            rows: candidates.map { candidate in
                guard own != nil else {
                    return [
                        .init(candidate.name, link: Address.compare(year, candidate.code)),
                        .init(candidate.code.description, kind: "code"),
                    ]
                }
                let isThere = members.contains { $0.code == candidate.code }
                return [
                    .init(candidate.name, note: candidate.isSeen ? nil : "what is published"),
                    .init(candidate.code.description, kind: "code"),
                    isThere
                        ? .init("already shown")
                        : .init("Add \(candidate.name)", link: address(with: chosen + [candidate.code])),
                ]
            },
            empty: "There is no such organization that you may compare.",
            note: own == nil ? "The first organizations by code. The search finds others." : nil
        )
    }

    private var compared: [String: Any] {
        [
            "found": Words.count(members.count, "organization"),
            "csv": Address.of("\(address).csv", query, with: ["q": nil]),
            "workbook": Address.of("\(address).xlsx", query, with: ["q": nil]),
            "students": memberTable.context,
            "outcomes": outcomeTable.context,
            "elements": elements.enumerated()
                .map { index, element in
                    [
                        "element_id": "element-\(index)", "element_title": element.title,
                        "plot": plot(element, "element-\(index)-plot"), "table": table(element).context,
                    ] as [String: Any]
                },
            "similarity": similarityWords,
            "parameters": FrameworkView.table("comparison", parameters).context,
        ]
    }

    private func name(_ member: Comparison.Member) -> String {
        member.facts.name.isEmpty ? member.code.description : member.facts.name
    }

    private func head(_ member: Comparison.Member) -> TablePart.Cell {
        .init(
            name(member),
            link: seen.contains(member.code) ? Address.organization(year, member.code) : nil,
            note: member.part == .own ? nil : member.part.rawValue
        )
    }

    private var memberTable: TablePart {
        TablePart(
            caption: "Organizations that are compared",
            columns: ["Organization", "Code", "Students", "Low income %", "Disabilities %", "English learners %"]
                + (isWhole ? ["Distance"] : []) + (chosen.isEmpty ? [] : ["Chosen"]),
            numbers: Set(2..<(isWhole ? 7 : 6)),
            rows: members.map(memberRow),
            note: isWhole
                ? nil
                : "For organizations of other districts, only published figures are shown. – means that a figure is not published."
        )
    }

    private func memberRow(_ member: Comparison.Member) -> [TablePart.Cell] {
        var cells = [
            head(member), TablePart.Cell(member.code.description, kind: "code"),
            TablePart.Cell(member.facts.enrollment),
        ]
        for share in [member.facts.lowIncomeShare, member.facts.disabilityShare, member.facts.englishLearnerShare] {
            cells.append(TablePart.Cell(share.isEmpty ? "–" : share))
        }
        if isWhole { cells.append(TablePart.Cell(member.distance == nil ? "–" : member.distanceText)) }
        guard !chosen.isEmpty else { return cells }
        guard member.part == .chosen else { return cells + [TablePart.Cell("")] }
        let others = chosen.filter { $0 != member.code }
        return cells + [TablePart.Cell("Remove \(name(member))", link: address(with: others))]
    }

    private var outcomeTable: TablePart {
        TablePart(
            caption: "Determinations by year",
            columns: ["Organization"] + years.map(SchoolYear.title),
            rows: members.map { member in
                [head(member)]
                    + years.map { year in
                        member.results.first { $0.schoolYear == year }
                            .map { results in
                                .init(
                                    Outcome(
                                        classification: Classification(wireName: results.classification),
                                        level: DeterminationLevel(wireName: results.level)
                                    )
                                )
                            } ?? .init("–")
                    }
            }
        )
    }

    private func measure(_ element: ComparedElement, _ member: Comparison.Member, _ year: Int)
        -> ComparedResults.Measure?
    {
        member.results.first { $0.schoolYear == year }?.measures.first { $0.measure == element.measure }
    }

    private func plot(_ element: ComparedElement, _ id: String) -> String {
        let drawn = Array(years.prefix(3))
        return Plots.compared(
            id,
            element,
            years: drawn,
            rows: members.map { member in
                (
                    name(member),
                    drawn.map { year in measure(element, member, year).flatMap { ComparedElement.place($0.value) } }
                )
            }
        )
    }

    private func table(_ element: ComparedElement) -> TablePart {
        TablePart(
            caption: "\(element.title) by year",
            columns: ["Organization"] + years.map(SchoolYear.title),
            numbers: Set(1..<(years.count + 1)),
            rows: members.map { member in
                [head(member)]
                    + years.map { year in
                        guard let figure = measure(element, member, year) else { return .init("–") }
                        let target = figure.target.isEmpty ? nil : "target \(figure.target)"
                        let points = figure.points.map { "\($0) of 4 points" }
                        let notes = [target, points].compactMap { $0 }
                        return .init(figure.shown, note: notes.isEmpty ? nil : notes.joined(separator: ", "))
                    }
            },
            shape: .narrow
        )
    }

    private var similarityWords: String {
        guard !parameters.isEmpty else { return "This year's framework has no rule for similarity." }
        return
            "Similar organizations are those of the same grade-span class at the smallest distance. The distance is Euclidean, over the factors below, each in units of its standard deviation within the class. "
            + (isWhole
                ? "Every declared organization of the year takes part."
                : "Organizations take part if you see their results or if their results are published. They are in the order of their codes: their distance would reveal something about their students, so it is not published.")
    }
}
