import CZlib
import Glibc

/// An output file written with zlib's `gz` functions, plain or compressed with gzip.
///
/// The unsafe code is calls of C functions that take pointers to memory of a stated length.
@safe final class OutputFile {
    // nil once closed, so that no call can reach a handle that zlib has freed.
    private var handle: gzFile?

    /// The buffer zlib keeps for itself, in bytes.
    private static let internalBuffer: UInt32 = 131_072

    /// Creates a file for writing, or empties it.
    init(writing path: String, compressed: Bool) throws(CSVError) {
        // SAFETY: Swift passes the path as a NUL-terminated copy that lives for the call.
        let descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CSVError.system("cannot create \(path)") }
        // SAFETY: as above; "T" writes plainly, without a gzip header.
        unsafe handle = gzdopen(descriptor, compressed ? "wb6" : "wbT")
        try adopt(descriptor, path)
    }

    /// Writes to a duplicate of an open descriptor; the original stays open.
    init(descriptor original: Int32) throws(CSVError) {
        let descriptor = dup(original)
        guard descriptor >= 0 else { throw CSVError.system("cannot use descriptor \(original)") }
        // SAFETY: as above.
        unsafe handle = gzdopen(descriptor, "wbT")
        try adopt(descriptor, "descriptor \(original)")
    }

    private func adopt(_ descriptor: Int32, _ name: String) throws(CSVError) {
        // SAFETY: the handle is zlib's own, not yet used.
        guard let handle = unsafe handle, unsafe gzbuffer(handle, OutputFile.internalBuffer) == 0 else {
            Glibc.close(descriptor)
            throw CSVError(.inputOutput, "no memory to open \(name)")
        }
    }

    deinit {
        // SAFETY: the handle is open, and no other code can use it any more.
        if let handle = unsafe handle { unsafe _ = gzclose(handle) }
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

    /// Flushes zlib's buffer to the operating system.
    func flush() throws(CSVError) {
        guard let handle = unsafe handle else { return }
        // SAFETY: the handle is open.
        if unsafe gzflush(handle, Z_SYNC_FLUSH) != Z_OK {
            throw unsafe zlibError(handle, "cannot write") ?? CSVError(.inputOutput, "cannot write")
        }
    }

    /// Closes the file; throws if the remaining data cannot be written.
    func close() throws(CSVError) {
        guard let handle = unsafe handle else { return }
        unsafe self.handle = nil
        // SAFETY: the handle is open and forgotten above, so it is closed once.
        let result = unsafe gzclose(handle)
        if result != Z_OK { throw CSVError.system("cannot finish writing") }
    }

    private func zlibError(_ handle: gzFile, _ action: String) -> CSVError? {
        var code: Int32 = 0
        // SAFETY: the text is zlib's, NUL-terminated and copied at once.
        let text = unsafe gzerror(handle, &code).map { unsafe String(cString: $0) } ?? ""
        switch code {
        case Z_OK, Z_STREAM_END: return nil
        case Z_ERRNO: return CSVError.system(action)
        case Z_BUF_ERROR: return CSVError(.corruptCompression, "the compressed data ends too early")
        default: return CSVError(.corruptCompression, "the compressed data is damaged: \(text)")
        }
    }
}
