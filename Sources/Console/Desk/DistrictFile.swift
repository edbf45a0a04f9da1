internal import Messages
internal import Operating
internal import Rules
internal import Stages
internal import Streaming
internal import SwiftProtobuf
internal import Tables

/// Whether a file holds only what a district may submit: rows of its own students.
///
/// The file is read exactly as ingestion reads it, so that no way of writing a file shows the console other rows than
/// the ledger gets. The pseudonyms made meanwhile are under a key that nobody keeps.
enum DistrictFile {
    /// - Throws: ``Problem`` where the file holds anything else, with the lines.
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
        guard sink.strange.isEmpty else {
            let lines = sink.strange.sorted()
            let shown = lines.prefix(10).map { String($0) }.joined(separator: ", ")
            throw Problem(
                422,
                "\(lines.count == 1 ? "line" : "lines") \(shown)\(lines.count > 10 ? " and \(lines.count - 10) more" : ""): org_code is no organization of "
                    + "your district \(district). Mend or remove \(lines.count == 1 ? "that row" : "those rows")"
            )
        }
    }

    /// Takes what goes to the ledger, and keeps the lines of other districts.
    private final class Inspection: RecordSink {
        private let district: OrganizationCode
        private var block = SubmissionBlock()
        private var organization: Int?
        private(set) var strange: [UInt64] = []

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
                    "a district submits files of its students; one of the layout \(layout.wireName) comes from the Department"
                )
            }
            organization = header.columns.firstIndex(of: "org_code")
        }
    }
}
