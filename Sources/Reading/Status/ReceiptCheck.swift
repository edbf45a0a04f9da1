internal import Foundation
internal import Messages
package import Operating
internal import Stages

/// Checks that receipts add up, and that the ledger has everything that this home submitted.
package enum ReceiptCheck {
    /// The remedy for lost ledger records if this home has an archive of them; otherwise nil.
    package static func writesAgain(_ connection: Connection) -> String? {
        LedgerArchive(connection) == nil
            ? nil : "`accountability down` and `accountability up`: what is missing is written again from this home"
    }

    /// Problems with the receipts, and with this home's submissions in the ledger.
    package static func problems(_ totals: [SubmissionTotals], _ connection: Connection) -> [Finding] {
        (additions(totals) + missing(in: totals, connection)).filter { $0.severity == .problem }
    }

    /// The place that a finding about a submission's receipts names.
    package static func place(of totals: SubmissionTotals) -> String { "\(totals.id) (\(totals.fileName))" }

    /// Submissions whose receipts do not add up to their rows.
    package static func additions(_ totals: [SubmissionTotals]) -> [Finding] {
        let wrong = totals.filter { !$0.addsUp }
        guard !wrong.isEmpty else {
            return [.ok("receipts", "", "\(totals.count) submissions: rows = accepted + rejected + unchanged")]
        }
        return wrong.map {
            .problem(
                "receipts",
                place(of: $0),
                "\($0.rows) rows, but \($0.accepted) accepted + \($0.rejected) rejected + \($0.unchanged) unchanged",
                "`accountability rebuild --stage validation` counts them again; if that does not mend it, rows of the ledger are gone: submit the file again"
            )
        }
    }

    /// Submissions of this home that are missing in its own ledger.
    package static func missing(in totals: [SubmissionTotals], _ connection: Connection) -> [Finding] {
        guard let installation = connection.installation, installation.brokers == connection.brokers,
            installation.namespace == connection.pipeline.namespace
        else { return [] }
        let known = Set(totals.filter { $0.layout != "" }.map(\.id))
        return missing(known, connection.home, remedy: writesAgain(connection))
    }

    /// Submissions of a home's archive that are not among those that the ledger has.
    ///
    /// - `remedy`: how to restore it; nil if it must be submitted again.
    package static func missing(_ known: Set<String>, _ home: Home, remedy: String? = nil) -> [Finding] {
        let archive = home.inbox.appendingPathComponent("archive", isDirectory: true)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: archive.path)) ?? []
        var findings: [Finding] = []
        for name in names.sorted() where name.hasSuffix(".json") {
            guard let data = FileManager.default.contents(atPath: archive.appendingPathComponent(name).path),
                let receipt = try? JSONDecoder().decode(SubmissionReceipt.self, from: data),
                receipt.status == .committed, !known.contains(receipt.id)
            else { continue }
            findings.append(
                .problem(
                    "submission",
                    receipt.id,
                    "\(receipt.fileName) with \(receipt.rows) rows was taken on \(receipt.submitted), and the ledger does not have it",
                    remedy
                        ?? "`accountability submit` it again, then `accountability rebuild`; if it was of another ledger, move \(archive.path)/\(name) away"
                )
            )
        }
        return findings
    }
}
