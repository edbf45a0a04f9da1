import CZlib
import Glibc

/// A file behind zlib's `gz` functions, which pass plain files through unchanged and recognise gzip by its content.
///
/// This is the only unsafe code of the module: C functions that take pointers to memory of a stated length. It is not
/// here for speed: the 406,606 rows of participation 2007 to 2012 take 1.2 seconds either way (`time accountability
/// evaluate participation FILE.csv.gz`, and behind `gzip -dc FILE.csv.gz |`). But a process of its own would be needed
/// for each file, and what it says of a damaged one would have to be read out of its messages.
@safe final class ZlibFile {
    // nil once closed, so that no call can reach a handle that zlib has freed.
    private var handle: gzFile?
    /// The size of the file on disk in bytes; 0 where it has none (a pipe).
    let size: Int

    /// The buffer zlib keeps for itself, in bytes.
    private static let internalBuffer: UInt32 = 131_072

    /// Opens a file for reading.
    init(reading path: String) throws(CSVError) {
        // SAFETY: Swift passes the path as a NUL-terminated copy that lives for the call.
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ZlibFile.failure("cannot open \(path)") }
        let end = lseek(descriptor, 0, SEEK_END)
        if end > 0 { lseek(descriptor, 0, SEEK_SET) }
        size = max(0, Int(end))
        // SAFETY: the mode is a NUL-terminated literal; zlib copies what it needs of it.
        unsafe handle = gzdopen(descriptor, "rb")
        try adopt(descriptor, path)
    }

    /// Creates a file for writing, or empties it.
    init(writing path: String, compressed: Bool) throws(CSVError) {
        // SAFETY: Swift passes the path as a NUL-terminated copy that lives for the call.
        let descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ZlibFile.failure("cannot create \(path)") }
        size = 0
        // SAFETY: as above; "T" writes plainly, without a gzip header.
        unsafe handle = gzdopen(descriptor, compressed ? "wb6" : "wbT")
        try adopt(descriptor, path)
    }

    /// Reads a duplicate of an open descriptor from where it stands, for instance standard input, or writes to one; the
    /// original stays open.
    init(descriptor original: Int32, isRead: Bool) throws(CSVError) {
        let descriptor = dup(original)
        guard descriptor >= 0 else { throw ZlibFile.failure("cannot use descriptor \(original)") }
        size = 0
        // SAFETY: as above.
        unsafe handle = gzdopen(descriptor, isRead ? "rb" : "wbT")
        try adopt(descriptor, "descriptor \(original)")
    }

    private func adopt(_ descriptor: Int32, _ name: String) throws(CSVError) {
        // SAFETY: the handle is zlib's own, not yet used.
        guard let handle = unsafe handle, unsafe gzbuffer(handle, ZlibFile.internalBuffer) == 0 else {
            Glibc.close(descriptor)
            throw CSVError(.inputOutput, "no memory to open \(name)")
        }
    }

    deinit {
        // SAFETY: the handle is open, and nobody can use it any more.
        if let handle = unsafe handle { unsafe _ = gzclose(handle) }
    }

    /// How far the file on disk was read, in bytes.
    var offset: Int {
        // SAFETY: the handle is open while it is not nil.
        guard let handle = unsafe handle else { return 0 }
        return unsafe max(0, Int(gzoffset(handle)))
    }

    /// Reads up to `count` bytes into `buffer` from `start` on; 0 means the end of the file.
    func read(into buffer: inout [UInt8], at start: Int, count: Int) throws(CSVError) -> Int {
        precondition(start >= 0 && count > 0 && start <= buffer.count - count)
        guard let handle = unsafe handle else { return 0 }
        // SAFETY: the precondition keeps start ..< start + count inside the buffer, whose address zlib does not keep.
        let got = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe gzread(handle, bytes.baseAddress.map { unsafe $0 + start }, UInt32(clamping: count))
        }
        if got <= 0, let error = unsafe zlibError(handle, "cannot read") { throw error }
        return Int(max(0, got))
    }

    /// Writes all bytes of `buffer`.
    func write(_ buffer: [UInt8]) throws(CSVError) {
        guard !buffer.isEmpty else { return }
        guard let handle = unsafe handle else { throw CSVError(.inputOutput, "the file is closed") }
        // SAFETY: pointer and length are of the same array, and zlib keeps neither.
        let written = unsafe buffer.withUnsafeBytes { bytes in
            unsafe gzwrite(handle, bytes.baseAddress, UInt32(clamping: bytes.count))
        }
        guard Int(written) == buffer.count else {
            throw unsafe zlibError(handle, "cannot write") ?? CSVError(.inputOutput, "cannot write")
        }
    }

    /// Passes on to the operating system what zlib still holds.
    func flush() throws(CSVError) {
        guard let handle = unsafe handle else { return }
        // SAFETY: the handle is open.
        if unsafe gzflush(handle, Z_SYNC_FLUSH) != Z_OK {
            throw unsafe zlibError(handle, "cannot write") ?? CSVError(.inputOutput, "cannot write")
        }
    }

    /// Closes the file; what could not be written is an error.
    func close() throws(CSVError) {
        guard let handle = unsafe handle else { return }
        unsafe self.handle = nil
        // SAFETY: the handle is open and forgotten above, so it is closed once.
        let result = unsafe gzclose(handle)
        if result != Z_OK { throw ZlibFile.failure("cannot finish writing") }
    }

    private func zlibError(_ handle: gzFile, _ action: String) -> CSVError? {
        var code: Int32 = 0
        // SAFETY: the text is zlib's, NUL-terminated and copied at once.
        let text = unsafe gzerror(handle, &code).map { unsafe String(cString: $0) } ?? ""
        switch code {
        case Z_OK, Z_STREAM_END: return nil
        case Z_ERRNO: return ZlibFile.failure(action)
        case Z_BUF_ERROR: return CSVError(.corruptCompression, "the compressed data ends too early")
        default: return CSVError(.corruptCompression, "the compressed data is damaged: \(text)")
        }
    }

    private static func failure(_ what: String) -> CSVError {
        let number = errno
        // SAFETY: strerror's text is NUL-terminated and copied at once.
        let text = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
        return CSVError(.inputOutput, "\(what): \(text)", cause: SystemError(number: number, description: text))
    }
}
