internal import Rules

/// One column of an input layout.
public struct Column: Sendable, Hashable {
    /// The format of a column's values.
    public enum Kind: Sendable, Hashable {
        /// The spring year of a school year: 2018-19 is 2019.
        case year
        /// The eight digits of an organization; leading zeros count.
        case code8
        /// A student's identifier as the submitter knows it: up to 32 letters, digits, `-` and `_`. It never leaves the
        /// ingestion worker.
        case studentIdentifier
        /// An integer within bounds.
        case integer(ClosedRange<Int>)
        /// A decimal number with a point, without grouping, within bounds.
        case decimal(ClosedRange<Int>)
        /// One of these words; `synonyms` are accepted too and mean the word they map to.
        case choice([String], synonyms: [String: String] = [:])
        /// `Y` or `N`.
        case yesNo
        /// `PK`, `K` or `01` to `12` (a leading zero may be missing); with `orAll` also `all`.
        case grade(orAll: Bool)
        /// A group's wire name or one of its published spellings.
        case group
        /// A calendar day, `2019-09-24`.
        case date
        /// Any text up to so many UTF-8 bytes.
        case text(maxLength: Int)
        /// Any text of several lines up to so many UTF-8 bytes.
        case document(maxLength: Int)
    }

    /// Whether a column, and a value in it, has to be there.
    public enum Presence: UInt8, Sendable, Hashable {
        /// The column is there and every row has a value (a row that deletes needs only the key).
        case required
        /// The column is there; empty means not reported.
        case mayBeEmpty
        /// The column may be missing altogether, which means that it is empty in every row.
        case optional
    }

    /// The name in the header.
    public let name: String
    /// The format of a value.
    public let kind: Kind
    /// Whether it has to be there.
    public let presence: Presence
    /// Its meaning, in a sentence.
    public let documentation: String

    /// Whether every row needs a value.
    public var required: Bool { presence == .required }

    init(_ name: String, _ kind: Kind, _ documentation: String) {
        self.init(name, kind, .required, documentation)
    }

    /// A column.
    public init(_ name: String, _ kind: Kind, _ presence: Presence, _ documentation: String) {
        self.name = name
        self.kind = kind
        self.presence = presence
        self.documentation = documentation
    }
}

/// The closed vocabularies of the input files, by their wire names.
public enum Vocabulary {
    /// The student groups, from all students to the seven races and ethnicities.
    public static let groups =
        [
            "all_students", "lowest_performing", "high_needs", "low_income", "el_former_el", "swd",
        ] + races

    /// Race and ethnicity.
    public static let races = [
        "american_indian_alaska_native", "asian", "black", "hispanic", "multi_race",
        "native_hawaiian_pacific_islander", "white",
    ]

    /// The accountability indicators.
    public static let indicators = Indicator.allCases.map(\.wireName)

    /// Grade spans: tests in grades 3 to 8, and in grade 10.
    public static let gradeSpans = ["non_high", "high"]

    /// The peers among which schools are ranked.
    public static let comparisonGroups = ["non_high", "high", "middle_high"]

    /// EL status: not one, one, a former one, in the first year in the country's schools.
    public static let englishLearnerStatuses = ["N", "EL", "FEL", "FY"]

    /// A student's status in a subject: tested, alternate assessment, absent, medical absence, first-year EL exempt,
    /// EL who did not take the EL test, not required.
    public static let testStatuses = ["T", "ALT", "ABS", "MED", "EXF", "EXN", "NR"]

    /// Subjects of participation counts.
    public static let subjects = ["ELA", "Math", "STE"]

    /// The paths of targets: back to where a group stood in 2019, and on from there.
    public static let targetPaths = ["recovery", "forward"]

    /// The acts of the Department.
    public static let directives = [
        "designation", "recognition", "release", "suspension", "framework_step", "review", "plan_filing",
        "reconfiguration", "appeal",
    ]

    /// The kinds of recognition.
    public static let recognitionKinds = [
        "high_achievement", "high_growth", "exceeding_targets", "meeting_targets", "significant_improvement",
        "national_blue_ribbon", "esea_distinguished",
    ]

    /// The kinds of all acts; each act has its own.
    public static let directiveKinds =
        [
            "underperforming", "chronically_underperforming", "directed_focused", "csi", "tsi", "atsi",
        ] + recognitionKinds + [
            "preliminary", "official", "revised", "appeal",
            "accountability_percentile", "criterion_referenced", "subgroup_percentile", "participation",
            "need_for_assistance",
            "exemplary_performance", "determinations", "all_measures",
            "proposed", "comment_opened", "comment", "recommended", "approved",
            "conducted", "leadership_and_governance", "curriculum_and_instruction", "assessment",
            "human_resources_and_professional_development", "student_support", "financial_and_asset_management",
            "self_evaluation", "district_improvement_plan", "district_action_plan", "school_improvement_plan",
            "reconfigured", "filed", "denied",
        ]

    /// The changes of organizations.
    public static let organizationChanges = OrganizationChangeKind.allCases.map(\.wireName)

    /// The ratings that a review gives by a standard.
    public static let reviewRatings = ["exemplary", "proficient", "needs_improvement", "unsatisfactory"]
}
