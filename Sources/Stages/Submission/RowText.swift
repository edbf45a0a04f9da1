/// The text of a row in the ledger: fields in the layout's order, RFC 4180.
enum RowText {
    /// Appends a field, quoted where RFC 4180 asks for it.
    static func append(_ field: Span<UInt8>, to text: inout [UInt8]) {
        let start = text.count
        for index in field.indices {
            let byte = field[index]
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 0x0A || byte == 0x0D {
                text.removeSubrange(start...)
                return appendQuoted(field, to: &text)
            }
            text.append(byte)
        }
    }

    private static func appendQuoted(_ field: Span<UInt8>, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for index in field.indices {
            if field[index] == UInt8(ascii: "\"") { text.append(UInt8(ascii: "\"")) }
            text.append(field[index])
        }
        text.append(UInt8(ascii: "\""))
    }
}
