internal import Operating
internal import ArgumentParser
internal import Rules
internal import Tables

/// `accountability evaluate participation`: rates from counts, 603 CMR 2.03(2)(d).
struct EvaluateParticipation: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "participation",
        abstract: "Computes participation rates from counts.",
        discussion: """
            Reads rows of the layout participation_counts and prints one row for each, in their order. 'met' is empty \
            below the minimum size; it judges the row's own year, without looking back.

              accountability evaluate participation --ignore-extra participation-2012.csv.gz
            """
    )

    @OptionGroup var options: EvaluateOptions

    func operate() throws {
        var frameworks = try FrameworkChoice(options.framework)
        var table = try EvaluationTable(
            options,
            required: [
                "grade", "group", "subject", "standard", "alternate", "absent", "medical", "first_year_el",
                "after_october",
            ],
            optional: ["enrolled", "published_rate"]
        )
        var output = try CSVWriter(descriptor: 1)
        try output.writeRow([
            "school_year", "org_code", "grade", "group", "subject", "participants", "denominator", "rate", "rate_exact",
            "met",
        ])
        var published = 0
        var agreeing = 0
        while try table.next() {
            do {
                let judgement = try Self.judge(table, &frameworks)
                let rate = judgement.current
                output.write(table.text("school_year"))
                output.write(table.text("org_code"))
                output.write(table.text("grade"))
                output.write(table.text("group"))
                output.write(table.text("subject"))
                output.write(Int(rate.participants))
                output.write(Int(rate.denominator))
                output.write(rate.displayed.map(String.init) ?? "")
                output.write(rate.exact?.text(decimals: 4) ?? "")
                output.write(judgement.met.map(String.init) ?? "")
                try output.endRow()
                if let figure = try table.number("published_rate") {
                    published += 1
                    if let displayed = rate.displayed, Ratio(displayed) == figure { agreeing += 1 }
                }
            } catch let problem as RowProblem {
                table.problem(problem.description)
            }
        }
        try output.close()
        if table.has("published_rate") {
            let share = published == 0 ? "none" : try Ratio(Int64(agreeing), over: Int64(published)).percentText
            EvaluationProblem.report("published rates: \(agreeing) of \(published) agree (\(share))")
        }
        try table.finish()
    }

    private static func judge(
        _ table: borrowing EvaluationTable,
        _ frameworks: inout FrameworkChoice
    ) throws(RowProblem) -> ParticipationJudgement {
        let framework = try frameworks.framework(schoolYear: try table.schoolYear())
        _ = try table.organization()
        _ = try table.group()
        let grade = table.text("grade")
        guard grade == "all" || Grade(grade) != nil else { throw RowProblem("grade is neither a grade nor all") }
        guard let subject = Subject(name: table.text("subject")) else {
            throw RowProblem("subject is none of ELA, Math, STE")
        }
        _ = try table.count("enrolled")
        _ = try table.number("published_rate")
        let tally = ParticipationTally(
            standard: try table.count("standard") ?? 0,
            alternate: try table.count("alternate") ?? 0,
            firstYear: try table.count("first_year_el") ?? 0,
            afterOctober: try table.count("after_october") ?? 0,
            absent: try table.count("absent") ?? 0,
            medical: try table.count("medical") ?? 0
        )
        do {
            return try ParticipationJudgement(current: tally, prior: nil, .subject(subject), framework)
        } catch {
            throw RowProblem(error.description)
        }
    }
}

extension Ratio {
    /// A share of one as a percentage with two decimals.
    fileprivate var percentText: String {
        guard let percent = try? self * .hundred else { return "" }
        return percent.text(decimals: 2) + " %"
    }
}
