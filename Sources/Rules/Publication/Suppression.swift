/// What may be published of a group, by its size.
public enum Suppression: Hashable, Sendable {
    /// Nothing: the group is too small to be seen.
    case hidden
    /// Counts, but no accountability result.
    case countsOnly
    /// Everything.
    case full

    /// What may be published of a group of this many students.
    public init(students: Int64, _ framework: Framework) {
        if students < Int64(framework.minimumSize.publicReporting.value) {
            self = .hidden
        } else if students < Int64(framework.minimumSize.accountability.value) {
            self = .countsOnly
        } else {
            self = .full
        }
    }
}
