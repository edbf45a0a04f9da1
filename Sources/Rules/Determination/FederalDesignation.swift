/// For what the federal Every Student Succeeds Act identifies a school.
public enum FederalSupport: UInt8, WireNamed {
    /// Comprehensive support and improvement (CSI).
    case comprehensive
    /// Targeted support and improvement (TSI).
    case targeted
    /// Additional targeted support and improvement (ATSI).
    case additionalTargeted

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .comprehensive: "csi"
        case .targeted: "tsi"
        case .additionalTargeted: "atsi"
        }
    }

    /// The words of the reports.
    public var title: String {
        switch self {
        case .comprehensive: "Comprehensive Support and Improvement (CSI)"
        case .targeted: "Targeted Support and Improvement (TSI)"
        case .additionalTargeted: "Additional Targeted Support and Improvement (ATSI)"
        }
    }
}

/// Why a school is identified.
public enum FederalReason: UInt8, WireNamed {
    /// Among the lowest performing schools under Title I: 20 U.S.C. 6311(c)(4)(D)(i)(I).
    case lowestTitle1
    /// One third or more of the students fail to graduate: 20 U.S.C. 6311(c)(4)(D)(i)(II).
    case lowGraduation
    /// Identified for additional targeted support and still to be: 20 U.S.C. 6311(c)(4)(D)(i)(III).
    case notExiting
    /// Subgroups that perform consistently low: 20 U.S.C. 6311(c)(4)(C)(iii).
    case consistentlyLowSubgroups
    /// Subgroups that on their own perform like the lowest schools under Title I: 20 U.S.C. 6311(d)(2)(C).
    case subgroupsLikeLowestTitle1
    /// By an act of the Department, such as an identification of a year that was not computed here.
    case directive

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .lowestTitle1: "lowest_title1"
        case .lowGraduation: "low_graduation"
        case .notExiting: "not_exiting"
        case .consistentlyLowSubgroups: "consistently_low_subgroups"
        case .subgroupsLikeLowestTitle1: "subgroups_like_lowest_title1"
        case .directive: "directive"
        }
    }

    /// The words of the reports.
    public var title: String {
        switch self {
        case .lowestTitle1:
            "among the lowest performing schools that receive funds under Title I, 20 U.S.C. 6311(c)(4)(D)(i)(I)"
        case .lowGraduation: "low graduation rate, 20 U.S.C. 6311(c)(4)(D)(i)(II)"
        case .notExiting:
            "again like the lowest schools after additional targeted support, 20 U.S.C. 6311(c)(4)(D)(i)(III)"
        case .consistentlyLowSubgroups: "consistently low subgroups, 20 U.S.C. 6311(c)(4)(C)(iii)"
        case .subgroupsLikeLowestTitle1: "subgroups like the lowest performing schools, 20 U.S.C. 6311(d)(2)(C)"
        case .directive: "by an act of the Department"
        }
    }
}

/// What a reported school year says about a school for its federal identification.
public struct FederalFacts: Hashable, Sendable {
    /// The school year, by its spring.
    public let year: Int
    /// Whether the school receives funds under Title I.
    public let isTitle1: Bool
    /// Whether it is among the lowest performing of these.
    public let isLowestTitle1: Bool
    /// Whether its graduation rate is low.
    public let isLowGraduation: Bool
    /// Whether it has an annual percentage; nil in a year that gives none to any school.
    public let hasPercentage: Bool?
    /// The percentile of each subgroup.
    public let percentiles: [StudentGroup: Int]

    /// The facts of a year.
    public init(
        year: Int,
        isTitle1: Bool,
        isLowestTitle1: Bool = false,
        isLowGraduation: Bool = false,
        hasPercentage: Bool? = nil,
        percentiles: [StudentGroup: Int] = [:]
    ) {
        self.year = year
        self.isTitle1 = isTitle1
        self.isLowestTitle1 = isLowestTitle1
        self.isLowGraduation = isLowGraduation
        self.hasPercentage = hasPercentage
        self.percentiles = percentiles.filter { $0.key != .allStudents }
    }

    /// The subgroups up to a percentile, in canonical order.
    fileprivate func groups(upTo percentile: Int) -> [StudentGroup] {
        percentiles.filter { $0.value <= percentile }.keys.sorted()
    }
}

/// An identification under the federal Every Student Succeeds Act: beside the determination, never part of it.
///
/// 20 U.S.C. 6311(c) and (d).
public struct FederalDesignation: Hashable, Sendable {
    /// For what.
    public let support: FederalSupport
    /// Why.
    public let reason: FederalReason
    /// The school year that identified it, by its spring.
    public let identified: Int
    /// The subgroups it rests upon, in canonical order.
    public let groups: [StudentGroup]

    /// A designation.
    public init(_ support: FederalSupport, _ reason: FederalReason, identified: Int, groups: [StudentGroup] = []) {
        self.support = support
        self.reason = reason
        self.identified = identified
        self.groups = groups
    }

    /// The designations of a school in a school year, in canonical order, one for each kind of support.
    ///
    /// - `facts`: of the year.
    /// - `earlier`: the reported years before that are known, the latest first.
    /// - `before`: the designations of the latest of them.
    public static func identify(
        _ facts: FederalFacts,
        earlier: [FederalFacts],
        before: [FederalDesignation],
        _ framework: Framework
    ) -> [FederalDesignation] {
        guard let parameters = framework.federal, let determination = framework.determination else { return [] }
        let low = determination.lowSubgroupPercentile.value
        // As for the determination: 603 CMR 2.03(3) takes low graduation as the federal act defines it.
        let isJudged = facts.hasPercentage ?? true || !determination.lowGraduationNeedsPercentage.value
        var designations: [FederalDesignation] = []
        let alike = facts.groups(upTo: parameters.additionalTargetedPercentile.value)
        if parameters.identifies.value {
            let reappears = before.contains { $0.support == .additionalTargeted } && !alike.isEmpty
            if facts.isTitle1, facts.isLowestTitle1 {
                designations.append(FederalDesignation(.comprehensive, .lowestTitle1, identified: facts.year))
            } else if facts.isLowGraduation, isJudged, facts.isTitle1 || !parameters.graduationTitle1Only.value {
                designations.append(FederalDesignation(.comprehensive, .lowGraduation, identified: facts.year))
            } else if reappears, facts.isTitle1, parameters.notExitingIsComprehensive.value {
                designations.append(
                    FederalDesignation(.comprehensive, .notExiting, identified: facts.year, groups: alike)
                )
            }
        } else {
            designations += before.filter { $0.support == .comprehensive }
        }
        // A school in comprehensive support has its subgroups in it.
        guard designations.isEmpty else { return designations }
        let years = parameters.consistentlyLowYears.value
        let history = [facts] + earlier
        if history.count >= years {
            let lowInAll = history.prefix(years).map { Set($0.groups(upTo: low)) }
                .reduce(Set(facts.groups(upTo: low))) { $0.intersection($1) }
            if !lowInAll.isEmpty {
                designations.append(
                    FederalDesignation(
                        .targeted,
                        .consistentlyLowSubgroups,
                        identified: facts.year,
                        groups: lowInAll.sorted()
                    )
                )
            }
        }
        if parameters.identifies.value {
            if !alike.isEmpty {
                designations.append(
                    FederalDesignation(
                        .additionalTargeted,
                        .subgroupsLikeLowestTitle1,
                        identified: facts.year,
                        groups: alike
                    )
                )
            }
        } else {
            designations += before.filter { $0.support == .additionalTargeted }
        }
        return designations
    }

    /// The accountability percentile up to which schools under Title I are the lowest performing of them: that of the
    /// last school of the share, which is not less than the framework's; nil of none.
    ///
    /// - Parameters:
    ///   - percentiles: of the schools under Title I that have one.
    ///   - schools: how many schools receive funds under Title I, with or without a percentile.
    ///   - framework: says of which of them the share is taken.
    /// - Returns: the percentile; nil without identifications or percentiles.
    /// - Throws: ``RuleError`` if a number is too large.
    public static func lowestTitle1Cut(
        _ percentiles: [Int],
        ofSchools schools: Int,
        _ framework: Framework
    ) throws(RuleError) -> Int? {
        guard let parameters = framework.federal, !percentiles.isEmpty else { return nil }
        let counted =
            switch parameters.lowestTitle1Of.value {
            case .receiving: max(schools, percentiles.count)
            case .ranked: percentiles.count
            }
        do {
            let share = try Ratio(Int64(counted)) * parameters.lowestTitle1Percent.value / .hundred
            let schools = -Int(try (-share).floor)
            return schools > 0 ? percentiles.sorted()[min(schools, percentiles.count) - 1] : nil
        } catch {
            throw .number(error)
        }
    }
}

extension FederalDesignation: CarriesOut {
    /// What is known of each school's need for assistance.
    public static let paragraphs: [Paragraph] = [.needForAssistance]
}
