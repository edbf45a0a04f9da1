internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Reading
internal import Tables

/// How a command that lists something prints it.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// Aligned columns for people.
    case table
    /// RFC 4180 with a header row.
    case csv
    /// One array; messages as protobuf JSON.
    case json

    /// What was asked for; otherwise a table on a terminal and CSV into files and programs.
    static func chosen(_ format: OutputFormat?) -> OutputFormat {
        format ?? (isatty(1) == 1 ? .table : .csv)
    }
}

extension Listing {
    /// Writes CSV to standard output.
    func writeCSV() throws {
        var writer = try CSVWriter(descriptor: 1)
        try writer.writeRow(columns)
        for row in rows { try writer.writeRow(row.map { SpreadsheetCell.inert(PlainText.escaped($0)) }) }
        try writer.close()
    }

    /// Prints it as a table or as CSV.
    func write(_ format: OutputFormat) throws {
        switch format {
        case .csv: try writeCSV()
        case .table, .json: Standard.output(text())
        }
    }
}
