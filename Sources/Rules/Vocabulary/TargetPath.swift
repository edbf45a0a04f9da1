/// The path that a target of achievement follows after the pandemic.
public enum TargetPath: UInt8, WireNamed {
    /// Back to where the group stood in 2019.
    case recovery
    /// On from there.
    case forward

    /// The name in files and messages.
    public var wireName: String {
        switch self {
        case .recovery: "recovery"
        case .forward: "forward"
        }
    }

    /// The words of the reports.
    public var title: String {
        switch self {
        case .recovery: "Recovery Path"
        case .forward: "Path Forward"
        }
    }
}
