internal import Foundation
internal import Messages
internal import Operating
internal import Reading

/// What the last audits found, for the checklist of the release desk.
///
/// A line is fine only if its check found no problem and nothing came after it.
struct AuditLines {
    private let tables: ConsoleTables
    private let records: AuditRecords?

    /// The lines of the installation that the console shows.
    ///
    /// - `home`: the home of the console. If the audits ran in another one, the console does not know them.
    init(_ tables: ConsoleTables, _ home: Home) {
        self.tables = tables
        records = try? AuditRecords(home)
    }

    var rows: [[TablePart.Cell]] {
        [
            row(.tables, "Audit", "audit"),
            row(.recomputation, "Recomputation of every figure", "audit --recompute"),
            row(.disclosure, "Disclosure attack on what is published", "audit --disclosure"),
        ]
    }

    private func row(_ check: AuditRecords.Check, _ what: String, _ command: String) -> [TablePart.Cell] {
        guard let records else {
            return ReleaseDesk.line(
                what,
                nil,
                "The results of audits cannot be read: accountability \(command) says why.",
                unknown: "not known here"
            )
        }
        guard let status = tables.run?.status else {
            return ReleaseDesk.line(what, nil, "The stages are being checked for the first time.")
        }
        guard let record = records[check, brokers: status.brokers, namespace: status.namespace] else {
            return ReleaseDesk.line(
                what,
                nil,
                "accountability \(command) has not been run in this console's home.",
                unknown: "not known here"
            )
        }
        let later = check == .disclosure ? laterPublications(record) : laterSubmissions(record)
        let isAttacked = check != .disclosure || record.attacked > 0 && record.left == 0
        let time = Date(timeIntervalSince1970: Double(record.ended) / 1000).ISO8601Format()
        let parts = [
            "\(time): \(Words.count(record.problems, "problem")), \(Words.count(record.warnings, "warning"))",
            check == .disclosure ? "\(Words.count(record.attacked, "district")) attacked" : nil,
            check == .disclosure && record.left > 0 ? "\(Words.count(record.left, "district")) not attacked" : nil,
            later,
        ]
        let finding = parts.compactMap(\.self).joined(separator: "; ") + "."
        if record.problems > 0 { return ReleaseDesk.line(what, false, finding) }
        if check == .disclosure, record.attacked == 0, record.left == 0 {
            return ReleaseDesk.line(what, nil, finding, unknown: "nothing to attack")
        }
        return ReleaseDesk.line(what, isAttacked && later == nil, finding)
    }

    private func laterSubmissions(_ record: AuditRecords.Record) -> String? {
        let count = tables.view.submissions.count { $0.receivedUnixMilliseconds >= record.began }
        return count > 0 ? "\(Words.count(count, "submission")) came after it" : nil
    }

    private func laterPublications(_ record: AuditRecords.Record) -> String? {
        let count = tables.years.values.reduce(0) { count, year in
            count + year.publishedLines.values.count { $0.issued >= record.began }
        }
        return count > 0 ? "\(Words.count(count, "publication")) came after it" : nil
    }
}
