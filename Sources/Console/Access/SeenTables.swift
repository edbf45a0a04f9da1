internal import Messages
internal import Operating
internal import Reading
internal import Rules
internal import Synchronization

extension ConsoleTables {
    /// The part of the tables that a visitor may see.
    ///
    /// The console decides this here, for every page, file and answer.
    ///
    /// - The Department sees everything.
    /// - A district sees the results of its own organizations if ``ResultsStage`` shows everything of them. It also
    ///   sees their refused rows, the Department's acts about them, and the files that its own accounts submitted
    ///   through the console. It sees what is public about other organizations, for comparison. It does not see how the
    ///   stages run, because that names other districts' files.
    /// - Everyone else sees only the official publications, on separate pages.
    func seen(in frame: PageFrame) -> ConsoleTables {
        switch frame.visitor.results {
        case .department: self
        case .everybody: withoutDeterminations
        case .district(let district): seen(by: district, frame)
        }
    }

    private func seen(by district: OrganizationCode, _ frame: PageFrame) -> ConsoleTables {
        only(
            { line in
                // Results with an unknown stage are shown to no one.
                (ResultsStage(rawValue: line.status) ?? .computed).view(of: line.code, for: .district(district))
                    == .everything
            },
            submissions: { frame.isOwn($0) },
            rejections: { OrganizationCode($0.organization)?.district == district },
            own: district,
            acts: { $0.isShown(to: district, areResultsSeen: $1) }
        )
    }
}

/// Keeps the part of the tables that a district sees, until the data changes.
///
/// Selecting it looks at every organization of every year, and a person opens several pages.
final class SeenTables: Sendable {
    private struct Kept {
        var revision: UInt64 = 0
        var parts: [[Account]: ConsoleTables] = [:]
    }

    /// The most districts whose part is kept.
    ///
    /// Beyond that, all kept parts are dropped.
    private static let most = 32
    private let kept = Mutex(Kept())

    /// The part of the tables that a visitor may see.
    func part(of all: ConsoleTables, for frame: PageFrame) -> ConsoleTables {
        guard case .district = frame.visitor.results else { return all.seen(in: frame) }
        // A part depends only on the district, and on its accounts, whose files it shows.
        let known = kept.withLock { $0.revision == all.revision ? $0.parts[frame.colleagues] : nil }
        if let known { return known }
        let part = all.seen(in: frame)
        kept.withLock { kept in
            if kept.revision != all.revision || kept.parts.count >= Self.most { kept = Kept(revision: all.revision) }
            kept.parts[frame.colleagues] = part
        }
        return part
    }
}

extension PageFrame {
    /// Whether an account of the visitor's district submitted the file through the console.
    ///
    /// Files of an earlier account with the same name do not count.
    func isOwn(_ header: Accountability_V1_SubmissionHeader) -> Bool { header.isSubmitted(by: colleagues) }
}
