package import Messages
internal import Operating
package import Rules
internal import Stages
internal import Tables

/// A submission with held rows, which would change official results.
package struct HeldSubmission: Hashable {
    /// Its header.
    package let header: Accountability_V1_SubmissionHeader
    /// How many of its rows wait.
    package let rows: UInt64
    /// Their school years, in their order.
    package let years: [Int]

    /// The submission.
    package var id: String { header.submission }

    /// The submission and its file, for people.
    package var name: String {
        "\(PlainText.escaped(id, limit: 60)) (\(PlainText.escaped(header.fileName, limit: 200)))"
    }

    /// `12 rows`.
    package var rowsText: String { Self.rowsText(rows) }

    /// `12 rows`.
    package static func rowsText(_ rows: UInt64) -> String { "\(rows) row\(rows == 1 ? "" : "s")" }

    /// `2018 and 2019`.
    package var yearsText: String { Self.yearsText(years) }

    /// `2018 and 2019`.
    package static func yearsText(_ years: [Int]) -> String {
        years.isEmpty ? "official results" : years.map { String($0) }.joined(separator: " and ")
    }

    /// The commands that decide about a held submission.
    package static func remedy(_ id: String) -> String {
        let id = PlainText.escaped(id, limit: 60)
        return
            "`accountability preview --held \(id)` shows what they would change, `accountability approve \(id)` puts them in force, "
            + "`accountability reject \(id)` refuses them"
    }

    /// A line for people.
    package var text: String {
        "\(name), by \(PlainText.escaped(header.submittedBy.isEmpty ? "an unrecorded person" : header.submittedBy, limit: 200)): "
            + "\(rowsText) of \(yearsText) \(rows == 1 ? "waits" : "wait") for an approval"
    }
}

extension InstallationView {
    /// Submissions with rows that wait, in the order in which they came.
    package var held: [HeldSubmission] {
        var headers: [String: Accountability_V1_SubmissionHeader] = [:]
        for header in submissions { headers[header.submission] = header }
        return totals().filter { $0.held > 0 }
            .compactMap { total in
                headers[total.id].map { HeldSubmission(header: $0, rows: total.held, years: total.heldYears) }
            }
    }

    /// The submission that a person decides about.
    ///
    /// - Throws: `Failure` with 65 if the submission has no held rows, which says what happened to it, or if another
    ///   person must decide; with 75 if validation has not read all of it.
    package func held(
        _ id: String,
        for act: HeldSubmissionAct,
        by person: String,
        _ frameworks: FrameworkSet = .builtIn
    ) throws -> HeldSubmission {
        func refused(_ message: String) -> Failure { Failure(.badInput, "\(message); nothing was decided") }
        var standing = StandingSubmissions()
        let counting = submissions.filter { standing.take($0) }
        let name = PlainText.escaped(id, limit: 60)
        guard let header = counting.first(where: { $0.submission == id }) else {
            throw refused(
                "there is no submission \(name) in the ledger: `accountability receipts` lists all \(counting.count) submissions"
            )
        }
        guard standing.canWait(id) else {
            throw refused(
                standing.isDecision(id) || !header.withdraws.isEmpty
                    ? "\(name) is itself a decision about a submission (\(PlainText.escaped(header.fileName, limit: 200))), and has no rows that wait"
                    : "\(name) does not wait: it has been in force since it came, because it is an act of the Department or nothing was official then"
            )
        }
        if let decision = standing.decision(about: id) {
            throw refused(Self.said(decision, of: name, counting))
        }
        if let by = standing.withdrawals[id] {
            throw refused("\(name) is withdrawn by \(PlainText.escaped(by, limit: 60)), so none of its rows wait")
        }
        let total = totals().first { $0.id == id }
        guard let total, total.addsUp else {
            throw Failure(
                .tryAgain,
                "validation has not taken all rows of \(name) yet, so it is not known which of them wait; nothing was decided: try again in a moment"
            )
        }
        guard total.held > 0 else {
            throw refused("\(name) does not wait: no row of it would change what is official")
        }
        let held = HeldSubmission(header: header, rows: total.held, years: total.heldYears)
        try held.checkPerson(act, person, frameworks)
        return held
    }

    private static func said(
        _ decision: StandingSubmissions.Decision,
        of name: String,
        _ submissions: [Accountability_V1_SubmissionHeader]
    ) -> String {
        func act(_ id: String) -> String {
            let by = submissions.first { $0.submission == id }?.submittedBy ?? ""
            return
                "\(by.isEmpty ? "" : " by \(PlainText.escaped(by, limit: 200))") (\(PlainText.escaped(id, limit: 60)))"
        }
        return switch decision {
        case .approved(let by):
            "\(name) was approved already\(act(by)): `accountability withdraw \(name)` takes back what it put in force"
        case .rejected(let by):
            "\(name) was rejected already\(act(by)), which is final: submit the file again if it is right after all"
        }
    }
}

extension HeldSubmission {
    /// Whether this person may decide: the framework of a year can ask for another person than the one who submitted
    /// it.
    func checkPerson(_ act: HeldSubmissionAct, _ person: String, _ frameworks: FrameworkSet) throws {
        guard Self.isSame(person, header.submittedBy) else { return }
        for year in years {
            guard let framework = try frameworks.ifCovered(schoolYear: year),
                framework.operation?.secondPerson.value.contains(act) == true
            else { continue }
            throw Failure(
                .badInput,
                "\(name) was submitted by \(PlainText.escaped(header.submittedBy, limit: 200)), and the framework \(framework.name) asks for a second person "
                    + "to \(act.wireName) it (operation.second_person); nothing was decided: another person does it, under an account of their own "
                    + "or with --by PERSON"
            )
        }
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        func plain(_ text: String) -> String {
            text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        return plain(one) == plain(other)
    }
}
