internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import Tables

/// `accountability framework propose`.
struct FrameworkPropose: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "propose",
        abstract: "Puts a framework document on record as proposed, 603 CMR 2.03(10).",
        discussion: """
              accountability framework template 2026 --based-on 2025 > 2026.yaml
              accountability framework propose 2026.yaml --reference "Docket 2026-01"
              accountability framework report 2026.yaml --out report
              accountability framework propose 2026.yaml --recommended --date 2026-05-01
              accountability directive framework_step approved --year 2026 --date 2026-05-20 --reference "Board vote sha256:..."

            The document is checked whole; an error names the line, the parameter and the reason, and nothing is submitted. It becomes a row of \
            the ledger, as the directive framework_step proposed, or with --recommended as the directive recommended, whose document has \
            precedence. The steps between are directives: `accountability help directive`.

            A school year is computed under its document as soon as the Board approves it. A year without a built-in framework is computed under \
            its document from the proposal on, and cannot become official before the approval. The workers then start again by themselves and \
            compute everything under it. To try a document before, use `accountability preview --framework FILE`.

            Exit codes: 0 it is on record; 64 usage; 65 the document is not valid, or the step was refused (the command prints the reason); \
            69 no broker answers; 75 it took longer than --timeout.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Argument(help: "The document, YAML.")
    var file: String

    @Option(help: ArgumentHelp("The school year; default: the only one that the document names.", valueName: "year"))
    var year: Int?

    @Flag(help: "Put it on record with the commissioner's recommendation.")
    var recommended = false

    @Option(help: ArgumentHelp("The day of the step; default: today.", valueName: "yyyy-mm-dd"))
    var date: String?

    @Option(help: ArgumentHelp("The reason, which is published.", valueName: "text"))
    var reason = ""

    @Option(help: ArgumentHelp("The docket or memorandum.", valueName: "text"))
    var reference = ""

    @OptionGroup var submission: ActSubmission

    func validate() throws { if let year { try SchoolYear.validate(year) } }

    func operate() throws {
        let framework = try FrameworkFile.load(file)
        let years = framework.schoolYears.map(String.init).joined(separator: ", ")
        guard let year = year ?? (framework.schoolYears.count == 1 ? framework.schoolYears.first : nil) else {
            throw Failure(
                .usage,
                "the document is for the school years \(years): name the one to propose it for with --year"
            )
        }
        guard framework.schoolYears.contains(year) else {
            throw Failure(.badInput, "the document is for \(years) and not for \(year); nothing was submitted")
        }
        let step: FrameworkStep = recommended ? .recommended : .proposed
        let values = [
            "school_year": String(year), "org_code": OrganizationCode.state.description,
            "directive": DepartmentAct.frameworkStep.wireName, "kind": step.wireName,
            "effective_date": date ?? Today.text, "reason": reason, "reference": reference,
            "document": try FrameworkFile.text(file),
        ]
        let text = ActSubmission.text(values)
        let connection = try broker.connection()
        let (done, id) = try submission.submit(text, connection)
        let isInForce = try connection.frameworks().ifCovered(schoolYear: year)?.digest == framework.digest
        Standard.line("\(DepartmentAct.frameworkStep) \(step), \(year), \(framework.name): \(done) (\(id))")
        Standard.line("  document sha256:\(framework.digest)")
        Standard.line(
            isInForce
                ? "  \(year) is computed under it"
                : "  \(year) is computed under the built-in framework until the Board approves this document"
        )
    }
}

/// `accountability framework proposed`.
struct FrameworkProposed: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "proposed",
        abstract: "Prints the document that is on record for a school year.",
        discussion: """
              accountability framework proposed 2026 > 2026.yaml
              accountability framework proposed 2026 --digest
              accountability framework diff 2025 <(accountability framework proposed 2026)

            The document of the recommendation has precedence over that of the proposal.

            Exit codes: 0 done; 64 usage; 65 no document is on record; 69 no broker answers.
            """
    )

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Argument(help: "The school year, by its spring.")
    var year: Int

    @Flag(help: "Print the document's digest instead, as an approval names it.")
    var digest = false

    func validate() throws { try SchoolYear.validate(year) }

    func operate() throws {
        let acts = try DepartmentRecords(try broker.connection()).acts
            .filter { Int($0.schoolYear) == year && $0.act == .frameworkStep }
        let documents = FrameworkStep.withDocument.compactMap { step in
            acts.first { $0.kind == step.wireName && !$0.document.isEmpty }?.document
        }
        guard let document = documents.first else {
            throw Failure(
                .badInput,
                "no document is on record for \(year): `accountability framework propose FILE` puts one on record"
            )
        }
        Standard.output(digest ? "\(FrameworkFile.digest(of: document))\n" : document)
    }
}
