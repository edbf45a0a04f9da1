import Messages

/// What a task has told, read back from the topic of notices: what decides whether something is a new event.
struct NoticeMemory {
    /// The last notice of a thing.
    struct Told {
        let revision: UInt32
        let fingerprint: String
    }

    private var issued: [String: Int64] = [:]
    private var things: [String: Told] = [:]
    private var groups: [String: [String]] = [:]

    /// What the notices of one thing have in common.
    static func thing(_ schoolYear: UInt32, _ organization: String, _ event: String, _ about: String) -> String {
        "\(schoolYear)/\(organization)/\(event)/\(about)"
    }

    /// Takes note of a notice.
    mutating func take(_ notice: Accountability_V1_Notice) {
        let thing = Self.thing(notice.schoolYear, notice.orgCode, notice.event, notice.about)
        switch notice.event {
        case NoticeText.issued, NoticeText.revised: issued[notice.id] = notice.createdUnixMilliseconds
        case NoticeText.lowParticipation, NoticeText.lowSubgroups: groups[thing] = notice.groups
        default: things[thing] = Told(revision: notice.revision, fingerprint: notice.fingerprint)
        }
    }

    /// The last notice of a thing; nil when nobody was told.
    func told(_ thing: String) -> Told? { things[thing] }

    /// The years of whose comment periods anybody was told.
    var commentYears: [UInt32] {
        things.keys.compactMap { thing in
            let parts = thing.split(separator: "/")
            return parts.count == 4 && parts[2] == NoticeText.commentPeriod ? UInt32(parts[0]) : nil
        }
    }

    /// The groups that were last told of; nil when nobody was told.
    func toldGroups(_ thing: String) -> [String]? { groups[thing] }

    /// The identity of a determination's notice; nil when it is a repetition.
    ///
    /// Revisions begin anew after a withdrawal, and then the number alone would make a new determination look like an
    /// old one.
    func identity(of determination: Accountability_V1_Determination) -> String? {
        let plain = "\(determination.schoolYear)/\(determination.orgCode)/\(determination.revision)"
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
