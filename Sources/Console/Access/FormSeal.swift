internal import Crypto
internal import Foundation
internal import Operating
internal import Streaming

/// Tells a form of this console from one that a stranger's page sends in the name of somebody who is signed in.
///
/// A form carries an HMAC of its browser's cookie under a key that only this life of the console has. A stranger knows
/// neither.
struct FormSeal: Sendable {
    private let key = SymmetricKey(size: .bits256)

    /// What the forms of a browser carry.
    func token(for cookie: String) -> String {
        HMAC<SHA256>.authenticationCode(for: Array(cookie.utf8), using: key).hexadecimal
    }

    /// Whether a form carries it; the comparison takes as long for every answer.
    func isToken(_ text: String, for cookie: String) -> Bool {
        guard text.utf8.count == 64 else { return false }
        let bytes = stride(from: 0, to: 64, by: 2).compactMap { UInt8(text.dropFirst($0).prefix(2), radix: 16) }
        return bytes.count == 32
            && HMAC<SHA256>.isValidAuthenticationCode(bytes, authenticating: Array(cookie.utf8), using: key)
    }

    /// Tells a browser from others, and nothing of its cookie.
    func tag(of cookie: String) -> String { String(token(for: "tag \(cookie)").prefix(16)) }
}
