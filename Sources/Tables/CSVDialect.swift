/// How freely a table is read.
public struct CSVDialect: Sendable, Hashable {
    /// Whether the file is read as people and their programs write it: see ``lenient``.
    public let isLenient: Bool
    /// The delimiter.
    ///
    /// If it is nil and the dialect is lenient, it is detected from the header.
    public let delimiter: UInt8?

    /// Strict RFC 4180 with commas; fields are not changed.
    public static let strict = CSVDialect(isLenient: false, delimiter: nil)

    /// The variants that spreadsheets and school systems write, if they cannot be misread: UTF-16 with a byte-order
    /// mark; semicolons, tabs or bars between fields; a first line `sep=;`; blanks around fields; column names in
    /// capitals; empty columns at the end of lines; rows of empty fields.
    public static let lenient = CSVDialect(isLenient: true, delimiter: nil)

    /// The delimiters that can be named, by their names.
    public static let delimiters: [(name: String, byte: UInt8)] = [
        ("comma", 0x2C), ("semicolon", 0x3B), ("tab", 0x09), ("bar", 0x7C),
    ]

    /// The lenient dialect with a delimiter of this name, or written as it is; nil if it is not one of ``delimiters``.
    public static func lenient(delimiter name: String) -> CSVDialect? {
        let byte = delimiters.first { $0.name == name || name.utf8.elementsEqual([$0.byte]) }?.byte
        return byte.map { CSVDialect(isLenient: true, delimiter: $0) }
    }
}

/// Recognizes files that are not CSV by their first bytes, with the remedy.
enum ForeignFormat {
    /// The remedy of every workbook.
    private static let save = "open it in Excel, choose Save As and \"CSV UTF-8 (comma delimited)\", and use that file"
    private static let unpack = "unpack it, or compress the CSV file with gzip"

    private static let signatures: [(bytes: [UInt8], what: String)] = [
        ([0x50, 0x4B, 0x03, 0x04], "it is an Excel workbook (.xlsx) or another zip archive, not text: \(save)"),
        ([0xD0, 0xCF, 0x11, 0xE0], "it is an Excel workbook (.xls), not text: \(save)"),
        ([0x25, 0x50, 0x44, 0x46], "it is a PDF document, not text: export the table as CSV"),
        ([0x42, 0x5A, 0x68], "it is compressed with bzip2: \(unpack)"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "it is compressed with xz: \(unpack)"),
        ([0x28, 0xB5, 0x2F, 0xFD], "it is compressed with zstd: \(unpack)"),
        ([0x37, 0x7A, 0xBC, 0xAF], "it is a 7z archive: \(unpack)"),
        ([0x52, 0x61, 0x72, 0x21], "it is a rar archive: \(unpack)"),
        (Array("PAR1".utf8), "it is a Parquet file, not text: export the table as CSV"),
    ]

    /// The cause and the remedy; nil if the bytes may be a table.
    static func cause(_ bytes: Span<UInt8>) -> String? {
        for signature in signatures where begins(bytes, signature.bytes) { return signature.what }
        var zeros = 0
        let sample = min(bytes.count, 64)
        for index in 0..<sample where bytes[index] == 0 { zeros += 1 }
        if sample >= 8, zeros * 3 >= sample {
            return "it is UTF-16 without a byte-order mark, or no text at all: \(save)"
        }
        var start = 0
        while start < bytes.count, bytes[start] <= 0x20 { start += 1 }
        guard start < bytes.count else { return nil }
        switch bytes[start] {
        case UInt8(ascii: "<"): return "it is a web page or XML, whatever its name says: \(save)"
        case UInt8(ascii: "{"), UInt8(ascii: "["): return "it is JSON, not CSV: export the table as CSV"
        default: return nil
        }
    }

    private static func begins(_ bytes: Span<UInt8>, _ signature: [UInt8]) -> Bool {
        guard bytes.count >= signature.count else { return false }
        for index in signature.indices where bytes[index] != signature[index] { return false }
        return true
    }
}
