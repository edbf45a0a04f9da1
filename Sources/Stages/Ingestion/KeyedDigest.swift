import Crypto

/// HMAC-SHA256 (RFC 2104) of many short texts under one key.
///
/// The library's own HMAC gives the same bytes, which a test compares. It is generic, and ingestion spent a quarter of
/// its time in what this costs for each row. Here the two padded keys are hashed once, and each text goes on from
/// copies of the library's SHA-256.
struct KeyedDigest {
    private let inner: SHA256
    private let outer: SHA256

    /// - Parameter key: of any length.
    init(key: SymmetricKey) {
        var block = unsafe key.withUnsafeBytes { unsafe [UInt8]($0) }
        if block.count > Self.blockSize { block = Self.bytes(of: SHA256.hash(data: block)) }
        block += Array(repeating: 0, count: Self.blockSize - block.count)
        inner = Self.hash(padded: block.map { $0 ^ 0x36 })
        outer = Self.hash(padded: block.map { $0 ^ 0x5C })
    }

    /// The first 16 bytes of the code of a text, as a number: the first byte is its highest.
    func number(of text: [UInt8]) -> UInt128 {
        let first = Self.digest(of: text, after: inner)
        let code = unsafe first.withUnsafeBytes { bytes in
            var hash = outer
            unsafe hash.update(bufferPointer: bytes)
            return hash.finalize()
        }
        return unsafe code.withUnsafeBytes { bytes in
            unsafe UInt128(bigEndian: bytes.loadUnaligned(as: UInt128.self))
        }
    }

    private static let blockSize = 64

    private static func hash(padded key: [UInt8]) -> SHA256 {
        var hash = SHA256()
        hash.update(data: key)
        return hash
    }

    private static func digest(of text: [UInt8], after state: SHA256) -> SHA256Digest {
        var hash = state
        unsafe text.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        return hash.finalize()
    }

    private static func bytes(of digest: SHA256Digest) -> [UInt8] { Array(digest) }
}
