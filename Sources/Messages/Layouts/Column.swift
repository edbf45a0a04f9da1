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
    public static let groups = names(StudentGroup.allCases)

    /// Race and ethnicity.
    public static let races = names(StudentGroup.racialAndEthnic)

    /// The accountability indicators.
    public static let indicators = names(Indicator.allCases)

    /// Grade spans: tests in grades 3 to 8, and in grade 10.
    public static let gradeSpans = names(GradeSpan.allCases)

    /// The peers among which schools are ranked.
    public static let comparisonGroups = names(ComparisonGroup.allCases)

    /// EL status: not one, one, a former one, in the first year in the country's schools.
    public static let englishLearnerStatuses = names(EnglishLearnerStatus.allCases)

    /// A student's status in a subject: tested, alternate assessment, absent, medical absence, first-year EL exempt,
    /// EL who did not take the EL test, not required.
    public static let testStatuses = names(TestStatus.allCases)

    /// Subjects of participation counts.
    public static let subjects = names(Subject.allCases)

    /// The paths of targets: back to where a group stood in 2019, and on from there.
    public static let targetPaths = names(TargetPath.allCases)

    /// The acts of the Department.
    public static let directives = names(DepartmentAct.ofDirectives)

    /// The kinds of all acts; each act has its own.
    public static let directiveKinds = DepartmentAct.ofDirectives.flatMap(\.kinds)

    /// The changes of organizations.
    public static let organizationChanges = names(OrganizationChangeKind.allCases)

    /// The ratings that a review gives by a standard.
    public static let reviewRatings = names(ReviewRating.allCases)

    private static func names(_ vocabulary: [some WireNamed]) -> [String] { vocabulary.map(\.wireName) }
}
