internal import Messages
internal import Operating
internal import Rules
internal import Stages

extension ConsoleTables {
    /// What a visitor may see of the tables: this is where the console decides it, for every page, file and answer.
    ///
    /// The Department sees everything. A district sees its own organizations' results where ``ResultsStage`` shows
    /// everything of them, the refused rows of its own organizations, and what its own accounts submitted through the
    /// console; the acts of the Department about its organizations; of other organizations what is public, to compare
    /// its own with; nothing of how the stages run, as that names other districts' files. Everybody else sees the
    /// official publications, on pages of their own, and nothing else.
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
                // A stage that is not known is shown to nobody.
                (ResultsStage(rawValue: line.status) ?? .computed).view(of: line.code, for: .district(district))
                    == .everything
            },
            submissions: { frame.isOwn($0) },
            rejections: { OrganizationCode($0.organization)?.district == district },
            own: district,
            acts: { key, areResultsSeen in
                guard key.organization.district == district else { return false }
                // What is a part of the results is seen with them.
                return switch key.act {
                case .review, .planFiling, .appeal: true
                case .designation, .recognition, .release, .suspension, .frameworkStep, .reconfiguration:
                    areResultsSeen
                }
            }
        )
    }
}

extension PageFrame {
    /// Whether an account of the visitor's district submitted it through the console; one that had the name before is
    /// another.
    func isOwn(_ header: Accountability_V1_SubmissionHeader) -> Bool {
        header.channel == FileIngestion.Options.Channel.console.rawValue
            && colleagues.contains { account in
                account.name == header.submittedBy && header.receivedUnixMilliseconds >= account.since
            }
    }
}
