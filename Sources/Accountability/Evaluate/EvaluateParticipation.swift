internal import Operating
internal import ArgumentParser
internal import Messages
internal import Rules
internal import Stages
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
        var table = try EvaluationTable(options, layout: .participationCounts)
        var output = try CSVWriter(descriptor: 1)
        try output.writeRow([
            "school_year", "org_code", "grade", "group", "subject", "participants", "denominator", "rate", "rate_exact",
            "met",
        ])
        var published = 0
        var agreeing = 0
        while let row = try table.nextRow() {
            do {
                let judgement = try Self.judge(row, &frameworks)
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
                if let figure = Int64(table.text("published_rate")) {
                    published += 1
                    if rate.displayed == figure { agreeing += 1 }
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

    private static func judge(_ row: LayoutCheck.Row, _ frameworks: inout FrameworkChoice) throws(RowProblem)
        -> ParticipationJudgement
    {
        let framework = try frameworks.framework(schoolYear: row.schoolYear)
        guard case .participationCounts(let counts) = row.content, let subject = Subject(name: counts.subject) else {
            throw RowProblem("not a row of participation_counts")
        }
        let tally = ParticipationTally(
            standard: Int64(counts.standard),
            alternate: Int64(counts.alternate),
            firstYear: Int64(counts.firstYearEl),
            afterOctober: Int64(counts.afterOctober),
            absent: Int64(counts.absent),
            medical: Int64(counts.medical),
            notTakingEnglishTest: Int64(counts.elNotTested)
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
