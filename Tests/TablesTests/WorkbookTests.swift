import Foundation
import Tables
import Testing

/// A workbook as it is in its bytes; ProductsTests reads one back with another program.
@Suite struct WorkbookTests {
    private func workbook(_ rows: [[WorkbookCell]], columns: [String] = ["Code", "Value"]) throws -> [UInt8] {
        var workbook = Workbook(title: "A <title>", created: "2019-09-24T12:00:00Z")
        try workbook.add(sheet: "Schools", columns: columns) { write in for row in rows { try write(row) } }
        return try workbook.bytes()
    }

    @Test func theSameContentGivesTheSameBytes() throws {
        let rows = (0..<3000).map { [WorkbookCell.words("0000000\($0)"), .number("\($0).5")] }
        let bytes = try workbook(rows)
        #expect(try workbook(rows) == bytes)
        #expect(bytes.prefix(4) == [0x50, 0x4B, 3, 4] && bytes.count < 60_000)
    }

    /// What stands in a cell says what it is: no text becomes a number, and no number that is not one is kept as one.
    @Test(
        arguments: [
            ("36.8", WorkbookCell.digits("36.8")), ("-4", .digits("-4")), ("", .empty), (">=95", .text(">=95")),
            ("1e5", .text("1e5")), ("1.", .text("1.")), (".5", .text(".5")), ("-", .text("-")), ("=1+1", .text("=1+1")),
            ("12345678901234567", .text("12345678901234567")), ("1<2", .text("1<2")), ("١", .text("١")),
        ]
    )
    func numbersAreDigits(text: String, cell: WorkbookCell) {
        #expect(WorkbookCell.number(text) == cell)
        #expect(WorkbookCell.words(text) == (text.isEmpty ? .empty : .text(text)))
    }

    @Test(arguments: ["", "a[b", "a:b", "a/b", "a*", "a?", "a\\b", String(repeating: "x", count: 32), "schools"])
    func aNameThatIsNoneIsRefused(name: String) throws {
        var workbook = Workbook(title: "t", created: "2019-09-24T12:00:00Z")
        try workbook.add(sheet: "Schools", columns: ["a"]) { _ in }
        #expect(throws: WorkbookError.self) { try workbook.add(sheet: name, columns: ["a"]) { _ in } }
    }

    @Test func whatIsNoWorkbookIsRefused() throws {
        #expect(throws: WorkbookError.self) { try Workbook(title: "t", created: "").bytes() }
        #expect(throws: WorkbookError.self) { try workbook([[.empty]]) }
    }
}
