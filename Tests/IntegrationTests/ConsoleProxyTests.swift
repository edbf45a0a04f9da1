import Foundation
import Testing

/// The console behind a proxy that ends TLS, with single sign-on, as people reach it from other machines.
@Suite(
    .serialized,
    .enabled(
        if: TestEnvironment.canRun && TestEnvironment.python != nil,
        "ACCOUNTABILITY_BIN, ACCOUNTABILITY_TEST_BROKERS or ACCOUNTABILITY_PYTHON is not set"
    )
) final class ConsoleProxyTests {
    private static let name = "accountability.example.org"
    private let folder = FileManager.default.temporaryDirectory.appending(path: "proxy-\(UUID().uuidString)").path
    private var programs: [Process] = []

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

    deinit {
        for program in programs {
            kill(program.processIdentifier, SIGKILL)
            program.waitUntilExit()
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Starts a program of the tests; returns the ports that it listens at.
    private func start(_ client: String, _ arguments: [String]) throws -> [Int] {
        let process = Process()
        process.executableURL = URL(filePath: try #require(TestEnvironment.python))
        process.arguments = ["\(TestEnvironment.repository)/Tests/IntegrationTests/Clients/\(client)"] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        programs.append(process)
        let line = firstLine(of: output)
        let ports = line.split(separator: " ").dropFirst().compactMap { Int($0) }
        try #require(!ports.isEmpty, "\(client) did not start: \(line)")
        return ports
    }

    private func openssl(_ arguments: [String]) throws {
        let made = try run("/usr/bin/env", ["openssl"] + arguments)
        try #require(made.code == 0, "openssl: \(made.errors)")
    }

    /// Writes a file that only its owner may read.
    private func write(_ name: String, _ text: String) throws -> String {
        let path = "\(folder)/\(name)"
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
        try #require(FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: attributes))
        return path
    }

    /// The answer with its headers, through the proxy, with a browser's cookies.
    private func curl(_ url: String, _ port: Int, _ options: [String] = []) throws -> String {
        try run(
            "/usr/bin/curl",
            [
                "-s", "-i", "-m", "60", "--cacert", "\(folder)/certificate", "--resolve",
                "\(Self.name):\(port):127.0.0.1",
                "-b", "\(folder)/jar", "-c", "\(folder)/jar",
            ] + options + [url]
        )
        .output
    }

    private func header(_ name: String, of answer: String) -> String? {
        answer.split(whereSeparator: \.isNewline).first { $0.lowercased().hasPrefix("\(name): ") }
            .map { String($0.dropFirst(name.count + 2)) }
    }

    @Test("People sign in through the proxy, with a password and at a provider", .timeLimit(.minutes(30)))
    func wholeWay() throws {
        try openssl([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "\(folder)/key", "-out",
            "\(folder)/certificate",
            "-days", "2", "-subj", "/CN=\(Self.name)", "-addext", "subjectAltName=DNS:\(Self.name)",
        ])
        try openssl(["genrsa", "-out", "\(folder)/provider-key", "2048"])
        let namespace = "proxy\(UInt32.random(in: .min ... .max))"
        let home = FileManager.default.temporaryDirectory.appending(path: "accountability-\(namespace)").path
        let target = "\(home)/run/console-1.address"
        let ports = try start("https_proxy.py", ["\(folder)/certificate", "\(folder)/key", target])
        let (port, plainPort) = (ports[0], ports[1])
        let provider = try start("identity_provider.py", ["\(folder)/provider-key"])[0]
        _ = try write("secret", "a secret\n")
        let settings = try write(
            "single-sign-on.json",
            #"{"issuer": "http://127.0.0.1:\#(provider)", "client": "console", "secretFile": "secret"}"#
        )
        let origin = "https://\(Self.name):\(port)"
        let installation = try Installation(
            partitions: 1,
            namespace: namespace,
            options: [
                "--console", "--console-listen", "127.0.0.1:0", "--console-address", origin,
                "--console-single-sign-on", settings,
            ]
        )
        try #require(installation.home == home)
        let direct = try String(contentsOfFile: target, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)

        // Nobody has an account yet: nothing is open to everyone who reaches the proxy.
        #expect(try curl("\(origin)/run", port).hasPrefix("HTTP/1.1 303"))
        let password = try write("password", "a long password\n")
        try installation.must(["account", "add", "clerk", "--role", "data", "--password-file", password])
        try installation.must(
            ["account", "add", "jane", "--role", "operator", "--single-sign-on", "jane.doe@example.org"]
        )

        // With a password. curl keeps a cookie with this prefix only if it is marked as it must be.
        let page = try curl("\(origin)/sign-in", port)
        #expect(header("strict-transport-security", of: page) == "max-age=31536000")
        #expect(header("set-cookie", of: page)?.hasSuffix("; SameSite=Strict; Secure") == true)
        let token = String(try #require(page.firstMatch(of: /name="token" value="([0-9a-f]{64})"/)).1)
        let form = ["-d", "token=\(token)", "-d", "name=clerk", "--data-urlencode", "password=a long password"]
        for foreign in ["http://\(Self.name):\(port)", "http://\(direct)", "https://evil.example"] {
            let refused = try curl("\(origin)/sign-in", port, form + ["-H", "Origin: \(foreign)"])
            #expect(refused.hasPrefix("HTTP/1.1 403"), "\(foreign)")
        }
        let own = ["-H", "Origin: \(origin)", "-H", "Sec-Fetch-Site: same-origin"]
        #expect(try curl("\(origin)/sign-in", port, form + own).hasPrefix("HTTP/1.1 303"))
        let files = try curl("\(origin)/files", port)
        #expect(files.hasPrefix("HTTP/1.1 200") && files.contains("clerk"))
        let events = try curl("\(origin)/events", port, ["-N", "-m", "2"])
        #expect(events.contains("data: ") && header("x-accel-buffering", of: events) == "no")
        try FileManager.default.removeItem(atPath: "\(folder)/jar")

        // At the provider.
        let begun = try curl("\(origin)/sign-in/single-sign-on?next=/quarantine", port)
        let authorize = try #require(header("location", of: begun), "\(begun)")
        #expect(authorize.contains("redirect_uri=https%3A%2F%2F\(Self.name)%3A\(port)%2Fsign-in%2Fcallback"))
        let callback = try #require(header("location", of: try curl(authorize, port)))
        #expect(callback.hasPrefix("\(origin)/sign-in/callback?"))
        let finished = try curl(callback, port, ["-H", "Sec-Fetch-Site: cross-site"])
        #expect(finished.hasPrefix("HTTP/1.1 200") && finished.contains("jane"), "\(finished)")
        #expect(try curl("\(origin)/run", port).hasPrefix("HTTP/1.1 200"))

        // Without TLS, and past the proxy.
        let plain = "http://\(Self.name):\(plainPort)/run?a=b"
        let moved = try curl(plain, plainPort, ["-H", "Host: \(Self.name):\(port)"])
        #expect(moved.hasPrefix("HTTP/1.1 308") && header("location", of: moved) == "\(origin)/run?a=b")
        let sent = try curl(plain, plainPort, ["-H", "Host: \(Self.name):\(port)", "-d", "token=\(token)"])
        #expect(sent.hasPrefix("HTTP/1.1 403"))
        #expect(try curl("http://\(direct)/run", port).hasPrefix("HTTP/1.1 421"))
        #expect(try curl("http://\(direct)/ready", port).hasPrefix("HTTP/1.1 200"))
        #expect(try curl("\(origin)/metrics", port).hasPrefix("HTTP/1.1 404"))
        #expect(try installation.must(["doctor"]).output.contains("console (console-1): ready"))
    }
}
