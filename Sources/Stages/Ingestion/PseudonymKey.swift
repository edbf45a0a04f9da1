import Crypto
import Foundation

/// The operator's secret under which student identifiers become pseudonyms.
///
/// It never prints itself.
///
/// The file holds at least 32 bytes, readable only by its owner; a trailing line end does not count. A ledger uses one
/// key: with another key every student would get a different pseudonym.
public struct PseudonymKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The fewest bytes of a key.
    public static let minimumLength = 32

    let secret: SymmetricKey

    /// A key of these bytes.
    ///
    /// - Throws: ``PseudonymKeyError`` when there are fewer than ``minimumLength``.
    public init(bytes: [UInt8]) throws(PseudonymKeyError) {
        guard bytes.count >= PseudonymKey.minimumLength else {
            throw PseudonymKeyError(
                .tooShort,
                "a pseudonym key needs at least \(PseudonymKey.minimumLength) bytes, this one has \(bytes.count)"
            )
        }
        secret = SymmetricKey(data: bytes)
    }

    /// The key in a file.
    ///
    /// - Throws: ``PseudonymKeyError`` when it is missing, open to others than its owner, or too short.
    public init(contentsOf path: String) throws(PseudonymKeyError) {
        let attributes: [FileAttributeKey: Any]
        do {
            attributes = try FileManager.default.attributesOfItem(atPath: path)
        } catch {
            throw PseudonymKeyError(
                .unreadable,
                "the pseudonym key \(path) cannot be read: create one, or name another with --key",
                cause: error
            )
        }
        let permissions = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
        guard permissions & 0o077 == 0 else {
            throw PseudonymKeyError(
                .permissions,
                "others than its owner may use the pseudonym key \(path) (mode \(String(permissions, radix: 8))): "
                    + "chmod 600 it, and consider whether it is still secret"
            )
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw PseudonymKeyError(.unreadable, "the pseudonym key \(path) cannot be read: is it yours?")
        }
        var bytes = [UInt8](data)
        while let last = bytes.last, last == 0x0A || last == 0x0D { bytes.removeLast() }
        do {
            try self.init(bytes: bytes)
        } catch {
            throw PseudonymKeyError(.tooShort, "\(path): \(error.message)")
        }
    }

    /// Creates a key file with 256 random bits from the system's secure source, in hexadecimal, for its owner alone.
    ///
    /// - Throws: ``PseudonymKeyError`` when the file is there already or cannot be written.
    /// - Returns: the key.
    @discardableResult
    public static func create(at path: String) throws(PseudonymKeyError) -> PseudonymKey {
        var random = SystemRandomNumberGenerator()
        var text: [UInt8] = []
        for _ in 0..<4 {
            let word: UInt64 = random.next()
            for shift in stride(from: 60, through: 0, by: -4) {
                text.append(Hexadecimal.digit(UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 0xF))
            }
        }
        let files = FileManager.default
        guard !files.fileExists(atPath: path) else {
            throw PseudonymKeyError(
                .exists,
                "\(path) already exists, and replacing it would give every student a different pseudonym. Choose another path"
            )
        }
        let target = URL(fileURLWithPath: path)
        // Made in a folder that only its owner can enter, so that it is never open to others, not even for a moment.
        let folder = target.deletingLastPathComponent().appendingPathComponent(".\(target.lastPathComponent).new")
        do {
            try files.createDirectory(
                at: folder,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700]
            )
            defer { try? files.removeItem(at: folder) }
            let draft = folder.appendingPathComponent("key")
            try Data(text + [0x0A]).write(to: draft, options: .withoutOverwriting)
            try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: draft.path)
            try files.moveItem(at: draft, to: target)
        } catch {
            throw PseudonymKeyError(.unwritable, "the pseudonym key \(path) cannot be written", cause: error)
        }
        return try PseudonymKey(bytes: text)
    }

    /// A fingerprint that identifies this key without revealing it: 16 bytes of an HMAC under the key.
    public var fingerprint: [UInt8] {
        let code = HMAC<SHA256>
            .authenticationCode(for: Array("accountability, fingerprint of a pseudonym key".utf8), using: secret)
        return Array(code.prefix(16))
    }

    /// 32 bytes that only the key can produce and that do not reveal it: an HMAC of a name.
    ///
    /// - Parameter name: the purpose. The hashed text has blanks and a comma, which no student identifier has, so the
    ///   result cannot equal a pseudonym.
    /// - Returns: the same bytes for the same name.
    public func salt(of name: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array("accountability, salt of \(name)".utf8), using: secret))
    }

    /// Says that there is a key, not which.
    public var description: String { "a pseudonym key" }
    /// Says that there is a key, not which.
    public var debugDescription: String { description }
    /// Shows nothing.
    public var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

/// Why a pseudonym key cannot be used.
public struct PseudonymKeyError: Error, Sendable, CustomStringConvertible {
    /// The kind of an error.
    public struct Code: Sendable, Hashable {
        /// The kind's stable name.
        public let name: String

        /// The file is missing or not readable.
        public static let unreadable = Code(name: "key_unreadable")
        /// Others than its owner may read or write it.
        public static let permissions = Code(name: "key_permissions")
        /// It is too short.
        public static let tooShort = Code(name: "key_too_short")
        /// A key is there already.
        public static let exists = Code(name: "key_exists")
        /// It cannot be written.
        public static let unwritable = Code(name: "key_unwritable")
    }

    /// The kind of the error.
    public let code: Code
    /// What is wrong and what to do.
    public let message: String
    /// What the system said.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Message and cause.
    public var description: String { cause.map { "\(message): \($0)" } ?? message }
}

/// Lower-case hexadecimal.
enum Hexadecimal {
    /// The digit of a number from 0 to 15.
    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + (value & 0xF) - 10
    }

    /// Two digits a byte.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digit(byte >> 4))
            text.append(digit(byte & 0xF))
        }
        return String(decoding: text, as: UTF8.self)
    }
}
