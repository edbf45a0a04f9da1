internal import Foundation
internal import Tables

extension Listing {
    /// As CSV; no cell is a formula to a spreadsheet program.
    package var csv: String {
        ([columns] + rows.map { $0.map(SpreadsheetCell.inert) }).map(CSVLine.text).joined()
    }

    /// As a workbook of one sheet: what CSV has, with numbers as numbers and codes as text.
    ///
    /// - Parameters:
    ///   - title: what the workbook is called.
    ///   - sheet: what its sheet is called.
    ///   - numbers: the columns of numbers.
    ///   - issued: when the newest of its figures was issued, in milliseconds since 1970.
    /// - Returns: the bytes of the file.
    /// - Throws: `WorkbookError` where a sheet cannot hold it.
    package func workbook(title: String, sheet: String, numbers: Set<String>, issued: Int64) throws -> [UInt8] {
        let created = Date(timeIntervalSince1970: Double(issued / 1000)).formatted(.iso8601)
        var workbook = Workbook(title: title, created: created)
        let isNumber = columns.map(numbers.contains)
        try workbook.add(sheet: sheet, columns: columns) { write in
            for row in rows { try write(zip(isNumber, row).map { $0 ? .number($1) : .words($1) }) }
        }
        return try workbook.bytes()
    }
}
