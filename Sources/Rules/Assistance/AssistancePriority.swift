/// How severe a determination is: 603 CMR 2.03(1), (8).
public enum AssistanceSeverity: UInt8, WireNamed {
    /// No assistance is required.
    case notRequired
    /// Focused or targeted support.
    case focused
    /// Broad or comprehensive support.
    case broad
    /// Broad or comprehensive support of an organization designated chronically underperforming.
    case chronic

    /// The name in lists.
    public var wireName: String {
        switch self {
        case .notRequired: "not_required"
        case .focused: "focused_targeted"
        case .broad: "broad_comprehensive"
        case .chronic: "chronically_underperforming"
        }
    }

    /// The severity of a determination.
    ///
    /// - Parameters:
    ///   - level: the level of the determination, nil where there is none.
    ///   - designation: the most severe designation in force.
    public init(level: DeterminationLevel?, designation: Designation?) {
        self =
            switch level {
            case .broadComprehensive: designation == .chronicallyUnderperforming ? .chronic : .broad
            case .focusedTargeted: .focused
            default: .notRequired
            }
    }
}

/// What an organization's determinations were, year by year.
public struct AssistanceHistory: Hashable, Sendable {
    /// The organization.
    public let organization: OrganizationCode
    /// The severity by school year; years without a determination are absent.
    public var severities: [Int: AssistanceSeverity]

    /// A history.
    public init(_ organization: OrganizationCode, _ severities: [Int: AssistanceSeverity] = [:]) {
        self.organization = organization
        self.severities = severities
    }

    /// The severity in a year, and for how many determinations in a row up to it the organization has required
    /// assistance.
    ///
    /// School years in which nobody had a determination neither add to a duration nor end it.
    func standing(in year: Int) -> (severity: AssistanceSeverity, duration: Int) {
        var duration = 0
        for other in severities.keys.sorted(by: >) where other <= year {
            guard severities[other] != .notRequired else { break }
            duration += 1
        }
        return (severities[year] ?? .notRequired, duration)
    }
}

/// A district's place in the order in which assistance is given: 603 CMR 2.03(8)(b).
public struct AssistancePriority: Hashable, Sendable {
    /// The district.
    public let district: OrganizationCode
    /// The most severe determination of the district or of one of its schools.
    public let severity: AssistanceSeverity
    /// For how many determinations in a row the longest of those that severe has required assistance.
    public let duration: Int
    /// The organizations that severe, in the order of their codes.
    public let organizations: [OrganizationCode]
    /// All organizations of the district that require assistance.
    public let requiring: Int

    /// The districts that require assistance, or have a school that does: the most severe first, of equals the longest,
    /// then the one with more organizations in need, then by code.
    public static func list(_ histories: some Sequence<AssistanceHistory>, in year: Int) -> [AssistancePriority] {
        var districts: [OrganizationCode: [(code: OrganizationCode, severity: AssistanceSeverity, duration: Int)]] = [:]
        for history in histories where history.organization != .state {
            let (severity, duration) = history.standing(in: year)
            guard severity != .notRequired else { continue }
            districts[history.organization.district, default: []].append((history.organization, severity, duration))
        }
        return
            districts.map { district, members in
                let severity = members.map(\.severity).max() ?? .notRequired
                let worst = members.filter { $0.severity == severity }
                return AssistancePriority(
                    district: district,
                    severity: severity,
                    duration: worst.map(\.duration).max() ?? 0,
                    organizations: worst.map(\.code).sorted(),
                    requiring: members.count
                )
            }
            .sorted { left, right in
                if left.severity != right.severity { return left.severity > right.severity }
                if left.duration != right.duration { return left.duration > right.duration }
                if left.requiring != right.requiring { return left.requiring > right.requiring }
                return left.district < right.district
            }
    }
}

extension AssistancePriority: CarriesOut {
    /// The framework's principle that priority rises with severity and duration, and assistance by it.
    public static let paragraphs: [Paragraph] = [.framework, .assistance, .assistancePriority]
}
