internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Stages
internal import SwiftProtobuf

/// `accountability compare`: every difference between the determinations of two namespaces.
struct Compare: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Lists every difference between the determinations of two namespaces, with its cause.",
        discussion: """
              accountability compare "" before-appeals --year 2019
              accountability compare pilot production --json

            Each namespace is a set of determinations ("" is the one without). A line for each organization that differs: which side lacks \
            it, or each figure that changed and the submission that caused the newer revision. Revision, cause and time are no difference.

            Exit codes: 0 no difference; 1 differences; 64 usage; 69 no broker answers; 78 a topic is missing.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions
    @Argument(help: "The one namespace.") var first: String
    @Argument(help: "The other.") var second: String
    @Option(help: ArgumentHelp("One school year; default: all.", valueName: "year")) var year: Int?
    @Flag(help: "Print a JSON array.") var json = false

    func operate() throws {
        let left = try table(first)
        let right = try table(second)
        let differences = DeterminationDifference.all(left, right)
        if json {
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

    private func table(_ namespace: String) throws -> [String: Accountability_V1_Determination] {
        var options = broker
        options.namespace = namespace
        let reader = try TopicReader(try options.connection())
        defer { reader.close() }
        let prefix = year.map { "\($0)/" } ?? ""
        let entries = try reader.table(Topics.determinations, Accountability_V1_Determination.self) {
            $0.hasPrefix(prefix)
        }
        return Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.message) })
    }
}

/// What differs of one organization in one year.
struct DeterminationDifference: Encodable, Hashable {
    enum Kind: String, Encodable {
        case onlyInFirst = "only_in_first"
        case onlyInSecond = "only_in_second"
        case changed
    }

    /// `<school year>/<org>`.
    let key: String
    let kind: Kind
    /// From the first to the second, by figure.
    let changes: [String]
    /// The submissions that caused the newest revision of each side; empty where it was not revised.
    let firstCause: String
    let secondCause: String

    /// The differences of two tables by key, in the order of the keys.
    static func all(
        _ first: [String: Accountability_V1_Determination],
        _ second: [String: Accountability_V1_Determination]
    ) -> [DeterminationDifference] {
        Set(first.keys).union(second.keys).sorted()
            .compactMap { key in
                switch (first[key], second[key]) {
                case (let left?, let right?):
                    guard figures(left) != figures(right) else { return nil }
                    return DeterminationDifference(
                        key: key,
                        kind: .changed,
                        changes: DeterminationChanges.list(from: left, to: right),
                        firstCause: left.cause,
                        secondCause: right.cause
                    )
                case (let left?, nil):
                    return DeterminationDifference(
                        key: key,
                        kind: .onlyInFirst,
                        changes: [],
                        firstCause: left.cause,
                        secondCause: ""
                    )
                case (nil, let right?):
                    return DeterminationDifference(
                        key: key,
                        kind: .onlyInSecond,
                        changes: [],
                        firstCause: "",
                        secondCause: right.cause
                    )
                case (nil, nil): return nil
                }
            }
    }

    /// A determination without what belongs to its publication.
    private static func figures(_ determination: Accountability_V1_Determination) -> Accountability_V1_Determination {
        var figures = determination
        figures.revision = 0
        figures.changes = []
        figures.cause = ""
        figures.issuedUnixMilliseconds = 0
        return figures
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
