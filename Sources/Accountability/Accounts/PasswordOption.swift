internal import ArgumentParser
internal import Foundation
internal import Operating

/// The source of a new password, which is never an argument.
struct PasswordOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with the password in its first line, or - for standard input; default: the terminal asks for it.",
            valueName: "file"
        )
    )
    var passwordFile: String?

    /// The password.
    ///
    /// - Throws: `Failure` if it cannot be read, or does not meet the rules.
    func read() throws -> String {
        let password = try passwordFile.map(Self.firstLine) ?? Self.asked()
        try PasswordRule.check(password)
        return password
    }

    private static func firstLine(of path: String) throws -> String {
        let data: Data?
        if path == "-" {
            data = try FileHandle.standardInput.readToEnd()
        } else {
            data = FileManager.default.contents(atPath: path)
            guard data != nil else { throw Failure(.badInput, "\(path) cannot be read. Nothing was changed") }
        }
        guard let text = String(data: data ?? Data(), encoding: .utf8) else {
            throw Failure(.badInput, "the password is not UTF-8. Nothing was changed")
        }
        let line = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).first ?? ""
        return String(line)
    }

    private static func asked() throws -> String {
        guard isatty(0) == 1 else {
            throw Failure(
                .usage,
                "there is no terminal to ask for the password on: name a file with --password-file, or - for standard input"
            )
        }
        let password = try unseen("New password: ")
        guard try unseen("The same again: ") == password else {
            throw Failure(.badInput, "the two are not the same. Nothing was changed")
        }
        return password
    }

    /// A line of the terminal that it does not show.
    ///
    /// Only C has the calls for this. They are unsafe because of their pointers, which live until each call returns. No
    /// library of the packages has such a call, and `getpass` keeps the password in memory of its own.
    private static func unseen(_ prompt: String) throws -> String {
        var before = termios()
        guard unsafe tcgetattr(0, &before) == 0 else {
            throw Failure(.configuration, "this terminal would show the password; use --password-file")
        }
        var quiet = before
        // Read Ctrl-C as a character. As a signal, it would end the program before the terminal shows letters again.
        quiet.c_lflag &= ~tcflag_t(ECHO | ISIG)
        unsafe tcsetattr(0, TCSAFLUSH, &quiet)
        defer {
            unsafe tcsetattr(0, TCSAFLUSH, &before)
            Standard.errorText("\n")
        }
        Standard.errorText(prompt)
        let line = readLine(strippingNewline: true) ?? ""
        guard !line.contains("\u{3}") else { throw ExitCode(130) }
        return line
    }
}
