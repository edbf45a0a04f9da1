/// A whole file in memory, plain or compressed with gzip.
///
/// The content shows which.
public enum WholeFile {
    /// Reads a file.
    ///
    /// - `path`: of a plain or gzip-compressed file.
    /// - `limit`: the most bytes that are taken, once they are no longer compressed.
    ///
    /// Throws ``CSVError`` where it cannot be read, or is longer.
    public static func read(path: String, limit: Int) throws(CSVError) -> [UInt8] {
        try read(try InputFile(path: path), limit)
    }

    /// Reads an open descriptor, for instance standard input.
    ///
    /// - Throws: ``CSVError`` where it cannot be read, or is longer.
    public static func read(descriptor: Int32, limit: Int) throws(CSVError) -> [UInt8] {
        try read(try InputFile(descriptor: descriptor), limit)
    }

    private static func read(_ file: InputFile, _ limit: Int) throws(CSVError) -> [UInt8] {
        let chunk = 262_144
        var bytes: [UInt8] = []
        while true {
            let count = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: chunk))
            let got = try file.read(into: &bytes, at: count, count: chunk)
            bytes.removeLast(chunk - got)
            if got == 0 { return bytes }
            guard bytes.count <= limit else {
                throw CSVError(.inputOutput, "longer than the \(limit) bytes that are taken")
            }
        }
    }
}
