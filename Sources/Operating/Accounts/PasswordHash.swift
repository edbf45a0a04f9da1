internal import Crypto
internal import CryptoExtras
internal import Foundation

/// A stored password, derived with scrypt (RFC 7914) and its own random salt.
///
/// It never prints its content.
package struct PasswordHash: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The cost parameters of scrypt.
    package struct Cost: Hashable, Sendable {
        package let rounds: Int
        package let blockSize: Int
        package let parallelism: Int

        package init(rounds: Int, blockSize: Int, parallelism: Int) {
            self.rounds = rounds
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// 32 MiB of memory, three times: the recommendation of OWASP's Password Storage Cheat Sheet (N = 2^15, r = 8,
        /// p = 3).
        package static let standard = Cost(rounds: 1 << 15, blockSize: 8, parallelism: 3)

        /// Whether the parameters are valid and need at most 64 MiB, so that a damaged file cannot use up all memory.
        package var isSound: Bool {
            rounds.nonzeroBitCount == 1 && (2...(1 << 16)).contains(rounds) && (1...8).contains(blockSize)
                && (1...16).contains(parallelism)
        }
    }

    package let cost: Cost
    package let salt: [UInt8]
    package let digest: [UInt8]

    /// The bytes of a salt and of a digest.
    package static let length = 32

    /// Reads a stored hash; nil if it is invalid.
    package init?(cost: Cost, salt: [UInt8], digest: [UInt8]) {
        guard cost.isSound, salt.count == Self.length, digest.count == Self.length else { return nil }
        self.cost = cost
        self.salt = salt
        self.digest = digest
    }

    /// The hash of a password under a new salt.
    package init(of password: String, cost: Cost = .standard) throws {
        self.cost = cost
        salt = SystemRandomNumberGenerator.bytes(Self.length)
        // A key gives access to its bytes only in this way. They are copied before the key is released.
        digest = unsafe try Self.derive(password, salt, cost).withUnsafeBytes { unsafe Array($0) }
    }

    /// A hash that matches no password.
    ///
    /// Checking it for an unknown name takes as long as a wrong password.
    package static let ofNobody = PasswordHash(
        cost: .standard,
        salt: SystemRandomNumberGenerator.bytes(length),
        digest: SystemRandomNumberGenerator.bytes(length)
    )

    /// Whether a password matches.
    ///
    /// The comparison takes constant time.
    package func matches(_ password: String) throws -> Bool {
        // Keys are compared in constant time.
        try Self.derive(password, salt, cost) == SymmetricKey(data: digest)
    }

    private static func derive(_ password: String, _ salt: [UInt8], _ cost: Cost) throws -> SymmetricKey {
        // Normalize, so that the same letters from different keyboards are the same password.
        try KDF.Scrypt.deriveKey(
            from: Array(password.precomposedStringWithCanonicalMapping.utf8),
            salt: salt,
            outputByteCount: length,
            rounds: cost.rounds,
            blockSize: cost.blockSize,
            parallelism: cost.parallelism,
            maxMemory: 128 << 20
        )
    }

    /// A fixed text that does not reveal the hash.
    package var description: String { "a hashed password" }
    /// An empty mirror, so that nothing is revealed.
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

/// The rule for new passwords.
package enum PasswordRule {
    static let fewest = 12
    static let mostBytes = 1024

    /// - Throws: ``Failure`` for a password that is too short, too long, or contains control characters.
    package static func check(_ password: String) throws(Failure) {
        guard password.count >= fewest else {
            throw Failure(
                .badInput,
                "a password has at least \(fewest) characters; this one has fewer. Nothing was changed"
            )
        }
        guard password.utf8.count <= mostBytes else {
            throw Failure(.badInput, "a password has at most \(mostBytes) bytes. Nothing was changed")
        }
        guard !password.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw Failure(.badInput, "a password has no control characters. Nothing was changed")
        }
    }
}

extension SystemRandomNumberGenerator {
    /// Random bytes of the system's secure source.
    package static func bytes(_ count: Int) -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }
}
