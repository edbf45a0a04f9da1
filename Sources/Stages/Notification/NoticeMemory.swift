import Messages
import Rules

/// The notices that a task has published, read back from their topic.
///
/// They decide whether an event is new.
struct NoticeMemory {
    /// The last notice of a thing.
    struct Told {
        let revision: UInt32
        let fingerprint: String
        let isForDepartment: Bool
    }

    private var issued: [String: Int64] = [:]
    private var things: [Thing: Told] = [:]
    private var groups: [Thing: ToldGroups] = [:]
    /// By year and organization, the release stage of the results in the last notice.
    private var stages: [Thing: (moment: Int64, stage: ResultsStage)] = [:]

    /// The groups that a notice named, and how far it went.
    struct ToldGroups {
        let groups: [String]
        let isForDepartment: Bool
    }

    /// The common part of the identities of notices about one subject.
    struct Thing: Hashable {
        let schoolYear: Int
        let organization: OrganizationCode
        let event: String
        let about: String

        init(_ schoolYear: Int, _ organization: OrganizationCode, _ event: String, _ about: String) {
            self.schoolYear = schoolYear
            self.organization = organization
            self.event = event
            self.about = about
        }

        /// The identity of a notice that is published only once.
        var identity: String { key(after: "") }

        /// The identity of one notice of several.
        func identity(revision: UInt32) -> String { key(after: "/\(revision)") }

        private func key(after end: String) -> String {
            NoticeKey(schoolYear: schoolYear, organization: organization, identity: "\(event)/\(about)\(end)").text
        }
    }

    /// Takes note of a notice.
    mutating func take(_ notice: Accountability_V1_Notice, under key: NoticeKey) {
        let thing = Thing(key.schoolYear, key.organization, notice.event, notice.about)
        switch notice.event {
        case NoticeText.issued, NoticeText.revised:
            issued[key.text] = notice.createdUnixMilliseconds
            let results = Thing(key.schoolYear, key.organization, NoticeText.issued, "")
            if notice.createdUnixMilliseconds >= stages[results]?.moment ?? 0 {
                // A notice from before there were stages closes nothing.
                stages[results] = (notice.createdUnixMilliseconds, ResultsStage(rawValue: notice.status) ?? .computed)
            }
        case NoticeText.resultsClosed: break
        case NoticeText.lowParticipation, NoticeText.lowSubgroups:
            groups[thing] = ToldGroups(groups: notice.groups, isForDepartment: notice.departmentOnly)
        default:
            things[thing] = Told(
                revision: notice.revision,
                fingerprint: notice.fingerprint,
                isForDepartment: notice.departmentOnly
            )
        }
    }

    /// The last notice of a thing; nil if there was none.
    func told(_ thing: Thing) -> Told? { things[thing] }

    /// The years with notices about comment periods.
    var commentYears: [Int] {
        things.keys.filter { $0.event == NoticeText.commentPeriod }.map(\.schoolYear)
    }

    /// The last notice that named groups; nil if there was none.
    func toldGroups(_ thing: Thing) -> ToldGroups? { groups[thing] }

    /// The release stage of an organization's results in the last notice.
    func toldStage(_ schoolYear: Int, _ organization: OrganizationCode) -> ResultsStage {
        stages[Thing(schoolYear, organization, NoticeText.issued, "")]?.stage ?? .computed
    }

    /// The identity of a determination's notice; nil when it is a repetition.
    ///
    /// Revision numbers restart after a withdrawal, so a new determination could have the number of an old one.
    func identity(of determination: Accountability_V1_Determination, under key: DeterminationKey) -> String? {
        let plain =
            NoticeKey(
                schoolYear: key.schoolYear,
                organization: key.organization,
                identity: "\(determination.revision)"
            )
            .text
        var id = plain
        var issue = 1
        while let before = issued[id] {
            if before == determination.issuedUnixMilliseconds { return nil }
            issue += 1
            id = "\(plain)/issue-\(issue)"
        }
        return id
    }
}
