import Foundation
public import Messages
public import Stages
import Tables

/// A file that a computation takes.
public struct InputFile: Sendable, Hashable {
    /// Its path.
    public let path: String
    /// Its name in receipts and rejections.
    public let name: String
    /// The layout of its header; nil if there is none.
    ///
    /// Ingestion then reports the error.
    public let layout: Layout?

    /// A file, plain or compressed with gzip.
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - options: as for a submission.
    public init(path: String, options: FileIngestion.Options = FileIngestion.Options()) {
        self.path = path
        name = URL(fileURLWithPath: path).lastPathComponent
        layout = Self.layout(path, options)
    }

    private static func layout(_ path: String, _ options: FileIngestion.Options) -> Layout? {
        if let name = options.layout { return Layout(wireName: name) }
        let dialect = options.delimiter.flatMap { CSVDialect.lenient(delimiter: $0) } ?? .lenient
        guard let reader = try? CSVReader(path: path, dialect: dialect) else { return nil }
        return try? Layout.recognize(header: reader.header, ignoringExtra: options.ignoreExtra).layout
    }

    /// Whether ingestion needs the key of pseudonyms for them; a file of no layout may be about students.
    public static func needKey(_ files: [InputFile]) -> Bool {
        files.contains { $0.layout?.isAboutStudents ?? true }
    }

    /// Files in the order in which they are to be taken: organizations first, as every other file names them, acts of
    /// the Department last, and files of one kind by their names.
    public static func inOrder(_ files: [InputFile]) -> [InputFile] {
        func place(_ file: InputFile) -> Int {
            switch file.layout {
            case .organizations: 0
            case .directives: 2
            default: 1
            }
        }
        return files.sorted { (place($0), $0.name, $0.path) < (place($1), $1.name, $1.path) }
    }
}

/// A folder with the files of one or more school years.
public struct InputFolder: Sendable {
    /// The files that are taken, in their order.
    public let files: [InputFile]
    /// Names of the files that are left out, as corrections are for after the year's close.
    public let corrections: [String]

    /// Looks at a folder: every `.csv` and `.csv.gz` of it is taken, but for those whose names begin with
    /// `corrections`.
    ///
    /// - Parameters:
    ///   - path: of the folder.
    ///   - options: as for a submission.
    /// - Throws: ``YearFault`` if the folder cannot be read or holds no files.
    public init(path: String, options: FileIngestion.Options = FileIngestion.Options()) throws {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw YearFault(
                .unreadable,
                "\(path) is no folder that can be read, so there is nothing to compute: name the folder with the year's .csv and .csv.gz files"
            )
        }
        let tables = names.filter { Self.isTable($0) }.sorted()
        corrections = tables.filter { $0.lowercased().hasPrefix("corrections") }
        files = InputFile.inOrder(
            tables.filter { !$0.lowercased().hasPrefix("corrections") }
                .map { InputFile(path: "\(path)/\($0)", options: options) }
        )
        guard !files.isEmpty else {
            throw YearFault(
                .noFiles,
                "\(path) has no .csv or .csv.gz file, so there is nothing to compute: `accountability compute --help` lists the files that a year needs"
            )
        }
    }

    /// Whether a file's name says that it is a table; hidden ones are not meant.
    private static func isTable(_ name: String) -> Bool {
        let name = name.lowercased()
        return !name.hasPrefix(".") && (name.hasSuffix(".csv") || name.hasSuffix(".csv.gz"))
    }
}

/// The reason why a year cannot be computed: what, where, why and what to do.
public struct YearFault: Error, Sendable, CustomStringConvertible {
    /// The kind of a fault.
    public struct Code: Sendable, Hashable {
        /// The kind's name.
        public let name: String

        /// A folder or a file cannot be read.
        public static let unreadable = Code(name: "unreadable")
        /// There is nothing to compute.
        public static let noFiles = Code(name: "no_files")
        /// A file changed while it was read: the same again may succeed.
        public static let changed = Code(name: "changed")
        /// A stage could not use another stage's record: a defect of the program.
        public static let defect = Code(name: "defect")
    }

    /// The kind of the fault.
    public let code: Code
    /// The problem and the remedy.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
