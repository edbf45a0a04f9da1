package import Foundation
internal import Rules
internal import Stages

/// The accounts of the console, in one file of the home that only its owner may read.
///
/// A reader sees either the complete old file or the complete new one. A damaged file is refused as a whole, so no one
/// can sign in.
package struct AccountFile: Sendable {
    package let home: Home

    package init(_ home: Home) { self.home = home }

    /// The file.
    package var url: URL { folder.appendingPathComponent("accounts.json") }

    private var folder: URL { home.directory.appendingPathComponent("console", isDirectory: true) }

    /// Identifies one version of the file.
    package struct Stamp: Hashable, Sendable {
        let modified: Date
        let number: Int
        let size: Int
    }

    /// The stamp of the current file; nil if there is no file.
    ///
    /// - Throws: ``Failure`` if it cannot be checked, or if anyone but its owner may read or write it.
    package func stamp() throws(Failure) -> Stamp? {
        let attributes: [FileAttributeKey: Any]
        do {
            attributes = try FileManager.default.attributesOfItem(atPath: url.path)
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
            return nil
        } catch {
            throw Failure(.configuration, "\(url.path) cannot be checked: \(FileErrorText.words(error))")
        }
        let permissions = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
        guard permissions & 0o077 == 0 else {
            throw Failure(
                .configuration,
                "users other than its owner may use \(url.path) (mode \(String(permissions, radix: 8))): chmod 600 it, and have every account get a new "
                    + "password"
            )
        }
        return Stamp(
            modified: attributes[.modificationDate] as? Date ?? .distantPast,
            number: (attributes[.systemFileNumber] as? NSNumber)?.intValue ?? 0,
            size: (attributes[.size] as? NSNumber)?.intValue ?? 0
        )
    }

    /// The accounts, sorted by name; empty if there is no file.
    ///
    /// - Throws: ``Failure`` for a file that this program did not write.
    package func read() throws(Failure) -> [Account] {
        guard try stamp() != nil else { return [] }
        guard let data = FileManager.default.contents(atPath: url.path) else {
            throw Failure(.configuration, "\(url.path) cannot be read: is it yours?")
        }
        do {
            let accounts = try JSONDecoder().decode(Content.self, from: data).accounts.map { try $0.account() }
            let identities = accounts.compactMap(\.identity)
            guard Set(accounts.map(\.name)).count == accounts.count, Set(identities).count == identities.count else {
                throw Damage()
            }
            return accounts.sorted { $0.name < $1.name }
        } catch {
            throw Failure(
                .configuration,
                "\(url.path) is not a file that `accountability account` wrote. Restore it, or remove it and add the accounts again"
            )
        }
    }

    /// Changes the accounts.
    ///
    /// Concurrent changes are not lost.
    package func change<Result>(_ body: (inout [Account]) throws -> Result) throws -> Result {
        try home.create()
        let lock = try HomeLock(home, "account")
        defer { lock.release() }
        var accounts = try read()
        let result = try body(&accounts)
        try write(accounts)
        return result
    }

    private func write(_ accounts: [Account]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(Content(accounts: accounts.map(Entry.init)))
        let draft = folder.appendingPathComponent(".accounts.json.draft").path
        do {
            let files = FileManager.default
            try files.createDirectory(
                at: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
            guard files.createFile(atPath: draft, contents: nil, attributes: [.posixPermissions: 0o600]),
                let handle = FileHandle(forWritingAtPath: draft)
            else { throw CocoaError(.fileWriteUnknown) }
            try handle.write(contentsOf: data + Data("\n".utf8))
            try handle.synchronize()
            try handle.close()
            // Replace the file in one step. Otherwise a console could find no file and treat this as having no
            // accounts. Foundation's `moveItem` refuses to replace a file. The C call is unsafe because of its
            // pointers, which live until it returns.
            guard unsafe rename(draft, url.path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            throw Failure(
                FileErrorText.isFull(error) ? .tryAgain : .configuration,
                "\(url.path) cannot be written: \(FileErrorText.words(error)). Nothing was changed"
            )
        }
    }
}

/// The file of accounts is damaged.
private struct Damage: Error {}

/// The file's format.
private struct Content: Codable {
    var accounts: [Entry]
}

private struct Entry: Codable {
    struct Password: Codable {
        var function: String
        var rounds: Int
        var blockSize: Int
        var parallelism: Int
        var salt: Data
        var digest: Data
    }

    var name: String
    var role: String
    var district: String?
    var since: Int64
    var password: Password?
    var identity: String?

    init(_ account: Account) {
        name = account.name
        role = account.role.rawValue
        district = account.district?.description
        since = account.since
        identity = account.identity
        password = account.password.map { hash in
            Password(
                function: Self.function,
                rounds: hash.cost.rounds,
                blockSize: hash.cost.blockSize,
                parallelism: hash.cost.parallelism,
                salt: Data(hash.salt),
                digest: Data(hash.digest)
            )
        }
    }

    private static let function = "scrypt"

    func account() throws -> Account {
        guard let role = Role(rawValue: role) else { throw Damage() }
        let code = try district.map { text in
            guard let code = OrganizationCode(text) else { throw Damage() }
            return code
        }
        return try Account(name: name, role: role, district: code, since: since, credential: try credential())
    }

    private func credential() throws -> Account.Credential {
        if let identity, password == nil { return .identity(identity) }
        guard let password, identity == nil, password.function == Self.function else { throw Damage() }
        let cost = PasswordHash.Cost(
            rounds: password.rounds,
            blockSize: password.blockSize,
            parallelism: password.parallelism
        )
        guard let hash = PasswordHash(cost: cost, salt: Array(password.salt), digest: Array(password.digest)) else {
            throw Damage()
        }
        return .password(hash)
    }
}
