internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Stages
internal import Tables

/// `accountability directive`: submits an act of the Department as a row.
struct DirectiveCommand: OperatorCommand, ReadingCommand, CitesParagraphs {
    static let configuration = CommandConfiguration(
        commandName: "directive",
        abstract:
            "Carries out an act of the Department: designation, recognition, release, suspension, framework step, review, plan filing, reconfiguration, appeal.",
        discussion: """
            An act is one row of the layout `directives`. This command writes the row and submits it. To submit many acts: `accountability submit \
            directives.csv`. The same act with other dates or words replaces the earlier one. --withdraw takes an act back.

            Designations, 603 CMR 2.03(3): a designation counts from its school year until --end. It needs a --reason, or a --reference to the \
            decision behind it.
              accountability directive designation underperforming --year 2019 --org 00350010 --date 2018-10-15 --reason "Four years of low performance"
              accountability directive designation chronically_underperforming --year 2019 --org 00350000 --date 2018-10-15 --reference "Board vote of 2018-10-15"
              accountability directive designation directed_focused --year 2019 --org 00350000 --date 2019-09-24 --reason "Failure to meet reporting deadlines"
            A school can also have a federal csi, tsi or atsi, 20 U.S.C. 6311: an identification of a year that was not computed here. It appears beside \
            the determination and does not change it.
              accountability directive designation csi --year 2018 --org 00350010 --date 2018-10-15 --end 2022-06-30 --reference "List of 2018-10-15"

            Recognition by the commissioner, (2)(f) (`accountability candidates` proposes schools): high_achievement, high_growth, exceeding_targets, \
            meeting_targets, significant_improvement, national_blue_ribbon, esea_distinguished.
              accountability directive recognition high_growth --year 2019 --org 00350012 --date 2019-09-24

            Release of the results, of the state or a district. A preliminary release shows each district its own results, under embargo; \
            --embargo-until sets the last day of the embargo. An official release publishes the results. It is refused if it takes effect before that day. \
            Before a release, only the Department sees the results. Withdrawing a release hides them again. An announced revision (revised) and a change on appeal \
            (appeal) need a --reason and, as --reference, the submission that corrected the figures. --packages names the folder that `accountability package` \
            wrote. The release then carries the root of the packages. Before that, the command checks that each package is complete and has the current determinations.
              accountability directive release preliminary --year 2019 --org 00350000 --date 2019-09-10 --embargo-until 2019-09-24
              accountability directive release official --year 2019 --date 2019-09-24 --packages packages-2019
              accountability directive release appeal --year 2019 --org 00350012 --date 2019-10-20 --reason "Score of a transferred student" --reference 20191019T120000Z-4f1

            Suspension, (11): only of school year 2021-22, for good cause arising from COVID-19. accountability_percentile, \
            criterion_referenced, subgroup_percentile, participation, need_for_assistance, exemplary_performance, determinations, all_measures.
              accountability directive suspension determinations --year 2022 --date 2022-06-28 --reason "Good cause arising from the COVID-19 pandemic"

            Steps of a framework, (10): proposed, comment_opened, comment, recommended, approved, in this order. Each organization has one \
            comment. Comments of the public have the state's code, and the docket as --reference. The steps proposed and recommended can carry the \
            framework itself with --document; the school year is then computed under it as soon as the Board approves it, and a year without a \
            built-in framework from the proposal on. If the --reference of the approval names a document by its digest (sha256:… of \
            `accountability framework validate`), determinations under any other document stay preliminary.
              accountability directive framework_step proposed --year 2026 --date 2025-01-28 --document 2026.yaml
              accountability directive framework_step comment_opened --year 2026 --date 2025-02-01 --end 2025-03-15
              accountability directive framework_step comment --year 2026 --org 00350000 --date 2025-02-20 --reason "Weigh growth higher"
              accountability directive framework_step recommended --year 2026 --date 2025-05-01
              accountability directive framework_step approved --year 2026 --date 2025-05-20 --reference "Board vote of 2025-05-20"

            District reviews, (4), (6): conducted, for the district and for each visited school; and a rating for each standard: \
            leadership_and_governance, curriculum_and_instruction, assessment, human_resources_and_professional_development, \
            student_support, financial_and_asset_management.
              accountability directive review conducted --year 2019 --org 00350000 --date 2019-03-04 --end 2019-03-07
              accountability directive review conducted --year 2019 --org 00350012 --date 2019-03-05
              accountability directive review student_support --year 2019 --org 00350000 --date 2019-03-07 --rating proficient

            Plans, (7): self_evaluation, district_improvement_plan, district_action_plan, school_improvement_plan. --date is the day of the \
            filing. --year is the (first) school year of the plan. --parts lists the parts that the plan has (`accountability plans --template KIND` names them). \
            --reference names the district plan that a school's plan is aligned with.
              accountability directive plan_filing school_improvement_plan --year 2020 --org 00350012 --date 2019-06-20 \
            --parts data_analysis,action_assessment,performance_goals --reference 2019/00350000

            Reconfiguration, (2)(a), (2)(b): a district or school that was reconfigured for the school year. Earlier years no longer count in \
            its cumulative percentage and in its percentiles.
              accountability directive reconfiguration reconfigured --year 2019 --org 06030000 --date 2018-07-01 --reason "Two towns left the district"

            An appeal against results: filed, with the deadline for the decision as --end; and denied. Each needs a --reason, and the letter \
            as --reference. If the appeal changes figures, publish the change with a release (above). `accountability appeals` lists the appeals.
              accountability directive appeal filed --year 2019 --org 00350012 --date 2019-10-01 --end 2019-11-01 --reason "Score of a transferred \
            student" --reference "Letter of 2019-09-30"
              accountability directive appeal denied --year 2019 --org 00350012 --date 2019-10-20 --reason "The student was enrolled" --reference "Letter \
            of 2019-10-20"

            What is on record:
              accountability directive --list --year 2019

            Exit codes: 0 the act is carried out, or was already in force; 64 usage; 65 the act was refused (the command prints the reason and the paragraph); \
            69 no broker answers; 75 it took longer than --timeout.
            """
    )
    static let paragraphs: [Paragraph] = [
        .framework, .exemplaryPerformance, .districtDesignation, .schoolDesignation, .districtReviews, .sixStandards,
        .improvementPlanning,
        .districtPlan, .schoolPlan, .planData, .planForm, .consultation, .suspension,
    ]

    @OptionGroup(title: "Kafka") var broker: BrokerOptions

    @Argument(
        help:
            "designation, recognition, release, suspension, framework_step, review, plan_filing, reconfiguration or appeal."
    )
    var directive: String?

    @Argument(help: "What is designated, recognised, released, suspended, reviewed, filed, reconfigured or appealed.")
    var kind: String?

    @Option(help: ArgumentHelp("The school year, by its spring: 2018-19 is 2019.", valueName: "year"))
    var year: Int?

    @Option(help: ArgumentHelp("The organization; default: the state.", valueName: "code"))
    var org = OrganizationCode.state.description

    @Option(help: ArgumentHelp("The day it takes effect; default: today.", valueName: "yyyy-mm-dd"))
    var date: String?

    @Option(help: ArgumentHelp("The day it ends.", valueName: "yyyy-mm-dd"))
    var end = ""

    @Option(
        help: ArgumentHelp(
            "For a preliminary release: the last day of the embargo. The results become official on that day at the earliest.",
            valueName: "yyyy-mm-dd"
        )
    )
    var embargoUntil: String?

    @Option(help: ArgumentHelp("The reason, which is published; for a comment, its text.", valueName: "text"))
    var reason = ""

    @Option(help: ArgumentHelp("The decision, submission or plan behind the act.", valueName: "text"))
    var reference = ""

    @Option(
        help: ArgumentHelp(
            "For a review by a standard: exemplary, proficient, needs_improvement or unsatisfactory.",
            valueName: "word"
        )
    )
    var rating = ""

    @Option(help: ArgumentHelp("For a plan filing: the parts of the plan, separated by commas.", valueName: "names"))
    var parts = ""

    @Option(
        help: ArgumentHelp(
            "For the state's official release: the folder with the districts' packages; the release carries their root.",
            valueName: "folder"
        )
    )
    var packages: String?

    @Option(
        help: ArgumentHelp(
            "For the framework steps proposed and recommended: the framework's document, YAML (`accountability framework propose` checks it first).",
            valueName: "file"
        )
    )
    var document: String?

    @OptionGroup var submission: ActSubmission

    @Flag(help: "Withdraw the act.")
    var withdraw = false

    @Flag(help: "List the recorded acts instead; --year and --org narrow the list.")
    var list = false

    @OptionGroup var viewer: ViewerOption

    @OptionGroup var output: FormatOption

    func validate() throws {
        if let year { try SchoolYear.validate(year) }
        guard OrganizationCode(org) != nil else {
            throw ValidationError("--org takes eight digits, leading zeros included")
        }
        guard list || viewer.words.isEmpty else { throw ValidationError("--as goes with --list") }
        if list {
            guard directive == nil, !withdraw else { throw ValidationError("--list takes no act and no --withdraw") }
            return
        }
        guard let directive, let kind, year != nil else {
            throw ValidationError(
                "name the act, its kind and --year (`accountability help directive` shows them all), or --list to list the recorded acts"
            )
        }
        guard Vocabulary.directives.contains(directive) else {
            throw ValidationError("the act must be one of \(Vocabulary.directives.joined(separator: ", "))")
        }
        guard Vocabulary.directiveKinds.contains(kind) else {
            throw ValidationError(
                "there is no kind '\(kind)'; `accountability help directive` lists the kinds of \(directive)"
            )
        }
        guard embargoUntil == nil || release == .preliminary && !withdraw && end.isEmpty else {
            throw ValidationError("--embargo-until is only for a preliminary release, and takes the place of --end")
        }
        let isOfTheState = release == .official && OrganizationCode(org) == .state
        guard packages == nil || isOfTheState && !withdraw else {
            throw ValidationError("--packages is only for the official release of the state's results")
        }
    }

    func operate() throws {
        let connection = try broker.connection()
        if list { return try printList(connection) }
        if let packages, let year {
            try ReleasedPackages(packages).check(year, connection)
        }
        if namesSubmission { try checkReference(connection) }
        let (done, id) = try submission.submit(try text(today: Today.text), connection, isWithdrawal: withdraw)
        Standard.line("\(directive ?? "") \(kind ?? ""), \(year ?? 0), \(org): \(done) (\(id))")
    }

    /// The kind of a release; nil of other acts.
    private var release: ReleaseKind? {
        guard let directive, DepartmentAct(wireName: directive) == .release else { return nil }
        return kind.flatMap { ReleaseKind(wireName: $0) }
    }

    /// Whether the reference is the submission that corrected the figures.
    var namesSubmission: Bool {
        release?.isOfChangedFigures == true && !withdraw && !reference.isEmpty
    }

    /// Checks that the reference is a submission of the installation.
    ///
    /// Submissions have other names where their files are computed elsewhere, so the command checks this, and
    /// validation does not.
    ///
    /// - Throws: `Failure` with 65 if there is no such submission.
    func checkReference(_ connection: Connection) throws {
        let reader = try TopicReader(connection)
        defer { reader.close() }
        guard try reader.table(TableTopics.receipts, where: { $0.submission == reference }).isEmpty else { return }
        throw Failure(
            .badInput,
            "--reference \(PlainText.escaped(reference, limit: 60)) is no submission of this installation, so nothing was carried out: name the "
                + "submission that corrected the figures, as `accountability receipts` lists it"
        )
    }

    /// The header and the row, as CSV.
    func text(today: String) throws -> String {
        let values = [
            "school_year": year.map(String.init) ?? "", "org_code": org, "action": withdraw ? "delete" : "",
            "directive": directive ?? "",
            "kind": kind ?? "", "effective_date": date ?? today, "end_date": embargoUntil ?? end, "reason": reason,
            "reference": reference, "rating": rating,
            "parts": parts.split(separator: ",").joined(separator: ";"),
            "packages_root": try packages.map { try ReleasedPackages($0).list.root } ?? "",
            "document": try document.map { try FrameworkFile.text($0) } ?? "",
        ]
        return ActSubmission.text(values)
    }

    private func printList(_ connection: Connection) throws {
        let selection = try OrganizationSelection(org)
        let acts = try DepartmentRecords(connection, for: viewer).acts
            .filter { act in
                (year == nil || Int(act.schoolYear) == year) && selection.contains(act.orgCode)
            }
        let format = output.chosen
        if format == .json { return Standard.output(try MessageJSON.array(acts)) }
        try Listing(
            [
                "school_year", "directive", "kind", "org_code", "effective_date", "end_date", "rating", "parts",
                "reason", "reference", "document",
            ],
            acts.map { act in
                [
                    String(act.schoolYear), act.directive, act.kind, act.orgCode, act.effectiveDate, act.endDate,
                    act.rating,
                    act.parts.joined(separator: ";"), act.reason, act.reference,
                ]
            }
        )
        .write(format)
    }
}
