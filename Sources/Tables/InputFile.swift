import CZlib
import Glibc

/// Asked while a file is read, so that reading can be bounded and watched.
public protocol ReadGuard: AnyObject {
    /// Takes note of how many bytes came out of the file so far, once they are no longer compressed.
    ///
    /// - Throws: ``CSVError``, which ends the reading.
    func didRead(total: Int) throws(CSVError)
}

/// A file that is read from its beginning, plain or compressed with gzip; which of the two is seen by its content.
///
/// zlib's own `gzread` silently ignores data after a gzip member that is not another member. A later member with a
/// damaged beginning would be lost without an error. Here it is an error.
///
/// The unsafe code is calls of C functions that take pointers to memory of a stated length.
@safe final class InputFile {
    private enum Content { case unknown, plain, gzip }

    /// The size of the file on disk in bytes; 0 if unknown (a pipe).
    let size: Int
    /// How many bytes of the file on disk were used.
    private(set) var offset = 0

    private let descriptor: Int32
    private weak var readGuard: (any ReadGuard)?
    private var content = Content.unknown
    private var total = 0
    private var input = [UInt8](repeating: 0, count: InputFile.chunk)
    private var start = 0
    private var end = 0
    private var atEnd = false
    // zlib compares the stream's address with the one that it was set up at, so it must not move.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private var hasStream = false
    private var isBetweenMembers = false

    private static let chunk = 131_072
    /// The largest window, with a gzip header and nothing else.
    private static let gzipWindow: Int32 = 31

    /// Opens a file.
    init(path: String, guard readGuard: (any ReadGuard)? = nil) throws(CSVError) {
        // SAFETY: Swift passes the path as a NUL-terminated copy that lives for the call.
        descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            size = 0
            throw CSVError.system("cannot open \(path)")
        }
        let end = lseek(descriptor, 0, SEEK_END)
        if end > 0 { lseek(descriptor, 0, SEEK_SET) }
        size = max(0, Int(end))
        self.readGuard = readGuard
        unsafe stream.initialize(to: z_stream())
    }

    /// Reads a duplicate of an open descriptor from its current position.
    ///
    /// The original stays open.
    init(descriptor original: Int32) throws(CSVError) {
        descriptor = dup(original)
        size = 0
        guard descriptor >= 0 else { throw CSVError.system("cannot use descriptor \(original)") }
        unsafe stream.initialize(to: z_stream())
    }

    deinit {
        // SAFETY: the stream was set up if `hasStream` says so, and nobody can use it any more.
        if hasStream { unsafe _ = inflateEnd(stream) }
        unsafe stream.deallocate()
        if descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Reads up to `count` bytes into `buffer` from `place` on; 0 means the end of the file.
    func read(into buffer: inout [UInt8], at place: Int, count: Int) throws(CSVError) -> Int {
        precondition(place >= 0 && count > 0 && place <= buffer.count - count)
        if content == .unknown { try look() }
        let got = try content == .gzip ? inflate(&buffer, place, count) : copy(&buffer, place, count)
        if got > 0 {
            total += got
            try readGuard?.didRead(total: total)
        }
        return got
    }

    /// Looks at the first two bytes.
    private func look() throws(CSVError) {
        while end - start < 2, !atEnd { try refill() }
        content = end - start >= 2 && input[start] == 0x1F && input[start + 1] == 0x8B ? .gzip : .plain
        guard content == .gzip else { return }
        // SAFETY: the stream is zeroed memory, as zlib asks; the version and the size are of the header that was
        // compiled against.
        let result = unsafe inflateInit2_(
            stream,
            InputFile.gzipWindow,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard result == Z_OK else { throw CSVError(.inputOutput, "no memory to read a compressed file") }
        hasStream = true
    }

    /// Reads more of the file and appends it to the remaining input.
    private func refill() throws(CSVError) {
        if start == end {
            start = 0
            end = 0
        }
        guard end < input.count, !atEnd else { return }
        let got = receive(&input, end, input.count - end)
        guard got >= 0 else { throw CSVError.system("cannot read") }
        if got == 0 { atEnd = true }
        end += got
    }

    /// First the bytes left from detecting the format, then directly from the file.
    private func copy(_ buffer: inout [UInt8], _ place: Int, _ count: Int) throws(CSVError) -> Int {
        guard start < end else {
            guard !atEnd else { return 0 }
            let got = receive(&buffer, place, count)
            guard got >= 0 else { throw CSVError.system("cannot read") }
            if got == 0 { atEnd = true }
            offset += got
            return got
        }
        let got = min(count, end - start)
        for index in 0..<got { buffer[place + index] = input[start + index] }
        start += got
        offset += got
        return got
    }

    private func receive(_ buffer: inout [UInt8], _ place: Int, _ count: Int) -> Int {
        unsafe buffer.withUnsafeMutableBytes { bytes in
            var got: Int
            // SAFETY: the callers see to it that `count` bytes follow `place` in the array.
            repeat {
                got = unsafe Glibc.read(descriptor, bytes.baseAddress.map { unsafe $0 + place }, count)
            } while got < 0 && errno == EINTR
            return got
        }
    }

    private func inflate(_ buffer: inout [UInt8], _ place: Int, _ count: Int) throws(CSVError) -> Int {
        while true {
            if isBetweenMembers, try !beginMember() { return 0 }
            if start == end { try refill() }
            guard start < end else { throw CSVError(.corruptCompression, "the compressed data ends too early") }
            let before = end - start
            let (result, produced, left) = call(&buffer, place, count)
            start = end - left
            offset += before - left
            switch result {
            case Z_STREAM_END: isBetweenMembers = true
            case Z_OK, Z_BUF_ERROR: break
            case Z_MEM_ERROR: throw CSVError(.inputOutput, "no memory to read a compressed file")
            default: throw CSVError(.corruptCompression, "the compressed data is damaged")
            }
            if produced > 0 { return produced }
        }
    }

    private func call(_ buffer: inout [UInt8], _ place: Int, _ count: Int) -> (result: Int32, produced: Int, left: Int)
    {
        unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe buffer.withUnsafeMutableBufferPointer { target in
                // SAFETY: both lengths are those of what follows the pointers in the arrays; zlib keeps neither beyond
                // the call.
                unsafe stream.pointee.next_in = source.baseAddress.map { unsafe $0 + start }
                unsafe stream.pointee.avail_in = UInt32(clamping: end - start)
                unsafe stream.pointee.next_out = target.baseAddress.map { unsafe $0 + place }
                unsafe stream.pointee.avail_out = UInt32(clamping: count)
                let result = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                let left = unsafe Int(stream.pointee.avail_in)
                let free = unsafe Int(stream.pointee.avail_out)
                unsafe stream.pointee.next_in = nil
                unsafe stream.pointee.next_out = nil
                return (result, count - free, left)
            }
        }
    }

    /// Whether another member follows.
    ///
    /// Zeros to the end of the file are padding, as tapes have it; anything else is damage.
    private func beginMember() throws(CSVError) -> Bool {
        var isPadded = false
        while true {
            if end - start < 2 { try slide() }
            guard start < end else { return false }
            guard input[start] == 0 else { break }
            isPadded = true
            start += 1
            offset += 1
        }
        guard !isPadded, end - start >= 2, input[start] == 0x1F, input[start + 1] == 0x8B else {
            throw CSVError(
                .corruptCompression,
                "the compressed data is damaged: what follows its first part is no gzip data"
            )
        }
        // SAFETY: the stream is set up.
        guard unsafe inflateReset(stream) == Z_OK else {
            throw CSVError(.corruptCompression, "the compressed data is damaged")
        }
        isBetweenMembers = false
        return true
    }

    /// Moves the remaining input to the start of the buffer and reads more.
    private func slide() throws(CSVError) {
        let left = end - start
        for index in 0..<left { input[index] = input[start + index] }
        start = 0
        end = left
        while end < 2, !atEnd { try refill() }
    }
}

extension CSVError {
    /// The error of a call of the operating system that failed just now.
    static func system(_ what: String) -> CSVError {
        let number = errno
        // SAFETY: strerror's text is NUL-terminated and copied at once.
        let text = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
        return CSVError(.inputOutput, "\(what): \(text)", cause: SystemError(number: number, description: text))
    }
}
