import Crypto
import Foundation
import Messages
public import Streaming
import Tables

/// Turns one file into records of the ledger: a header in every partition, then its rows, student identifiers replaced.
///
/// The caller wraps ``run(into:receivedUnixMilliseconds:progress:)`` in a transaction: what it throws aborts all of it.
public struct FileIngestion: Sendable {
    /// What the submitter may choose.
    public struct Options: Sendable, Hashable, Codable {
        /// The layout's name; recognised by the header when nil.
        public var layout: String?
        /// Columns that the layout does not have are passed over.
        public var ignoreExtra: Bool
        /// Rows of organizations that were never declared are accepted.
        public var allowUndeclared: Bool

        /// Options.
        public init(layout: String? = nil, ignoreExtra: Bool = false, allowUndeclared: Bool = false) {
            self.layout = layout
            self.ignoreExtra = ignoreExtra
            self.allowUndeclared = allowUndeclared
        }
    }

    /// How far a file has been taken.
    public struct Progress: Sendable, Hashable, Codable {
        /// Bytes read, as they lie on disk.
        public let bytesRead: Int
        /// Bytes of the file.
        public let totalBytes: Int
        /// Rows taken so far.
        public let rows: Int
        /// Rows of the file.
        public let totalRows: Int
    }

    let pipeline: Pipeline
    let path: String
    let submission: String
    let fileName: String
    let options: Options
    let key: PseudonymKey
    let partitions: Int32

    /// A file to be taken.
    ///
    /// - `path`: of the file, plain or compressed with gzip.
    /// - `submission`: its identifier, unique in the ledger: see ``SubmissionIdentifier``.
    /// - `fileName`: what the submitter calls it; it stands in rejections.
    /// - `partitions`: partitions of the ledger, at least 1.
    public init(
        pipeline: Pipeline,
        path: String,
        submission: String,
        fileName: String,
        options: Options = Options(),
        key: PseudonymKey,
        partitions: Int32
    ) {
        self.pipeline = pipeline
        self.path = path
        self.submission = submission
        self.fileName = fileName
        self.options = options
        self.key = key
        self.partitions = max(1, partitions)
    }

    /// Sends the file's entries.
    ///
    /// The file is read three times: for its digest and its rows, for the entries, and for its digest again, so that a
    /// file that changes meanwhile is noticed.
    ///
    /// - `progress`: called about every 10,000 rows and at the end.
    ///
    /// Returns what was sent.
    ///
    /// Throws ``SubmissionRefused`` for a file that cannot be taken as a whole; what the sink or `progress` throws.
    public func run(
        into sink: any RecordSink,
        receivedUnixMilliseconds: Int64,
        progress: (Progress) throws -> Void = { _ in }
    ) throws -> IngestionSummary {
        let match = try recognize()
        let digest = try digestOfFile()
        let rows = try countRows()
        var writer = EntryWriter(self, match: match, sink: sink)
        try writer.send(header(of: match.layout, digest: digest, rows: rows, received: receivedUnixMilliseconds))
        var reader = try open()
        let total = reader.totalBytes
        while true {
            do {
                guard try reader.next() else { break }
                try writer.send(reader)
            } catch let error as CSVError {
                guard error.isRecoverable else { throw refusal(error) }
                try writer.send(unreadable: RejectionCode(error.code), line: reader.line, row: reader.rejectedRow)
            }
            if writer.rows % 10_000 == 0 {
                try progress(
                    Progress(bytesRead: reader.bytesRead, totalBytes: total, rows: writer.rows, totalRows: rows)
                )
            }
        }
        guard try digestOfFile() == digest, writer.rows == rows else {
            throw SubmissionRefused(
                .changed,
                "\(fileName) changed while it was read; nothing of it was submitted: wait until it is written, then submit it again"
            )
        }
        try progress(Progress(bytesRead: total, totalBytes: total, rows: rows, totalRows: rows))
        return IngestionSummary(
            layout: match.layout.wireName,
            rows: rows,
            unreadable: writer.unreadable,
            sha256: Hexadecimal.text(digest),
            rowsByPartition: writer.rowsByPartition
        )
    }

    private func header(
        of layout: Layout,
        digest: [UInt8],
        rows: Int,
        received: Int64
    ) -> Accountability_V1_SubmissionEntry {
        var header = Accountability_V1_SubmissionHeader()
        header.submission = submission
        header.fileName = fileName
        header.sha256 = Data(digest)
        header.layout = layout.wireName
        header.columns = layout.columns.map(\.name)
        header.receivedUnixMilliseconds = received
        header.allowUndeclared = options.allowUndeclared
        header.rows = UInt64(clamping: rows)
        var entry = Accountability_V1_SubmissionEntry()
        entry.header = header
        return entry
    }

    private func recognize() throws(SubmissionRefused) -> HeaderMatch {
        let header = try open().header
        var named: Layout?
        if let name = options.layout {
            named = Layout(wireName: name)
            guard named != nil else {
                let names = Layout.allCases.map(\.wireName).joined(separator: ", ")
                throw SubmissionRefused(.unknownLayout, "there is no such layout; there are \(names)")
            }
        }
        do {
            let match =
                try named?.match(header: header, ignoringExtra: options.ignoreExtra)
                ?? Layout.recognize(header: header, ignoringExtra: options.ignoreExtra)
            return match
        } catch let error as LayoutError {
            let code: SubmissionRefused.Code =
                error.code == .unrecognized || error.code == .ambiguous ? .unrecognizedHeader : .wrongColumns
            throw SubmissionRefused(code, "\(fileName), header: \(error.message)", cause: error)
        } catch let error as SubmissionRefused {
            throw error
        } catch {
            throw SubmissionRefused(.unrecognizedHeader, "\(fileName): the header cannot be matched", cause: error)
        }
    }

    private func countRows() throws(SubmissionRefused) -> Int {
        var reader = try open()
        var rows = 0
        while true {
            do throws(CSVError) {
                guard try reader.next() else { return rows }
            } catch {
                guard error.isRecoverable else { throw refusal(error) }
            }
            rows += 1
        }
    }

    private func open() throws(SubmissionRefused) -> CSVReader {
        do {
            return try CSVReader(path: path)
        } catch {
            throw refusal(error)
        }
    }

    /// The refusal of a file that its reader gave up.
    private func refusal(_ error: CSVError) -> SubmissionRefused {
        switch error.code {
        case .missingHeader:
            SubmissionRefused(.noHeader, "\(fileName) is empty: it needs a header row with the names of its columns")
        case .corruptCompression:
            SubmissionRefused(
                .damaged,
                "\(fileName): \(error.message); compress or copy it again",
                cause: error
            )
        case .inputOutput:
            SubmissionRefused(.unreadable, "\(fileName) cannot be read: \(error.message)", cause: error)
        case .invalidUTF8, .nulByte:
            SubmissionRefused(.notUTF8, "\(fileName) is not UTF-8: save it as UTF-8 (RFC 4180)", cause: error)
        default:
            SubmissionRefused(.malformedHeader, "\(fileName), line 1: \(error.message)", cause: error)
        }
    }

    /// SHA-256 of the file's bytes, 32 bytes.
    private func digestOfFile() throws(SubmissionRefused) -> [UInt8] {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            var hash = SHA256()
            while let data = try file.read(upToCount: 1_048_576), !data.isEmpty { hash.update(data: data) }
            return Array(hash.finalize())
        } catch {
            throw SubmissionRefused(.unreadable, "\(fileName) cannot be read", cause: error)
        }
    }
}

/// What one file became.
public struct IngestionSummary: Sendable, Hashable {
    /// The layout it is of.
    public let layout: String
    /// Its rows, unreadable ones included.
    public let rows: Int
    /// Rows that could not be read; each is in the ledger with its line and the reason.
    public let unreadable: Int
    /// SHA-256 of the file, in hexadecimal.
    public let sha256: String
    /// Rows by partition of the ledger; a row that every partition gets counts where it is published.
    public let rowsByPartition: [Int]

    /// A summary.
    public init(layout: String, rows: Int, unreadable: Int, sha256: String, rowsByPartition: [Int]) {
        self.layout = layout
        self.rows = rows
        self.unreadable = unreadable
        self.sha256 = sha256
        self.rowsByPartition = rowsByPartition
    }
}
