internal import Operating
internal import ArgumentParser
internal import Foundation
internal import Rules
internal import Tables

/// `accountability evaluate points`: percentages from points, 603 CMR 2.03(2)(b).
struct EvaluatePoints: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "points",
        abstract: "Computes target percentages from points.",
        discussion: """
            Reads a JSON array of reports: case, school_year, org_type, spans -> all_students/lowest_performing -> points; \
            optional weight of a span in percent, prior_annual at one decimal, grades_served, published. Prints an array in \
            the same order. What the inputs do not determine is null: the annual percentage of two spans without a weight, or \
            of one span where the grades served have two. A prior annual percentage that was published but not given at \
            one decimal, and a missing weight, leave the cumulative percentage and the band open only where they matter.

              accountability evaluate points official-reports.json
            """
    )

    @Argument(help: "The file to read.")
    var file: String

    @Option(
        help: ArgumentHelp("The framework to use, by its school year; default: that of each case.", valueName: "year")
    )
    var framework: Int?

    func operate() throws {
        var frameworks = try FrameworkChoice(framework)
        let cases: [PointsCase]
        do {
            cases = try JSONDecoder().decode([PointsCase].self, from: Data(contentsOf: URL(fileURLWithPath: file)))
        } catch {
            throw EvaluationProblem.fatal("\(file): \(PointsCase.describe(error))")
        }
        var failed = false
        var results: [PointsAnswer] = []
        for (index, report) in cases.enumerated() {
            do {
                results.append(try report.evaluated(&frameworks))
            } catch {
                failed = true
                EvaluationProblem.report("\(file): case \(report.name.text) (element \(index + 1)): \(error)")
                results.append(PointsAnswer(name: report.name))
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Standard.line(String(decoding: try encoder.encode(results), as: UTF8.self))
        if failed { throw EvaluationProblem.badInput }
    }
}
