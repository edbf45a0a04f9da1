internal import Operating
internal import ArgumentParser
internal import Foundation
internal import Messages
internal import Stages
internal import Tables

/// A table with named columns, and the rows of it that could not be read.
struct EvaluationTable: ~Copyable {
    private var reader: CSVReader
    private var check: LayoutCheck?
    private let columns: [String: Int]
    private let file: String
    /// How many rows could not be read.
    private(set) var problems = 0

    /// Opens a file of a layout, whose rows are read as validation reads them.
    ///
    /// - `besides`: columns that are allowed although the layout does not have them.
    init(_ options: EvaluateOptions, layout: Layout, besides: [String] = []) throws {
        let opened = try EvaluationInput.table(options.file)
        let match: HeaderMatch
        do {
            match = try layout.match(header: opened.header, ignoringExtra: true)
        } catch {
            throw EvaluationProblem.fatal("\(EvaluationInput.name(options.file)): \(error)")
        }
        try Self.refuse(extra: match.ignored.filter { !besides.contains($0) }, opened.header, options)
        self.init(opened, options)
        check = LayoutCheck(match)
    }

    /// Opens a file whose header has every one of these columns.
    init(_ options: EvaluateOptions, columns: [Column]) throws {
        let opened = try EvaluationInput.table(options.file)
        let header = opened.header
        let name = EvaluationInput.name(options.file)
        guard Set(header).count == header.count else { throw EvaluationProblem.fatal("\(name): a column occurs twice") }
        let missing = columns.map(\.name).filter { !header.contains($0) }
        guard missing.isEmpty else {
            throw EvaluationProblem.fatal("\(name): missing column \(missing.joined(separator: ", "))")
        }
        try Self.refuse(extra: header.filter { name in !columns.contains { $0.name == name } }, header, options)
        self.init(opened, options)
    }

    private init(_ reader: consuming CSVReader, _ options: EvaluateOptions) {
        columns = Dictionary(reader.header.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        file = EvaluationInput.name(options.file)
        self.reader = reader
    }

    private static func refuse(extra: [String], _ header: [String], _ options: EvaluateOptions) throws {
        guard !extra.isEmpty, !options.ignoreExtra else { return }
        throw EvaluationProblem.fatal(
            "\(EvaluationInput.name(options.file)): unknown column \(Layout.describe(extra: extra, in: header)); --ignore-extra passes over it"
        )
    }

    /// Moves to the next row that can be read as a row.
    mutating func next() throws -> Bool {
        while true {
            do {
                return try reader.next()
            } catch {
                guard error.isRecoverable else { throw EvaluationProblem.fatal("\(file): \(error)") }
                problem("\(RejectionCode(error.code).rawValue): \(error.message)", line: error.line ?? reader.line)
            }
        }
    }

    /// The next row that fits the layout.
    ///
    /// Rows before it that do not fit are reported.
    mutating func nextRow() throws -> LayoutCheck.Row? {
        while try next() {
            do {
                if let row = try check?.read(reader) { return row }
            } catch {
                problem(error.description)
            }
        }
        return nil
    }

    /// Whether the file has a column.
    func has(_ column: String) -> Bool { columns[column] != nil }

    /// A field as text; empty if the column is absent.
    func text(_ column: String) -> String {
        columns[column].map { reader.text($0) } ?? ""
    }

    /// The years that the layouts take as a school year.
    static let schoolYears = 2000...2100

    /// A list separated by semicolons; empty if the field is empty.
    func list(_ column: String) -> [String] {
        text(column).split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// The line of the current row.
    var line: Int { reader.line }

    /// Notes a row that could not be read.
    mutating func problem(_ message: String) {
        problem(message, line: reader.line)
    }

    /// Notes a row of another line that could not be read.
    mutating func problem(_ message: String, line: Int) {
        problems += 1
        EvaluationProblem.report("\(file): line \(line): \(message)")
    }

    /// Says something about a row that could be read; it is no problem.
    func note(_ message: String, line: Int) {
        EvaluationProblem.report("\(file): line \(line): \(message)")
    }

    /// Ends the command with the exit code of unreadable input if a row could not be read.
    func finish() throws {
        guard problems > 0 else { return }
        throw EvaluationProblem.badInput
    }
}

/// What `evaluate` reads: a file, plain or compressed with gzip, or standard input, which is named `-`.
enum EvaluationInput {
    /// The longest JSON document that is accepted, in bytes.
    private static let documentLimit = 268_435_456

    /// The name of an input in messages.
    static func name(_ file: String) -> String { file == "-" ? "standard input" : file }

    /// A table.
    static func table(_ file: String) throws -> CSVReader {
        do {
            return file == "-"
                ? try CSVReader(descriptor: 0, dialect: .lenient) : try CSVReader(path: file, dialect: .lenient)
        } catch {
            throw EvaluationProblem.fatal("\(name(file)): \(error)")
        }
    }

    /// A document as a whole.
    static func document(_ file: String) throws -> [UInt8] {
        do {
            return file == "-"
                ? try WholeFile.read(descriptor: 0, limit: documentLimit)
                : try WholeFile.read(path: file, limit: documentLimit)
        } catch {
            throw EvaluationProblem.fatal("\(name(file)): \(error)")
        }
    }
}

/// How a command of `evaluate` ends early.
enum EvaluationProblem {
    /// Exit code of input that could not be read.
    static let badInput = ExitCode(65)

    /// Prints why nothing can be done, and returns the exit code.
    static func fatal(_ message: String) -> ExitCode {
        report(message)
        return badInput
    }

    /// Prints a line on standard error.
    static func report(_ message: String) {
        Standard.error(message)
    }
}
