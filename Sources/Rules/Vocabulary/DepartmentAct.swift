/// The acts of the Department that the ledger carries as directives.
public enum DepartmentAct: UInt8, WireNamed {
    /// A designation of a school or district: 603 CMR 2.05, 2.06, federal support, or directed support.
    case designation
    /// A recognition of exemplary performance by the commissioner: 603 CMR 2.03(2)(f).
    case recognition
    /// A release of a year's results.
    case release
    /// A suspension of measures: 603 CMR 2.03(11).
    case suspension
    /// A step in the life of a framework: 603 CMR 2.03(10).
    case frameworkStep
    /// A district review: 603 CMR 2.03(4).
    case review
    /// A filing of a plan or self-evaluation: 603 CMR 2.03(7).
    case planFiling
    /// A reconfiguration, after which the years before do not count.
    case reconfiguration
    /// An appeal of an organization against its results: filed, or denied. One that is granted is a release.
    case appeal
    /// A change of an organization, from a row of `organization_changes`.
    case organizationChange

    /// The name in the column `directive`.
    public var wireName: String {
        switch self {
        case .designation: "designation"
        case .recognition: "recognition"
        case .release: "release"
        case .suspension: "suspension"
        case .frameworkStep: "framework_step"
        case .review: "review"
        case .planFiling: "plan_filing"
        case .reconfiguration: "reconfiguration"
        case .appeal: "appeal"
        case .organizationChange: "organization_change"
        }
    }
}
