internal import Messages
internal import Operating
internal import Rules
internal import Stages
internal import Streaming
internal import SwiftProtobuf
internal import Tables

/// Checks that a file contains only what a district may submit: rows of its own students.
///
/// The file is read exactly as ingestion reads it. So the console always sees the same rows as the ledger, however the
/// file is written. The pseudonyms made during the check use a key that is not kept.
enum DistrictFile {
    /// - Throws: ``Problem`` if the file contains anything else. It names the lines.
    static func check(_ path: String, named name: String, of district: OrganizationCode) throws(Problem) {
        let sink = Inspection(district)
        do {
            let ingestion = FileIngestion(
                pipeline: Pipeline(),
                path: path,
                submission: SubmissionIdentifier.make(at: 0),
                fileName: name,
                key: try PseudonymKey(bytes: SystemRandomNumberGenerator.bytes(32)),
                partitions: 1
            )
            _ = try ingestion.run(into: sink, receivedUnixMilliseconds: 0)
        } catch let problem as Problem {
            throw problem
        } catch let refused as SubmissionRefused {
            throw Problem(422, refused.description)
        } catch {
            throw Problem(422, "the file cannot be read")
        }
        try refuse(sink.strange, "org_code is no organization of your district \(district)")
        try refuse(
            sink.retracting,
            "action takes no rows back here, because the row may belong to another district; ask the Department to do it"
        )
    }

    /// Refuses the file if there are such lines.
    private static func refuse(_ found: [UInt64], _ why: String) throws(Problem) {
        guard !found.isEmpty else { return }
        let lines = found.sorted()
        let more = lines.count > 10 ? " and \(lines.count - 10) more" : ""
        let shown = lines.prefix(10).map { String($0) }.joined(separator: ", ")
        let isOne = lines.count == 1
        throw Problem(
            422,
            "\(isOne ? "line" : "lines") \(shown)\(more): \(why). Correct or remove \(isOne ? "that row" : "those rows")"
        )
    }

    /// Receives the records that would go to the ledger, and notes the lines that a district may not submit.
    private final class Inspection: RecordSink {
        private let district: OrganizationCode
        private var block = SubmissionBlock()
        private var organization: Int?
        private var action: Int?
        /// The lines of organizations outside the district, and the lines that take a row back.
        private(set) var strange: [UInt64] = []
        private(set) var retracting: [UInt64] = []

        init(_ district: OrganizationCode) { self.district = district }

        func send(
            topic: String,
            partition: Int32,
            key: Span<UInt8>,
            value: Span<UInt8>?,
            eventType: String,
            cause: String
        ) throws {
            guard let value else { return }
            guard SubmissionBlock.isEntry(value) else { return try take(header: value) }
            guard let organization else { throw Problem(422, "the file has no column org_code") }
            try block.read(entry: value)
            for row in 0..<block.rows {
                let text = value.extracting(block.field(organization, row: row)).text
                if OrganizationCode(text)?.district != district { strange.append(block.lines[row]) }
                // A row is identified only by its student, so a deletion could hit another district's row.
                let word = action.map { value.extracting(block.field($0, row: row)).text } ?? ""
                if !["", "upsert"].contains(word) { retracting.append(block.lines[row]) }
            }
        }

        private func take(header value: Span<UInt8>) throws {
            let bytes = value.indices.map { value[$0] }
            let entry = try Accountability_V1_SubmissionEntry(serializedBytes: bytes)
            guard case .header(let header) = entry.entry, let layout = Layout(wireName: header.layout) else {
                throw Problem(422, "the file cannot be read")
            }
            guard layout.isAboutStudents else {
                throw Problem(
                    422,
                    "a district may only submit files about its students; files with the layout \(layout.wireName) come from the Department"
                )
            }
            organization = header.columns.firstIndex(of: "org_code")
            action = header.columns.firstIndex(of: "action")
        }
    }
}
