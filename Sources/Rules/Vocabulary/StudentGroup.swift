/// The groups of students that are reported, in the order of the reports.
public enum StudentGroup: UInt8, WireNamed {
    /// All students.
    case allStudents
    /// The lowest performing quarter of the organization: 2.03(2)(b)(1).
    case lowestPerforming
    /// Students with disabilities, English learners and former ones, or low income: counted once.
    case highNeeds
    /// Low income; "economically disadvantaged" from 2015 to 2021.
    case lowIncome
    /// English learners and former English learners.
    case elFormerEL
    /// Students with disabilities.
    case swd
    /// American Indian or Alaska Native.
    case americanIndianAlaskaNative
    /// Asian.
    case asian
    /// African American/Black.
    case black
    /// Hispanic/Latino.
    case hispanic
    /// Multi-race, non-Hispanic/Latino.
    case multiRace
    /// Native Hawaiian or Pacific Islander.
    case nativeHawaiianPacificIslander
    /// White.
    case white

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .allStudents: "all_students"
        case .lowestPerforming: "lowest_performing"
        case .highNeeds: "high_needs"
        case .lowIncome: "low_income"
        case .elFormerEL: "el_former_el"
        case .swd: "swd"
        case .americanIndianAlaskaNative: "american_indian_alaska_native"
        case .asian: "asian"
        case .black: "black"
        case .hispanic: "hispanic"
        case .multiRace: "multi_race"
        case .nativeHawaiianPacificIslander: "native_hawaiian_pacific_islander"
        case .white: "white"
        }
    }

    /// The name in today's reports.
    public var title: String {
        switch self {
        case .allStudents: "All Students"
        case .lowestPerforming: "Lowest Performing"
        case .highNeeds: "High Needs"
        case .lowIncome: "Low Income"
        case .elFormerEL: "EL and Former EL"
        case .swd: "Students with Disabilities"
        case .americanIndianAlaskaNative: "American Indian or Alaska Native"
        case .asian: "Asian"
        case .black: "African American/Black"
        case .hispanic: "Hispanic/Latino"
        case .multiRace: "Multi-race, non-Hispanic/Latino"
        case .nativeHawaiianPacificIslander: "Native Hawaiian or Pacific Islander"
        case .white: "White"
        }
    }

    /// The seven groups of race and ethnicity: every student is in exactly one.
    public static let racialAndEthnic: [StudentGroup] = [
        .americanIndianAlaskaNative, .asian, .black, .hispanic, .multiRace, .nativeHawaiianPacificIslander, .white,
    ]

    /// The group by its wire name or by any name that a published file of any year gives it.
    ///
    /// Letter case, blanks and punctuation do not matter: "Afr. Amer./Black" and "afr amer black" are one name.
    public init?(name: some StringProtocol) {
        guard let group = Self.synonyms[Self.folded(name)] else { return nil }
        self = group
    }

    /// A name without case, blanks and punctuation.
    private static func folded(_ name: some StringProtocol) -> [UInt8] {
        name.utf8.compactMap { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
            case 0x80...: byte
            default: nil
            }
        }
    }

    private static let synonyms: [[UInt8]: StudentGroup] = {
        var names: [[UInt8]: StudentGroup] = [:]
        for group in allCases {
            names[folded(group.wireName)] = group
            names[folded(group.title)] = group
            for name in group.publishedNames { names[folded(name)] = group }
        }
        return names
    }()

    /// The names of published files, 2007 to 2025, beyond ``title``.
    private var publishedNames: [String] {
        switch self {
        case .allStudents: ["All", "Aggregate", "State Totals"]
        case .lowestPerforming: ["Lowest Performing Students", "Lowest 25%", "Lowest Performing 25%"]
        case .highNeeds: []
        case .lowIncome:
            ["Econ. Disadvantaged", "Economically Disadvantaged", "Econ. Disadv.", "Econ Disadv", "LowInc"]
        case .elFormerEL:
            [
                "EL and Former EL", "ELL and Former ELL", "LEP/Formerly LEP", "LEP/Formerly LE", "LEP/FLEP",
                "EL/Former EL",
                "English Learners and Former English Learners", "EL and former EL students", "ELs and Former ELs",
            ]
        case .swd:
            ["Students w/disabilities", "Students w/ disabilities", "Special Ed", "Special Education", "SPED"]
        case .americanIndianAlaskaNative:
            [
                "Amer. Ind. or Alaska Nat.", "Amer. Ind./Alaska Nat.", "Native American",
                "American Indian/Alaska Native", "American Indian", "Am. Ind./Alaska Nat.",
            ]
        case .asian: []
        case .black:
            [
                "Afr. Amer./Black", "Afr. Am./Black", "African American", "Black or African American",
                "Black/African American",
            ]
        case .hispanic: ["Hispanic or Latino", "Latino", "Hispanic"]
        case .multiRace:
            [
                "Multi-race, Non-Hisp./Lat.", "Multi-race, Non-Hisp/Lat", "Multi-race",
                "Multi-Race (non-Hispanic/Latino)",
                "Multi-race, Non-Hispanic",
            ]
        case .nativeHawaiianPacificIslander:
            [
                "Nat. Haw. or Pacif. Isl.", "Nat. Haw./Pacif. Isl.", "Hawaiian", "Hawaiian/Pacific Islander",
                "Native Hawaiian/Pacific Islander", "Native Hawaiian, Pacific Islander", "Pacific Islander",
            ]
        case .white: []
        }
    }
}

/// A set of groups in two bytes.
public struct StudentGroupSet: OptionSet, Hashable, Sendable {
    /// One bit a group, at the group's raw value.
    public let rawValue: UInt16

    /// The set of these bits; bits beyond the thirteen groups are dropped.
    public init(rawValue: UInt16) {
        self.rawValue = rawValue & 0x1FFF
    }

    /// The set of one group.
    public init(_ group: StudentGroup) {
        self.init(rawValue: 1 << UInt16(group.rawValue))
    }

    /// The set of some groups.
    public init(groups: some Sequence<StudentGroup>) {
        self.init(rawValue: groups.reduce(0) { $0 | 1 << UInt16($1.rawValue) })
    }

    /// Whether a group is in the set.
    public func contains(_ group: StudentGroup) -> Bool {
        rawValue & (1 << UInt16(group.rawValue)) != 0
    }

    /// The groups in canonical order.
    public var groups: [StudentGroup] { StudentGroup.allCases.filter { contains($0) } }
}
