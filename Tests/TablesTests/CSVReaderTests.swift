import Foundation
import Tables
import Testing

/// Reads everything: rows as texts, errors as "line code".
func readAll(_ reader: consuming CSVReader) -> (rows: [[String]], lines: [Int], errors: [String]) {
    var rows: [[String]] = []
    var lines: [Int] = []
    var errors: [String] = []
    while true {
        do {
            guard try reader.next() else { break }
            rows.append((0..<reader.fieldCount).map { reader.text($0) })
            lines.append(reader.line)
        } catch {
            errors.append("\(error.line ?? 0) \(error.code)")
            guard error.isRecoverable else { break }
        }
    }
    return (rows, lines, errors)
}

func temporaryPath() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("tables-\(UUID().uuidString)").path
}

@Suite struct CSVReaderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var text: [UInt8]
        var rows: [[String]]
        var errors: [String] = []
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ rows: [[String]], _ errors: [String] = []) {
            self.init(name, Array(text.utf8), rows, errors)
        }

        init(_ name: String, _ bytes: [UInt8], _ rows: [[String]], _ errors: [String] = []) {
            self.name = name
            text = bytes
            self.rows = rows
            self.errors = errors
        }
    }

    static let cases = [
        Case("plain", "a,b\n1,2\n3,4\n", [["1", "2"], ["3", "4"]]),
        Case("no line end at the end", "a,b\n1,2", [["1", "2"]]),
        Case("CRLF", "a,b\r\n1,2\r\n3,4\r\n", [["1", "2"], ["3", "4"]]),
        Case("CR at the very end", "a,b\n1,2\r", [["1", "2"]]),
        Case("byte-order mark", "\u{FEFF}a,b\n1,2\n", [["1", "2"]]),
        Case("empty fields", "a,b\n,\n1,\n,2\n", [["", ""], ["1", ""], ["", "2"]]),
        Case("empty lines", "a,b\n\n1,2\n\r\n\n3,4\n\n", [["1", "2"], ["3", "4"]]),
        Case("only a header", "a,b", []),
        Case("quotes", "a,b\n\"1\",\"x,y\"\n\"\",\"\"\n", [["1", "x,y"], ["", ""]]),
        Case("doubled quotes", "a,b\n\"\"\"\",\"x\"\"y\"\"\"\n1,2\n", [["\"", "x\"y\""], ["1", "2"]]),
        Case("line break in quotes", "a,b\n\"1\n2\r\n3\",4\n5,6\n", [["1\n2\r\n3", "4"], ["5", "6"]]),
        Case("quoted last field without line end", "a,b\n1,\"2\"", [["1", "2"]]),
        Case("quoted field before CRLF", "a,b\n1,\"2\"\r\n3,4", [["1", "2"], ["3", "4"]]),
        Case("accents and spaces", "a,b\n Málaga ,ümlaut 🏫\n", [[" Málaga ", "ümlaut 🏫"]]),
        Case("quoted empty row", "a\n\"\"\nx\n", [[""], ["x"]]),
        Case("too few, too many", "a,b\n1\n1,2,3\n4,5\n", [["4", "5"]], ["2 field_count", "3 field_count"]),
        Case("NUL", "a,b\n1,\0\n3,4\n", [["3", "4"]], ["2 nul_byte"]),
        Case("NUL in quotes", "a,b\n1,\"\0\"\n3,4\n", [["3", "4"]], ["2 nul_byte"]),
        Case("stray quote", "a,b\n1,x\"y\n3,4\n", [["3", "4"]], ["2 stray_quote"]),
        Case("text after a closing quote", "a,b\n1,\"x\"y\n3,4\n", [["3", "4"]], ["2 stray_quote"]),
        Case("lone CR", "a,b\n1,x\ry\n3,4\n", [["3", "4"]], ["2 stray_carriage_return"]),
        Case("unclosed quote", "a,b\n1,\"x\n3,4\n5,6\n", [["3", "4"], ["5", "6"]], ["2 unclosed_quote"]),
        Case("unclosed quote in the last line", "a,b\n1,2\n3,\"", [["1", "2"]], ["3 unclosed_quote"]),
        Case(
            "not UTF-8",
            Array("a,b\n1,".utf8) + [0xC3, 0x28] + Array("\n3,4\n".utf8),
            [["3", "4"]],
            ["2 invalid_utf8"]
        ),
        Case("overlong", Array("a,b\n1,\"".utf8) + [0xC0, 0x80] + Array("\"\n".utf8), [], ["2 invalid_utf8"]),
    ]

    @Test(arguments: cases)
    func reads(_ sample: Case) throws {
        let inMemory = readAll(try CSVReader(bytes: sample.text))
        #expect(inMemory.rows == sample.rows)
        #expect(inMemory.errors == sample.errors)

        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(sample.text).write(to: URL(fileURLWithPath: path))
        let onDisk = readAll(try CSVReader(path: path))
        #expect(onDisk.rows == sample.rows)
        #expect(onDisk.errors == sample.errors)
    }

    @Test func numbersLines() throws {
        let table = readAll(try CSVReader(bytes: Array("a,b\n\n1,\"x\ny\"\nbad\n3,4\r\n5,6".utf8)))
        #expect(table.lines == [3, 6, 7])
        #expect(table.errors == ["5 field_count"])
    }

    @Test(arguments: ["", "\n\n", "\u{FEFF}"])
    func refusesAFileWithoutHeader(_ text: String) {
        do throws(CSVError) {
            _ = try CSVReader(bytes: Array(text.utf8))
            Issue.record("no error")
        } catch {
            #expect(error.code == .missingHeader)
        }
    }

    @Test func refusesAFileThatIsNotThere() {
        do throws(CSVError) {
            _ = try CSVReader(path: temporaryPath())
            Issue.record("no error")
        } catch {
            #expect(error.code == .inputOutput)
            #expect((error.cause as? SystemError)?.number == 2)
        }
    }

    @Test func keepsTheRejectedRow() throws {
        var reader = try CSVReader(bytes: Array("a,b\n\"1\"\"\"\n2,\"x\n".utf8))
        #expect(throws: CSVError.self) { try reader.next() }
        #expect(reader.rejectedRow.text == "\"1\"\"\"\n")
        #expect(throws: CSVError.self) { try reader.next() }
        #expect(reader.rejectedRow.text == "2,\"x")
    }

    @Test(arguments: [false, true])
    func boundsLongRows(_ onDisk: Bool) throws {
        let long = String(repeating: "x", count: 3_000_000)
        let text = "a,b\n1,2\n3,\(long)\n4,5\n6,\"\(String(repeating: "y\n", count: 600_000))"
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        var reader = try onDisk ? CSVReader(path: path) : CSVReader(bytes: Array(text.utf8))
        #expect(try reader.next())
        #expect(throws: CSVError.self) { try reader.next() }
        #expect(reader.rejectedRow.count == CSVReader.defaultRowLimit)
        #expect(try reader.next())
        #expect(reader.text(0) == "4" && reader.line == 4)
        let rest = readAll(reader)
        #expect(rest.errors.first == "5 unclosed_quote")
        #expect(rest.errors.count == 600_000, "every line of one field is reported for itself")
    }

    @Test func acceptsARowOfExactlyTheLimit() throws {
        for excess in [0, 1] {
            let row = "1," + String(repeating: "x", count: 57 + excess)
            let text = "a,b\n" + row + "\n3,4\n"
            let table = readAll(try CSVReader(bytes: Array(text.utf8), rowLimit: 60))
            #expect(table.errors == (excess == 0 ? [] : ["2 row_too_long"]))
            #expect(table.rows.last == ["3", "4"])
        }
    }

    /// Rows fall on every possible place of the reader's chunks.
    @Test func isIndependentOfChunkBorders() throws {
        var expected: [[String]] = []
        var text = "id,text\r\n"
        for index in 0..<60_000 {
            let filler = String(repeating: "é,\"\n", count: index % 7)
            expected.append(["\(index)", filler])
            let quoted = filler.replacingOccurrences(of: "\"", with: "\"\"")
            text += "\(index),\"\(quoted)\"\r\n"
        }
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let table = readAll(try CSVReader(path: path))
        #expect(table.errors == [])
        #expect(table.rows == expected)
    }

    @Test func readsGzipByContentAndReportsTruncation() throws {
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = try CSVWriter(path: path, compressed: true)
        try writer.writeRow(["id", "text"])
        for index in 0..<100_000 { try writer.writeRow(["\(index)", "value \(index &* 7919)"]) }
        try writer.close()
        var reader = try CSVReader(path: path)
        #expect(reader.totalBytes > 100_000 && reader.totalBytes < 1_500_000)
        #expect(reader.bytesRead > 0 && reader.bytesRead < reader.totalBytes)
        var rows = 0
        while try reader.next() { rows += 1 }
        #expect(rows == 100_000)
        #expect(reader.bytesRead == reader.totalBytes)

        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: path))
        let half = readAll(try CSVReader(path: path))
        #expect(half.errors == ["0 corrupt_compression"])
        #expect(half.rows.count > 10_000)
    }
}
