import Crypto
import Streaming
import Testing

@testable import Stages

/// Pseudonyms are those of the library's HMAC-SHA256.
@Suite struct KeyedDigestTests {
    private static func bytes(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    @Test(arguments: [1, 32, 63, 64, 65, 128, 300])
    func theCodeIsTheLibrarys(keyLength: Int) {
        var random = SplitMix64(seed: UInt64(keyLength))
        let key = SymmetricKey(data: Self.bytes(keyLength, &random))
        let digest = KeyedDigest(key: key)
        for length in 0...200 {
            let text = Self.bytes(length, &random)
            let expected = HMAC<SHA256>.authenticationCode(for: text, using: key).prefix(16)
            #expect(digest.number(of: text) == expected.reduce(UInt128(0)) { $0 << 8 | UInt128($1) })
        }
    }

    /// RFC 4231, test cases 2 and 6.
    @Test func theCodeIsThatOfTheStandard() {
        func code(_ key: [UInt8], _ text: String) -> String {
            String(KeyedDigest(key: SymmetricKey(data: key)).number(of: Array(text.utf8)), radix: 16)
        }
        #expect(code(Array("Jefe".utf8), "what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c7")
        #expect(
            code(Array(repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First")
                == "60e431591ee0b67f0d8a26aacbf5b77f"
        )
    }
}
