internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import SwiftProtobuf

/// `accountability compare`: lists every difference between the determinations of two namespaces.
struct Compare: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Lists every difference between the determinations of two namespaces, with its cause.",
        discussion: """
              accountability compare "" before-appeals --year 2019
              accountability compare pilot production --json
              accountability compare "" pilot --year 2019 --org 00350000 --field level --field percentile --format csv

            Each namespace has its own determinations ("" stands for no namespace). For each organization that differs, the command prints the side that lacks \
            it, or each changed figure and the submission that caused the newer revision. Revision, cause and time do not count as differences.

            Exit codes: 0 no difference; 1 differences; 64 usage; 65 a namespace has no determinations to compare; 69 no broker answers; 78 a topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions
    @Argument(help: "The first namespace.") var first: String
    @Argument(help: "The second namespace.") var second: String
    @Option(help: ArgumentHelp("Only this school year; default: all years.", valueName: "year")) var year: Int?
    @OptionGroup var organization: OrganizationOption
    @OptionGroup var viewer: ViewerOption
    @Option(help: ArgumentHelp("school or district.", valueName: "type")) var type: String?
    @Option(
        help: ArgumentHelp(
            "Only this figure, by the name before the colon; may be repeated.",
            valueName: "name"
        )
    )
    var field: [String] = []
    @Option(help: "table, csv or json (one array); default: text.") var format: OutputFormat?
    @Flag(help: "Print a JSON array.") var json = false

    func validate() throws {
        if let year { try SchoolYear.validate(year) }
        _ = try organizationType()
    }

    private func organizationType() throws -> Accountability_V1_OrganizationType? {
        switch type {
        case nil: nil
        case "school": .school
        case "district": .district
        default: throw ValidationError("--type takes school or district")
        }
    }

    func operate() throws {
        let left = try table(first)
        let right = try table(second)
        let differences = DeterminationDifference.all(left, right).compactMap { $0.only(field) }
        if let format, !json, format != .json {
            try DeterminationDifference.listing(differences).write(format)
        } else if json || format == .json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Standard.output(String(decoding: try encoder.encode(differences), as: UTF8.self) + "\n")
        } else {
            for difference in differences { Standard.output(difference.text(first: name(first), second: name(second))) }
            Standard.line(
                differences.isEmpty
                    ? "no difference in \(left.count) determinations"
                    : "\(differences.count) of \(Set(left.keys).union(right.keys).count) determinations differ"
            )
        }
        guard differences.isEmpty else { throw ExitCode(1) }
    }

    private func name(_ namespace: String) -> String { namespace.isEmpty ? "(no namespace)" : namespace }

    private func table(_ namespace: String) throws -> [DeterminationKey: Accountability_V1_Determination] {
        var options = broker
        options.namespace = namespace
        let reader = try TopicReader(try options.connection())
        defer { reader.close() }
        var years: Set<Int> = []
        let entries = try reader.table(TableTopics.determinations) { key in
            years.insert(key.schoolYear)
            return year == nil || key.schoolYear == year
        }
        guard !entries.isEmpty else {
            throw Failure(.badInput, Self.absence(name(namespace), year: year, years: years.sorted()))
        }
        let selection = organization.selection
        let type = try organizationType()
        let wanted = entries.filter { entry in
            selection.contains(entry.key.organization) && (type == nil || entry.message.type == type)
        }
        return Dictionary(uniqueKeysWithValues: wanted.map { ($0.key, $0.message) })
    }

    /// Says why a namespace without determinations is not compared.
    ///
    /// If it were, every organization would differ.
    static func absence(_ namespace: String, year: Int?, years: [Int]) -> String {
        guard let year, !years.isEmpty else {
            return "\(namespace) has no determinations: it was never computed; nothing was compared"
        }
        let others = years.map(String.init).joined(separator: ", ")
        return "\(namespace) has no determinations of \(year), only those of \(others); nothing was compared"
    }
}

/// The differences of one organization in one year.
struct DeterminationDifference: Encodable, Hashable {
    enum Kind: String, Encodable {
        case onlyInFirst = "only_in_first"
        case onlyInSecond = "only_in_second"
        case changed
    }

    let key: DeterminationKey
    let kind: Kind
    /// The changes from the first to the second, by figure.
    let changes: [String]
    /// The submissions that caused the newest revision of each side; empty if it was not revised.
    let firstCause: String
    let secondCause: String

    /// The differences between two tables, in the order of their keys.
    static func all(
        _ first: [DeterminationKey: Accountability_V1_Determination],
        _ second: [DeterminationKey: Accountability_V1_Determination]
    ) -> [DeterminationDifference] {
        Set(first.keys).union(second.keys).sorted()
            .compactMap { key in
                switch (first[key], second[key]) {
                case (let left?, let right?):
                    guard left.withoutPublication != right.withoutPublication else { return nil }
                    return DeterminationDifference(
                        key: key,
                        kind: .changed,
                        changes: DeterminationChanges.list(from: left, to: right),
                        firstCause: left.causeText,
                        secondCause: right.causeText
                    )
                case (let left?, nil):
                    return DeterminationDifference(
                        key: key,
                        kind: .onlyInFirst,
                        changes: [],
                        firstCause: left.causeText,
                        secondCause: ""
                    )
                case (nil, let right?):
                    return DeterminationDifference(
                        key: key,
                        kind: .onlyInSecond,
                        changes: [],
                        firstCause: "",
                        secondCause: right.causeText
                    )
                case (nil, nil): return nil
                }
            }
    }

    /// The difference in some figures only; nil if none of them changed.
    ///
    /// An organization that one side lacks differs in every figure.
    func only(_ fields: [String]) -> DeterminationDifference? {
        guard !fields.isEmpty, kind == .changed else { return self }
        let wanted = changes.filter { change in fields.contains { change.hasPrefix("\($0):") } }
        guard !wanted.isEmpty else { return nil }
        return DeterminationDifference(
            key: key,
            kind: kind,
            changes: wanted,
            firstCause: firstCause,
            secondCause: secondCause
        )
    }

    /// A row for each change, or for each organization that one side lacks.
    static func listing(_ differences: [DeterminationDifference]) -> Listing {
        var listing = Listing([
            "school_year", "org_code", "difference", "field", "change", "first_cause", "second_cause",
        ])
        for difference in differences {
            let place = ["\(difference.key.schoolYear)", difference.key.organization.description]
            let causes = [difference.firstCause, difference.secondCause]
            guard difference.kind == .changed else {
                listing.rows.append(place + [difference.kind.rawValue, "", ""] + causes)
                continue
            }
            for change in difference.changes {
                let field = String(change.prefix { $0 != ":" })
                let rest = change.dropFirst(field.count + 2)
                listing.rows.append(place + [difference.kind.rawValue, field, String(rest)] + causes)
            }
        }
        return listing
    }

    func text(first: String, second: String) -> String {
        switch kind {
        case .onlyInFirst: return "\(key)  only in \(first)\n"
        case .onlyInSecond: return "\(key)  only in \(second)\n"
        case .changed:
            let causes = [(first, firstCause), (second, secondCause)].filter { !$0.1.isEmpty }
                .map { "\($0.0) by \($0.1)" }
            let head = "\(key)\(causes.isEmpty ? "" : "  revised in \(causes.joined(separator: ", in "))")\n"
            return head + changes.map { "  \($0)\n" }.joined()
        }
    }
}
