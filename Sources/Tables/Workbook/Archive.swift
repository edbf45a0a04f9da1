/// A ZIP archive in memory: as much of the format as a workbook needs.
///
/// Every member has the same time, so that the same content gives the same bytes.
struct Archive {
    private var bytes: [UInt8] = []
    private var directory: [UInt8] = []
    private var count = 0

    /// The first of January 1980, the beginning of the format's time.
    private static let date: UInt16 = 0x0021
    private static let version: UInt16 = 20
    private static let deflated: UInt16 = 8
    /// Names are UTF-8.
    private static let flags: UInt16 = 0x0800
    /// What the format without its extension for large archives can say.
    private static let longest = 0xFFFF_FFFE

    /// Adds a member that is compressed already.
    mutating func add(_ name: String, _ content: Deflater) throws(WorkbookError) {
        let offset = bytes.count
        guard max(content.length, offset + content.bytes.count + directory.count + 1024) < Self.longest,
            count < 0xFFFE
        else { throw WorkbookError("a workbook of more than four gigabytes cannot be written: write CSV instead") }
        var entry: [UInt8] = []
        Self.put(Self.version, to: &entry)
        Self.put(Self.flags, to: &entry)
        Self.put(Self.deflated, to: &entry)
        Self.put(UInt16(0), to: &entry)
        Self.put(Self.date, to: &entry)
        Self.put(content.checksum, to: &entry)
        Self.put(UInt32(content.bytes.count), to: &entry)
        Self.put(UInt32(content.length), to: &entry)
        Self.put(UInt16(name.utf8.count), to: &entry)
        Self.put(UInt16(0), to: &entry)
        Self.put(UInt32(0x0403_4B50), to: &bytes)
        bytes += entry
        bytes += name.utf8
        bytes += content.bytes
        Self.put(UInt32(0x0201_4B50), to: &directory)
        Self.put(Self.version, to: &directory)
        directory += entry
        Self.put(UInt16(0), to: &directory)
        Self.put(UInt16(0), to: &directory)
        Self.put(UInt16(0), to: &directory)
        Self.put(UInt32(0), to: &directory)
        Self.put(UInt32(offset), to: &directory)
        directory += name.utf8
        count += 1
    }

    /// The archive with its directory.
    func whole() -> [UInt8] {
        var whole = bytes + directory
        Self.put(UInt32(0x0605_4B50), to: &whole)
        Self.put(UInt16(0), to: &whole)
        Self.put(UInt16(0), to: &whole)
        Self.put(UInt16(count), to: &whole)
        Self.put(UInt16(count), to: &whole)
        Self.put(UInt32(directory.count), to: &whole)
        Self.put(UInt32(bytes.count), to: &whole)
        Self.put(UInt16(0), to: &whole)
        return whole
    }

    private static func put(_ number: UInt16, to bytes: inout [UInt8]) {
        bytes.append(UInt8(truncatingIfNeeded: number))
        bytes.append(UInt8(truncatingIfNeeded: number >> 8))
    }

    private static func put(_ number: UInt32, to bytes: inout [UInt8]) {
        put(UInt16(truncatingIfNeeded: number), to: &bytes)
        put(UInt16(truncatingIfNeeded: number >> 16), to: &bytes)
    }
}
