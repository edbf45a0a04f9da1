/// A 128-bit FNV-1a digest of bytes.
///
/// It distinguishes published payloads and keys within one process. It is not a cryptographic digest.
public struct Digest: Hashable, Sendable {
    /// The digest's value.
    public let value: UInt128

    private static let basis: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    private static let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013b

    /// A digest with a given value.
    public init(value: UInt128) {
        self.value = value
    }

    /// The digest of some bytes.
    public init(_ bytes: Span<UInt8>) {
        var hash = Digest.basis
        for index in bytes.indices {
            hash = (hash ^ UInt128(bytes[index])) &* Digest.prime
        }
        value = hash
    }
}
