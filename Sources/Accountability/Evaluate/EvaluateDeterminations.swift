internal import Operating
internal import ArgumentParser
internal import Rules
internal import Tables

/// `accountability evaluate determinations`: the decision table, 603 CMR 2.03(3).
struct EvaluateDeterminations: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "determinations",
        abstract: "Makes determinations from figures.",
        discussion: """
            Reads school_year, org_code, org_type, sufficient_data (Y or N), designation, percentile, low_subgroups, \
            cohort, graduates, low_participation_groups, recognition, cumulative; lists are separated by semicolons. \
            Prints the classification, the level and every reason.

              accountability evaluate determinations schools-2019.csv
            """
    )

    @OptionGroup var options: EvaluateOptions

    func operate() throws {
        var frameworks = try FrameworkChoice(options.framework)
        var table = try EvaluationTable(
            options,
            required: [
                "org_type", "sufficient_data", "designation", "percentile", "low_subgroups", "cohort", "graduates",
                "low_participation_groups", "recognition", "cumulative",
            ]
        )
        var output = try CSVWriter(descriptor: 1)
        try output.writeRow(["school_year", "org_code", "classification", "level", "reasons"])
        while try table.next() {
            do {
                let determination = try Self.determine(table, &frameworks)
                try output.writeRow([
                    table.text("school_year"), table.text("org_code"), determination.classification.wireName,
                    determination.level?.wireName ?? "",
                    determination.reasons.map(\.wireName).joined(separator: ";"),
                ])
            } catch let problem as RowProblem {
                table.problem(problem.description)
            }
        }
        try output.close()
        try table.finish()
    }

    private static func determine(
        _ table: borrowing EvaluationTable,
        _ frameworks: inout FrameworkChoice
    ) throws(RowProblem) -> Determination {
        let framework = try frameworks.framework(schoolYear: try table.schoolYear())
        _ = try table.organization()
        var input = DeterminationInput(type: try table.name("org_type"))
        input.sufficientData = try sufficiency(table.text("sufficient_data"))
        for name in table.list("designation") {
            guard let designation = Designation(wireName: name) else {
                throw RowProblem(
                    "designation is none of \(Designation.allCases.map(\.wireName).joined(separator: ", "))"
                )
            }
            input.designations.append(designation)
        }
        input.percentile = try wholeNumber("percentile", table, upTo: 99).map(Int.init)
        input.cumulative = try wholeNumber("cumulative", table, upTo: 100)
        input.cohort = try table.count("cohort")
        input.graduates = try table.count("graduates")
        input.lowSubgroups = try groups("low_subgroups", table)
        input.lowParticipationGroups = try groups("low_participation_groups", table)
        input.recognitions = table.list("recognition")
        do {
            return try Determination(input, framework)
        } catch {
            throw RowProblem(error.description)
        }
    }

    private static func sufficiency(_ text: String) throws(RowProblem) -> Bool {
        switch text.lowercased() {
        case "y", "yes", "true", "1": return true
        case "n", "no", "false", "0": return false
        default: throw RowProblem("sufficient_data is neither Y nor N")
        }
    }

    /// A whole number, also when it was written as 63.0.
    private static func wholeNumber(
        _ column: String,
        _ table: borrowing EvaluationTable,
        upTo maximum: Int64
    ) throws(RowProblem) -> Int64? {
        guard let value = try table.number(column) else { return nil }
        guard value.isInteger, (0...maximum).contains(value.numerator) else {
            throw RowProblem("\(column) is not a whole number from 0 to \(maximum)")
        }
        return value.numerator
    }

    private static func groups(_ column: String, _ table: borrowing EvaluationTable) throws(RowProblem)
        -> [StudentGroup]
    {
        var groups: Set<StudentGroup> = []
        for name in table.list(column) {
            guard let group = StudentGroup(name: name) else { throw RowProblem("\(column) names no known group") }
            groups.insert(group)
        }
        return groups.sorted()
    }
}
