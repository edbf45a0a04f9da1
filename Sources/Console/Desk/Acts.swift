internal import Operating
internal import Rules

/// The acts of the console.
enum Acts {
    /// The acts with a form of fields.
    static let all = [
        openYear, closeYear, release, withdrawRelease, approve, reject, withdraw, deliveries, quarantine,
        tryAlternatives, tryFramework,
    ]

    private static let year = Act.Field("year", "School year", .schoolYear, hint: "by its spring: 2018-19 is 2019")
    private static let submission = Act.Field(
        "submission",
        "Submission",
        .submission,
        hint: "as listed on the page Files"
    )
    private static let kind = Act.Field(
        "kind",
        "Release",
        .choice([ReleaseKind.preliminary, .official].map(\.wireName))
    )
    private static let organization = Act.Field(
        "org",
        "District",
        .district,
        hint: "its code of eight digits; leave it empty for the whole state",
        isRequired: false
    )

    private static func reason(_ label: String = "Reason", isRequired: Bool = false) -> Act.Field {
        Act.Field("reason", label, .text(500), hint: "it is recorded in the ledger", isRequired: isRequired)
    }

    /// An option with its value; empty if there is no value.
    private static func option(_ name: String, _ value: String?) -> [String] { value.map { ["--\(name)=\($0)"] } ?? [] }

    static let upload = Act(
        "upload",
        "Submit a file",
        verb: "Submit it",
        about:
            "Either the whole file goes into the ledger, or nothing. A row replaces an earlier row with the same key.",
        needs: .district,
        timeout: .seconds(900),
        preview: { ["preview", "--json", $0["file"] ?? ""] },
        command: { ["submit", "--json", $0["file"] ?? ""] }
    )

    static let openYear = Act(
        "open-year",
        "Open a school year",
        verb: "Open the year",
        about: "From now on, rows of the year are accepted. An open year stays open.",
        needs: .approver,
        fields: [year],
        command: { ["open-year", $0["year"] ?? ""] }
    )

    static let closeYear = Act(
        "close-year",
        "Close a school year",
        verb: "Close the year",
        about:
            "Close a year when everything is submitted. Its percentiles and determinations are then published to the Department. Later rows are corrections. This cannot be undone.",
        needs: .approver,
        fields: [
            year,
            Act.Field(
                "incomplete",
                "Why close it although something is missing",
                .text(500),
                hint: "only if Completeness shows that something is missing; it is recorded in the ledger",
                isRequired: false
            ),
        ],
        command: { ["close-year", $0["year"] ?? "", "--no-wait"] + option("incomplete", $0["incomplete"]) }
    )

    private static func releasing(_ values: Act.Values) -> [String] {
        [DepartmentAct.release.wireName, values["kind"] ?? "", "--year", values["year"] ?? ""]
            + (values["date"].map { ["--date", $0] } ?? [])
            + (values["org"].map { ["--org", $0] } ?? [])
            + (values["embargo"].map { ["--embargo-until", $0] } ?? [])
    }

    /// Only preliminary results are under embargo, and not from a day on that comes later.
    private static func embargoConflicts(_ values: Act.Values) -> [String: String] {
        guard let end = values["embargo"] else { return [:] }
        guard values["kind"] == ReleaseKind.preliminary.wireName else {
            return ["embargo": "Embargoed until: only a preliminary release has an embargo, so leave it empty"]
        }
        guard let day = values["date"], day > end else { return [:] }
        return ["embargo": "Embargoed until: the embargo cannot end before the release takes effect"]
    }

    static let release = Act(
        "release",
        "Release results",
        verb: "Release them",
        about:
            "Preliminary: each district sees its own results, under embargo. Official: everyone sees the publications, and from then on, submissions that would change them wait for an approval. An official release needs two people.",
        needs: .approver,
        fields: [
            kind, year, Act.Field("date", "Day", .day, hint: "yyyy-mm-dd, the day it takes effect"), organization,
            Act.Field(
                "embargo",
                "Embargoed until",
                .day,
                hint:
                    "yyyy-mm-dd, only of a preliminary release: the results become official on that day at the earliest",
                isRequired: false
            ),
        ],
        conflicts: embargoConflicts,
        needsSecondPerson: { $0["kind"] == ReleaseKind.official.wireName },
        preview: { ["preview", "--json", "--directive", releasing($0).joined(separator: " ")] },
        command: { ["directive"] + releasing($0) }
    )

    static let withdrawRelease = Act(
        "withdraw-release",
        "Withdraw a release",
        verb: "Withdraw the release",
        about: "The results return to their status before the release. People may have read them in the meantime.",
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
            "Its rows count from then on, and official results change. You cannot approve your own submission.",
        needs: .approver,
        fields: [submission, reason()],
        preview: { ["preview", "--json", "--held", $0["submission"] ?? ""] },
        command: { ["approve", $0["submission"] ?? ""] + option("reason", $0["reason"]) }
    )

    static let reject = Act(
        "reject",
        "Reject a submission that waits",
        verb: "Reject it",
        about: "Its waiting rows will never count. You cannot reject your own submission.",
        needs: .approver,
        fields: [submission, reason()],
        command: { ["reject", $0["submission"] ?? ""] + option("reason", $0["reason"]) }
    )

    static let withdraw = Act(
        "withdraw",
        "Withdraw a submission",
        verb: "Withdraw it",
        about: "The data returns to what it was before the submission. Its rows stay in the ledger.",
        needs: .approver,
        fields: [submission, reason()],
        preview: { ["preview", "--json", "--withdraw", $0["submission"] ?? ""] },
        command: { ["withdraw", $0["submission"] ?? ""] + option("reason", $0["reason"]) }
    )

    static let deliveries = Act(
        "deliveries",
        "Try failed deliveries again",
        verb: "Try them again",
        about: "Every notice that could not be delivered is tried again. Correct the cause first.",
        needs: .operator,
        namesPerson: false,
        command: { _ in ["deliveries", "--all"] }
    )

    static let quarantine = Act(
        "quarantine",
        "Put quarantined records back",
        verb: "Put them back",
        about: "Every record goes back to its original topic. Records that still cannot be used return to quarantine.",
        needs: .operator,
        namesPerson: false,
        command: { _ in ["quarantine", "--replay", "--all"] }
    )
}
