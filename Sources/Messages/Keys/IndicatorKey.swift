public import Rules

/// The key of the topic of indicators: `<school year>/<org>/organization`,
/// `<school year>/<org>/value/<span>/<group>/<indicator>` or the same with `target`.
public struct IndicatorKey: OrganizationKey {
    /// How its text is formed.
    public static let format =
        "<school year>/<org>/{value,target}/<span>/<group>/<indicator> or <school year>/<org>/organization"

    /// The key of an organization's indicator record in a school year.
    public enum Entry: Hashable, Sendable {
        /// The organization itself.
        case organization
        /// The value of an indicator.
        case value(IndicatorPlace)
        /// The target of an indicator.
        case target(IndicatorPlace)
    }

    /// The kind of record, as a name in the key.
    private enum Kind: UInt8, WireNamed {
        case organization
        case value
        case target

        var wireName: String {
            switch self {
            case .organization: "organization"
            case .value: "value"
            case .target: "target"
            }
        }
    }

    /// The school year.
    public let schoolYear: Int
    /// The organization.
    public let organization: OrganizationCode
    /// The kind of record.
    public let entry: Entry

    /// The key of an entry.
    public init(schoolYear: Int, organization: OrganizationCode, _ entry: Entry) {
        self.schoolYear = schoolYear
        self.organization = organization
        self.entry = entry
    }

    /// Reads a key.
    public init?(utf8 bytes: Span<UInt8>) {
        var reader = KeyReader(bytes)
        guard let year = reader.schoolYear(), let organization = reader.organization(),
            let kind = reader.word(Kind.self)
        else { return nil }
        let entry: Entry
        switch kind {
        case .organization: entry = .organization
        case .value:
            guard let place = reader.indicatorPlace() else { return nil }
            entry = .value(place)
        case .target:
            guard let place = reader.indicatorPlace() else { return nil }
            entry = .target(place)
        }
        guard reader.isAtEnd else { return nil }
        self.init(schoolYear: year, organization: organization, entry)
    }

    /// Writes the key.
    public func write(to names: inout KeyWriter) {
        names.add(schoolYear)
        names.add(organization)
        switch entry {
        case .organization: names.add(Kind.organization)
        case .value(let place):
            names.add(Kind.value)
            names.add(place)
        case .target(let place):
            names.add(Kind.target)
            names.add(place)
        }
    }
    /// With its district.
    public var placement: KeyPlacement { .district(of: organization) }
}

/// The position of an indicator's figure within an organization: span, group and indicator.
public struct IndicatorPlace: Hashable, Sendable, CustomStringConvertible {
    /// The grade span.
    public let span: GradeSpan
    /// The student group.
    public let group: StudentGroup
    /// The indicator.
    public let indicator: Indicator

    /// A place.
    public init(_ span: GradeSpan, _ group: StudentGroup, _ indicator: Indicator) {
        self.span = span
        self.group = group
        self.indicator = indicator
    }

    /// `<span>/<group>/<indicator>`.
    public var description: String { "\(span)/\(group)/\(indicator)" }
}

extension KeyWriter {
    /// Writes the three names of an indicator's place.
    mutating func add(_ place: IndicatorPlace) {
        add(place.span)
        add(place.group)
        add(place.indicator)
    }
}

extension KeyReader {
    /// The three names of an indicator's place.
    mutating func indicatorPlace() -> IndicatorPlace? {
        guard let span = word(GradeSpan.self), let group = word(StudentGroup.self), let indicator = word(Indicator.self)
        else { return nil }
        return IndicatorPlace(span, group, indicator)
    }
}
