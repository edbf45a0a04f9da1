/// Builds records of comma-separated values in memory (RFC 4180, lines end in LF); fields are quoted only where needed.
public struct CSVEncoder: Sendable {
    /// The bytes written so far.
    public private(set) var bytes: [UInt8] = []
    private var fieldsInRow = 0
    private var rowStart = 0

    /// Creates an empty encoder.
    public init() {}

    /// Clears the content and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        fieldsInRow = 0
        rowStart = 0
    }

    /// Adds a field.
    public mutating func write(_ text: String) {
        separate()
        if text.utf8.contains(where: CSVEncoder.needsQuotes) {
            bytes.append(0x22)
            for byte in text.utf8 { appendEscaped(byte) }
            bytes.append(0x22)
        } else {
            bytes.append(contentsOf: text.utf8)
        }
    }

    /// Adds a field of UTF-8.
    public mutating func write(_ text: Span<UInt8>) {
        separate()
        var quoted = false
        for index in text.indices where CSVEncoder.needsQuotes(text[index]) { quoted = true }
        guard quoted else {
            for index in text.indices { bytes.append(text[index]) }
            return
        }
        bytes.append(0x22)
        for index in text.indices { appendEscaped(text[index]) }
        bytes.append(0x22)
    }

    /// Adds a whole number.
    public mutating func write(_ number: Int) {
        separate()
        if number < 0 { bytes.append(0x2D) }
        var rest = number.magnitude
        let start = bytes.count
        repeat {
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            bytes.append(UInt8(truncatingIfNeeded: digit) &+ 0x30)
            rest = quotient
        } while rest > 0
        bytes[start...].reverse()
    }

    /// Adds an empty field.
    public mutating func writeEmpty() {
        separate()
    }

    /// Ends the row.
    public mutating func endRow() {
        // A row of one empty field would otherwise read as an empty line, which is no row.
        if fieldsInRow == 1 && bytes.count == rowStart {
            bytes.append(0x22)
            bytes.append(0x22)
        }
        bytes.append(0x0A)
        fieldsInRow = 0
        rowStart = bytes.count
    }

    @inline(__always)
    private mutating func separate() {
        if fieldsInRow > 0 { bytes.append(0x2C) }
        fieldsInRow &+= 1
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        if byte == 0x22 { bytes.append(0x22) }
        bytes.append(byte)
    }

    @inline(__always)
    private static func needsQuotes(_ byte: UInt8) -> Bool {
        byte <= 0x2C && (byte == 0x2C || byte == 0x22 || byte == 0x0A || byte == 0x0D)
    }
}

/// Writes comma-separated values to a file, buffered (RFC 4180, lines end in LF).
///
/// Call ``close()`` at the end: only it can report that the last rows did not fit on the disk.
public struct CSVWriter: ~Copyable {
    private let file: OutputFile
    private var encoder = CSVEncoder()

    private static let chunk = 262_144

    /// Creates a file, or empties an existing one.
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - compressed: whether to write gzip.
    /// - Throws: ``CSVError`` if the file cannot be created.
    public init(path: String, compressed: Bool = false) throws(CSVError) {
        file = try OutputFile(writing: path, compressed: compressed)
    }

    /// Writes to an open file descriptor (1 is standard output), which stays open afterwards.
    ///
    /// - Throws: ``CSVError`` if the descriptor is not open.
    public init(descriptor: Int32) throws(CSVError) {
        file = try OutputFile(descriptor: descriptor)
    }

    /// Adds a field.
    public mutating func write(_ text: String) {
        encoder.write(text)
    }

    /// Adds a field of UTF-8.
    public mutating func write(_ text: Span<UInt8>) {
        encoder.write(text)
    }

    /// Adds a whole number.
    public mutating func write(_ number: Int) {
        encoder.write(number)
    }

    /// Adds an empty field.
    public mutating func writeEmpty() {
        encoder.writeEmpty()
    }

    /// Ends the row.
    ///
    /// - Throws: ``CSVError`` if the buffered rows cannot be written.
    public mutating func endRow() throws(CSVError) {
        encoder.endRow()
        if encoder.bytes.count >= CSVWriter.chunk { try drain() }
    }

    /// Writes a row of texts.
    ///
    /// - Throws: as ``endRow()``.
    public mutating func writeRow(_ fields: [String]) throws(CSVError) {
        for field in fields { write(field) }
        try endRow()
    }

    /// Hands everything written so far to the operating system.
    ///
    /// - Throws: ``CSVError`` if it cannot be written.
    public mutating func flush() throws(CSVError) {
        try drain()
        try file.flush()
    }

    /// Writes the rest and closes the file.
    ///
    /// - Throws: ``CSVError`` if it cannot be written.
    public consuming func close() throws(CSVError) {
        try drain()
        try file.close()
    }

    private mutating func drain() throws(CSVError) {
        try file.write(encoder.bytes)
        encoder.removeAll()
    }
}
