internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Rules
internal import Stages

/// `accountability framework template`.
struct FrameworkTemplate: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "template",
        abstract: "Prints a framework document to edit; as printed, it is valid and changes nothing.",
        discussion: """
              accountability framework template 2026 --based-on 2025 > draft.yaml
              accountability framework template 2019 --all

            It contains every parameter that no public source decides, with its value, its status, its source and its stated alternatives. A \
            Department sets the value, the status (published) and the source (the vote). Parameters that the document does not name are as \
            in the framework that it is based on.
            """
    )

    @Argument(help: "The school year that the document is for, by its spring.")
    var year: Int

    @Option(help: ArgumentHelp("The school year whose framework it is based on; default: the same.", valueName: "year"))
    var basedOn: Int?

    @Flag(help: "Name every parameter.")
    var all = false

    func validate() throws { try SchoolYear.validate(year) }

    func operate() throws {
        let base = try FrameworkCommand.of(basedOn ?? year)
        Standard.output(base.template(name: "draft-\(year)", schoolYears: [year]) { all || $0.status == .assumed })
    }
}

/// `accountability framework validate`.
struct FrameworkValidate: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Checks a whole framework document; an error names the line, the parameter and the reason.",
        discussion: """
            Prints the document's identity (the digest that determinations name), its school years, and in how many parameters it differs from \
            the built-in framework of each. No broker is asked: an installation computes a year under its built-in framework unless another one \
            is approved (`accountability framework proposed`).

            Exit codes: 0 it is valid; 64 usage; 65 it is not.
            """
    )

    @Argument(help: "The document, YAML.")
    var file: String

    @Flag(help: "JSON instead of text.")
    var json = false

    /// The output for a valid document.
    struct Answer: Encodable {
        struct Year: Encodable {
            let schoolYear: Int
            /// The built-in framework; absent if the year has none.
            let framework: String?
            let differing: [String]
        }

        let name, title, digest: String
        let parameters, published, derived, assumed: Int
        /// Assumed parameters that state neither alternatives nor why there are none: `sweep` cannot try them.
        let withoutAlternatives: [String]
        let years: [Year]
    }

    static func answer(_ framework: Framework) throws -> Answer {
        func count(_ status: ParameterStatus) -> Int { framework.parameters.count { $0.status == status } }
        let silent = framework.parameters.filter { record in
            let stated = framework.alternatives(to: record.path)
            return record.status == .assumed && stated.values.isEmpty && stated.reason.isEmpty
        }
        return Answer(
            name: framework.name,
            title: framework.title,
            digest: framework.digest,
            parameters: framework.parameters.count,
            published: count(.published),
            derived: count(.derived),
            assumed: count(.assumed),
            withoutAlternatives: silent.map(\.path),
            years: try framework.schoolYears.map { year in
                let builtIn = try Framework.ifCovered(schoolYear: year)
                return Answer.Year(
                    schoolYear: year,
                    framework: builtIn?.name,
                    differing: builtIn.map { framework.paths(differingFrom: $0) } ?? []
                )
            }
        )
    }

    func operate() throws {
        let answer = try Self.answer(try FrameworkFile.load(file))
        if json { try JSONOutput.write(answer) } else { Standard.output(Self.text(answer)) }
    }

    /// For people.
    static func text(_ answer: Answer) -> String {
        var text = """
            \(answer.name): \(answer.title)
              digest \(answer.digest)
              \(answer.parameters) parameters: \(answer.published) published, \(answer.derived) derived, \(answer.assumed) assumed

            """
        for year in answer.years {
            let builtIn = year.framework.map {
                "\(year.differing.count) values differ from \($0), which is built in: an installation computes \(year.schoolYear) under it "
                    + "unless another framework is approved"
            }
            text += "  \(year.schoolYear): \(builtIn ?? "no framework is built in; one has to be approved")\n"
            text += year.differing.map { "    \($0)\n" }.joined()
        }
        if !answer.withoutAlternatives.isEmpty {
            text += "  assumed without alternatives, so sweep cannot try them:\n"
            text += answer.withoutAlternatives.map { "    \($0)\n" }.joined()
        }
        return text
    }
}
