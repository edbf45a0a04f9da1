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
}

/// The option for how a command prints its list.
struct FormatOption: ParsableArguments {
    @Option(help: "table, csv or json (one array); default: a table on a terminal, otherwise CSV.")
    var format: OutputFormat?

    /// What was asked for, or the default.
    var chosen: OutputFormat { format ?? (isatty(1) == 1 ? .table : .csv) }
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
