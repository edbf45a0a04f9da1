internal import Rules
internal import Tables

/// Reads reports from a JSON document.
///
/// An error in one report does not affect the others. Members that are not read are reported.
struct PointsReading {
    /// A report, and what is wrong with it.
    struct Element {
        let line: Int
        var report = PointsCase()
        var problems: [String] = []
    }

    /// The reports in their order.
    private(set) var elements: [Element] = []
    /// Members that are not read, in the order in which they were met, with the number of reports that have them.
    private(set) var unread: [(path: String, reports: Int)] = []

    private static let reportMembers = [
        "case", "source", "school_year", "org_code", "org_name", "org_type", "spans", "grades_served", "prior_annual",
        "published", "notes",
    ]
    private static let spanMembers = ["all_students", "lowest_performing", "weight", "published"]
    private static let columnMembers = ["points", "published"]

    /// Reads an array of reports.
    ///
    /// - Throws: ``RowProblem`` if the document is not JSON, or not an array.
    init(_ bytes: [UInt8]) throws(RowProblem) {
        let document: JSONText
        do {
            document = try JSONText.read(bytes)
        } catch {
            throw RowProblem("not JSON: \(error)")
        }
        guard case .array(let values) = document.content else {
            throw RowProblem("the document is \(document.kind), not a list of reports")
        }
        for value in values { read(value) }
    }

    /// A warning for each member that is not read.
    var warnings: [String] {
        var warnings = unread.prefix(20)
            .map { "'\($0.path)' is not read (in \($0.reports) report\($0.reports == 1 ? "" : "s"))" }
        if unread.count > 20 { warnings.append("\(unread.count - 20) other members are not read either") }
        return warnings
    }

    private mutating func read(_ value: JSONText) {
        var element = Element(line: value.line)
        var unread: [String] = []
        if let members = members(of: value, "", known: Self.reportMembers, &element, &unread) {
            switch members["case"]?.content {
            case .text(let text): element.report.name = .text(text)
            case .number:
                element.report.name = members["case"]?.wholeNumber.map { .number($0) }
                if element.report.name == nil { element.problems.append("case is neither text nor a whole number") }
            case nil: element.problems.append("case is missing")
            default: element.problems.append("case is neither text nor a whole number")
            }
            readYear(members["school_year"], &element)
            if let type = members["org_type"].flatMap({ text($0, "org_type", &element) }),
                OrganizationType(wireName: type) == nil
            {
                element.problems.append(
                    "org_type is none of \(OrganizationType.allCases.map(\.wireName).joined(separator: ", "))"
                )
            }
            element.report.gradesServed = members["grades_served"].flatMap { text($0, "grades_served", &element) }
            if let prior = members["prior_annual"].flatMap({ number($0, "prior_annual", &element) }) {
                if prior.hasOneDecimal {
                    element.report.priorAnnual = prior
                } else {
                    element.problems.append(
                        "prior_annual has more than the one decimal that annual percentages are kept with"
                    )
                }
            }
            readPublished(members["published"], &element)
            if let spans = members["spans"] { element.report.spans = readSpans(spans, &element, &unread) }
        }
        for path in unread {
            if let known = self.unread.firstIndex(where: { $0.path == path }) {
                self.unread[known].reports += 1
            } else {
                self.unread.append((path, 1))
            }
        }
        elements.append(element)
    }

    private func readYear(_ value: JSONText?, _ element: inout Element) {
        guard let value else { return element.problems.append("school_year is missing") }
        guard let year = value.wholeNumber, EvaluationTable.schoolYears.contains(year) else {
            let years = EvaluationTable.schoolYears
            return element.problems.append(
                "school_year is not the spring of a school year, \(years.lowerBound) to \(years.upperBound)"
            )
        }
        element.report.schoolYear = year
    }

    private func readPublished(_ value: JSONText?, _ element: inout Element) {
        var ignored: [String] = []
        guard let value, let published = members(of: value, "published", known: nil, &element, &ignored),
            let annual = published["annual"],
            let years = members(of: annual, "published.annual", known: nil, &element, &ignored)
        else { return }
        for (year, value) in years {
            element.report.publishedAnnual[year] = number(value, "published.annual.\(year.printable)", &element)
        }
    }

    private func readSpans(_ value: JSONText, _ element: inout Element, _ unread: inout [String]) -> [String: PointsCase
        .SpanCase]?
    {
        guard let members = members(of: value, "spans", known: nil, &element, &unread) else { return nil }
        var spans: [String: PointsCase.SpanCase] = [:]
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            guard GradeSpan(wireName: name) != nil else {
                element.problems.append(
                    "spans: '\(name.printable)' is none of \(GradeSpan.allCases.map(\.wireName).joined(separator: ", "))"
                )
                continue
            }
            let path = "spans.\(name)"
            guard let span = self.members(of: value, path, known: Self.spanMembers, &element, &unread) else { continue }
            var read = PointsCase.SpanCase()
            read.weight = span["weight"].flatMap { number($0, "\(path).weight", &element) }
            read.allStudents = span["all_students"]
                .flatMap { readColumn($0, "\(path).all_students", &element, &unread) }
            read.lowestPerforming = span["lowest_performing"]
                .flatMap { readColumn($0, "\(path).lowest_performing", &element, &unread) }
            spans[name] = read
        }
        return spans
    }

    private func readColumn(_ value: JSONText, _ path: String, _ element: inout Element, _ unread: inout [String])
        -> PointsCase.Column?
    {
        guard let column = members(of: value, path, known: Self.columnMembers, &element, &unread) else { return nil }
        guard let points = column["points"] else {
            element.problems.append("\(path).points is missing")
            return nil
        }
        guard case .object(let given) = points.content,
            members(of: points, "\(path).points", known: nil, &element, &unread) != nil
        else {
            element.problems.append("\(path).points is \(points.kind), not an object")
            return nil
        }
        var read = PointsCase.Column()
        for (name, value) in given {
            guard Indicator(wireName: name) != nil else {
                element.problems.append("\(path).points: '\(name.printable)' is no indicator")
                continue
            }
            if case .null = value.content {
                read.points[name] = .some(nil)
            } else if let number = value.wholeNumber {
                read.points[name] = number
            } else {
                element.problems.append("\(path).points.\(name) is not a whole number")
            }
        }
        return read
    }

    // MARK: Values

    /// The members of an object that are not null, by name.
    ///
    /// Notes members that are not in `known`; if `known` is nil, any name is known.
    private func members(
        of value: JSONText,
        _ path: String,
        known: [String]?,
        _ element: inout Element,
        _ unread: inout [String]
    ) -> [String: JSONText]? {
        guard case .object(let members) = value.content else {
            element.problems.append("\(path.isEmpty ? "the report" : path) is \(value.kind), not an object")
            return nil
        }
        var found: [String: JSONText] = [:]
        var names: Set<String> = []
        for (name, value) in members {
            let place = path.isEmpty ? name.printable : "\(path).\(name.printable)"
            if !names.insert(name).inserted { element.problems.append("\(place) is there twice") }
            if let known, !known.contains(name) { unread.append(place) }
            if case .null = value.content { continue }
            found[name] = value
        }
        return found
    }

    private func text(_ value: JSONText, _ path: String, _ element: inout Element) -> String? {
        if case .text(let text) = value.content { return text }
        element.problems.append("\(path) is \(value.kind), not text")
        return nil
    }

    private func number(_ value: JSONText, _ path: String, _ element: inout Element) -> Ratio? {
        if let number = value.exactNumber { return number }
        element.problems.append("\(path) is not a decimal number that can be held exactly")
        return nil
    }
}

extension Ratio {
    /// Whether the number ends within one decimal.
    fileprivate var hasOneDecimal: Bool { 10 % denominator == 0 }
}

extension String {
    /// The text in a form for a line of standard error: short, and without control characters.
    var printable: String { PlainText.escaped(self, limit: 60) }
}
