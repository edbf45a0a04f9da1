import Foundation
import Tables
import Testing

@Suite struct CSVWriterTests {
    @Test func quotesOnlyWhereNeeded() {
        var encoder = CSVEncoder()
        for text in ["plain", "with space", "a,b", "say \"x\"", "two\nlines", "cr\r", "", "00010505"] {
            encoder.write(text)
        }
        encoder.write(-120)
        encoder.write(0)
        encoder.write(Int.min)
        encoder.endRow()
        let expected =
            "plain,with space,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\"cr\r\",,00010505,"
            + "-120,0,-9223372036854775808\n"
        #expect(String(decoding: encoder.bytes, as: UTF8.self) == expected)
    }

    @Test func writesSpansAsTexts() {
        for text in ["plain", "a,b", "\"", "é\n"] {
            var fromText = CSVEncoder()
            fromText.write(text)
            fromText.writeEmpty()
            var fromSpan = CSVEncoder()
            fromSpan.write(Array(text.utf8).span)
            fromSpan.writeEmpty()
            #expect(fromText.bytes == fromSpan.bytes)
        }
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let rows = [[""], ["\""], ["a\r\nb,\"c\""], [" "], ["x"]]
        var writer = try CSVWriter(path: path)
        try writer.writeRow(["only"])
        for row in rows { try writer.writeRow(row) }
        try writer.flush()
        try writer.close()
        #expect(readAll(try CSVReader(path: path)).rows == rows)
    }

    @Test func reportsAFullDisk() throws {
        var writer = try CSVWriter(path: "/dev/full")
        try writer.writeRow(["a"])
        do throws(CSVError) {
            try writer.close()
            Issue.record("no error")
        } catch {
            #expect(error.code == .inputOutput)
            #expect((error.cause as? SystemError)?.number == 28)
        }
    }
}

@Suite struct CSVRowTests {
    @Test func parsesOneRecordAndIsReused() throws {
        var row = CSVRow()
        for (line, expected) in [
            ("2019,00010505,\"a \"\"b\"\"\",", ["2019", "00010505", "a \"b\"", ""]),
            ("x", ["x"]), ("\"q\",2\r\n", ["q", "2"]), ("", [""]), ("\"\"\"\",\"1\n\"\n", ["\"", "1\n"]),
        ] {
            let bytes = Array(line.utf8)
            try row.parse(bytes.span)
            let fields = (0..<row.fieldCount).map { row.text($0, of: bytes.span) }
            #expect(fields == expected)
        }
    }

    @Test(arguments: [
        ("a\nb", CSVError.Code.fieldCount), ("\"a", .unclosedQuote), ("a\"", .strayQuote), ("a\0", .nulByte),
        ("a\rb", .strayCarriageReturn),
    ])
    func refuses(_ line: String, _ code: CSVError.Code) {
        var row = CSVRow()
        let bytes = Array(line.utf8)
        do throws(CSVError) {
            try row.parse(bytes.span)
            Issue.record("no error")
        } catch {
            #expect(error.code == code)
        }
        #expect(row.fieldCount == 0)
    }

    @Test func readsIntegers() {
        for (text, value) in [
            ("0", 0), ("007", 7), ("-12", -12), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
        ] {
            #expect(Array(text.utf8).span.integer == value)
        }
        for text in ["", "-", "+1", "1.0", " 1", "9223372036854775808", "1e3", "١"] {
            #expect(Array(text.utf8).span.integer == nil)
        }
    }
}
