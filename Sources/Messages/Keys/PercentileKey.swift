public import Rules

/// The key of the topic of percentiles: `<school year>/<org>/<group>/<comparison group>`,
/// `<school year>/threshold/<type>/<span>/<group>/<indicator>` with a difficulty quartile behind it where there is one,
/// or `<school year>/norm/<group>/<org>`.
public struct PercentileKey: SchoolYearKey {
    /// How its text is formed.
    public static let format =
        "<school year>/<org>/<group>/<comparison group>, <school year>/threshold/<type>/<span>/<group>/<indicator>, "
        + "or <school year>/norm/<group>/<org>"

    /// What a record of percentiles is.
    public enum Entry: Hashable, Sendable {
        /// The percentile of an organization's group among a comparison group.
        case percentile(OrganizationCode, StudentGroup, ComparisonGroup)
        /// The values at the statewide 80th and 90th percentile among organizations of a type; of a difficulty quartile
        /// of EL progress, 1 to 4, where there is one.
        case threshold(OrganizationType, IndicatorPlace, difficultyQuartile: Int?)
        /// What an organization brought into a ranking that was frozen.
        case norm(StudentGroup, OrganizationCode)
    }

    /// The school year.
    public let schoolYear: Int
    /// What of it.
    public let entry: Entry

    /// The key of an entry.
    public init(schoolYear: Int, _ entry: Entry) {
        self.schoolYear = schoolYear
        self.entry = entry
    }

    /// Reads a key.
    public init?(utf8 bytes: Span<UInt8>) {
        var reader = KeyReader(bytes)
        guard let year = reader.schoolYear() else { return nil }
        let names = reader.count
        guard let first = reader.text() else { return nil }
        let entry: Entry
        switch first {
        case "threshold":
            guard let type = reader.word(OrganizationType.self), let place = reader.indicatorPlace() else { return nil }
            var quartile: Int?
            if names == 7 {
                guard let number = reader.number(in: 1...4) else { return nil }
                quartile = number
            }
            entry = .threshold(type, place, difficultyQuartile: quartile)
        case "norm":
            guard let group = reader.word(StudentGroup.self), let organization = reader.organization() else {
                return nil
            }
            entry = .norm(group, organization)
        default:
            guard let organization = OrganizationCode(first), let group = reader.word(StudentGroup.self),
                let comparison = reader.word(ComparisonGroup.self)
            else { return nil }
            entry = .percentile(organization, group, comparison)
        }
        guard reader.isAtEnd else { return nil }
        self.init(schoolYear: year, entry)
    }

    /// Writes the key.
    public func write(to names: inout KeyWriter) {
        names.add(schoolYear)
        switch entry {
        case .percentile(let organization, let group, let comparison):
            names.add(organization)
            names.add(group)
            names.add(comparison)
        case .threshold(let type, let place, let quartile):
            names.add("threshold")
            names.add(type)
            names.add(place)
            if let quartile { names.add(quartile) }
        case .norm(let group, let organization):
            names.add("norm")
            names.add(group)
            names.add(organization)
        }
    }

    /// The group whose ranking made it; the task of this group publishes it.
    public var group: StudentGroup {
        switch entry {
        case .percentile(_, let group, _), .norm(let group, _): group
        case .threshold(_, let place, _): place.group
        }
    }

    /// The organization; nil of thresholds.
    public var subject: OrganizationCode? {
        switch entry {
        case .percentile(let organization, _, _), .norm(_, let organization): organization
        case .threshold: nil
        }
    }

    /// Thresholds concern every district; all else lies with its organization's.
    public var placement: KeyPlacement {
        switch entry {
        case .percentile(let organization, _, _), .norm(_, let organization): .district(of: organization)
        case .threshold: .everywhere
        }
    }
}
