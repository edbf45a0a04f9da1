internal import Operating
internal import ArgumentParser
internal import Foundation

/// `accountability evaluate points`: percentages from points, 603 CMR 2.03(2)(b).
struct EvaluatePoints: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "points",
        abstract: "Computes target percentages from points.",
        discussion: """
            Reads a JSON array of reports: case, school_year, org_type, spans -> all_students/lowest_performing -> points; optional weight \
            of a span in percent, prior_annual at one decimal, grades_served, published. Prints an array in the same order. A figure that \
            the inputs do not determine is null: the annual percentage of two spans without a weight, or of one span if the grades served \
            have two. If a prior annual percentage was published but not given at one decimal, or a weight is missing, the cumulative \
            percentage and the band are null only if this matters. A report that cannot be read is named on standard error and has nulls in \
            its place. Standard error also names the members that are not read.

              accountability evaluate points official-reports.json

            Points of an indicator that a column never has do not count, and standard error says so. In the lowest performing group these \
            are completion, EL progress and advanced coursework, science in its non-high span, and in 2023 everything in its high span. The \
            bands of 2018 are Meeting or exceeding targets and Partially meeting targets.
            """
    )

    @Argument(help: "The file to read, plain or .gz; - is standard input.")
    var file: String

    @Option(
        help: ArgumentHelp(
            "The framework to use, by its school year, or a framework in a file; default: that of each case.",
            valueName: "year|file"
        )
    )
    var framework: String?

    func operate() throws {
        var frameworks = try FrameworkChoice(framework)
        let name = EvaluationInput.name(file)
        let bytes = try EvaluationInput.document(file)
        let reading: PointsReading
        do {
            reading = try PointsReading(bytes)
        } catch {
            throw EvaluationProblem.fatal("\(name): \(error)")
        }
        var failed = false
        var results: [PointsAnswer] = []
        for (index, element) in reading.elements.enumerated() {
            do {
                guard element.problems.isEmpty else { throw RowProblem(element.problems.joined(separator: "; ")) }
                results.append(try element.report.evaluated(&frameworks))
            } catch {
                failed = true
                let report = element.report.name.map { "case \($0) (element \(index + 1))" } ?? "element \(index + 1)"
                EvaluationProblem.report("\(name): line \(element.line): \(report): \(error)")
                results.append(PointsAnswer(name: element.report.name))
            }
        }
        for warning in reading.warnings { EvaluationProblem.report("\(name): warning: \(warning)") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Standard.line(String(decoding: try encoder.encode(results), as: UTF8.self))
        for (index, answer) in results.enumerated() {
            for remark in answer.leftOut { EvaluationProblem.report("\(file): element \(index + 1): \(remark)") }
        }
        if failed { throw EvaluationProblem.badInput }
    }
}
