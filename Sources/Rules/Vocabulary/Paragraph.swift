/// A paragraph of the regulation, by its official id; it stands beside the rule that carries it out.
public struct Paragraph: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The citation, such as `603 CMR 2.03(2)(d)`.
    public let citation: String

    /// The official order.
    private let order: Int

    /// The citation.
    public var description: String { citation }

    private init(_ order: Int, _ paragraph: String) {
        self.order = order
        citation = "603 CMR 2.03\(paragraph)"
    }

    /// The order of the regulation.
    public static func < (left: Paragraph, right: Paragraph) -> Bool { left.order < right.order }
}

extension Paragraph {
    /// (1) The framework for district and school accountability and assistance.
    public static let framework = Paragraph(10, "(1)")
    /// (2)(a) The accountability percentile of every school.
    public static let accountabilityPercentile = Paragraph(20, "(2)(a)")
    /// (2)(b) The criterion-referenced measure against targets for each indicator.
    public static let criterionReferenced = Paragraph(30, "(2)(b)")
    /// (2)(b)(1) All students and the lowest performing students of each district or school.
    public static let allAndLowestPerforming = Paragraph(31, "(2)(b)(1)")
    /// (2)(b)(2) Each subgroup for which there is sufficient data.
    public static let eachSubgroup = Paragraph(32, "(2)(b)(2)")
    /// (2)(c) The subgroup percentile against like subgroups statewide.
    public static let subgroupPercentile = Paragraph(40, "(2)(c)")
    /// (2)(d) Assessment participation.
    public static let participation = Paragraph(50, "(2)(d)")
    /// (2)(d)(1) Assessment participation rates.
    public static let participationRates = Paragraph(51, "(2)(d)(1)")
    /// (2)(d)(2) Whether the participation requirement was met.
    public static let participationRequirement = Paragraph(52, "(2)(d)(2)")
    /// (2)(e) Each school's need for assistance or intervention.
    public static let needForAssistance = Paragraph(60, "(2)(e)")
    /// (2)(f) Schools of exemplary performance, as determined by the commissioner.
    public static let exemplaryPerformance = Paragraph(70, "(2)(f)")
    /// (3) Annual performance determinations.
    public static let determinations = Paragraph(80, "(3)")
    /// (3)(a) Determinations of districts.
    public static let districtDeterminations = Paragraph(90, "(3)(a)")
    /// (3)(a)(1) Districts in need of assistance or intervention.
    public static let districtsRequiring = Paragraph(91, "(3)(a)(1)")
    /// (3)(a)(1)(a) Districts designated underperforming or chronically underperforming.
    public static let districtDesignation = Paragraph(92, "(3)(a)(1)(a)")
    /// (3)(a)(1)(b)(i) Districts with low graduation rates.
    public static let districtLowGraduation = Paragraph(93, "(3)(a)(1)(b)(i)")
    /// (3)(a)(1)(b)(ii) Districts with low participation.
    public static let districtLowParticipation = Paragraph(94, "(3)(a)(1)(b)(ii)")
    /// (3)(a)(2) Districts not requiring assistance or intervention.
    public static let districtsNotRequiring = Paragraph(95, "(3)(a)(2)")
    /// (3)(b) Determinations of schools.
    public static let schoolDeterminations = Paragraph(100, "(3)(b)")
    /// (3)(b)(1) Schools in need of assistance or intervention.
    public static let schoolsRequiring = Paragraph(101, "(3)(b)(1)")
    /// (3)(b)(1)(a) Schools designated underperforming or chronically underperforming.
    public static let schoolDesignation = Paragraph(102, "(3)(b)(1)(a)")
    /// (3)(b)(1)(b)(i) Schools among the lowest performing 10 percent.
    public static let lowestPerformingSchools = Paragraph(103, "(3)(b)(1)(b)(i)")
    /// (3)(b)(1)(b)(ii) Schools with one or more low performing subgroups.
    public static let lowSubgroups = Paragraph(104, "(3)(b)(1)(b)(ii)")
    /// (3)(b)(1)(b)(iii) Schools with low graduation rates.
    public static let schoolLowGraduation = Paragraph(105, "(3)(b)(1)(b)(iii)")
    /// (3)(b)(1)(b)(iv) Schools with low participation.
    public static let schoolLowParticipation = Paragraph(106, "(3)(b)(1)(b)(iv)")
    /// (3)(b)(2) Schools not requiring assistance or intervention.
    public static let schoolsNotRequiring = Paragraph(107, "(3)(b)(2)")
    /// (4) District reviews.
    public static let districtReviews = Paragraph(110, "(4)")
    /// (5) The District Analysis and Review Tool.
    public static let analysisAndReview = Paragraph(120, "(5)")
    /// (6) District standards and indicators.
    public static let standards = Paragraph(130, "(6)")
    /// (6)(a) The six standards.
    public static let sixStandards = Paragraph(131, "(6)(a)")
    /// (6)(b) The published indicators of the standards.
    public static let publishedIndicators = Paragraph(132, "(6)(b)")
    /// (7) District improvement planning.
    public static let improvementPlanning = Paragraph(140, "(7)")
    /// (7)(a) The three-year District Improvement Plan.
    public static let districtPlan = Paragraph(141, "(7)(a)")
    /// (7)(b) The yearly School Improvement Plan.
    public static let schoolPlan = Paragraph(142, "(7)(b)")
    /// (7)(c) Plans are based on an analysis of data.
    public static let planData = Paragraph(143, "(7)(c)")
    /// (7)(d) Plans conform to section 1I of chapter 69 of the General Laws.
    public static let planForm = Paragraph(144, "(7)(d)")
    /// (8) Assistance from the Department.
    public static let assistance = Paragraph(150, "(8)")
    /// (8)(a) Forms of assistance.
    public static let assistanceForms = Paragraph(151, "(8)(a)")
    /// (8)(b) Priority for assistance.
    public static let assistancePriority = Paragraph(152, "(8)(b)")
    /// (9) The annual report to the Board.
    public static let annualReport = Paragraph(160, "(9)")
    /// (10) Notice and consultation on changes to the framework.
    public static let consultation = Paragraph(170, "(10)")
    /// (11) The Commissioner's authority to suspend.
    public static let suspension = Paragraph(180, "(11)")

    /// Every paragraph, in order.
    public static let all: [Paragraph] = [
        .framework, .accountabilityPercentile, .criterionReferenced, .allAndLowestPerforming, .eachSubgroup,
        .subgroupPercentile, .participation, .participationRates, .participationRequirement, .needForAssistance,
        .exemplaryPerformance, .determinations, .districtDeterminations, .districtsRequiring, .districtDesignation,
        .districtLowGraduation, .districtLowParticipation, .districtsNotRequiring, .schoolDeterminations,
        .schoolsRequiring, .schoolDesignation, .lowestPerformingSchools, .lowSubgroups, .schoolLowGraduation,
        .schoolLowParticipation, .schoolsNotRequiring, .districtReviews, .analysisAndReview, .standards, .sixStandards,
        .publishedIndicators, .improvementPlanning, .districtPlan, .schoolPlan, .planData, .planForm, .assistance,
        .assistanceForms, .assistancePriority, .annualReport, .consultation, .suspension,
    ]
}
