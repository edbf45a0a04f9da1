package import Rules

/// A framework in one line: its school years, and how much of it has a public source.
package struct FrameworkSummary: Encodable, Equatable {
    package let name: String
    package let title: String
    package let schoolYears: [Int]
    package let published: Int
    package let derived: Int
    package let assumed: Int

    package init(_ framework: Framework) {
        name = framework.name
        title = framework.title
        schoolYears = framework.schoolYears
        func count(_ status: ParameterStatus) -> Int { framework.parameters.count { $0.status == status } }
        published = count(.published)
        derived = count(.derived)
        assumed = count(.assumed)
    }

    /// The summaries as a table.
    package static func listing(_ summaries: [FrameworkSummary]) -> Listing {
        Listing(
            ["framework", "school_years", "published", "derived", "assumed", "title"],
            summaries.map { summary in
                [
                    summary.name, years(summary.schoolYears), String(summary.published), String(summary.derived),
                    String(summary.assumed), summary.title,
                ]
            }
        )
    }

    /// `2007-2015` for consecutive years, otherwise a list.
    package static func years(_ years: [Int]) -> String {
        guard let first = years.first, let last = years.last, first < last, years == Array(first...last) else {
            return years.map(String.init).joined(separator: ", ")
        }
        return "\(first)-\(last)"
    }
}

/// A parameter as it is listed.
package struct FrameworkParameter: Encodable, Equatable {
    package let path: String
    package let value: String
    package let status: String
    package let source: String

    package init(_ record: ParameterRecord) {
        path = record.path
        value = record.text
        status = record.status.rawValue
        source = record.source
    }

    /// The parameters of a framework, or those of a path: `points` takes `points.maximum`, and not `pointsman`.
    package static func of(_ framework: Framework, under path: String? = nil) -> [FrameworkParameter] {
        framework.parameters
            .filter { record in path.map { record.path == $0 || record.path.hasPrefix($0 + ".") } ?? true }
            .map { FrameworkParameter($0) }
    }

    /// The parameters that nothing public decides.
    package static func assumed(_ framework: Framework) -> [FrameworkParameter] {
        framework.parameters.filter { $0.status == .assumed }.map { FrameworkParameter($0) }
    }

    /// Each with its status and its source below it; nothing is cut.
    package static func text(_ parameters: [FrameworkParameter]) -> String {
        parameters.map { "\($0.path) = \($0.value)\n    \($0.status): \($0.source)\n" }.joined()
    }
}

/// A parameter that two frameworks do not share: absent in one, or with another value, status or source.
package struct FrameworkChange: Encodable, Equatable {
    package let path: String
    package let before: FrameworkParameter?
    package let after: FrameworkParameter?

    /// The differences, sorted by path.
    package static func between(_ from: Framework, _ to: Framework) -> [FrameworkChange] {
        var before: [String: FrameworkParameter] = [:]
        for parameter in FrameworkParameter.of(from) { before[parameter.path] = parameter }
        var after: [String: FrameworkParameter] = [:]
        for parameter in FrameworkParameter.of(to) { after[parameter.path] = parameter }
        return Set(before.keys).union(after.keys).sorted()
            .compactMap { path in
                before[path] == after[path]
                    ? nil : FrameworkChange(path: path, before: before[path], after: after[path])
            }
    }

    /// `-` and `+` lines; a line for the source only if nothing else differs.
    package var text: String {
        let citesOnly = before?.value == after?.value && before?.status == after?.status
        func line(_ sign: String, _ parameter: FrameworkParameter?) -> String {
            guard let parameter else { return "" }
            return "  \(sign) \(parameter.value) (\(parameter.status))" + (citesOnly ? ": \(parameter.source)" : "")
                + "\n"
        }
        return "\(path)\n" + line("-", before) + line("+", after)
    }
}
