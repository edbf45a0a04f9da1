import Crypto
import Streaming

/// The secret under which webhook deliveries are signed.
///
/// It never prints itself.
package struct WebhookSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Why there is no secret.
    package struct Failure: Error, CustomStringConvertible {
        /// What is wrong and what to do.
        package let description: String
    }

    /// The fewest bytes of a secret.
    package static let minimumLength = 32

    private let key: SymmetricKey

    /// A secret of these bytes; a line end behind them does not count.
    package init(bytes: [UInt8]) throws(Failure) {
        let bytes = Array(bytes.reversed().drop { $0 == 0x0A || $0 == 0x0D }.reversed())
        guard bytes.count >= Self.minimumLength else {
            throw Failure(
                description:
                    "the webhook's secret needs at least \(Self.minimumLength) bytes; `openssl rand -hex 32` makes a good one"
            )
        }
        key = SymmetricKey(data: bytes)
    }

    /// The secret in a file that nobody but its owner can read.
    package init(contentsOf path: String) throws(Failure) {
        let bytes: [UInt8]
        do {
            bytes = try OwnersFile.bytes(path, "the webhook's secret")
        } catch {
            throw Failure(description: error.description)
        }
        try self.init(bytes: bytes)
    }

    /// HMAC-SHA256 over `<timestamp>.<body>`, hexadecimal.
    package func signature(timestamp: Int64, body: [UInt8]) -> String {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array("\(timestamp).".utf8))
        code.update(data: body)
        return code.finalize().hexadecimal
    }

    /// Nothing of the secret.
    package var description: String { "WebhookSecret(hidden)" }
    /// Nothing of the secret.
    package var debugDescription: String { description }
    /// Nothing of the secret.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
