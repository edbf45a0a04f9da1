import Crypto
import Foundation
public import Messages
public import Streaming
import Tables

/// Turns one file into records of the ledger: a header in every partition, then its rows, student identifiers replaced.
///
/// The caller wraps ``run(into:receivedUnixMilliseconds:progress:)`` in a transaction; if it throws, the whole
/// transaction is aborted.
public struct FileIngestion: Sendable {
    /// The submitter's options.
    public struct Options: Sendable, Hashable, Codable {
        /// The layout's name; recognised by the header when nil.
        public var layout: String?
        /// Columns that the layout does not have are passed over.
        public var ignoreExtra: Bool
        /// Rows of organizations that were never declared are accepted.
        public var allowUndeclared: Bool
        /// The submitting person; nil for none.
        public var submittedBy: String?
        /// By which way it comes; a file without one lay in the watched folder.
        public var channel: Channel?
        /// The delimiter, by its name in `CSVDialect.delimiters`; if nil, it is detected from the header.
        public var delimiter: String?

        /// By which way a submission comes.
        public enum Channel: String, Sendable, Hashable, Codable {
            /// A command of the operators' tool.
            case command
            /// The watched folder.
            case inbox
            /// The console, by a signed-in person.
            case console
        }

        /// Options.
        public init(
            layout: String? = nil,
            ignoreExtra: Bool = false,
            allowUndeclared: Bool = false,
            delimiter: String? = nil,
            submittedBy: String? = nil,
            channel: Channel? = nil
        ) {
            self.submittedBy = submittedBy
            self.channel = channel
            self.layout = layout
            self.ignoreExtra = ignoreExtra
            self.allowUndeclared = allowUndeclared
            self.delimiter = delimiter
        }

        /// How the file is read.
        var dialect: CSVDialect { delimiter.flatMap { CSVDialect.lenient(delimiter: $0) } ?? .lenient }
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
    let limits: FileLimits
    let official: [Accountability_V1_OfficialResults]

    /// A file to be taken.
    ///
    /// - `path`: of the file, plain or compressed with gzip.
    /// - `submission`: its identifier, unique in the ledger: see ``SubmissionIdentifier``.
    /// - `fileName`: the submitter's name for it, used in rejections.
    /// - `partitions`: partitions of the ledger, at least 1.
    /// - `official`: the results that are official now: rows that they rest on wait for an approval; see
    ///   ``OfficialReleases``.
    public init(
        pipeline: Pipeline,
        path: String,
        submission: String,
        fileName: String,
        options: Options = Options(),
        key: PseudonymKey,
        partitions: Int32,
        limits: FileLimits = FileLimits(),
        official: [Accountability_V1_OfficialResults] = []
    ) {
        self.pipeline = pipeline
        self.path = path
        self.submission = submission
        // A name comes from a file system, which allows nearly everything in it.
        self.fileName = PlainText.escaped(fileName, limit: 200)
        self.options = options
        self.key = key
        self.partitions = max(1, partitions)
        self.limits = limits
        self.official = official
    }

    /// Sends the file's entries.
    ///
    /// The file is read three times: for its digest and its rows, for the entries, and for its digest again, so that a
    /// file that changes meanwhile is noticed.
    ///
    /// - `progress`: called with every chunk that is read, and at the end.
    ///
    /// Returns what was sent.
    ///
    /// Throws ``SubmissionRefused`` for a file that is refused as a whole, and the errors of the sink and of
    /// `progress`.
    public func run(
        into sink: any RecordSink,
        receivedUnixMilliseconds: Int64,
        progress: (Progress) throws -> Void = { _ in }
    ) throws -> IngestionSummary {
        try withoutActuallyEscaping(progress) { progress in
            let state = Reached()
            let watch = WatchedReading(fileName, limits) {
                try progress(
                    Progress(
                        bytesRead: state.bytes,
                        totalBytes: state.totalBytes,
                        rows: state.rows,
                        totalRows: state.totalRows
                    )
                )
            }
            do {
                return try run(into: sink, receivedUnixMilliseconds, watch, state)
            } catch let error as CSVError {
                if error.code == .interrupted, let reason = watch.reason { throw reason }
                throw refusal(error)
            }
        }
    }

    /// How far a file has been taken, for its watch.
    private final class Reached {
        var bytes = 0
        var totalBytes = 0
        var rows = 0
        var totalRows = 0
    }

    private func run(
        into sink: any RecordSink,
        _ received: Int64,
        _ watch: WatchedReading,
        _ state: Reached
    ) throws -> IngestionSummary {
        let match = try recognize(try open(watch).header)
        let digest = try digestOfFile(watch)
        let (rows, isMarked) = try survey(match, watch)
        state.totalRows = rows
        var writer = EntryWriter(self, match: match, sink: sink)
        try writer.send(
            header(of: match.layout, digest: digest, rows: rows, isMarked: isMarked, received: received)
        )
        var reader = try open(watch)
        state.totalBytes = reader.totalBytes
        while true {
            do {
                guard try reader.next() else { break }
                try writer.send(reader)
            } catch let error as CSVError {
                guard error.isRecoverable else { throw error }
                try writer.send(unreadable: error, line: reader.line, row: reader.rejectedRow)
            }
            state.rows = writer.rows
            state.bytes = reader.bytesRead
            if writer.rows % 10_000 == 0 { try watch.check() }
        }
        try writer.finish()
        if isMarked {
            let scope = ReleaseMark.scope(of: submission)
            try pipeline.mark(scope, partitions: partitions, cause: submission, into: sink)
        }
        guard try digestOfFile(watch) == digest, writer.rows == rows else {
            throw SubmissionRefused(
                .changed,
                "\(fileName) changed while it was read; nothing of it was submitted: wait until it is written, then submit it again"
            )
        }
        try watch.check()
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
        isMarked: Bool,
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
        header.submittedBy = PlainText.escaped(options.submittedBy ?? "", limit: 200)
        header.channel = (options.channel ?? .inbox).rawValue
        header.marked = isMarked
        // Acts of the Department make results official and correct this, so they are never held.
        if layout != .directives { header.official = official }
        var entry = Accountability_V1_SubmissionEntry()
        entry.header = header
        return entry
    }

    private func recognize(_ header: [String]) throws(SubmissionRefused) -> HeaderMatch {
        var named: Layout?
        if let name = options.layout {
            named = Layout(wireName: name)
            guard named != nil else {
                let names = Layout.allCases.map(\.wireName).joined(separator: ", ")
                throw SubmissionRefused(.unknownLayout, "there is no such layout; there are \(names)")
            }
        }
        do throws(LayoutError) {
            if let named { return try named.match(header: header, ignoringExtra: options.ignoreExtra) }
            return try Layout.recognize(header: header, ignoringExtra: options.ignoreExtra)
        } catch {
            let code: SubmissionRefused.Code =
                error.code == .unrecognized || error.code == .ambiguous ? .unrecognizedHeader : .wrongColumns
            throw SubmissionRefused(code, "\(fileName), header: \(error.message)", cause: error)
        }
    }

    /// Counts the rows, and finds out whether one of them may make results official.
    private func survey(_ match: HeaderMatch, _ watch: WatchedReading) throws(CSVError) -> (rows: Int, isMarked: Bool) {
        let isOfActs = match.layout == .directives
        let act = isOfActs ? match.positions[DirectivePlace.directive] : nil
        let kind = isOfActs ? match.positions[DirectivePlace.kind] : nil
        var reader = try open(watch)
        var rows = 0
        var isMarked = false
        while true {
            do throws(CSVError) {
                guard try reader.next() else { return (rows, isMarked) }
                if let act, let kind, ReleaseMark.follows(act: reader.field(act), kind: reader.field(kind)) {
                    isMarked = true
                }
            } catch {
                guard error.isRecoverable else { throw error }
            }
            rows += 1
        }
    }

    private func open(_ watch: WatchedReading) throws(CSVError) -> CSVReader {
        try CSVReader(path: path, dialect: options.dialect, guard: watch)
    }

    /// The refusal of a file that its reader gave up.
    private func refusal(_ error: CSVError) -> SubmissionRefused {
        switch error.code {
        case .missingHeader:
            SubmissionRefused(.noHeader, "\(fileName) is empty: it needs a header row with the names of its columns")
        case .corruptCompression:
            SubmissionRefused(
                .damaged,
                "\(fileName): \(error.message); nothing of it was submitted: compress or copy it again",
                cause: error
            )
        case .inputOutput:
            SubmissionRefused(.unreadable, "\(fileName) cannot be read: \(error.message)", cause: error)
        case .foreignFormat:
            SubmissionRefused(.foreignFormat, "\(fileName): \(error.message)", cause: error)
        case .invalidUTF8, .nulByte:
            SubmissionRefused(
                .notUTF8,
                "\(fileName) is not UTF-8: in Excel choose Save As and \"CSV UTF-8 (comma delimited)\"; other programs: encoding UTF-8",
                cause: error
            )
        case .strayCarriageReturn:
            SubmissionRefused(
                .malformedHeader,
                "\(fileName): its lines end in carriage returns without line feeds, as \"CSV (Macintosh)\" has them: save it as \"CSV UTF-8 (comma "
                    + "delimited)\"",
                cause: error
            )
        default:
            SubmissionRefused(.malformedHeader, "\(fileName), line 1: \(error.message)", cause: error)
        }
    }

    /// SHA-256 of the file's bytes, 32 bytes.
    private func digestOfFile(_ watch: WatchedReading) throws -> [UInt8] {
        let file: FileHandle
        do {
            file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        } catch {
            throw SubmissionRefused(.unreadable, "\(fileName) cannot be read", cause: error)
        }
        defer { try? file.close() }
        var hash = SHA256()
        while true {
            let chunk: Data?
            do {
                chunk = try file.read(upToCount: 1_048_576)
            } catch {
                throw SubmissionRefused(.unreadable, "\(fileName) cannot be read", cause: error)
            }
            guard let chunk, !chunk.isEmpty else { return Array(hash.finalize()) }
            hash.update(data: chunk)
            try watch.check()
        }
    }
}

/// The result of ingesting one file.
public struct IngestionSummary: Sendable, Hashable {
    /// Its layout.
    public let layout: String
    /// Its rows, unreadable ones included.
    public let rows: Int
    /// Rows that could not be read; each is in the ledger with its line and the reason.
    public let unreadable: Int
    /// SHA-256 of the file, in hexadecimal.
    public let sha256: String
    /// Rows by partition of the ledger.
    ///
    /// A row that every partition gets counts only in the partition that publishes it.
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
