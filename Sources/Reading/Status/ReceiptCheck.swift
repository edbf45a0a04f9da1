internal import Foundation
internal import Messages
package import Operating
internal import Stages

/// Whether receipts add up, and whether the ledger has what this home submitted.
package enum ReceiptCheck {
    /// What brings the ledger back where this home keeps what it wrote to it; nil where it does not.
    package static func writesAgain(_ connection: Connection) -> String? {
        LedgerArchive(connection) == nil
            ? nil : "`accountability down` and `accountability up`: what is missing is written again from this home"
    }

    /// What is wrong with the receipts, and with what the ledger has of this home.
    package static func problems(_ totals: [SubmissionTotals], _ connection: Connection) -> [Finding] {
        (additions(totals) + missing(in: totals, connection)).filter { $0.severity == .problem }
    }

    /// Where a finding about a submission's receipts says it is.
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

    /// Submissions of this home that the ledger does not have, where it is the ledger of this home.
    package static func missing(in totals: [SubmissionTotals], _ connection: Connection) -> [Finding] {
        guard let installation = connection.installation, installation.brokers == connection.brokers,
            installation.namespace == connection.pipeline.namespace
        else { return [] }
        let known = Set(totals.filter { $0.layout != "" }.map(\.id))
        return missing(known, connection.home, remedy: writesAgain(connection))
    }

    /// Submissions of a home's archive that are not among those that the ledger has.
    ///
    /// - `remedy`: what brings it back; nil where it has to be submitted again.
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
