internal import Operating
internal import ArgumentParser
internal import Messages
internal import Rules
internal import Stages
internal import Tables

/// `accountability evaluate determinations`: the decision table, 603 CMR 2.03(3).
struct EvaluateDeterminations: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "determinations",
        abstract: "Makes determinations from figures.",
        discussion: """
            Reads school_year, org_code, org_type, sufficient_data (Y or N), designation, percentile, low_subgroups, \
            cohort, graduates, low_participation_groups, recognition, cumulative; lists are separated by semicolons. \
            A recognition is one of \(DepartmentAct.recognition.kinds.joined(separator: ", ")). \
            Prints the classification, the level and every reason.

              accountability evaluate determinations schools-2019.csv

            Percentiles and low subgroups apply to schools. For a district or the state they have no effect. The bands of 2018 are meeting \
            and partially_meeting.
            """
    )

    @OptionGroup var options: EvaluateOptions

    func operate() throws {
        var frameworks = try FrameworkChoice(options.framework)
        var table = try EvaluationTable(options, columns: Self.columns)
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
            } catch let refused as RowRefused {
                table.problem(refused.description)
            }
        }
        try output.close()
        try table.finish()
    }

    private static let level = Column(
        "org_type",
        .choice(OrganizationType.allCases.map(\.wireName)),
        .required,
        "the level"
    )
    private static let designation = Column(
        "designation",
        .choice(Designation.allCases.map(\.wireName)),
        .mayBeEmpty,
        "the designations in force"
    )
    private static let recognition = Column(
        "recognition",
        .choice(DepartmentAct.recognition.kinds),
        .mayBeEmpty,
        "the kinds of recognition"
    )
    private static let percentile = Column("percentile", .decimal(1...99), .mayBeEmpty, "the accountability percentile")
    private static let cumulative = Column(
        "cumulative",
        .decimal(0...100),
        .mayBeEmpty,
        "the cumulative target percentage"
    )
    private static let cohort = Column(
        "cohort",
        .integer(0...10_000_000),
        .mayBeEmpty,
        "the four-year cohort of the year before"
    )
    private static let graduates = Column(
        "graduates",
        .integer(0...10_000_000),
        .mayBeEmpty,
        "its graduates within four years"
    )
    private static let lowSubgroups = Column("low_subgroups", .group, .mayBeEmpty, "the low performing subgroups")
    private static let lowParticipation = Column(
        "low_participation_groups",
        .group,
        .mayBeEmpty,
        "the groups below the requirement"
    )
    private static let sufficiency = Column("sufficient_data", .yesNo, .required, "whether there are enough data")
    private static let schoolYear = Column("school_year", .year, .required, "the spring year")
    private static let organization = Column("org_code", .code8, .required, "the organization")

    /// The columns of the table, which no layout has.
    private static let columns = [
        schoolYear, organization, level, sufficiency, designation, percentile, lowSubgroups, cohort, graduates,
        lowParticipation, recognition,
        cumulative,
    ]

    private static func determine(
        _ table: borrowing EvaluationTable,
        _ frameworks: inout FrameworkChoice
    ) throws -> Determination {
        guard let year = try FieldCheck.year(table.text(schoolYear.name), of: schoolYear),
            let code = try FieldCheck.code(table.text(organization.name), of: organization),
            let typeNumber = try FieldCheck.choice(table.text(level.name), of: level),
            let type = OrganizationType(rawValue: UInt8(typeNumber))
        else { throw RowProblem("the row is empty") }
        guard code.type == type else { throw FieldCheck.fault(.typeNotOfCode, level) }
        let framework = try frameworks.framework(schoolYear: year)
        var input = DeterminationInput(type: type)
        input.sufficientData = try isSufficient(table.text(sufficiency.name))
        input.designations = try table.list(designation.name)
            .compactMap { name in
                try FieldCheck.choice(name, of: designation).flatMap { Designation(rawValue: UInt8($0)) }
            }
        input.percentile = try wholeNumber(table.text(percentile.name), percentile).map(Int.init)
        input.cumulative = try wholeNumber(table.text(cumulative.name), cumulative)
        input.cohort = try FieldCheck.integer(table.text(cohort.name), of: cohort).map(Int64.init)
        input.graduates = try FieldCheck.integer(table.text(graduates.name), of: graduates).map(Int64.init)
        input.lowSubgroups = try groups(lowSubgroups, table)
        if input.lowSubgroups.contains(.allStudents) {
            throw FieldCheck.fault(.unknownGroup, lowSubgroups, "all_students is no subgroup")
        }
        if let percentile = framework.percentile {
            for group in input.lowSubgroups where !percentile.ranks(group) {
                table.note(
                    "\(lowSubgroups.name): the framework of \(framework.name) has no percentile of \(group), which is taken as a reason anyway "
                        + "(percentile.subgroups)",
                    line: table.line
                )
            }
        }
        input.lowParticipationGroups = try groups(lowParticipation, table)
        input.recognitions = try table.list(recognition.name).map(kind)
        do {
            return try Determination(input, framework)
        } catch {
            throw RowProblem(error.description)
        }
    }

    /// A kind of recognition, by its name or as reports write it: High achievement, Exceeding targets.
    private static func kind(_ text: String) throws(RowRefused) -> String {
        let name = text.lowercased().replacing(" ", with: "_").replacing("-", with: "_")
        guard let number = try FieldCheck.choice(name, of: recognition) else {
            throw FieldCheck.fault(.missingValue, recognition)
        }
        return DepartmentAct.recognition.kinds[number]
    }

    private static func isSufficient(_ text: String) throws(RowRefused) -> Bool {
        switch text.lowercased() {
        case "y", "yes", "true", "1": return true
        case "n", "no", "false", "0": return false
        default: throw FieldCheck.fault(text.isEmpty ? .missingValue : .unknownChoice, sufficiency)
        }
    }

    /// A whole number within the column's bounds, also when it was written as 63.0.
    private static func wholeNumber(_ text: String, _ column: Column) throws(RowRefused) -> Int64? {
        guard let value = try FieldCheck.decimal(text, of: column) else { return nil }
        guard value.isInteger, let whole = Int64(exactly: value.numerator) else {
            throw FieldCheck.fault(.malformedInteger, column)
        }
        return whole
    }

    private static func groups(_ column: Column, _ table: borrowing EvaluationTable) throws(RowRefused)
        -> [StudentGroup]
    {
        var groups: Set<StudentGroup> = []
        for name in table.list(column.name) {
            if let group = try FieldCheck.group(name, of: column) { groups.insert(group) }
        }
        return groups.sorted()
    }
}
