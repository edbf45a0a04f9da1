internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages

/// The list of frameworks, and the parameters of one framework.
struct FrameworkView: Sendable {
    let framework: FrameworkSummary
    let digest: String
    let parameters: [FrameworkParameter]
    let total: Int
    let query: [String: String]
    /// The names of all other frameworks.
    let others: [String]
    /// The parameters that another framework sets otherwise, or that only one of the two has; empty if none was asked
    /// for.
    let differences: [Difference]
    /// The steps of frameworks for its school years, and comments on them, the oldest first.
    let steps: [Accountability_V1_Directive]

    /// The other values that it states for assumed parameters, by path.
    let alternatives: [String: [String]]
    /// Whether the visitor may try other values.
    let mayTry: Bool
    /// Whether its document is on record, and not built in.
    let isOnRecord: Bool

    /// A parameter of this framework and of another one.
    struct Difference: Sendable {
        let path: String
        let here: FrameworkParameter?
        let there: FrameworkParameter?
    }

    static let parameterList: [QueryParameter] = [
        QueryParameter("status", "One status.", .choice(ParameterStatus.allCases.map(\.rawValue))),
        QueryParameter("q", "Part of a parameter's name, value or source.", .text(80)),
        QueryParameter("beside", "The name of another framework: the parameters that differ are shown.", .text(80)),
    ]

    /// Every framework, the newest first: the built-in ones, and the documents on record under other names.
    static func all(_ tables: ConsoleTables) throws -> [Framework] {
        var all = try Framework.all()
        all += documents(tables).map(\.framework).filter { document in !all.contains { $0.name == document.name } }
        return all.sorted { ($0.schoolYears.max() ?? 0) > ($1.schoolYears.max() ?? 0) }
    }

    /// The documents on record, each name once.
    static func documents(_ tables: ConsoleTables) -> [(framework: Framework, text: String)] {
        // The document of the recommendation has precedence over that of the proposal.
        let steps = tables.acts.filter { $0.key.act == .frameworkStep && !$0.value.document.isEmpty }
            .sorted { ($0.key.schoolYear, $1.key.kind) < ($1.key.schoolYear, $0.key.kind) }
        var documents: [(framework: Framework, text: String)] = []
        for (_, step) in steps {
            // Validation accepts only documents that can be read.
            guard let framework = try? Framework.proposed(step.document),
                !documents.contains(where: { $0.framework.name == framework.name })
            else { continue }
            documents.append((framework, step.document))
        }
        return documents
    }

    init(_ call: ConsoleCall) throws {
        let name = call.arguments["name"] ?? ""
        let all = try Self.all(call.tables)
        let found = try Self.framework(name, among: all)
        others = all.map(\.name).filter { $0 != name }
        differences =
            try call.query["beside"]
            .map { Self.differences(found, try Self.framework($0, among: all)) } ?? []
        steps = call.tables.acts
            .filter { $0.key.act == .frameworkStep && found.schoolYears.contains($0.key.schoolYear) }.map(\.value)
            .sorted { ($0.effectiveDate, $0.submission, $0.kind) < ($1.effectiveDate, $1.submission, $1.kind) }
        framework = FrameworkSummary(found)
        mayTry = call.account.map { $0.role >= WhatIf.needs } ?? false
        isOnRecord = Self.documents(call.tables).contains { $0.framework.digest == found.digest }
        alternatives = Dictionary(
            found.parameters.filter { $0.status == .assumed }
                .map { ($0.path, found.alternatives(to: $0.path).values) },
            uniquingKeysWith: { $1 }
        )
        .filter { !$0.value.isEmpty }
        digest = found.digest
        query = call.query
        let sought = call.query["q"].map { DeterminationLine.folded($0) }
        let every = FrameworkParameter.of(found)
        total = every.count
        parameters = every.filter { parameter in
            if let status = call.query["status"], parameter.status != status { return false }
            guard let sought else { return true }
            return DeterminationLine.folded("\(parameter.path) \(parameter.value) \(parameter.source)").contains(sought)
        }
    }

    private static func framework(_ name: String, among all: [Framework]) throws(Problem) -> Framework {
        guard let found = all.first(where: { $0.name == name }) else {
            throw Problem(
                404,
                "there is no framework '\(RequestTarget.shown(name))'; there are \(all.map(\.name).joined(separator: ", "))"
            )
        }
        return found
    }

    private static func differences(_ here: Framework, _ there: Framework) -> [Difference] {
        func byPath(_ framework: Framework) -> [String: FrameworkParameter] {
            Dictionary(FrameworkParameter.of(framework).map { ($0.path, $0) }, uniquingKeysWith: { $1 })
        }
        let (own, other) = (byPath(here), byPath(there))
        return Set(own.keys).union(other.keys).sorted().filter { own[$0]?.value != other[$0]?.value }
            .map { Difference(path: $0, here: own[$0], there: other[$0]) }
    }

    private static let difference = Shape<Difference>([
        .text("path", "The parameter's name.") { $0.path },
        .optionalText("value", "Its value in this framework; null if it has none.") { $0.here?.value },
        .optionalText("beside", "Its value in the other framework; null if it has none.") { $0.there?.value },
    ])

    private static let step = Shape<Accountability_V1_Directive>([
        .text("step", "proposed, comment_opened, comment, recommended or approved.") { $0.kind },
        .integer("school_year", "The school year.", 2000...2100) { Int($0.schoolYear) },
        .text("date", "The day.") { $0.effectiveDate },
        .text("reason", "What was said, or why.") { $0.reason },
        .text("reference", "The decision or document behind it.") { $0.reference },
    ])

    static let parameter = Shape<FrameworkParameter>([
        .text("path", "The parameter's name.") { $0.path },
        .text("value", "Its value.") { $0.value },
        .choice("status", "How well the public record supports it.", ParameterStatus.allCases.map(\.rawValue)) {
            $0.status
        },
        .text("source", "The source.") { $0.source },
    ])

    static let summary = Shape<FrameworkSummary>([
        .text("name", "The framework's name.") { $0.name },
        .text("title", "Its title.") { $0.title },
        .value("school_years", "The school years it applies to.", .list(.integer(2000...2100))) {
            .array($0.schoolYears.map { .integer($0) })
        },
        .integer("published", "The number of published parameters.", 0...Int64.max) { $0.published },
        .integer("derived", "The number of derived parameters.", 0...Int64.max) { $0.derived },
        .integer("assumed", "The number of assumed parameters, which no public source decides.", 0...Int64.max) {
            $0.assumed
        },
    ])

    static let list = Shape<[FrameworkSummary]>([
        .list("frameworks", "The frameworks, the newest first.", summary) { $0 }
    ])

    private static let stated = Shape<(path: String, values: [String])>([
        .text("path", "The parameter's name.") { $0.path },
        .texts("values", "Its other values.") { $0.values },
    ])

    static let shape = Shape<FrameworkView>([
        .object("framework", "The framework.", summary) { $0.framework },
        .text("digest", "The digest of the framework. Determinations name it.") { $0.digest },
        .list("parameters", "The requested parameters.", parameter) { $0.parameters },
        .list("alternatives", "The other values that the framework states for its assumed parameters.", stated) {
            view in
            view.alternatives.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        },
        .list("differences", "The parameters that differ from the framework `beside`.", difference) { $0.differences },
        .list("steps", "The steps of frameworks for its school years, and comments, the oldest first.", step) {
            $0.steps
        },
    ])
}
