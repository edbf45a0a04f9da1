internal import Operating
internal import ArgumentParser
internal import Foundation
internal import Rules
internal import Tables

/// A table with named columns, and the rows of it that could not be read.
struct EvaluationTable: ~Copyable {
    private var reader: CSVReader
    private let columns: [String: Int]
    private let file: String
    /// How many rows could not be read.
    private(set) var problems = 0

    /// Opens a file whose header has every required column, and no other but optional ones unless extra ones are ignored.
    init(_ options: EvaluateOptions, required: [String], optional: [String] = []) throws {
        let opened = try Self.open(options.file)
        columns = try Self.columns(opened.header, options, required: required, optional: optional)
        file = options.file
        reader = opened
    }

    private static func open(_ path: String) throws -> CSVReader {
        do {
            return try CSVReader(path: path)
        } catch {
            throw EvaluationProblem.fatal("\(path): \(error)")
        }
    }

    private static func columns(
        _ header: [String],
        _ options: EvaluateOptions,
        required: [String],
        optional: [String]
    ) throws -> [String: Int] {
        var columns: [String: Int] = [:]
        let known = Set(required + optional + ["school_year", "org_code", "action"])
        for (index, name) in header.enumerated() {
            guard known.contains(name) else {
                guard options.ignoreExtra else {
                    throw EvaluationProblem.fatal(
                        "\(options.file): unknown column '\(name)'; --ignore-extra passes over it"
                    )
                }
                continue
            }
            guard columns.updateValue(index, forKey: name) == nil else {
                throw EvaluationProblem.fatal("\(options.file): column '\(name)' occurs twice")
            }
        }
        let missing = (["school_year", "org_code"] + required).filter { columns[$0] == nil }
        guard missing.isEmpty else {
            throw EvaluationProblem.fatal("\(options.file): missing column \(missing.joined(separator: ", "))")
        }
        return columns
    }

    /// Moves to the next row that is a row at all.
    mutating func next() throws -> Bool {
        while true {
            do {
                return try reader.next()
            } catch {
                guard error.isRecoverable else { throw EvaluationProblem.fatal("\(file): \(error)") }
                problem(error.message, line: error.line ?? reader.line)
            }
        }
    }

    /// The number of the line of the current row.
    var line: Int { reader.line }

    /// Whether the file has a column.
    func has(_ column: String) -> Bool { columns[column] != nil }

    /// A field as text; empty where the column is absent.
    func text(_ column: String) -> String {
        columns[column].map { reader.text($0) } ?? ""
    }

    /// A count; an empty field is nil.
    func count(_ column: String) throws(RowProblem) -> Int64? {
        let text = text(column)
        guard !text.isEmpty else { return nil }
        // Int64 would take a sign too.
        guard text.utf8.first != UInt8(ascii: "+"), let value = Int64(text), value >= 0 else {
            throw RowProblem("\(column) is not a count")
        }
        return value
    }

    /// A decimal number; an empty field is nil.
    func number(_ column: String) throws(RowProblem) -> Ratio? {
        let text = text(column)
        guard !text.isEmpty else { return nil }
        do {
            return try Ratio(decimal: text)
        } catch {
            throw RowProblem("\(column) is not a decimal number that can be held exactly")
        }
    }

    /// What can be a school year.
    static let schoolYears = 1900...2999

    /// The school year.
    func schoolYear() throws(RowProblem) -> Int {
        guard let year = Int(text("school_year")), Self.schoolYears.contains(year) else {
            throw RowProblem("school_year is not a year")
        }
        return year
    }

    /// The organization's code.
    func organization() throws(RowProblem) -> OrganizationCode {
        guard let code = OrganizationCode(text("org_code")) else { throw RowProblem("org_code is not eight digits") }
        return code
    }

    /// A name of a closed vocabulary.
    func name<Name: WireNamed>(_ column: String, _: Name.Type = Name.self) throws(RowProblem) -> Name {
        guard let name = Name(wireName: text(column)) else {
            throw RowProblem("\(column) is none of \(Name.allCases.map(\.wireName).joined(separator: ", "))")
        }
        return name
    }

    /// A group, by any of its names.
    func group(_ column: String = "group") throws(RowProblem) -> StudentGroup {
        guard let group = StudentGroup(name: text(column)) else { throw RowProblem("\(column) is no known group") }
        return group
    }

    /// A list separated by semicolons; empty where the field is.
    func list(_ column: String) -> [String] {
        text(column).split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    /// Notes a row that could not be read.
    mutating func problem(_ message: String) {
        problem(message, line: reader.line)
    }

    private mutating func problem(_ message: String, line: Int) {
        problems += 1
        EvaluationProblem.report("\(file): line \(line): \(message)")
    }

    /// Ends the command with the exit code of unreadable input where a row could not be read.
    func finish() throws {
        guard problems > 0 else { return }
        throw EvaluationProblem.badInput
    }
}

/// How a command of `evaluate` ends early.
enum EvaluationProblem {
    /// Exit code of input that could not be read.
    static let badInput = ExitCode(65)

    /// Prints why nothing can be done and gives the exit code.
    static func fatal(_ message: String) -> ExitCode {
        report(message)
        return badInput
    }

    /// Prints a line on standard error.
    static func report(_ message: String) {
        Standard.error(message)
    }
}
