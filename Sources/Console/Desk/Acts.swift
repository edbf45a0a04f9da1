internal import Operating

/// Everything that can be done in the console.
enum Acts {
    /// Those that have a form of fields.
    static let all = [openYear, closeYear, release, withdrawRelease, approve, reject, withdraw, deliveries, quarantine]

    private static let year = Act.Field("year", "School year", .schoolYear, hint: "by its spring: 2018-19 is 2019")
    private static let submission = Act.Field("submission", "Submission", .submission, hint: "as Files lists it")
    private static let kind = Act.Field("kind", "Release", .choice(["preliminary", "official"]))
    private static let organization = Act.Field(
        "org",
        "District",
        .district,
        hint: "its code of eight digits; leave it empty for the whole state",
        isRequired: false
    )

    private static func reason(_ label: String = "Reason", isRequired: Bool = false) -> Act.Field {
        Act.Field("reason", label, .text(500), hint: "it stands in the ledger", isRequired: isRequired)
    }

    /// An option with its value; nothing where there is none.
    private static func option(_ name: String, _ value: String?) -> [String] { value.map { ["--\(name)=\($0)"] } ?? [] }

    static let upload = Act(
        "upload",
        "Submit a file",
        verb: "Submit it",
        about:
            "All of the file goes into the ledger or nothing of it. A row with a known key replaces the one before it.",
        needs: .district,
        timeout: .seconds(900),
        preview: { ["preview", "--json", $0["file"] ?? ""] },
        command: { ["submit", "--json", $0["file"] ?? ""] }
    )

    static let openYear = Act(
        "open-year",
        "Open a school year",
        verb: "Open the year",
        about: "Its rows are accepted from here on. A year that is open stays open.",
        needs: .approver,
        fields: [year],
        command: { ["open-year", $0["year"] ?? ""] }
    )

    static let closeYear = Act(
        "close-year",
        "Close a school year",
        verb: "Close the year",
        about:
            "Everything is submitted: its percentiles and determinations are published to the Department. Rows that come later are corrections. This cannot be taken back.",
        needs: .approver,
        fields: [
            year,
            Act.Field(
                "incomplete",
                "Why, although something is missing",
                .text(500),
                hint: "only where completeness finds something; it stands in the ledger",
                isRequired: false
            ),
        ],
        command: { ["close-year", $0["year"] ?? "", "--no-wait"] + option("incomplete", $0["incomplete"]) }
    )

    private static func releasing(_ values: Act.Values) -> [String] {
        ["release", values["kind"] ?? "", "--year", values["year"] ?? ""]
            + (values["date"].map { ["--date", $0] } ?? [])
            + (values["org"].map { ["--org", $0] } ?? [])
    }

    static let release = Act(
        "release",
        "Release results",
        verb: "Release them",
        about:
            "Preliminary: each district sees its own results, under embargo. Official: everybody sees the publications, and what would change them waits for an approval from then on. An official release takes two persons.",
        needs: .approver,
        fields: [
            kind, year, Act.Field("date", "Day", .day, hint: "yyyy-mm-dd, on which it takes effect"), organization,
        ],
        needsSecondPerson: { $0["kind"] == "official" },
        preview: { ["preview", "--json", "--directive", releasing($0).joined(separator: " ")] },
        command: { ["directive"] + releasing($0) }
    )

    static let withdrawRelease = Act(
        "withdraw-release",
        "Withdraw a release",
        verb: "Withdraw the release",
        about: "The results are what they were before the release. Who read them has read them.",
        needs: .approver,
        fields: [kind, year, organization],
        preview: { ["preview", "--json", "--directive", (releasing($0) + ["--withdraw"]).joined(separator: " ")] },
        command: { ["directive"] + releasing($0) + ["--withdraw"] }
    )

    static let approve = Act(
        "approve",
        "Approve a submission that waits",
        verb: "Approve it",
        about:
            "Its rows count from then on, and official results change. Another person than the one who submitted it approves it.",
        needs: .approver,
        fields: [submission, reason()],
        preview: { ["preview", "--json", "--held", $0["submission"] ?? ""] },
        command: { ["approve", $0["submission"] ?? ""] + option("reason", $0["reason"]) }
    )

    static let reject = Act(
        "reject",
        "Reject a submission that waits",
        verb: "Reject it",
        about: "Its rows that wait will never count. Another person than the one who submitted it rejects it.",
        needs: .approver,
        fields: [submission, reason()],
        command: { ["reject", $0["submission"] ?? ""] + option("reason", $0["reason"]) }
    )

    static let withdraw = Act(
        "withdraw",
        "Withdraw a submission",
        verb: "Withdraw it",
        about: "What stood before it stands again. Its rows stay in the ledger.",
        needs: .approver,
        fields: [submission, reason()],
        preview: { ["preview", "--json", "--withdraw", $0["submission"] ?? ""] },
        command: { ["withdraw", $0["submission"] ?? ""] + option("reason", $0["reason"]) }
    )

    static let deliveries = Act(
        "deliveries",
        "Try failed deliveries again",
        verb: "Try them again",
        about: "Every dead delivery of a notice is tried again. Set right first what was wrong.",
        needs: .operator,
        namesPerson: false,
        command: { _ in ["deliveries", "--all"] }
    )

    static let quarantine = Act(
        "quarantine",
        "Put quarantined records back",
        verb: "Put them back",
        about: "Every record goes back to the topic that it came from. What still cannot be used comes back here.",
        needs: .operator,
        namesPerson: false,
        command: { _ in ["quarantine", "--replay", "--all"] }
    )
}
