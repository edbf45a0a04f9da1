internal import Crypto
internal import Foundation
internal import Operating
internal import Streaming

/// Distinguishes a form of this console from a form that a foreign page sends in a signed-in person's name.
///
/// A form carries an HMAC of its browser's cookie. The key exists only in this process. A foreign page knows neither.
struct FormSeal: Sendable {
    private let key = SymmetricKey(size: .bits256)

    /// The token that the forms of a browser carry.
    func token(for cookie: String) -> String {
        HMAC<SHA256>.authenticationCode(for: Array(cookie.utf8), using: key).hexadecimal
    }

    /// Whether a text is the token of a browser's forms.
    ///
    /// The comparison takes constant time.
    func isToken(_ text: String, for cookie: String) -> Bool {
        guard text.utf8.count == 64 else { return false }
        let bytes = stride(from: 0, to: 64, by: 2).compactMap { UInt8(text.dropFirst($0).prefix(2), radix: 16) }
        return bytes.count == 32
            && HMAC<SHA256>.isValidAuthenticationCode(bytes, authenticating: Array(cookie.utf8), using: key)
    }

    /// Distinguishes a browser from others without revealing its cookie.
    func tag(of cookie: String) -> String { String(token(for: "tag \(cookie)").prefix(16)) }
}
