internal import Messages
internal import Rules

/// The words of the Department's workbook of determinations, as that of 2019 has them.
enum WorkbookWords {
    /// The groups in the order in which the workbook lists them.
    ///
    /// It is that of the letters in its research file: A Asian, B African American/Black, C White, D students with
    /// disabilities, E low income, H Hispanic/Latino, L English learners, S high needs. Where the two groups without a
    /// letter stand is not published: behind multi-race.
    static let order: [StudentGroup] = [
        .asian, .black, .white, .swd, .lowIncome, .hispanic, .elFormerEL, .multiRace, .americanIndianAlaskaNative,
        .nativeHawaiianPacificIslander, .highNeeds, .lowestPerforming, .allStudents,
    ]

    /// The name of a group in a year.
    static func name(_ group: StudentGroup, year: Int) -> String {
        switch group {
        case .allStudents: "All students"
        case .lowestPerforming: "Lowest performing"
        case .highNeeds: "High needs"
        case .lowIncome: (2015...2021).contains(year) ? "Economically disadvantaged" : "Low income"
        case .elFormerEL: "EL and former EL"
        case .swd: "Students w/disabilities"
        case .americanIndianAlaskaNative: "Amer. Ind. or Alaska Nat."
        case .asian: "Asian"
        case .black: "Afr. Amer./Black"
        case .hispanic: "Hispanic/Latino"
        case .multiRace: "Multi-race, Non-Hisp./Lat."
        case .nativeHawaiianPacificIslander: "Nat. Haw. or Pacif. Isl."
        case .white: "White"
        }
    }

    /// A list of groups as one text.
    static func groups(_ names: [String], year: Int) -> String {
        let groups = Set(names.compactMap { StudentGroup(wireName: $0) })
        return order.filter(groups.contains).map { name($0, year: year) }.joined(separator: " -")
    }

    static func classification(_ publication: Accountability_V1_Publication?) -> String {
        publication.flatMap { Classification(wireName: $0.classification) }?.title ?? ""
    }

    /// Why an organization has its classification: the kind of support, the recognition, or the progress.
    static func reason(_ publication: Accountability_V1_Publication) -> String {
        switch DeterminationLevel(wireName: publication.level) {
        case .schoolOfRecognition?: recognition(publication)
        case let level?: level.title
        case nil: classification(publication)
        }
    }

    /// What a school is recognised for.
    private static func recognition(_ publication: Accountability_V1_Publication) -> String {
        var national: [String] = []
        var kinds: [String] = []
        for kind in publication.recognitions {
            switch RecognitionKind(wireName: kind) {
            case .nationalBlueRibbon:
                let category = publication.reasonTexts.first.map { " – \($0)" } ?? ""
                national.append("\(publication.schoolYear) National Blue Ribbon School\(category)")
            case .eseaDistinguished: national.append("\(publication.schoolYear) National ESEA Distinguished School")
            default:
                kinds.append(
                    kind.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
                )
            }
        }
        let order = ["High Achievement", "High Growth"]
        kinds.sort { (order.firstIndex(of: $0) ?? 9, $0) < (order.firstIndex(of: $1) ?? 9, $1) }
        let school = kinds.isEmpty ? [] : ["School of Recognition: \(kinds.joined(separator: " - "))"]
        return (national + school).joined(separator: " & ")
    }

    /// The designation, or else that it is among the lowest performing schools.
    static func overallPerformance(_ publication: Accountability_V1_Publication) -> String {
        let kind = publication.type == .district ? "district" : "school"
        switch Designation(wireName: publication.designation) {
        case .underperforming?: return "Underperforming \(kind)"
        case .chronicallyUnderperforming?: return "Chronically underperforming \(kind)"
        case .directedFocused?: return publication.reasonTexts.joined(separator: "; ")
        case nil: return reason(.lowest10Percent, of: publication)
        }
    }

    /// The words of a reason where it applies.
    static func reason(_ reason: DeterminationReason, of publication: Accountability_V1_Publication) -> String {
        publication.reasons.contains(reason.wireName) ? reason.title : ""
    }

    /// Under federal law: comprehensive support alone, otherwise each kind of targeted support.
    static func federal(_ publication: Accountability_V1_Publication) -> String {
        let supports = Set(publication.federalDesignations.compactMap { FederalSupport(wireName: $0.designation) })
        if supports.contains(.comprehensive) { return FederalSupport.comprehensive.title }
        return FederalSupport.allCases.filter(supports.contains).map(\.title).joined(separator: "; ")
    }

    static func title1(_ publication: Accountability_V1_Publication) -> String {
        guard publication.hasTitle1 else { return "" }
        return "\(publication.title1 ? "" : "Non-")Title I \(publication.type == .district ? "District" : "School")"
    }

    static func appeal(_ publication: Accountability_V1_Publication) -> String {
        publication.publicationNotes.contains(where: \.isAppeal) ? "Yes" : ""
    }

    /// The annual percentage of the year before: as it was carried, or else as that year published it.
    static func annualBefore(_ row: PublishedRow) -> String {
        guard row.publication.priorAnnualExact.isEmpty else { return row.publication.priorAnnualExact }
        guard let before = row.before, let percent = Ratio.reading(before.annualExact),
            let framework = try? row.frameworks.ifCovered(schoolYear: row.year - 1),
            let carried = try? AnnualPercentage.carried(percent, framework)
        else { return "" }
        return carried.shortText
    }
}
