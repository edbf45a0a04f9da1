import CZlib

/// Bytes that are compressed as they come, as a ZIP archive holds them.
///
/// The unsafe code is calls of zlib's functions, which take pointers to memory of a stated length.
@safe final class Deflater {
    /// What was compressed so far; whole after ``finish()``.
    private(set) var bytes: [UInt8] = []
    /// How many bytes came in.
    private(set) var length = 0
    /// The checksum of what came in.
    private(set) var checksum: UInt32 = 0

    // zlib compares the stream's address with the one that it was set up at, so it must not move.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var pending: [UInt8] = []
    private var output = [UInt8](repeating: 0, count: Deflater.chunk)

    private static let chunk = 131_072
    /// The largest window, without a header.
    private static let rawWindow: Int32 = -15

    init() throws(WorkbookError) {
        unsafe stream.initialize(to: z_stream())
        // SAFETY: the stream is zeroed memory, as zlib asks; the version and the size are of the header that was
        // compiled against.
        let result = unsafe deflateInit2_(
            stream,
            6,
            Z_DEFLATED,
            Deflater.rawWindow,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard result == Z_OK else {
            unsafe stream.deallocate()
            throw WorkbookError("no memory to compress a workbook")
        }
    }

    deinit {
        // SAFETY: the stream was set up, and nobody can use it any more.
        unsafe _ = deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Takes text.
    func write(_ text: String) throws(WorkbookError) {
        pending.append(contentsOf: text.utf8)
        if pending.count >= Deflater.chunk { try drain(Z_NO_FLUSH) }
    }

    /// Compresses the rest.
    func finish() throws(WorkbookError) { try drain(Z_FINISH) }

    private func drain(_ flush: Int32) throws(WorkbookError) {
        length += pending.count
        var start = 0
        while true {
            let (result, used, produced) = call(from: start, flush)
            start += used
            bytes.append(contentsOf: output[..<produced])
            guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else {
                throw WorkbookError("a workbook cannot be compressed")
            }
            if flush == Z_FINISH ? result == Z_STREAM_END : start == pending.count && produced < output.count { break }
        }
        pending.removeAll(keepingCapacity: true)
    }

    private func call(from start: Int, _ flush: Int32) -> (result: Int32, used: Int, produced: Int) {
        unsafe pending.withUnsafeMutableBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                let left = source.count - start
                // SAFETY: both lengths are those of what follows the pointers in the arrays; zlib keeps neither beyond
                // the call.
                if start == 0 {
                    unsafe checksum = UInt32(
                        truncatingIfNeeded: crc32(UInt(checksum), source.baseAddress, UInt32(clamping: source.count))
                    )
                }
                unsafe stream.pointee.next_in = source.baseAddress.map { unsafe $0 + start }
                unsafe stream.pointee.avail_in = UInt32(clamping: left)
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = UInt32(clamping: target.count)
                let result = unsafe CZlib.deflate(stream, flush)
                let used = unsafe left - Int(stream.pointee.avail_in)
                let produced = unsafe target.count - Int(stream.pointee.avail_out)
                unsafe stream.pointee.next_in = nil
                unsafe stream.pointee.next_out = nil
                return (result, used, produced)
            }
        }
    }
}
