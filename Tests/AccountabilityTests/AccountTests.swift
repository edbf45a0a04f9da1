import ArgumentParser
import Foundation
import Operating
import Rules
import Testing

@testable import accountability

/// Who signs in to the console: the file of accounts and its passwords.
@Suite struct AccountTests {
    private static let cheap = PasswordHash.Cost(rounds: 16, blockSize: 8, parallelism: 1)

    /// A home of its own, which is gone afterwards.
    private func inHome<Result>(_ body: (AccountFile) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "accounts-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(AccountFile(Home(environment: ["ACCOUNTABILITY_HOME": folder.path])))
    }

    private func account(_ name: String, _ role: Role = .data, _ district: String? = nil) throws -> Account {
        try Account(
            name: name,
            role: role,
            district: district.flatMap { OrganizationCode($0) },
            since: 1,
            credential: .password(PasswordHash(of: "a long password", cost: Self.cheap))
        )
    }

    @Test("A kept password is what another implementation of scrypt makes of it")
    func scrypt() throws {
        // Python 3's hashlib.scrypt of the same, with salt=bytes(range(32)), n=1024, r=8, p=2, dklen=32.
        let expected = "be73df631167d50caea5ab760b022ace2018f5382e6a19f17e76bfe329c5df53"
        let digest = stride(from: 0, to: 64, by: 2)
            .compactMap { place in
                let start = expected.index(expected.startIndex, offsetBy: place)
                return UInt8(expected[start..<expected.index(start, offsetBy: 2)], radix: 16)
            }
        let cost = PasswordHash.Cost(rounds: 1024, blockSize: 8, parallelism: 2)
        let hash = try #require(PasswordHash(cost: cost, salt: Array(0..<32), digest: digest))
        #expect(try hash.matches("pässword of a person"))
        // Typed on another keyboard: a letter and its dots.
        #expect(try hash.matches("pa\u{308}ssword of a person"))
        for other in ["", "passwort of a person", "pässword of a person ", "Pässword of a person"] {
            #expect(try !hash.matches(other))
        }
        #expect("\(hash)" == "a hashed password")
        #expect(Mirror(reflecting: hash).children.isEmpty && !"\(Optional(hash) as Any)".contains("115"))
    }

    @Test("The same password twice is kept under two salts")
    func salts() throws {
        let first = try PasswordHash(of: "a long password", cost: Self.cheap)
        let second = try PasswordHash(of: "a long password", cost: Self.cheap)
        #expect(first.salt != second.salt && first.digest != second.digest && first.salt.count == 32)
        #expect(try first.matches("a long password") && second.matches("a long password"))
    }

    @Test(
        "A cost that no machine bears is no cost",
        arguments: [(0, 8, 1), (3, 8, 1), (1 << 17, 8, 1), (1024, 0, 1), (1024, 9, 1), (1024, 8, 0), (1024, 8, 17)]
    )
    func costs(rounds: Int, blockSize: Int, parallelism: Int) {
        let cost = PasswordHash.Cost(rounds: rounds, blockSize: blockSize, parallelism: parallelism)
        #expect(!cost.isSound)
        #expect(PasswordHash(cost: cost, salt: Array(0..<32), digest: Array(0..<32)) == nil)
        #expect(PasswordHash.Cost.standard.isSound)
    }

    @Test("Passwords that are too short or steer a terminal are refused")
    func rule() throws {
        for text in ["", "eleven char", "a long\u{7}password", String(repeating: "é", count: 600)] {
            #expect(throws: Failure.self) { try PasswordRule.check(text) }
        }
        try PasswordRule.check("twelve chars")
    }

    @Test("Names, roles and districts belong together")
    func names() throws {
        for name in ["", "Anna", "1a", "a b", "a/b", "ä", "a\n", "-a", String(repeating: "a", count: 65)] {
            #expect(!Account.isName(name), "\(name)")
            #expect(throws: Failure.self) { try account(name) }
        }
        #expect(throws: Failure.self) { try account("a", .district) }
        #expect(throws: Failure.self) { try account("a", .district, "00350012") }
        #expect(throws: Failure.self) { try account("a", .data, "00350000") }
        #expect(throws: Failure.self) { try account("a", .everybody) }
        #expect(try account("a.b-c_d@example.org", .district, "00350000").district?.description == "00350000")
        #expect(Role.allCases == Role.allCases.sorted() && Role.allCases.map(\.rawValue).first == "public")
    }

    @Test("The file is its owner's, and comes back as it was written")
    func file() throws {
        try inHome { file in
            #expect(try file.read().isEmpty && file.stamp() == nil)
            let accounts = [try account("anna"), try account("springfield", .district, "02810000")]
            try file.change { $0 = accounts.reversed() }
            #expect(try file.read() == accounts)
            func mode(_ url: URL) throws -> Int? {
                (try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? NSNumber)?.intValue
            }
            #expect(try mode(file.url) == 0o600)
            #expect(try mode(file.url.deletingLastPathComponent()) == 0o700)
            let stamp = try file.stamp()
            _ = try file.change { $0.removeLast() }
            #expect(try file.stamp() != stamp)
            #expect(try file.read().map(\.name) == ["anna"])
            let text = try String(contentsOf: file.url, encoding: .utf8)
            #expect(!text.contains("a long password"))
        }
    }

    @Test("A file that others may read, or that is damaged, lets nobody in")
    func damaged() throws {
        try inHome { file in
            try file.change { $0 = [try account("anna")] }
            let whole = try String(contentsOf: file.url, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.url.path)
            #expect(throws: Failure.self) { try file.read() }
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.url.path)
            #expect(try file.read().count == 1)
            let damages = [
                "", "{}", whole.replacing("\"name\"", with: "\"identity\" : \"a\", \"name\""),
                String(whole.dropLast(20)), whole.replacing("\"data\"", with: "\"public\""),
                whole.replacing("\"data\"", with: "\"district\""), whole.replacing("scrypt", with: "md5"),
                whole.replacing("\"anna\"", with: "\"Anna\""),
                whole.replacing("\"rounds\" : 16", with: "\"rounds\" : 17"),
            ]
            for damage in damages {
                #expect(damage != whole)
                try Data(damage.utf8).write(to: file.url)
                #expect(throws: Failure.self, "\(damage.prefix(80))") { try file.read() }
                #expect(throws: Failure.self) { try file.change { $0 = [] } }
            }
        }
    }

    @Test("An account for single sign-on has an identity of its own, and no password")
    func identities() throws {
        func account(_ name: String, _ identity: String) throws -> Account {
            try Account(name: name, role: .data, district: nil, since: 1, credential: .identity(identity))
        }
        try inHome { file in
            let accounts = [try self.account("anna"), try account("bert", "Bert@example.org")]
            try file.change { $0 = accounts }
            #expect(try file.read() == accounts)
            #expect(accounts[1].password == nil && accounts[1].identity == "Bert@example.org")
            #expect(accounts[0].identity == nil)
            try file.change { $0.append(try account("carl", "Bert@example.org")) }
            #expect(throws: Failure.self, "two accounts of one identity") { try file.read() }
        }
        for identity in ["", " a", "a ", "a\u{7}", String(repeating: "a", count: 256)] {
            #expect(throws: Failure.self) { try account("bert", identity) }
        }
    }

    @Test("Changes at once: each is there or was refused")
    func together() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "accounts-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = AccountFile(Home(environment: ["ACCOUNTABILITY_HOME": folder.path]))
        let accounts = try (0..<24).map { try account("a\($0)") }
        let done = await withTaskGroup(of: String?.self) { group in
            for account in accounts {
                group.addTask { (try? file.change { $0.append(account) }).map { account.name } }
            }
            return await group.reduce(into: Set<String>()) { names, name in if let name { names.insert(name) } }
        }
        #expect(!done.isEmpty)
        #expect(try Set(file.read().map(\.name)) == done)
    }

    @Test("The command line takes no password, and checks what belongs together")
    func commandLine() throws {
        _ = try AddAccount.parse(["anna", "--role", "data"])
        _ = try AddAccount.parse(["s", "--role", "district", "--district", "02810000"])
        _ = try AddAccount.parse(["anna", "--role", "data", "--single-sign-on", "anna@example.org"])
        for arguments in [
            ["anna"], ["anna", "--role", "public"], ["anna", "--role", "district"],
            ["anna", "--role", "data", "--district", "02810000"], ["Anna", "--role", "data"],
            ["s", "--role", "district", "--district", "02810005"], ["anna", "--role", "data", "--password", "secret"],
            ["anna", "--role", "data", "--single-sign-on", ""],
            ["anna", "--role", "data", "--single-sign-on", "a", "--password-file", "b"],
        ] {
            #expect(throws: (any Error).self, "\(arguments)") { try AddAccount.parse(arguments) }
        }
    }
}
