import Foundation
import Testing

/// TLS and SASL by configuration, and secrets that appear nowhere, whatever goes wrong.
@Suite(
    .serialized,
    .enabled(
        if: TestEnvironment.canRun && TestEnvironment.python != nil,
        "ACCOUNTABILITY_BIN and the broker are not set; Deploy/test sets them"
    ),
    .timeLimit(.minutes(30))
)
struct SecretTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "secrets-\(UUID().uuidString)").path
    private let namespace = "tls\(UInt32.random(in: .min ... .max))"
    private let secret = "swordfish\(UInt64.random(in: .min ... .max))"

    /// A self-signed certificate for 127.0.0.1, and one for somebody else.
    private func certificate(_ name: String) throws -> (path: String, key: String) {
        let files = (path: "\(folder)/\(name).pem", key: "\(folder)/\(name).key")
        let made = try run(
            "/usr/bin/env",
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", files.key, "-out", files.path,
                "-days", "2", "-subj", "/CN=\(name)",
                "-addext", "subjectAltName=IP:127.0.0.1",
            ]
        )
        try #require(made.code == 0, "openssl: \(made.errors)")
        return files
    }

    /// Whether the librdkafka that the programs load is one before 2.6.1, which Apache Kafka 4 refuses.
    private func repeatsTheNonce() throws -> Bool {
        let found = try run(
            try #require(TestEnvironment.python),
            ["-c", "import ctypes; print(ctypes.CDLL('librdkafka.so.1').rd_kafka_version() < 0x020601ff)"]
        )
        try #require(found.code == 0, "\(found.errors)")
        return found.lines.first == "True"
    }

    private func call(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Outcome {
        try run(
            "\(TestEnvironment.programs ?? "")/accountability",
            arguments,
            environment: environment.merging(["ACCOUNTABILITY_HOME": "\(folder)/home"]) { $1 }
        )
    }

    @Test func tlsAndAPasswordFromAFileOrTheEnvironmentReachTheBroker() throws {
        try FileManager.default.createDirectory(atPath: "\(folder)/home", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let own = try certificate("own")
        let listener = try Listener(namespace: namespace, certificate: own)
        let common = ["--brokers", listener.address, "--namespace", namespace]
        let properties = "\(folder)/client.properties"
        try "security.protocol=SASL_SSL\nsasl.mechanisms=PLAIN\nsasl.username=worker\nssl.ca.location=\(own.path)\n"
            .write(toFile: properties, atomically: true, encoding: .utf8)
        let created = try call(
            ["topics", "--create", "--partitions", "2", "--replication", "1", "--properties-file", properties] + common,
            ["ACCOUNTABILITY_KAFKA_SASL_PASSWORD": secret]
        )
        #expect(created.code == 0, "\(created.errors)")
        #expect(created.output.contains("created \(namespace).accountability.submissions.v1"))
        // The password in the file, and the rest in the environment.
        try "sasl.password=\(secret)\n".write(toFile: properties, atomically: true, encoding: .utf8)
        let read = try call(
            ["topics"] + common,
            [
                "ACCOUNTABILITY_PROPERTIES_FILE": properties, "ACCOUNTABILITY_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
                "ACCOUNTABILITY_KAFKA_SASL_MECHANISMS": "PLAIN", "ACCOUNTABILITY_KAFKA_SASL_USERNAME": "worker",
                "ACCOUNTABILITY_KAFKA_SSL_CA_LOCATION": own.path,
            ]
        )
        #expect(read.code == 0, "\(read.errors)")
        for outcome in [created, read] { #expect(!outcome.output.contains(secret) && !outcome.errors.contains(secret)) }
    }

    @Test func eachMechanismIsTakenAndAWrongSecretRefused() throws {
        try FileManager.default.createDirectory(atPath: "\(folder)/home", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let own = try certificate("own")
        let listener = try Listener(namespace: namespace, certificate: own, account: "worker:\(secret)")
        let mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
        // All at once, as a client waits long for a broker that refuses it.
        var script = "export ACCOUNTABILITY_HOME=\(folder)/home\n"
        for mechanism in mechanisms {
            for isRight in [true, false] {
                let name = "\(folder)/\(mechanism)-\(isRight)"
                let account =
                    mechanism == "OAUTHBEARER"
                    ? "enable.sasl.oauthbearer.unsecure.jwt=true\nsasl.oauthbearer.config=principal=\(isRight ? "worker" : "stranger")\n"
                    : "sasl.username=worker\nsasl.password=\(isRight ? secret : secret + "x")\n"
                try "security.protocol=SASL_SSL\nsasl.mechanisms=\(mechanism)\nssl.ca.location=\(own.path)\n\(account)"
                    .write(toFile: name, atomically: true, encoding: .utf8)
                let command =
                    "timeout 90 \(TestEnvironment.programs ?? "")/accountability topics --brokers \(listener.address) --namespace \(namespace)"
                script +=
                    "( \(command) --properties-file \(name); echo $? > \(name).code ) > \(name).out 2>&1 < /dev/null &\n"
            }
        }
        _ = try run("/bin/bash", ["-c", script + "wait\n"])
        for mechanism in mechanisms {
            for isRight in [true, false] {
                let output = try String(contentsOfFile: "\(folder)/\(mechanism)-\(isRight).out", encoding: .utf8)
                let code = try String(contentsOfFile: "\(folder)/\(mechanism)-\(isRight).code", encoding: .utf8)
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                #expect(!output.contains(secret))
                if mechanism.hasPrefix("SCRAM"), try repeatsTheNonce() {
                    // Refused with the right password too, and the reason is told.
                    #expect(
                        code == "69" && output.contains("4895") && output.contains("PLAIN over TLS"),
                        "\(mechanism): \(code) \(output)"
                    )
                } else if isRight {
                    // The namespace is new: its topics are told to be missing, by a broker that answers.
                    #expect(
                        output.contains("submissions.v1") && !output.lowercased().contains("authentication"),
                        "\(mechanism): \(code) \(output)"
                    )
                } else {
                    #expect(
                        code == "69" && output.lowercased().contains("authentication"),
                        "\(mechanism): \(code) \(output)"
                    )
                }
            }
        }
    }

    @Test func workersOutlastARestartOfWhatSpeaksTLS() throws {
        try FileManager.default.createDirectory(atPath: "\(folder)/home", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let own = try certificate("own")
        let listener = try Listener(namespace: namespace, certificate: own, account: "worker:\(secret)")
        let file = "\(folder)/client.properties"
        try
            "security.protocol=SASL_SSL\nsasl.mechanisms=PLAIN\nssl.ca.location=\(own.path)\nsasl.username=worker\nsasl.password=\(secret)\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        let key = "\(folder)/home/pseudonym.key"
        try String(repeating: "5a", count: 32).write(toFile: key, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        let place = ["--brokers", listener.address, "--namespace", namespace, "--properties-file", file]
        func must(_ arguments: [String]) throws -> Outcome {
            let outcome = try call(arguments + place)
            try #require(outcome.code == 0, "\(arguments.prefix(2)): \(outcome.code) \(outcome.errors)")
            return outcome
        }
        _ = try must(["topics", "--create", "--partitions", "2", "--replication", "1"])
        let workers = try LooseWorkers(
            { _ in place + ["--listen", "none"] },
            environment: ["ACCOUNTABILITY_HOME": "\(folder)/home"],
            log: URL(filePath: "\(folder)/workers.log")
        )
        let state = try SyntheticState(students: 300, seed: 5)
        for year in ["2018", "2019"] { _ = try must(["open-year", year]) }
        for (number, file) in state.files.enumerated() {
            _ = try must(["submit", file])
            guard number % 3 == 1 else { continue }
            listener.stop()
            Thread.sleep(forTimeInterval: Double(number % 2) + 0.5)
            try listener.start()
        }
        for year in ["2018", "2019"] { _ = try must(["close-year", year, "--timeout", "120"]) }
        #expect(try must(["determinations", "2019", "--format", "csv"]).output.split(separator: "\n").count > 2)
        #expect(workers.stop() == Array(repeating: 0, count: 7), "no worker had to be started again")
        #expect(!(try String(contentsOfFile: "\(folder)/workers.log", encoding: .utf8)).contains(secret))
    }

    @Test func secretsAppearNowhereWhateverGoesWrong() throws {
        try FileManager.default.createDirectory(atPath: "\(folder)/home", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let own = try certificate("own")
        let other = try certificate("other")
        let listener = try Listener(namespace: namespace, certificate: own)
        let tls =
            "security.protocol=SASL_SSL\nssl.ca.location=\(other.path)\nsasl.username=worker\nsasl.password=\(secret)\n"
        let files = [
            "plain": tls + "sasl.mechanisms=PLAIN\n",
            "scram": tls.replacing(other.path, with: own.path) + "sasl.mechanisms=SCRAM-SHA-512\n",
            "oauth": tls
                + "sasl.mechanisms=OAUTHBEARER\nenable.sasl.oauthbearer.unsecure.jwt=true\nsasl.oauthbearer.config=principal=\(secret)\n",
            "closed":
                "bootstrap.servers=127.0.0.1:1\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanisms=PLAIN\nsasl.username=worker\nsasl.password=\(secret)\n",
            "pem": "security.protocol=SSL\nssl.key.pem=\(secret)\nssl.key.password=\(secret)\n",
            "malformed": "sasl.username=worker\n\(secret)\n",
            "unknown": "no.such.password=\(secret)\n",
        ]
        for (name, text) in files { try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8) }
        let key = "\(folder)/home/pseudonym.key"
        try String(repeating: "5a", count: 32).write(toFile: key, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)

        // All at once, as a client waits long for a broker that refuses it. Each writes its output and its exit code to
        // files of its own.
        var calls: [(name: String, command: String)] = []
        let tool = "\(TestEnvironment.programs ?? "")/accountability"
        let worker = "\(TestEnvironment.programs ?? "")/validation-worker"
        let place = "--brokers \(listener.address) --namespace \(namespace)"
        for name in files.keys.sorted() {
            let brokers = name == "closed" ? "--namespace \(namespace)" : place
            calls.append(("topics-\(name)", "timeout 60 \(tool) topics \(brokers) --properties-file \(folder)/\(name)"))
            calls.append(
                (
                    "worker-\(name)",
                    "timeout 20 \(worker) \(brokers) --properties-file \(folder)/\(name) --listen none --log-level trace --property debug=all"
                )
            )
        }
        calls.append(("doctor", "timeout 90 \(tool) doctor \(place) --properties-file \(folder)/plain"))
        calls.append(
            (
                "up",
                "ACCOUNTABILITY_HOME=\(folder)/home timeout 60 \(tool) up \(place) --properties-file \(folder)/plain --timeout 5; \(tool) down"
            )
        )
        calls.append(("help", "\(tool) --help; \(worker) --help"))
        calls.append(
            (
                "usage",
                "\(worker) --property '\(secret)'; \(worker) --no-such-option; \(tool) topics --property '=\(secret)'"
            )
        )
        // A crash, with the backtrace that Swift prints. `timeout` would send the signal to its group as well: Swift's
        // handler waits for ever when the second one reaches another thread.
        calls.append(
            (
                "crash",
                "SWIFT_BACKTRACE=enable=yes,color=no timeout --foreground -k 60 -s SEGV 6 \(worker) --namespace \(namespace) --properties-file \(folder)/closed --listen none"
            )
        )
        var script = "export ACCOUNTABILITY_HOME=\(folder)/home ACCOUNTABILITY_KAFKA_SSL_KEYSTORE_PASSWORD=\(secret)\n"
        for call in calls {
            script +=
                "( \(call.command); echo $? > \(folder)/\(call.name).code ) > \(folder)/\(call.name).out 2>&1 < /dev/null &\n"
        }
        script += "wait\n"
        _ = try run("/bin/bash", ["-c", script])

        func text(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(filePath: "\(folder)/\(name)")), as: UTF8.self)
        }
        func code(_ name: String) throws -> Int32? {
            Int32(try text("\(name).code").trimmingCharacters(in: .whitespacesAndNewlines))
        }
        for call in calls {
            let output = try text("\(call.name).out")
            #expect(!output.isEmpty, "\(call.name)")
            #expect(!output.contains(secret), "\(call.name) prints a secret")
        }
        let logs = try run("/usr/bin/env", ["grep", "-r", "-l", "-F", secret, "\(folder)/home"])
        #expect(
            logs.lines.filter { !$0.hasSuffix("client.properties") } == [],
            "only the owner's properties file holds it"
        )

        // A certificate that is not to be trusted, and a password that is refused, are told as such.
        for name in ["topics-plain", "worker-plain"] {
            let output = try text("\(name).out")
            // A worker waits longer for its brokers than this test for it.
            if name == "topics-plain" { #expect(try code(name) == 69) }
            #expect(output.contains("certificate"), "\(output.suffix(500))")
        }
        for name in ["topics-pem", "worker-pem", "topics-malformed", "topics-unknown", "worker-unknown"] {
            let output = try text("\(name).out")
            #expect(try code(name) == 78, "\(name): \(output.suffix(300))")
        }
        #expect(try text("topics-malformed.out").contains("line 2"))
        #expect(try text("topics-unknown.out").contains("no.such.password"))
    }
}
