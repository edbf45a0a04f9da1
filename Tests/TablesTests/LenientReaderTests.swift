import Foundation
import Tables
import Testing

/// Files as spreadsheets and school systems write them.
@Suite struct LenientReaderTests {
    static let rows = [["1", "é🏫"], ["3", ""]]

    static func utf16(_ text: String, littleEndian: Bool) -> [UInt8] {
        (littleEndian ? [0xFF, 0xFE] : [0xFE, 0xFF])
            + text.utf16.flatMap { unit in
                let bytes = [UInt8(truncatingIfNeeded: unit), UInt8(truncatingIfNeeded: unit >> 8)]
                return littleEndian ? bytes : bytes.reversed()
            }
    }

    static let files: [(name: String, bytes: [UInt8])] = [
        ("semicolons", Array("a;b\n1;é🏫\n3;\n".utf8)),
        ("tabs", Array("a\tb\r\n1\té🏫\r\n3\t\r\n".utf8)),
        ("bars", Array("a|b\n1|é🏫\n3|\n".utf8)),
        ("sep line", Array("sep=;\r\na;b\r\n1;é🏫\r\n3;\r\n".utf8)),
        ("quoted sep line", Array("\"sep=,\"\na,b\n1,é🏫\n3,\n".utf8)),
        ("capitals and blanks", Array(" A ,B\u{A0}\n 1 ,\té🏫 \n3, \n".utf8)),
        ("empty columns", Array("a,b,,\n1,é🏫,,\n3,,,\n".utf8)),
        ("empty rows", Array("a,b\n1,é🏫\n,\n3,\n,\n , \n".utf8)),
        ("quoted names and blanks", Array("\"a\",\"B\"\n\" 1\",\"é🏫 \"\n\"3\",\"\"\n".utf8)),
        ("UTF-16, little end first", utf16("a\tb\r\n1\té🏫\r\n3\t\r\n", littleEndian: true)),
        ("UTF-16, big end first", utf16("a,b\n1,é🏫\n3,\n", littleEndian: false)),
        ("byte-order mark and sep line", Array("\u{FEFF}sep=;\na;b\n1;é🏫\n3;\n".utf8)),
    ]

    @Test("Reads what can be read without a doubt", arguments: files)
    func reads(_ file: (name: String, bytes: [UInt8])) throws {
        let reader = try CSVReader(bytes: file.bytes, dialect: .lenient)
        #expect(reader.header == ["a", "b"])
        let inMemory = readAll(reader)
        #expect(inMemory.rows == Self.rows && inMemory.errors == [])
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(file.bytes).write(to: URL(fileURLWithPath: path))
        let onDisk = readAll(try CSVReader(path: path, dialect: .lenient))
        #expect(onDisk.rows == Self.rows && onDisk.errors == [])
    }

    @Test func takesTheDelimiterThatIsNamed() throws {
        let text = Array("a;x,b\n1;x,2\n".utf8)
        let commas = try #require(CSVDialect.lenient(delimiter: "comma"))
        let reader = try CSVReader(bytes: text, dialect: commas)
        #expect(reader.header == ["a;x", "b"])
        #expect(readAll(reader).rows == [["1;x", "2"]])
        #expect(CSVDialect.lenient(delimiter: ";") == CSVDialect.lenient(delimiter: "semicolon"))
        #expect(CSVDialect.lenient(delimiter: "x") == nil)
    }

    /// Units of UTF-16 fall on every possible place of the chunks.
    @Test func readsLongFilesInUTF16() throws {
        var text = "id,text\r\n"
        var expected: [[String]] = []
        for index in 0..<30_000 {
            let cell = String(repeating: "x🏫é", count: index % 9)
            text += "\(index),\(cell)\r\n"
            expected.append(["\(index)", cell])
        }
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        for odd in [false, true] {
            let bytes = Self.utf16(text, littleEndian: true) + (odd ? [0x41] : [])
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let table = readAll(try CSVReader(path: path, dialect: .lenient))
            #expect(table.rows == expected)
            // Half a unit at the end is a row that is no text.
            #expect(table.errors == (odd ? ["30002 invalid_utf8"] : []))
        }
        let lone =
            Self.utf16("a,b\n1,", littleEndian: true) + [0x00, 0xD8]
            + Array(Self.utf16("\n2,3\n", littleEndian: true).dropFirst(2))
        let table = readAll(try CSVReader(bytes: lone, dialect: .lenient))
        #expect(table.rows == [["2", "3"]] && table.errors == ["2 invalid_utf8"])
    }

    @Test(
        "Names what is no table",
        arguments: [
            ([0x50, 0x4B, 0x03, 0x04, 0x14], "Excel workbook (.xlsx)"), ([0xD0, 0xCF, 0x11, 0xE0, 0xA1], "(.xls)"),
            (Array("%PDF-1.7".utf8), "PDF"), (Array("\n <html><table>".utf8), "web page"),
            (Array("{\"a\": 1}".utf8), "JSON"), (Array("BZh9".utf8), "bzip2"),
            (Array("a\0,\0b\0\n\0".utf8), "UTF-16 without"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
        ] as [([UInt8], String)]
    )
    func namesForeignFormats(_ bytes: [UInt8], _ name: String) {
        do throws(CSVError) {
            _ = try CSVReader(bytes: bytes, dialect: .lenient)
            Issue.record("no error")
        } catch {
            #expect(error.code == .foreignFormat && error.message.contains(name) && !error.isRecoverable)
        }
    }

    @Test("A quotation mark that closes many rows later is told with both lines, and takes no other row with it")
    func lateClosing() throws {
        var lines = ["a,b,c"] + (2...60).map { "\($0),x,y" }
        lines[8] = "9,\"x,y"
        lines[43] = "44,x\",y"
        for end in ["44,x\",y", "44,\"x\",y", "44,x,\"y", "44,x,y\""] {
            lines[43] = end
            var reader = try CSVReader(bytes: Array(lines.joined(separator: "\n").utf8), dialect: .lenient)
            var rows = 0
            var told: [(Int?, Int?)] = []
            while true {
                do {
                    guard try reader.next() else { break }
                    rows += 1
                } catch {
                    if error.code == .unclosedQuote { told.append((error.line, error.closingLine)) }
                }
            }
            #expect(rows >= 57, "\(end)")
            #expect(told.first?.0 == 9 && told.first?.1 == 44, "\(end)")
        }
        // A text of two lines in quotes is one.
        let text = readAll(try CSVReader(bytes: Array("a,b,c\n1,\"x\ny\",z\n".utf8), dialect: .lenient))
        #expect(text.rows == [["1", "x\ny", "z"]] && text.errors == [])
    }

    @Test func boundsAndWatchesReading() throws {
        final class Limit: ReadGuard {
            var calls = 0
            func didRead(total: Int) throws(CSVError) {
                calls += 1
                if total > 2_000_000 { throw CSVError(.interrupted, "enough") }
            }
        }
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = try CSVWriter(path: path, compressed: true)
        try writer.writeRow(["id", "text"])
        for index in 0..<40 { try writer.writeRow(["\(index)", String(repeating: "0", count: 100_000)]) }
        try writer.close()
        let limit = Limit()
        let table = readAll(try CSVReader(path: path, dialect: .lenient, guard: limit))
        #expect(table.errors == ["0 interrupted"] && limit.calls > 5)
    }
}

/// What follows the first part of a gzip file.
@Suite struct GzipMemberTests {
    private func compressed(_ text: String) throws -> Data {
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = try CSVWriter(path: path, compressed: true)
        for line in text.split(separator: "\n") { try writer.writeRow(line.split(separator: ",").map(String.init)) }
        try writer.close()
        return try Data(contentsOf: URL(fileURLWithPath: path))
    }

    private func read(_ data: Data) throws -> (rows: Int, errors: [String]) {
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try data.write(to: URL(fileURLWithPath: path))
        do throws(CSVError) {
            let table = readAll(try CSVReader(path: path))
            return (table.rows.count, table.errors)
        } catch {
            // Small files are read whole with their header.
            return (0, ["0 \(error.code)"])
        }
    }

    @Test func readsAllMembersAndRefusesDamageInLaterOnes() throws {
        let first = try compressed("a,b\n1,2\n3,4")
        let second = try compressed((0..<997).map { "\($0),x" }.joined(separator: "\n"))
        #expect(try read(first + second) == (999, []))
        #expect(try read(first + second + Data(repeating: 0, count: 700)) == (999, []))
        for place in [0, 1, 2, 3, second.count / 2, second.count - 1] {
            var damaged = second
            damaged[damaged.startIndex + place] ^= 0x55
            #expect(try read(first + damaged).errors == ["0 corrupt_compression"], "byte \(place)")
        }
        #expect(try read(first + second.dropLast(3)).errors == ["0 corrupt_compression"])
        #expect(try read(first + Data("3,4\n".utf8)).errors == ["0 corrupt_compression"])
        #expect(try read(first + Data(repeating: 0, count: 5) + second).errors == ["0 corrupt_compression"])
    }
}

@Suite struct PlainTextTests {
    @Test func escapesWhatSteersATerminal() {
        #expect(
            PlainText.escaped("a\u{1B}[2Jb\n\u{202E}c\u{7F}\u{9B}d\u{FEFF}")
                == "a\\u001b[2Jb\\u000a\\u202ec\\u007f\\u009bd\\ufeff"
        )
        #expect(PlainText.escaped("a\tb\nc\r", keepingLines: true) == "a\tb\nc\\u000d")
        #expect(PlainText.escaped("Ärger — 10 °C “x” 🏫") == "Ärger — 10 °C “x” 🏫")
        #expect(PlainText.escaped("abcdef", limit: 3) == "abc…")
        #expect(PlainText.escaped("abc", limit: 3) == "abc")
    }

    @Test func findsControlsInBytesAsInScalars() {
        for value in (0...0x2100 as ClosedRange<UInt32>) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            #expect(found("ab\(Character(scalar))c") == PlainText.isControl(scalar), "U+\(String(value, radix: 16))")
        }
        for text in ["\u{FEFF}", "\u{202E}", "\u{1B}"] { #expect(found(text)) }
    }

    private func found(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return PlainText.hasControl(bytes.span)
    }
}
