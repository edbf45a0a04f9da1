internal import ArgumentParser
internal import Foundation
internal import Operating
internal import Reading
internal import Rules

/// `accountability account`: who signs in to the console of this machine.
struct AccountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account",
        abstract: "Adds, lists and removes the accounts of the console, and changes their passwords.",
        discussion: """
              accountability account add mhall --role data
              accountability account add springfield --role district --district 02810000
              accountability account add jdoe --role approver --single-sign-on jane.doe@example.org
              accountability account password mhall
              accountability account list
              accountability account remove mhall

            Without any account the console asks nobody to sign in: it shows everything, read-only, to anyone who can reach it on this \
            machine. With an account, it shows only official results until somebody signs in. Each role may do what the roles before it may:

              district    sees its own organizations, once their results are released to it, and its own files; submits files of its students
              data        sees everything the Department sees; submits files of every layout
              approver    opens and closes years, approves, rejects and withdraws submissions, releases results
              operator    retries failed deliveries and quarantined records

            The accounts are in one file of $ACCOUNTABILITY_HOME that only its owner may read. Passwords are stored as scrypt hashes (N = \
            32768, r = 8, p = 3, a random salt each). An account for single sign-on has no password here: the person signs in at the provider of \
            OpenID Connect that the file of `accountability up --console-single-sign-on` names. A running console takes a change at once, and \
            signs out people whose account was changed or removed.

            Exit codes: 0 done; 64 usage; 65 there is no such account, or it or its identity is there already, or the password is too short; 78 the file cannot be \
            read or written.
            """,
        subcommands: [AddAccount.self, ListAccounts.self, RemoveAccount.self, ChangePassword.self]
    )
}

/// The name of an account.
struct AccountNameArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The account's name, as it signs in and as the audit trail names it.", valueName: "name")
    )
    var name: String

    func validate() throws {
        guard Account.isName(name) else {
            throw ValidationError(
                "a name has 1 to 64 small letters, digits, '.', '-', '_' or '@', and begins with a letter"
            )
        }
    }

    /// The error if there is no account of this name.
    var isUnknown: Failure {
        Failure(.badInput, "there is no account \(name): `accountability account list` lists them. Nothing was changed")
    }

    /// The error if the account is one for single sign-on.
    var hasNoPassword: Failure {
        Failure(
            .badInput,
            "the account \(name) is for single sign-on and has no password: to give it one, remove it and add it again. Nothing was changed"
        )
    }
}

/// `accountability account add`.
struct AddAccount: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Adds an account.",
        discussion: """
            The password is asked for on the terminal, twice and unseen; --password-file reads it from the first line of a file, or of standard \
            input (-). It has at least 12 characters. It is never an argument, which others on the machine could read.

            With --single-sign-on, there is no password. The person signs in at the provider of OpenID Connect, and the identity is what the \
            provider's token says in the claim that the console's settings name, by default the verified address (email). It must be the same to \
            the letter.
            """
    )

    @OptionGroup var account: AccountNameArgument

    @Option(help: ArgumentHelp("Its role: \(Account.roles).", valueName: "role"))
    var role: String

    @Option(help: ArgumentHelp("The district's code, with --role district.", valueName: "code"))
    var district: String?

    @Option(
        help: ArgumentHelp(
            "The person's identity at the provider of single sign-on, instead of a password.",
            valueName: "identity"
        )
    )
    var singleSignOn: String?

    @OptionGroup var password: PasswordOption

    func validate() throws {
        guard singleSignOn == nil || password.passwordFile == nil else {
            throw ValidationError("--single-sign-on goes without a password")
        }
        guard singleSignOn.map(Account.isIdentity) ?? true else {
            throw ValidationError(
                "--single-sign-on takes 1 to 255 bytes without control characters and without spaces at the ends"
            )
        }
        guard Role.ofAccounts.contains(where: { $0.rawValue == role }) else {
            throw ValidationError("--role takes one of \(Account.roles)")
        }
        guard district.map({ OrganizationCode($0)?.isDistrict == true }) ?? true,
            (role == "district") == (district != nil)
        else {
            throw ValidationError("--district takes a district's code of eight digits and goes with --role district")
        }
    }

    func operate() throws {
        let file = AccountFile(Home())
        let known = Failure(
            .badInput,
            "there is an account \(account.name) already: remove it first, or change its password. Nothing was changed"
        )
        guard try !file.read().contains(where: { $0.name == account.name }) else { throw known }
        let credential =
            try singleSignOn.map(Account.Credential.identity)
            ?? .password(PasswordHash(of: try password.read()))
        try file.change { accounts in
            guard !accounts.contains(where: { $0.name == account.name }) else { throw known }
            if let other = accounts.first(where: { $0.identity != nil && $0.identity == singleSignOn }) {
                throw Failure(
                    .badInput,
                    "the account \(other.name) has this identity already, and an identity has one account. Nothing was changed"
                )
            }
            accounts.append(
                try Account(
                    name: account.name,
                    role: Role(rawValue: role) ?? .everybody,
                    district: district.flatMap { OrganizationCode($0) },
                    since: Int64(Date().timeIntervalSince1970 * 1000),
                    credential: credential
                )
            )
        }
        Standard.line("added \(account.name), \(role)\(district.map { " \($0)" } ?? "")")
    }
}

/// `accountability account list`.
struct ListAccounts: OperatorCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the accounts.")

    @OptionGroup var output: FormatOption

    func operate() throws {
        let accounts = try AccountFile(Home()).read()
        let listing = Listing(
            ["name", "role", "district", "since", "single_sign_on"],
            accounts.map { account in
                let since = Date(timeIntervalSince1970: Double(account.since) / 1000).ISO8601Format()
                return [
                    account.name, account.role.rawValue, account.district?.description ?? "", since,
                    account.identity ?? "",
                ]
            }
        )
        try listing.write(output.chosen)
    }
}

/// `accountability account remove`.
struct RemoveAccount: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Removes an account; it is signed out everywhere."
    )

    @OptionGroup var account: AccountNameArgument

    func operate() throws {
        let isLast = try AccountFile(Home())
            .change { accounts in
                guard let place = accounts.firstIndex(where: { $0.name == account.name }) else {
                    throw account.isUnknown
                }
                accounts.remove(at: place)
                return accounts.isEmpty
            }
        Standard.line("removed \(account.name)")
        guard isLast else { return }
        Standard.error(
            "account: warning: no account is left, so the console shows everything, read-only, to anyone who can reach it on this machine"
        )
    }
}

/// `accountability account password`.
struct ChangePassword: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "password",
        abstract: "Changes the password of an account; it is signed out everywhere."
    )

    @OptionGroup var account: AccountNameArgument

    @OptionGroup var password: PasswordOption

    func operate() throws {
        let file = AccountFile(Home())
        guard let found = try file.read().first(where: { $0.name == account.name }) else { throw account.isUnknown }
        guard found.identity == nil else { throw account.hasNoPassword }
        let hash = try PasswordHash(of: try password.read())
        try file.change { accounts in
            guard let place = accounts.firstIndex(where: { $0.name == account.name }) else { throw account.isUnknown }
            guard accounts[place].identity == nil else { throw account.hasNoPassword }
            accounts[place].credential = .password(hash)
        }
        Standard.line("changed the password of \(account.name)")
    }
}
