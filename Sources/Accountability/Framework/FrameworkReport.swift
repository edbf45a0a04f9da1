internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import Year

/// `accountability framework report`: a draft compared with the framework in force, for public comment.
struct FrameworkReport: OperatorCommand, ReadingCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Compares a draft with the framework in force, in total and by organization, for public comment.",
        discussion: """
              accountability framework report draft.yaml --files folder --out report
              accountability framework report draft.yaml --out report          of the installation's ledger

            603 CMR 2.03(10) asks for public comment on changes of the framework. The command computes the years of the draft, and those \
            that look back on them, under the framework in force and under the draft. For a year that has none yet, the newest framework before it \
            stands in. It writes into the folder --out comparison.html (made \
            for print), parameters.csv (what the draft changes, with both sources), outcomes.csv (classifications and levels before and \
            after) and organizations.csv (each determination that would change, and in which figures). The figures contain small groups: the \
            Department decides which of them become public. Nothing else is written.

            Exit codes: 0 done; 64 usage; 65 the draft or a file is not valid, or there are no determinations to compare; 69 no broker answers; \
            75 a submission cannot be read whole yet, or the report could not be written.
            """
    )

    @OptionGroup var source: LedgerOptions

    @Argument(help: "The draft, YAML.")
    var draft: String

    @OptionGroup var viewer: ViewerOption

    @Option(help: ArgumentHelp("The folder for the report; created if missing.", valueName: "folder"))
    var out: String

    func operate() throws {
        let draft = try FrameworkFile.load(draft)
        let line = ProgressLine()
        defer { line.clear() }
        do {
            let ledger = try source.ledger(.builtIn, line, opening: draft.schoolYears)
            line.show("computing the framework in force")
            let inForce = try Self.compared(with: draft, ledger.settings.frameworks)
            let before = try ledger.computed(under: inForce).tables.determinations()
            line.show("computing the draft")
            let frameworks = ledger.settings.frameworks.with(draft: draft)
            let after = try ledger.computed(under: frameworks).tables.determinations()
            line.clear()
            let comparison = try FrameworkComparison(
                draft,
                inForce,
                before: before.map(\.message),
                after: after.map(\.message)
            )
            let folder = try OutputFolder(out)
            defer { folder.discard() }
            for (name, listing) in comparison.files {
                try folder.table(name, listing.columns) { write in for row in listing.rows { try write(row) } }
            }
            try folder.text("comparison.html", comparison.html)
            try folder.complete()
            Standard.output(comparison.summary + "the report is in \(folder.path)\n")
        } catch let fault as YearFault {
            throw Failure(fault)
        }
    }

    /// The frameworks that a draft is compared with: those in force.
    ///
    /// For a year of the draft that has none yet, the newest one before it stands in.
    static func compared(with draft: Framework, _ inForce: FrameworkSet) throws -> FrameworkSet {
        var compared = inForce
        for year in draft.schoolYears where try inForce.ifCovered(schoolYear: year) == nil {
            guard let before = try inForce.schoolYears().filter({ $0 < year }).max() else { continue }
            compared = compared.with(try inForce.of(schoolYear: before), in: year)
        }
        return compared
    }
}

/// The changes of a draft, as tables.
struct FrameworkComparison {
    private let draft: Framework
    private let years: [Int]
    private let parameters: Listing
    private let outcomes: Listing
    private let organizations: Listing
    private let headlines: Int
    private let count: Int

    /// - Throws: `Failure` if there is nothing to compare.
    init(
        _ draft: Framework,
        _ frameworks: FrameworkSet,
        before: [Accountability_V1_Determination],
        after: [Accountability_V1_Determination]
    ) throws {
        self.draft = draft
        let changes = PreviewChange.list(from: before, to: after)
        let touched = Set(changes.map(\.schoolYear)).union(draft.schoolYears)
        let old = before.filter { touched.contains(Int($0.schoolYear)) }
        let new = after.filter { touched.contains(Int($0.schoolYear)) }
        guard !old.isEmpty || !new.isEmpty else {
            let names = draft.schoolYears.map(String.init).joined(separator: ", ")
            throw Failure(
                .badInput,
                "there are no determinations of \(names), so there is nothing to compare: check that the years are closed and their files are there"
            )
        }
        years = touched.sorted()
        count = max(old.count, new.count)
        headlines = changes.count(where: \.isHeadline)
        parameters = try Self.parameters(draft, frameworks)
        outcomes = Self.outcomes(old, new)
        organizations = Self.organizations(changes)
    }

    var files: [(String, Listing)] {
        [("parameters.csv", parameters), ("outcomes.csv", outcomes), ("organizations.csv", organizations)]
    }

    var summary: String {
        "\(draft.name): \(parameters.rows.count) parameters differ from the framework in force; \(organizations.rows.count) of \(count) "
            + "determinations would change, \(headlines) of them in classification or level\n"
    }

    private static func parameters(_ draft: Framework, _ frameworks: FrameworkSet) throws -> Listing {
        var listing = Listing([
            "school_year", "parameter", "in_force", "draft", "status_in_force", "status_draft", "source_in_force",
            "source_draft",
        ])
        for year in draft.schoolYears {
            guard let force = try frameworks.ifCovered(schoolYear: year) else { continue }
            let old = Dictionary(uniqueKeysWithValues: force.parameters.map { ($0.path, $0) })
            let new = Dictionary(uniqueKeysWithValues: draft.parameters.map { ($0.path, $0) })
            for path in draft.paths(differingFrom: force) {
                listing.rows.append([
                    String(year), path, old[path]?.text ?? "", new[path]?.text ?? "", old[path]?.status.rawValue ?? "",
                    new[path]?.status.rawValue ?? "", old[path]?.source ?? "", new[path]?.source ?? "",
                ])
            }
        }
        return listing
    }

    private struct Outcome: Hashable {
        let year: UInt32
        let type, classification, level: String

        init(_ message: Accountability_V1_Determination) {
            year = message.schoolYear
            type = DeterminationRows.typeName(message.type)
            classification = message.classification
            level = message.level
        }

        var fields: [String] { [String(year), type, classification, level] }
    }

    private static func outcomes(
        _ before: [Accountability_V1_Determination],
        _ after: [Accountability_V1_Determination]
    ) -> Listing {
        var counts: [Outcome: (before: Int, after: Int)] = [:]
        for message in before { counts[Outcome(message), default: (0, 0)].before += 1 }
        for message in after { counts[Outcome(message), default: (0, 0)].after += 1 }
        return Listing(
            ["school_year", "type", "classification", "level", "in_force", "draft", "difference"],
            counts.map { outcome, count in
                outcome.fields + [String(count.before), String(count.after), String(count.after - count.before)]
            }
            .sorted { $0.lexicographicallyPrecedes($1) }
        )
    }

    private static func organizations(_ changes: [PreviewChange]) -> Listing {
        Listing(
            [
                "school_year", "org_code", "name", "classification_in_force", "level_in_force", "classification_draft",
                "level_draft", "fields",
            ],
            (changes.filter(\.isHeadline) + changes.filter { !$0.isHeadline })
                .map { change in
                    [
                        String(change.schoolYear), change.orgCode, change.name, change.from.classification,
                        change.from.level, change.to.classification, change.to.level,
                        change.fields.joined(separator: "; "),
                    ]
                }
        )
    }

    /// The report as a page for print.
    var html: String {
        let names = years.map(String.init).joined(separator: ", ")
        let tables = [
            ("What the draft changes", parameters), ("Outcomes in sum", outcomes),
            ("Determinations that would change", organizations),
        ]
        return HTMLPage(
            title: "Comparison of \(draft.title) with the framework in force",
            paragraphs: [
                "Under \(Paragraph.consultation.citation), school years \(names). \(summary)"
                    + "Identity of the draft: \(draft.digest)."
            ],
            tables: tables.map { HTMLPage.Table(title: $0.0, listing: $0.1) },
            isWide: true
        )
        .text
    }
}
