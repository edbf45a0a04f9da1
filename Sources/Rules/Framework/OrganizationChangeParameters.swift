/// What is carried over when an organization changes: 603 CMR 2.03(2)(a) to (c), (3).
public struct OrganizationChangeParameters: Sendable {
    /// Whether the history of a former code counts.
    public enum History: String, Sendable, CaseIterable {
        /// It counts as the organization's own.
        case carried
        /// The organization is a new one: no earlier year counts.
        case notCarried = "not_carried"
    }

    /// Whose history a merged organization has.
    public enum Merged: String, Sendable, CaseIterable {
        /// That of the former organization with the most students in the year before.
        case largestEnrollment = "largest_enrollment"
        /// None: it is a new organization.
        case notCarried = "not_carried"
    }

    /// The history of a recoded organization.
    public let recoded: Parameter<History>
    /// The history of a merged organization.
    public let merged: Parameter<Merged>
    /// The history of a part of an organization that was divided: that of the whole.
    public let split: Parameter<History>
    /// Whether the earlier years of an organization that serves other grades count.
    public let gradesChanged: Parameter<History>
    /// Whether a closed organization has a determination.
    public let closedIsDetermined: Parameter<Bool>

    /// The section of a framework that has them.
    static let section = "organization_changes"

    init(_ reader: ParameterReader) throws(FrameworkError) {
        recoded = try reader.choice("\(Self.section).recoded")
        merged = try reader.choice("\(Self.section).merged")
        split = try reader.choice("\(Self.section).split")
        gradesChanged = try reader.choice("\(Self.section).grades_changed")
        closedIsDetermined = try reader.flag("\(Self.section).closed_is_determined")
    }

    /// Whether earlier years count after a change.
    func carries(_ kind: OrganizationChangeKind) -> Bool {
        switch kind {
        case .recoded: recoded.value == .carried
        case .merged: merged.value == .largestEnrollment
        case .split: split.value == .carried
        case .gradesChanged: gradesChanged.value == .carried
        case .closed: false
        }
    }

    /// The rule of a change.
    public func record(_ kind: OrganizationChangeKind) -> ParameterRecord {
        switch kind {
        case .recoded: recoded.record
        case .merged: merged.record
        case .split: split.record
        case .gradesChanged: gradesChanged.record
        case .closed: closedIsDetermined.record
        }
    }
}
