internal import Tables

/// A row of CSV by itself.
package enum CSVLine {
    package static func text(_ fields: [String]) -> String {
        var encoder = CSVEncoder()
        for field in fields { encoder.write(PlainText.escaped(field)) }
        encoder.endRow()
        return String(decoding: encoder.bytes, as: UTF8.self)
    }
}
